import { composition, K, signature } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { composed } from '../../record/index.ts';
import { broadcastShapes, formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { expand, reshape, squeeze, unsqueeze } from '../views/shape.ts';
import { asRows, batched, plain, product } from './matrix-operations.ts';
import { dot, mv } from './vector-products.ts';

const mmParameters = { a: K.tensor, b: K.tensor };
/**
 * The product of two matrices, (n, k) and (k, m): (n, m). Follows `torch.mm`.
 * @throws ShapeError where the shapes do not fit; DTypeError for operands of different dtypes, or bools
 * @example mm(tensor([[1, 2], [3, 4]]), tensor([[1], [10]])); // tensor([[21], [43]])
 */
export const mm = composition('mm', mmParameters, (a: Tensor, b: Tensor): Tensor => product(a, b, plain));

const bmmTakes = signature('bmm', mmParameters);

/**
 * Products of matrices in pairs: (batch, n, k) and (batch, k, m) give (batch, n, m). Follows `torch.bmm`.
 * @throws ShapeError where the shapes do not fit; DTypeError for operands of different dtypes, or bools
 * @example bmm(ones([5, 2, 3]), ones([5, 3, 4])).shape; // [ 5, 2, 4 ]
 */
export const bmm = function (a: Tensor, b: Tensor): Tensor {
  bmmTakes(arguments);
  return batched(a, b, plain);
};

/**
 * The matrix product of PyTorch: vectors (k) · (k) give a scalar; a vector before a matrix counts as a row, after it as
 * a column; more dimensions are batches, which broadcast. Follows `torch.matmul`.
 * @throws ShapeError where the shapes do not fit; DTypeError for operands of different dtypes, or bools
 * @example
 * ```ts
 * matmul(tensor([1, 2]), tensor([3, 4])); // tensor(11)
 * matmul(ones([5, 1, 2, 3]), ones([7, 3, 4])).shape; // [ 5, 7, 2, 4 ]
 * matmul(ones([2, 3]), ones([2, 3])); // throws ShapeError: matmul: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)
 * ```
 */
export const matmul = composition('matmul', mmParameters, (a: Tensor, b: Tensor): Tensor => {
  const { ndim: ra } = a;
  const { ndim: rb } = b;
  if (ra === 0 || rb === 0) {
    throw new ShapeError(
      `matmul: both arguments need to be at least 1D, but they are ${ra}D and ${rb}D; multiply by a number with mul`,
    );
  }
  if (ra === 2 && rb === 2) return product(a, b, plain);
  if (ra === 1 && rb === 1) return dot(a, b);
  if (ra === 2 && rb === 1) return mv(a, b);
  if (ra === 1) {
    const node = rb === 2 ? 'SqueezeBackward4' : '_unsafe_view';
    return composed(node, squeeze(matmul(unsqueeze(a, 0), b), -2));
  }
  if (rb === 1) return composed('_unsafe_view', squeeze(matmul(a, unsqueeze(b, 1)), -1));
  const [n, k] = a.shape.slice(-2) as [number, number];
  const [k2, m] = b.shape.slice(-2) as [number, number];
  if (k !== k2) {
    throw new ShapeError(
      `matmul: shapes ${formatShape(a.shape)} and ${formatShape(b.shape)} cannot be multiplied: ` +
        `the last size of the first, ${k}, must equal the second-to-last of the second, ${k2}`,
    );
  }
  // One matrix for all rows of a stack: the stack is one tall matrix.
  if (rb === 2 && a.dense)
    return composed('_unsafe_view', reshape(product(asRows(a), b, plain), [...a.shape.slice(0, -1), m]));
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matmul');
  const count = batch.reduce((x, y) => x * y, 1);
  const stack = (x: Tensor, r: number, c: number): Tensor =>
    reshape(expand(x, [...batch, r, c]), [count, r, c]);
  return composed('_unsafe_view', reshape(bmm(stack(a, n, k), stack(b, k, m)), [...batch, n, m]));
});

/** The functions of this file that are methods too. */
export default { matmul, mm, bmm };
