import { composition, K } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { eigenSymmetric, elementsOf, type RealMatrix, type SingularValues } from '../../kernels/index.ts';
import { apply, composed, definePrimitive, INPUT, OUTPUT, valuesOf } from '../../record/index.ts';
import { formatShape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { detach } from '../creation/copy.ts';
import { zeros } from '../creation/fill.ts';
import { add, mul, sub } from '../elementwise/arithmetic.ts';
import { maximum } from '../elementwise/binary.ts';
import { gt } from '../elementwise/compare.ts';
import { abs, square } from '../elementwise/functions.ts';
import { where } from '../elementwise/select.ts';
import { matmul } from '../products/matmul.ts';
import { amax } from '../reductions/extremes.ts';
import { sum } from '../reductions/sum.ts';
import { matrixTranspose } from '../views/properties.ts';
import { expand, squeeze, unsqueeze } from '../views/shape.ts';
import {
  batchOf,
  checkFloat,
  checkFloatMatrices,
  checkSameDtype,
  checkSquare,
  matricesIn,
  sameBatch,
  sizesOf,
} from './checks.ts';
import { eigvalsh } from './eigen.ts';
import { decomposed, svdvals } from './svd.ts';

/** Below what a singular value counts as 0: the greater of both. */
export interface ToleranceOptions {
  /** An absolute bound; a tensor holds one for each matrix. Default: 0. */
  readonly atol?: number | Tensor;
  /**
   * A bound as a part of the greatest singular value. Default: max(m, n) times the dtype's epsilon, or 0 where `atol`
   * is greater than 0.
   */
  readonly rtol?: number | Tensor;
  /** Whether the matrices are symmetric, so that their eigenvalues, of the lower triangle, do. Default: false. */
  readonly hermitian?: boolean;
}

const tolerance = K.either(K.tensor, K.number);
const toleranceKinds: K.Kinds<ToleranceOptions> = { atol: tolerance, rtol: tolerance, hermitian: K.flag };

const epsilonOf = ({ dtype }: Tensor): number => (dtype === 'float64' ? Number.EPSILON : 2 ** -23);

/** Both bounds, as tensors of the dtype of A that broadcast to its batch. */
function tolerancesOf(a: Tensor, { atol = 0, rtol }: ToleranceOptions): [atol: Tensor, rtol: Tensor] {
  const asTensor = (x: number | Tensor): Tensor => (x instanceof Tensor ? x : Tensor.scalar(x, a.dtype));
  const usual = epsilonOf(a) * Math.max(...sizesOf(a));
  if (rtol !== undefined) return [asTensor(atol), asTensor(rtol)];
  if (atol instanceof Tensor) return [atol, where(gt(atol, 0), 0, Tensor.scalar(usual, a.dtype))];
  return [asTensor(atol), asTensor(atol > 0 ? 0 : usual)];
}

/** The pseudo-inverse by the singular values beyond the bounds. */
function pseudoInverse({ u, s, v }: SingularValues, atol: number, rtol: number): RealMatrix {
  const bound = Math.max(atol, rtol * s.reduce((x, y) => Math.max(x, Math.abs(y)), 0));
  for (const [k, value] of s.entries()) v.scaleRow(k, Math.abs(value) <= bound ? 0 : 1 / value);
  return v.transposed().times(u);
}

/** Eigenvalues and eigenvectors, of the lower triangle, in the form of singular ones. */
function bySign(a: RealMatrix): SingularValues {
  for (let r = 0; r < a.rows; r++) for (let c = 0; c < r; c++) a.set(c, r, a.at(r, c));
  const { values, vectors } = eigenSymmetric(a);
  return { u: vectors.transposed(), s: values, v: vectors.transposed() };
}

const pinvPrimitive = definePrimitive<{ hermitian: boolean }, [Tensor, Tensor, Tensor]>({
  name: 'linalg_pinv',
  saves: INPUT(0) | OUTPUT,
  infer([a]) {
    const [m, n] = sizesOf(a);
    return { shape: [...batchOf(a), n, m], dtype: a.dtype };
  },
  kernel([a, atol, rtol], { hermitian }, out) {
    const matrices = matricesIn(a);
    const [absolute, relative] = [elementsOf(atol), elementsOf(rtol)];
    for (let b = 0; b < matrices.count; b++) {
      const matrix = matrices.read(b);
      const parts = hermitian ? bySign(matrix) : decomposed(a, b, matrix);
      pseudoInverse(parts, absolute[b] ?? 0, relative[b] ?? 0).write(out.storage.array, b);
    }
  },
  derivative(g, node) {
    const [a, y] = [node.input(0), node.output()];
    const [m, n] = sizesOf(a);
    // Golub and Pereyra's, in the order of products in which matrices stay small.
    const [yt, gt] = [matrixTranspose(y), matrixTranspose(g)];
    if (m <= n) {
      const k = matmul(gt, y);
      const ky = matmul(k, yt);
      const first = sub(ky, matrixTranspose(matmul(y, k)));
      const second = sub(matmul(matmul(yt, y), sub(gt, matmul(k, a))), matmul(matmul(a, y), ky));
      return [add(first, second), null, null];
    }
    const k = matmul(y, gt);
    const yk = matmul(yt, k);
    const first = sub(yk, matrixTranspose(matmul(k, y)));
    const second = sub(matmul(matmul(sub(gt, matmul(a, k)), y), yt), matmul(matmul(yk, y), a));
    return [add(first, second), null, null];
  },
});

function pseudoInverses(a: Tensor, options: ToleranceOptions, caller: string): Tensor {
  const { hermitian = false } = options;
  if (hermitian) checkSquare(a, caller);
  checkFloatMatrices(a, caller);
  const batch = batchOf(a);
  const [atol, rtol] = tolerancesOf(a, options);
  return apply(pinvPrimitive, [a, expand(atol, batch), expand(rtol, batch)], { hermitian });
}

/**
 * The pseudo-inverses (Moore and Penrose's) of matrices, (*, m, n): (*, n, m). Singular values that are not greater
 * than the bounds count as 0. float32 or float64. Follows `torch.linalg.pinv`.
 * @throws ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is not float; ValueError for NaN
 * @example linalg.pinv(tensor([[2, 0], [0, 0]], { dtype: 'float32' })).tolist(); // [ [ 0.5, 0 ], [ 0, 0 ] ]
 */
export const pinv = composition(
  'linalg.pinv',
  { a: K.tensor, options: K.options(toleranceKinds) },
  (a: Tensor, options: ToleranceOptions = {}): Tensor => pseudoInverses(a, options, 'linalg.pinv'),
);

/** How many of the values lie beyond the bounds. */
function rankOf(a: Tensor, options: ToleranceOptions): Tensor {
  const values = options.hermitian ? abs(eigvalsh(a)) : svdvals(a);
  if (values.shape.at(-1) === 0) return zeros(batchOf(a), { dtype: 'int32' });
  const [atol, rtol] = tolerancesOf(a, options);
  const bound = maximum(atol, mul(rtol, amax(values, -1)));
  return sum(gt(values, unsqueeze(bound, -1)), -1);
}

/**
 * The ranks of matrices, (*, m, n): int32 of the batch's shape. Singular values that are not greater than the bounds
 * count as 0. No derivative. Follows `torch.linalg.matrix_rank`.
 * @throws ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is not float; ValueError for NaN
 * @example linalg.matrixRank(ones([3, 3])); // tensor(1)
 */
export const matrixRank = composition(
  'linalg.matrixRank',
  { a: K.tensor, options: K.options(toleranceKinds) },
  (a: Tensor, options: ToleranceOptions = {}): Tensor => rankOf(a, options),
);

/** LAPACK's methods for least squares, of which the name says which of the results there are. */
export type LeastSquaresDriver = 'gels' | 'gelsy' | 'gelsd' | 'gelss';

/** Options of {@link lstsq}. */
export interface LeastSquaresOptions {
  /**
   * The part of the greatest singular value below which one counts as 0. Default: max(m, n) times the dtype's epsilon.
   */
  readonly rcond?: number;
  /**
   * `'gels'`: full rank is taken for granted, and `rank` is empty; `'gelsd'` and `'gelss'` give the singular values.
   * Default: `'gelsy'`.
   */
  readonly driver?: LeastSquaresDriver;
}

/** What {@link lstsq} gives. */
export interface LeastSquares {
  /** X, (*, n, k). */
  readonly solution: Tensor;
  /** The sums of squares (*, k) where m > n, the rank is n and the driver not `'gelsy'`; else empty. */
  readonly residuals: Tensor;
  /** The rank of A; empty for `'gels'`. */
  readonly rank: Tensor;
  /** The singular values of A, of `'gelsd'` and `'gelss'`; else empty. */
  readonly singularValues: Tensor;
}

/** Whether all matrices have full rank, which residuals depend on. */
const haveRank = (rank: Tensor, n: number): boolean =>
  valuesOf(rank, 'linalg.lstsq: whether there are residuals').every((r) => r === n);

/**
 * The X of the least |A X - B|, and of these the least one, for A of (*, m, n) and B of (*, m, k), or a vector for each
 * matrix. The solution and the residuals have derivatives. float32 or float64. All drivers compute it by the singular
 * values of A. Follows `torch.linalg.lstsq`.
 * @throws ShapeError where the shapes do not fit; DTypeError for other or different dtypes; ValueError for another
 *   driver
 * @example
 * ```ts
 * const a = tensor([[1, 0], [1, 1], [1, 2]], { dtype: 'float64' });
 * linalg.lstsq(a, tensor([[1], [3], [5]], { dtype: 'float64' })).solution.round().tolist(); // [ [ 1 ], [ 2 ] ]
 * ```
 */
export const lstsq = composition(
  'linalg.lstsq',
  {
    a: K.tensor,
    b: K.tensor,
    options: K.options<LeastSquaresOptions>({
      rcond: K.number,
      driver: K.oneOf('gels', 'gelsy', 'gelsd', 'gelss'),
    }),
  },
  (a: Tensor, b: Tensor, options: LeastSquaresOptions = {}): LeastSquares => {
    const { driver = 'gelsy', rcond: rtol = epsilonOf(a) * Math.max(...sizesOf(a)) } = options;
    const caller = 'linalg.lstsq';
    if (a.ndim < 2) throw new ShapeError(`${caller}: input must have at least 2 dimensions.`);
    if (b.ndim < 1) throw new ShapeError(`${caller}: other must have at least 1 dimension.`);
    checkFloat(a, caller);
    checkSameDtype(a, b, caller);
    const rest = a.ndim - b.ndim;
    if (rest < 0 || rest > 1) {
      throw new ShapeError(
        `${caller}: input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1, got shapes ` +
          `${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      );
    }
    const isVector = rest === 1;
    const matrix = isVector ? unsqueeze(b, -1) : b;
    const [m, n] = sizesOf(a);
    if (m !== sizesOf(matrix)[0]) {
      throw new ShapeError(
        `${caller}: input.size(-2) should match other.size(${isVector ? -1 : -2}), got shapes ${formatShape(a.shape)} and ` +
          formatShape(b.shape),
      );
    }
    const [system, side] = sameBatch(a, matrix, caller);
    const x = matmul(pseudoInverses(system, { rtol }, caller), side);
    const solution = composed('linalg_lstsq', isVector ? squeeze(x, -1) : x);
    const hasValues = driver === 'gelsd' || driver === 'gelss';
    const empty = (dtype = a.dtype): Tensor => zeros(0, { dtype });
    const values = hasValues ? detach(svdvals(a)) : empty();
    const rank = driver === 'gels' ? empty('int32') : rankOf(a, { rtol });
    const measured = m > n && driver !== 'gelsy' && (driver === 'gels' || haveRank(rank, n));
    const residuals = measured
      ? composed('linalg_lstsq', sum(square(sub(matmul(system, x), side)), -2))
      : empty();
    return { solution, residuals, rank, singularValues: values };
  },
);
