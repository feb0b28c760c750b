/** Linear algebra that PyTorch has beside `torch.linalg` too, under the names and in the forms that it has there. */
import { alias, composition, K } from '../../arguments/index.ts';
import { ShapeError, ValueError } from '../../errors.ts';
import { composed } from '../../record/index.ts';
import { formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { flip } from '../arranging/flip-and-roll.ts';
import { clone, to } from '../creation/copy.ts';
import { zeros } from '../creation/fill.ts';
import { sub } from '../elementwise/arithmetic.ts';
import { eq } from '../elementwise/compare.ts';
import { where } from '../elementwise/select.ts';
import { matmul } from '../products/matmul.ts';
import { randn } from '../random/random-tensors.ts';
import { mean } from '../reductions/sum.ts';
import { matrixTranspose } from '../views/properties.ts';
import { expand } from '../views/shape.ts';
import { narrow } from '../views/slices.ts';
import { batchOf, checkFloatMatrices, checkMatrices, sameBatch, sizesOf } from './checks.ts';
import { det as determinants, slogdet as signsAndLogarithms } from './determinant.ts';
import { choleskyInverse, choleskySolve, geqrf, ormqr } from './factored.ts';
import { type LUOptions, luFactorEx, luSolve as luSolveOf } from './lu.ts';
import { matrixExp as exponentials, matrixPower as powersOfMatrices } from './powers.ts';
import { pinv } from './pseudo-inverse.ts';
import { householderProduct, qr } from './qr.ts';
import { inv } from './solve.ts';
import { vander as powersOf } from './structured.ts';
import { decomposition, reducedSvd } from './svd.ts';
import { solveTriangular } from './triangular.ts';

export * from './factored.ts';
export { type LUOptions, type LUUnpackOptions, luUnpack } from './lu.ts';
export { chainMatmul } from './powers.ts';

/**
 * `linalg.det`: the determinants of square matrices. Follows `torch.det`.
 * @throws as `linalg.det`
 */
export const det = alias('det', determinants);

/**
 * `linalg.slogdet`: the signs of determinants, and the logarithms of their absolute values. Follows `torch.slogdet`.
 * @throws as `linalg.slogdet`
 */
export const slogdet = alias('slogdet', signsAndLogarithms);

/**
 * The logarithm of the determinants of square matrices, (*, n, n): NaN of a negative one, -Infinity of 0. float32 or
 * float64. Follows `torch.logdet`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float
 * @example logdet(tensor([[2]], { dtype: 'float32' })); // tensor(0.6931)
 */
export const logdet = composition('logdet', { a: K.tensor }, (a: Tensor): Tensor => {
  const { sign, logabsdet } = signsAndLogarithms(a);
  return where(eq(sign, -1), Number.NaN, logabsdet);
});

/**
 * `linalg.matrixExp`: the exponentials of square matrices. Follows `torch.matrix_exp`.
 * @throws as `linalg.matrixExp`
 */
export const matrixExp = alias('matrixExp', exponentials);

/**
 * `linalg.matrixPower`: square matrices to a whole power. Follows `torch.matrix_power`.
 * @throws as `linalg.matrixPower`
 */
export const matrixPower = alias('matrixPower', powersOfMatrices);

/**
 * `linalg.inv`: the inverses of square matrices. Follows `torch.inverse`.
 * @throws as `linalg.inv`
 */
export const inverse = alias('inverse', inv);

/**
 * `linalg.householderProduct`: the columns of Q, of the reflections that {@link geqrf} gives. Follows `torch.orgqr`.
 * @throws as `linalg.householderProduct`
 */
export const orgqr = alias('orgqr', householderProduct);

/**
 * The pseudo-inverses of matrices, as `linalg.pinv`; singular values up to `rcond` times the greatest count as 0.
 * Follows `torch.pinverse`.
 * @throws ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is not float
 * @example pinverse(tensor([[2, 0], [0, 0]], { dtype: 'float32' })).tolist(); // [ [ 0.5, 0 ], [ 0, 0 ] ]
 */
export const pinverse = composition(
  'pinverse',
  { a: K.tensor, options: K.options<{ readonly rcond?: number }>({ rcond: K.number }) },
  (a: Tensor, options: { readonly rcond?: number } = {}): Tensor => pinv(a, { rtol: options.rcond ?? 1e-15 }),
);

/** Options of {@link svd}. */
export interface PlainSVDOptions {
  /** Whether U and V have min(m, n) columns, rather than being square. Default: true. */
  readonly some?: boolean;
  /** Whether U and V are wanted; else they are square and zero. Default: true. */
  readonly computeUv?: boolean;
}

/**
 * `linalg.svd` in its older form: A = U diag(S) Vᵀ, V with the right singular vectors as columns. Follows `torch.svd`.
 * @throws ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is not float
 * @example svd(ones([3, 2])).V.shape; // [ 2, 2 ]
 */
export const svd = composition(
  'svd',
  { a: K.tensor, options: K.options<PlainSVDOptions>({ some: K.flag, computeUv: K.flag }) },
  (a: Tensor, options: PlainSVDOptions = {}): { U: Tensor; S: Tensor; V: Tensor } => {
    const { some = true, computeUv = true } = options;
    if (computeUv) return decomposition(a, !some);
    const [, S] = reducedSvd(a);
    const [m, n] = sizesOf(a);
    const empty = (size: number): Tensor => zeros([...batchOf(a), size, size], { dtype: a.dtype });
    return { U: empty(m), S, V: empty(n) };
  },
);

/** Options of {@link lu}. */
export interface PlainLUOptions extends LUOptions {
  /** Whether to give a third tensor, which says of each matrix which pivot is 0. Default: false. */
  readonly getInfos?: boolean;
}

/**
 * `linalg.luFactorEx` in its older form: LU and pivots as an array, and with `getInfos` the info too; a pivot of 0 is
 * refused neither way. Follows `torch.lu`.
 * @throws as `linalg.luFactorEx`
 * @example lu(tensor([[2]], { dtype: 'float32' }))[1]; // tensor([1])
 */
export const lu = composition(
  'lu',
  { a: K.tensor, options: K.options<PlainLUOptions>({ pivot: K.flag, getInfos: K.flag }) },
  (a: Tensor, options: PlainLUOptions = {}): readonly Tensor[] => {
    const { pivot = true, getInfos = false } = options;
    const { LU, pivots, info } = luFactorEx(a, { pivot });
    return getInfos ? [LU, pivots, info] : [LU, pivots];
  },
);

/**
 * `linalg.luSolve` in its older order: the X of A X = B from the factors of A. Follows `torch.lu_solve`.
 * @throws as `linalg.luSolve`
 * @example luSolve(ones([1, 1]), tensor([[2]], { dtype: 'float32' }), tensor([1])); // tensor([[0.5000]])
 */
export const luSolve = composition(
  'luSolve',
  { b: K.tensor, lu: K.tensor, pivots: K.tensor },
  (b: Tensor, factors: Tensor, pivots: Tensor): Tensor => luSolveOf(factors, pivots, b),
);

/** Options of {@link triangularSolve}. */
export interface TriangularSolveOptions {
  /** Whether the upper triangle is read, or the lower one. Default: true. */
  readonly upper?: boolean;
  /** Whether the matrix is transposed. Default: false. */
  readonly transpose?: boolean;
  /** Whether its diagonal counts as ones. Default: false. */
  readonly unitriangular?: boolean;
}

/**
 * `linalg.solveTriangular` in its older form, which gives a copy of the matrix besides. Follows
 * `torch.triangular_solve`.
 * @throws ShapeError where the shapes do not fit; DTypeError for other or different dtypes
 * @example triangularSolve(ones([1, 1]), tensor([[2]], { dtype: 'float32' })).solution; // tensor([[0.5000]])
 */
export const triangularSolve = composition(
  'triangularSolve',
  {
    b: K.tensor,
    a: K.tensor,
    options: K.options<TriangularSolveOptions>({ upper: K.flag, transpose: K.flag, unitriangular: K.flag }),
  },
  (
    b: Tensor,
    a: Tensor,
    options: TriangularSolveOptions = {},
  ): { solution: Tensor; clonedCoefficient: Tensor } => {
    const { upper = true, transpose = false, unitriangular = false } = options;
    checkMatrices(b, 'triangularSolve', 'b');
    checkMatrices(a, 'triangularSolve', 'A');
    const [matrix, side] = sameBatch(a, b, 'triangularSolve');
    const solution = transpose
      ? solveTriangular(matrixTranspose(matrix), side, { upper: !upper, unitriangular })
      : solveTriangular(matrix, side, { upper, unitriangular });
    const named = (x: Tensor): Tensor => composed('triangular_solve', x);
    return { solution: named(solution), clonedCoefficient: named(clone(matrix)) };
  },
);

/** Options of {@link vander}. */
export interface PlainVanderOptions {
  /** How many powers. Default: as many as x has elements. */
  readonly N?: number;
  /** Whether powers rise from left to right, from 0. Default: false. */
  readonly increasing?: boolean;
}

/**
 * The powers of a vector's elements, the highest first; bools count as integers; see `linalg.vander`. Follows
 * `torch.vander`.
 * @throws ShapeError for what is no vector; ValueError for a negative number of powers
 * @example vander(tensor([2, 3]), { N: 3 }).tolist(); // [ [ 4, 2, 1 ], [ 9, 3, 1 ] ]
 */
export const vander = composition(
  'vander',
  { x: K.tensor, options: K.options<PlainVanderOptions>({ N: K.integer, increasing: K.flag }) },
  (x: Tensor, options: PlainVanderOptions = {}): Tensor => {
    const { N = x.count, increasing = false } = options;
    if (x.ndim !== 1)
      throw new ShapeError(`vander: x must be a one-dimensional tensor, got shape ${formatShape(x.shape)}`);
    if (N < 0) throw new ValueError(`vander: N must be non-negative, got ${N}`);
    // A single power, which is 1, depends on nothing; two at least is what the other form asks for.
    const numbers = x.dtype === 'bool' ? to(x, 'int32') : N < 2 ? x.detach() : x;
    const powers = narrow(powersOf(numbers, { N: Math.max(N, 2) }), -1, 0, N);
    return increasing ? powers : flip(powers, -1);
  },
);

/** Options of {@link svdLowrank}. */
export interface SVDLowrankOptions {
  /** A guess of the rank, rather too high: how many singular values. Default: 6. */
  readonly q?: number;
  /** How often the subspace is improved. Default: 2. */
  readonly niter?: number;
  /** What is subtracted from A before, broadcast to it. Default: nothing. */
  readonly M?: Tensor;
}

/** Orthonormal columns whose span is about that of A (Halko, Martinsson and Tropp, 2009, algorithm 4.4). */
function approximateBasis(a: Tensor, q: number, niter: number): Tensor {
  let basis = qr(matmul(a, randn([sizesOf(a)[1], q], { dtype: a.dtype }))).Q;
  for (let k = 0; k < niter; k++) {
    basis = qr(matmul(matrixTranspose(a), basis)).Q;
    basis = qr(matmul(a, basis)).Q;
  }
  return basis;
}

/**
 * The greatest q singular values and their vectors, by a random subspace (Halko et al., 2009): A ≈ U diag(S) Vᵀ. Draws
 * from the default generator. float32 or float64. Follows `torch.svd_lowrank`.
 * @throws ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is not float
 * @example svdLowrank(ones([4, 3]), { q: 2 }).U.shape; // [ 4, 2 ]
 */
export const svdLowrank = composition(
  'svdLowrank',
  { a: K.tensor, options: K.options<SVDLowrankOptions>({ q: K.count, niter: K.count, M: K.tensor }) },
  (a: Tensor, options: SVDLowrankOptions = {}): { U: Tensor; S: Tensor; V: Tensor } => {
    const { q = 6, niter = 2, M } = options;
    checkFloatMatrices(a, 'svdLowrank');
    const centred = M === undefined ? a : sub(a, expand(M, a.shape));
    const [m, n] = sizesOf(a);
    const tall = m < n ? matrixTranspose(centred) : centred;
    const basis = approximateBasis(tall, q, niter);
    const [inner, S, V] = reducedSvd(matmul(matrixTranspose(basis), tall));
    const U = matmul(basis, inner);
    return m < n ? { U: V, S, V: U } : { U, S, V };
  },
);

/** Options of {@link pcaLowrank}. */
export interface PCALowrankOptions {
  /** How many components. Default: min(6, m, n). */
  readonly q?: number;
  /** Whether the mean of the rows is subtracted before. Default: true. */
  readonly center?: boolean;
  /** How often the subspace is improved. Default: 2. */
  readonly niter?: number;
}

/**
 * The principal components of m samples of n features, (*, m, n), as the columns of V, by {@link svdLowrank}. Follows
 * `torch.pca_lowrank`.
 * @throws ValueError for a q beyond min(m, n); ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is
 *   not float
 * @example pcaLowrank(ones([4, 3])).V.shape; // [ 3, 3 ]
 */
export const pcaLowrank = composition(
  'pcaLowrank',
  { a: K.tensor, options: K.options<PCALowrankOptions>({ q: K.integer, center: K.flag, niter: K.count }) },
  (a: Tensor, options: PCALowrankOptions = {}): { U: Tensor; S: Tensor; V: Tensor } => {
    checkFloatMatrices(a, 'pcaLowrank');
    const least = Math.min(...sizesOf(a));
    const { q = Math.min(6, least), center = true, niter = 2 } = options;
    if (q < 0 || q > least) {
      throw new ValueError(
        `pcaLowrank: q(=${q}) must be non-negative integer and not greater than min(m, n)=${least}`,
      );
    }
    return svdLowrank(center ? sub(a, mean(a, -2, { keepdim: true })) : a, { q, niter });
  },
);

/** The functions of this file that are methods too. */
export default {
  choleskyInverse,
  choleskySolve,
  det,
  geqrf,
  inverse,
  logdet,
  lu,
  luSolve,
  matrixExp,
  matrixPower,
  orgqr,
  ormqr,
  pinverse,
  slogdet,
  svd,
  triangularSolve,
};
