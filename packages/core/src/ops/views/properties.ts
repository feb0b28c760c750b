/** What the properties `T` and `mT` of a tensor give: no functions of PyTorch, so no functions here. */
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

/** With all dimensions in reverse order. Follows `Tensor.T`. */
export const reverseDims = (x: Tensor): Tensor =>
  permute(
    x,
    x.shape.map((_, d) => x.shape.length - 1 - d),
  );
