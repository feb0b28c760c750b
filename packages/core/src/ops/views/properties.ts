/** What the properties `T`, `mT` and `H` of a tensor give: no functions of PyTorch, so no functions here. */
import { ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { permute, transpose } from './permute.ts';

/** The transpose of each matrix in the last two dimensions. Follows `Tensor.mT`. */
export function matrixTranspose(x: Tensor): Tensor {
  if (x.shape.length < 2) {
    throw new ShapeError(
      `tensor.mT is only supported on matrices or batches of matrices. Got ${x.shape.length}-D tensor.`,
    );
  }
  return transpose(x, -2, -1);
}

/** The transpose of a matrix, or a number itself. Follows `Tensor.H`. */
export function hermitian(x: Tensor): Tensor {
  if (x.shape.length === 0) return x;
  if (x.shape.length === 2) return transpose(x, 0, 1);
  throw new ShapeError(
    `tensor.H is only supported on matrices (2-D tensors). Got ${x.shape.length}-D tensor. For batches of matrices, use tensor.mH`,
  );
}

/** With all dimensions in reverse order. Follows `Tensor.T`. */
export const reverseDims = (x: Tensor): Tensor =>
  permute(
    x,
    x.shape.map((_, d) => x.shape.length - 1 - d),
  );
