import { composition, K } from '../../arguments/index.ts';
import type { DType } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { elementsOf, factorLU, RealMatrix } from '../../kernels/index.ts';
import { apply, applyMulti, composed, defineMulti, definePrimitive, OUTPUT } from '../../record/index.ts';
import { broadcastShapes, formatShape, numelOf, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { tril, triu } from '../arranging/triangle.ts';
import { eye, zeros } from '../creation/fill.ts';
import { add, sub } from '../elementwise/arithmetic.ts';
import { matmul } from '../products/matmul.ts';
import { matrixTranspose } from '../views/properties.ts';
import { narrow } from '../views/slices.ts';
import {
  batchOf,
  type Checked,
  checkFloatMatrices,
  checkMatrices,
  checkSameDtype,
  checkSquare,
  type ExOptions,
  matricesIn,
  refused,
  sameBatch,
  sizesOf,
  withBatch,
} from './checks.ts';
import { checkSystem, type Triangle, triangleSolution } from './triangular.ts';

const luPrimitive = defineMulti<Checked, [Tensor], [Tensor, Tensor, Tensor]>({
  name: 'linalg_lu_factor_ex',
  saves: OUTPUT,
  infer([a]) {
    checkFloatMatrices(a, 'linalg.luFactor');
    const batch = batchOf(a);
    return [
      a,
      { shape: [...batch, Math.min(...sizesOf(a))], dtype: 'int32' },
      { shape: batch, dtype: 'int32' },
    ];
  },
  kernel([a], { caller }, [factors, pivots, infos]) {
    const matrices = matricesIn(a);
    const exchanged = new Int32Array(Math.min(...sizesOf(a)));
    for (let b = 0; b < matrices.count; b++) {
      const matrix = matrices.read(b);
      const info = factorLU(matrix, exchanged);
      if (info !== 0 && caller !== null)
        throw refused(
          a,
          b,
          caller,
          `U[${info},${info}] is zero and using it on lu_solve would result in a division by zero.`,
        );
      infos.storage.array[b] = info;
      matrix.write(factors.storage.array, b);
      // From 1, as LAPACK counts.
      pivots.storage.array.set(
        exchanged.map((k) => k + 1),
        b * exchanged.length,
      );
    }
  },
  derivative([g], node) {
    if (g === null) return [null];
    const [m] = node.shape(0).slice(-2);
    const inner = factorsGradient(g, node.output(0));
    return [matmul(permutation(node.output(1), m ?? 0, g.dtype), inner)];
  },
});

const leftUpper: Triangle = { upper: true, left: true, unitriangular: true };
const rightLower: Triangle = { upper: false, left: false, unitriangular: false };

/** L⁻ᵀ (tril(Lᵀ gL, -1) + triu(gU Uᵀ)) U⁻ᵀ for square L and U, of which a matrix of gradients has both. */
function squareGradient(gl: Tensor, gu: Tensor, factors: Tensor): Tensor {
  const turned = matrixTranspose(factors);
  const inner = add(
    tril(matmul(matrixTranspose(unitLower(factors)), gl), -1),
    triu(matmul(gu, tril(turned))),
  );
  return triangleSolution(turned, triangleSolution(turned, inner, leftUpper), rightLower);
}

/** The lower triangle with ones on the diagonal. */
const unitLower = (factors: Tensor): Tensor =>
  add(tril(factors, -1), eye(...sizesOf(factors), { dtype: factors.dtype }));

/** The gradient to P⁻¹ A from that to L and U, which stand in one matrix. */
function factorsGradient(g: Tensor, factors: Tensor): Tensor {
  const [m, n] = sizesOf(factors);
  if (m === n) return squareGradient(g, g, factors);
  const k = Math.min(m, n);
  const dim = m > n ? -2 : -1;
  const square = narrow(factors, dim, 0, k);
  const rest = narrow(factors, dim, k, Math.abs(m - n));
  const [g1, g2] = [narrow(g, dim, 0, k), narrow(g, dim, k, Math.abs(m - n))];
  const turned = matrixTranspose(square);
  if (m > n) {
    // The rows of L below the square are A2 U⁻¹.
    const outer = triangleSolution(turned, g2, rightLower);
    const inner = squareGradient(g1, sub(g1, matmul(matrixTranspose(rest), outer)), square);
    return cat([inner, outer], dim);
  }
  // The columns of U beside the square are L⁻¹ A2.
  const outer = triangleSolution(turned, g2, leftUpper);
  const inner = squareGradient(sub(g1, matmul(outer, matrixTranspose(rest))), g1, square);
  return cat([inner, outer], dim);
}

const permutationPrimitive = definePrimitive<{ rows: number; dtype: DType }>({
  name: 'lu_unpack',
  infer: ([pivots], { rows, dtype }) => ({ shape: [...pivots.shape.slice(0, -1), rows, rows], dtype }),
  kernel([pivots], { rows }, out) {
    const elements = elementsOf(pivots);
    const count = pivots.shape.at(-1) ?? 0;
    for (let b = 0; b < numelOf(pivots.shape.slice(0, -1)); b++) {
      const p = RealMatrix.identity(rows);
      elements.subarray(b * count, (b + 1) * count).forEach((other, k) => {
        if (other < 1 || other > rows)
          throw new ValueError(`luUnpack: LU_pivots must be numbers from 1 to ${rows}, got ${other}`);
        p.swapRows(k, other - 1);
      });
      p.transposed().write(out.storage.array, b);
    }
  },
});

/** The matrices P of which A = P L U. */
const permutation = (pivots: Tensor, rows: number, dtype: DType): Tensor =>
  apply(permutationPrimitive, [pivots], { rows, dtype });

function checkPivoting(pivot: boolean, caller: string): void {
  if (!pivot) throw new ValueError(`${caller}: LU without pivoting is not implemented on the CPU`);
}

/** Options of {@link lu} and {@link luFactor}. */
export interface LUOptions {
  /** Whether rows are exchanged. `false` is not implemented, as in PyTorch on the CPU. Default: true. */
  readonly pivot?: boolean;
}

const luParameters = { a: K.tensor, options: K.options<LUOptions>({ pivot: K.flag }) };

/**
 * The factors L and U of matrices, (*, m, n), in one matrix, and which rows were exchanged: row k with row `pivots[k]`,
 * both from 1, int32. float32 or float64. Follows `torch.linalg.lu_factor`.
 * @throws ValueError for `pivot: false` or a pivot that is 0; ShapeError for fewer than 2 dimensions; DTypeError for a
 *   dtype that is not float
 * @example linalg.luFactor(tensor([[1, 2], [3, 4]], { dtype: 'float32' })).pivots; // tensor([2, 2])
 */
export const luFactor = composition(
  'linalg.luFactor',
  luParameters,
  (a: Tensor, options: LUOptions = {}): { LU: Tensor; pivots: Tensor } => {
    checkPivoting(options.pivot ?? true, 'linalg.luFactor');
    const [LU, pivots] = applyMulti(luPrimitive, [a], { caller: 'linalg.luFactor' });
    return { LU, pivots };
  },
);

/**
 * {@link luFactor} that takes a pivot of 0, and says in `info` which one is. Follows `torch.linalg.lu_factor_ex`.
 * @throws ValueError for `pivot: false`; ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is not
 *   float
 * @example linalg.luFactorEx(ones([2, 2])).info; // tensor(2)
 */
export const luFactorEx = composition(
  'linalg.luFactorEx',
  { a: K.tensor, options: K.options<LUOptions & ExOptions>({ pivot: K.flag, checkErrors: K.flag }) },
  (a: Tensor, options: LUOptions & ExOptions = {}): { LU: Tensor; pivots: Tensor; info: Tensor } => {
    const { pivot = true, checkErrors = false } = options;
    checkPivoting(pivot, 'linalg.luFactorEx');
    const [LU, pivots, info] = applyMulti(luPrimitive, [a], {
      caller: checkErrors ? 'linalg.luFactorEx' : null,
    });
    return { LU, pivots, info };
  },
);

/**
 * Matrices, (*, m, n), as P L U: P a permutation, L with ones on its diagonal, U an upper triangle. float32 or float64.
 * Follows `torch.linalg.lu`.
 * @throws ValueError for `pivot: false`; ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is not
 *   float
 * @example linalg.lu(tensor([[1, 2], [3, 4]], { dtype: 'float32' })).P.tolist(); // [ [ 0, 1 ], [ 1, 0 ] ]
 */
export const lu = composition(
  'linalg.lu',
  luParameters,
  (a: Tensor, options: LUOptions = {}): { P: Tensor; L: Tensor; U: Tensor } => {
    checkPivoting(options.pivot ?? true, 'linalg.lu');
    const [factors, pivots] = applyMulti(luPrimitive, [a], { caller: null });
    return { P: permutation(pivots, sizesOf(a)[0], a.dtype), ...trianglesOf(factors, 'linalg_lu') };
  },
);

/** L and U, under the name of the operation in the graph. */
function trianglesOf(factors: Tensor, name: string): { L: Tensor; U: Tensor } {
  const k = Math.min(...sizesOf(factors));
  return {
    L: composed(name, unitLower(narrow(factors, -1, 0, k))),
    U: composed(name, triu(narrow(factors, -2, 0, k))),
  };
}

/** Options of {@link luUnpack}. */
export interface LUUnpackOptions {
  /** Whether L and U are wanted; else both are empty. Default: true. */
  readonly unpackData?: boolean;
  /** Whether P is wanted; else it is empty. Default: true. */
  readonly unpackPivots?: boolean;
}

/**
 * P, L and U from what {@link luFactor} gives. Follows `torch.lu_unpack`.
 * @throws DTypeError for pivots that are not int32; ShapeError where the shapes do not fit; ValueError for pivots out
 *   of range
 * @example
 * ```ts
 * const { LU, pivots } = linalg.luFactor(tensor([[1, 2], [3, 4]], { dtype: 'float32' }));
 * luUnpack(LU, pivots).U.select(0, 0); // tensor([3., 4.])
 * ```
 */
export const luUnpack = composition(
  'luUnpack',
  {
    lu: K.tensor,
    pivots: K.tensor,
    options: K.options<LUUnpackOptions>({ unpackData: K.flag, unpackPivots: K.flag }),
  },
  (factors: Tensor, pivots: Tensor, options: LUUnpackOptions = {}): { P: Tensor; L: Tensor; U: Tensor } => {
    const { unpackData = true, unpackPivots = true } = options;
    checkMatrices(factors, 'luUnpack', 'LU_data');
    if (unpackPivots) checkPivots(factors, pivots, 'luUnpack');
    const empty = zeros(0, { dtype: factors.dtype });
    return {
      P: unpackPivots ? permutation(pivots, sizesOf(factors)[0], factors.dtype) : empty,
      ...(unpackData ? trianglesOf(factors, 'lu_unpack') : { L: empty, U: empty }),
    };
  },
);

function checkPivots(factors: Tensor, pivots: Tensor, caller: string): void {
  if (pivots.dtype !== 'int32')
    throw new DTypeError(`${caller}: torch.int32 dtype is expected for LU_pivots, got ${pivots.dtype}`);
  const expected = [...batchOf(factors), Math.min(...sizesOf(factors))];
  if (sameShape(pivots.shape, expected)) return;
  throw new ShapeError(
    `${caller}: Number of pivots per batch should be same as the dimension of the matrix, ${formatShape(expected)}, got ` +
      formatShape(pivots.shape),
  );
}

/** Options of {@link luSolve}. */
export interface LUSolveOptions {
  /** Whether to solve A X = B, or X A = B. Default: true. */
  readonly left?: boolean;
  /** Whether Aᵀ stands in the place of A. Default: false. */
  readonly adjoint?: boolean;
}

/**
 * The solution of A X = B from the factors of A that {@link luFactor} gives: A of (*, n, n), B of (*, n, k). float32 or
 * float64. Follows `torch.linalg.lu_solve`.
 * @throws ShapeError where the shapes do not fit; DTypeError for other or different dtypes, or pivots that are not
 *   int32
 * @example
 * ```ts
 * const { LU, pivots } = linalg.luFactor(tensor([[2, 0], [0, 4]], { dtype: 'float32' }));
 * linalg.luSolve(LU, pivots, ones([2, 1])).tolist(); // [ [ 0.5 ], [ 0.25 ] ]
 * ```
 */
export const luSolve = composition(
  'linalg.luSolve',
  {
    lu: K.tensor,
    pivots: K.tensor,
    b: K.tensor,
    options: K.options<LUSolveOptions>({ left: K.flag, adjoint: K.flag }),
  },
  (factors: Tensor, pivots: Tensor, b: Tensor, options: LUSolveOptions = {}): Tensor => {
    const { left = true, adjoint = false } = options;
    checkSquare(factors, 'linalg.luSolve', 'LU');
    checkMatrices(b, 'linalg.luSolve', 'B');
    checkSameDtype(factors, b, 'linalg.luSolve');
    checkSystem(factors, b, left, 'linalg.luSolve');
    checkPivots(factors, pivots, 'linalg.luSolve');
    // X A = B is Aᵀ Xᵀ = Bᵀ.
    const solution = left
      ? solveWith(factors, pivots, b, adjoint)
      : matrixTranspose(solveWith(factors, pivots, matrixTranspose(b), !adjoint));
    return composed('linalg_lu_solve', solution, factors, b);
  },
);

/** A⁻¹ B or, transposed, A⁻ᵀ B. */
function solveWith(factors: Tensor, pivots: Tensor, b: Tensor, transposed: boolean): Tensor {
  const [n] = sizesOf(factors);
  const p = permutation(pivots, n, factors.dtype);
  const [system, side] = sameBatch(factors, b, 'linalg.luSolve');
  const exchange = withBatch(p, broadcastShapes(batchOf(p), batchOf(side), 'linalg.luSolve'));
  const lower: Triangle = { upper: false, left: true, unitriangular: true };
  const upper: Triangle = { upper: true, left: true, unitriangular: false };
  if (!transposed)
    return triangleSolution(
      system,
      triangleSolution(system, matmul(matrixTranspose(exchange), side), lower),
      upper,
    );
  const turned = matrixTranspose(system);
  const inner = triangleSolution(turned, side, { ...upper, upper: false });
  return matmul(exchange, triangleSolution(turned, inner, { ...lower, upper: true }));
}
