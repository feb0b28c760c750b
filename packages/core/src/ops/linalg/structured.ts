import { composition, K } from '../../arguments/index.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { dimsInOrder, formatShape, numelOf, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { zeros } from '../creation/fill.ts';
import { filled } from '../creation/fill-primitive.ts';
import { div, mul } from '../elementwise/arithmetic.ts';
import { gt } from '../elementwise/compare.ts';
import { nanToNum, where } from '../elementwise/select.ts';
import { type MatrixNormOrder, matrixNorm } from '../products/linalg-norm.ts';
import { sum } from '../reductions/sum.ts';
import { cumprod } from '../scans/cumprod.ts';
import { type DiagonalOptions, diagonal as diagonalOf } from '../views/diagonal.ts';
import { movedim } from '../views/permute.ts';
import { expand, reshape, squeeze, unsqueeze } from '../views/shape.ts';
import { narrow } from '../views/slices.ts';
import { batchOf, checkFloat, checkFloatMatrices, checkSquare } from './checks.ts';
import { inverses, solve } from './solve.ts';
import { svdvals } from './svd.ts';

/** The quotient of a matrix's norm and the least factor by which it stretches. */
function conditionOf(a: Tensor, p: MatrixNormOrder, caller: string): Tensor {
  checkFloatMatrices(a, caller);
  if (a.count === 0) return zeros(batchOf(a), { dtype: a.dtype });
  if (p === 2 || p === -2) {
    const s = svdvals(a);
    const [first, last] = [narrow(s, -1, 0, 1), narrow(s, -1, (s.shape.at(-1) ?? 1) - 1, 1)];
    return squeeze(p === 2 ? div(first, last) : div(last, first), -1);
  }
  if (typeof p === 'number' && Math.abs(p) !== 1 && Math.abs(p) !== Number.POSITIVE_INFINITY)
    throw new ValueError(`${caller} got an invalid norm type: ${p}`);
  checkSquare(a, `${caller}(ord=${p})`);
  const [inverse, info] = inverses(a, null);
  const singular = unsqueeze(unsqueeze(gt(info, 0), -1), -1);
  const product = mul(matrixNorm(a, p), matrixNorm(where(singular, Number.POSITIVE_INFINITY, inverse), p));
  // Infinity times 0, or what is no number from the beginning, is infinite, as in PyTorch and NumPy.
  return nanToNum(product, { nan: Number.POSITIVE_INFINITY, posinf: Number.POSITIVE_INFINITY });
}

/**
 * The condition numbers of matrices, (*, m, n): the norm times the norm of the inverse, which is infinite for singular
 * ones. `p` is an order of `linalg.matrixNorm`; for 2, the default, and -2 the matrices need not be square. float32 or
 * float64. Follows `torch.linalg.cond`.
 * @throws ShapeError for matrices that do not fit the order; ValueError for another order; DTypeError for a dtype that
 *   is not float
 * @example linalg.cond(tensor([[4, 0], [0, 2]], { dtype: 'float32' })); // tensor(2.)
 */
export const cond = composition(
  'linalg.cond',
  { a: K.tensor, p: K.nullable(K.either(K.number, K.oneOf('fro', 'nuc'))) },
  (a: Tensor, p?: MatrixNormOrder | null): Tensor => conditionOf(a, p ?? 2, 'linalg.cond'),
);

/** Options of `linalg.vander`. */
export interface VanderOptions {
  /** How many powers. Default: as many as x has elements. */
  readonly N?: number;
}

/**
 * The powers x⁰, x¹, ... of each element, in a new last dimension. Follows `torch.linalg.vander`.
 * @throws ValueError for fewer than two powers; DTypeError for bools
 * @example linalg.vander(tensor([2, 3]), { N: 3 }).tolist(); // [ [ 1, 2, 4 ], [ 1, 3, 9 ] ]
 */
export const vander = composition(
  'linalg.vander',
  { x: K.tensor, options: K.options<VanderOptions>({ N: K.integer }) },
  (x: Tensor, options: VanderOptions = {}): Tensor => {
    if (x.dtype === 'bool') throw new DTypeError('linalg.vander: expected numbers, got bool');
    const count = options.N ?? x.shape.at(-1) ?? 1;
    if (count <= 1) throw new ValueError(`linalg.vander: N must be greater than 1, got ${count}`);
    const shape = x.ndim === 0 ? [1] : x.shape;
    const powers = cumprod(expand(unsqueeze(x, -1), [...shape, count - 1]), -1);
    return cat([filled([...shape, 1], 1, powers.dtype), powers], -1);
  },
);

/**
 * The inner products along a dimension of vectors that broadcast. float32 or float64. Follows `torch.linalg.vecdot`.
 * @param dim the dimension of the vectors. Default: -1
 * @throws ShapeError where the shapes do not broadcast; DTypeError for other or different dtypes
 * @throws IndexError when a dimension is out of range
 * @example linalg.vecdot(tensor([[1, 2], [3, 4]], { dtype: 'float32' }), ones(2)); // tensor([3., 7.])
 */
export const vecdot = composition(
  'linalg.vecdot',
  { x: K.tensor, y: K.tensor, dim: K.integer },
  (x: Tensor, y: Tensor, dim = -1): Tensor => {
    checkFloat(x, 'linalg.vecdot');
    if (x.dtype !== y.dtype) {
      throw new DTypeError(
        `linalg.vecdot: Expected x and y to have the same dtype, but found x of type ${x.dtype} and y of type ${y.dtype} instead`,
      );
    }
    return sum(mul(x, y), dim);
  },
);

/** Options of {@link tensorinv}. */
export interface TensorinvOptions {
  /** How many dimensions stand for the rows. Default: 2. */
  readonly ind?: number;
}

/** Refuses tensors that make no square matrix. */
function checkHalves(first: Shape, last: Shape, what: string, caller: string): void {
  if (numelOf(first) === numelOf(last)) return;
  throw new ShapeError(
    `${caller}: Expected self to satisfy the requirement prod(self.shape[${what}:]) == prod(self.shape[:${what}]), but got ` +
      `${numelOf(last)} != ${numelOf(first)}`,
  );
}

/**
 * The inverse of a tensor as a matrix, of which the first `ind` dimensions are the rows: of shape A.shape[ind:] +
 * A.shape[:ind]. float32 or float64. Follows `torch.linalg.tensorinv`.
 * @throws ValueError for a singular matrix or `ind` below 1; ShapeError unless the matrix is square; DTypeError for a
 *   dtype that is not float
 * @example linalg.tensorinv(eye(6).reshape(2, 3, 6)).shape; // [ 6, 2, 3 ]
 */
export const tensorinv = composition(
  'linalg.tensorinv',
  { a: K.tensor, options: K.options<TensorinvOptions>({ ind: K.integer }) },
  (a: Tensor, options: TensorinvOptions = {}): Tensor => {
    const { ind = 2 } = options;
    checkFloat(a, 'linalg.tensorinv');
    if (ind <= 0)
      throw new ValueError(
        `linalg.tensorinv: Expected a strictly positive integer for 'ind', but got ${ind}`,
      );
    const [first, last] = [a.shape.slice(0, ind), a.shape.slice(ind)];
    checkHalves(first, last, 'ind', 'linalg.tensorinv');
    const matrix = reshape(a, [numelOf(first), numelOf(last)]);
    return reshape(inverses(matrix, 'linalg.tensorinv')[0], [...last, ...first]);
  },
);

/** Options of {@link tensorsolve}. */
export interface TensorsolveOptions {
  /** Dimensions of A that are moved to the end before, in this order. Default: none. */
  readonly dims?: Shape;
}

/**
 * The X of which `tensordot(A, X, X.ndim)` is B: A, whose first dimensions are B's, as a square matrix. float32 or
 * float64. Follows `torch.linalg.tensorsolve`.
 * @throws ValueError for a singular matrix; ShapeError unless the matrix is square; DTypeError for other or different
 *   dtypes
 * @throws IndexError when a dimension is out of range
 * @example linalg.tensorsolve(eye(6).reshape(2, 3, 6), ones([2, 3])); // tensor([1., 1., 1., 1., 1., 1.])
 */
export const tensorsolve = composition(
  'linalg.tensorsolve',
  { a: K.tensor, b: K.tensor, options: K.options<TensorsolveOptions>({ dims: K.sizes }) },
  (a: Tensor, b: Tensor, options: TensorsolveOptions = {}): Tensor => {
    const caller = 'linalg.tensorsolve';
    checkFloat(a, caller);
    const dims = dimsInOrder(options.dims ?? [], a.ndim, caller);
    const moved =
      options.dims === undefined
        ? a
        : movedim(
            a,
            dims,
            dims.map((_, i) => a.ndim - dims.length + i),
          );
    const [first, last] = [moved.shape.slice(0, b.ndim), moved.shape.slice(b.ndim)];
    checkHalves(first, last, 'other.ndim', caller);
    if (numelOf(first) !== b.count) {
      throw new ShapeError(
        `${caller}: Expected the first dimensions of A to hold as many elements as B, got ${formatShape(first)} and ` +
          formatShape(b.shape),
      );
    }
    const matrix = reshape(moved, [numelOf(first), numelOf(last)]);
    return reshape(solve(matrix, reshape(b, -1)), [...last]);
  },
);

/**
 * A diagonal of the matrices in the last two dimensions, unless others are given; else as the function `diagonal`.
 * Follows `torch.linalg.diagonal`.
 * @throws IndexError when a dimension is out of range, ShapeError when both are the same
 * @example linalg.diagonal(arange(8).reshape(2, 2, 2)).tolist(); // [ [ 0, 3 ], [ 4, 7 ] ]
 */
export const diagonal = composition(
  'linalg.diagonal',
  {
    a: K.tensor,
    options: K.options<DiagonalOptions>({ offset: K.integer, dim1: K.integer, dim2: K.integer }),
  },
  (a: Tensor, options: DiagonalOptions = {}): Tensor => {
    const { offset = 0, dim1 = -2, dim2 = -1 } = options;
    return diagonalOf(a, { offset, dim1, dim2 });
  },
);
