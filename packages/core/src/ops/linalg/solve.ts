import { composition, K } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { factorLU, RealMatrix, solveTriangle } from '../../kernels/index.ts';
import { applyMulti, composed, defineMulti, INPUT, OUTPUT } from '../../record/index.ts';
import { sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { neg } from '../elementwise/arithmetic.ts';
import { matmul } from '../products/matmul.ts';
import { matrixTranspose } from '../views/properties.ts';
import { squeeze, unsqueeze } from '../views/shape.ts';
import { narrow } from '../views/slices.ts';
import {
  batchOf,
  type Checked,
  checkedEach,
  checkFloat,
  checkSameDtype,
  checkSquare,
  type ExOptions,
  isVectorFor,
  matricesIn,
  notInvertible,
  ofMatrices,
  refused,
  sameBatch,
} from './checks.ts';
import { checkSystem } from './triangular.ts';

/** Replaces B by A⁻¹ B, and A by its factors; gives the number of the first pivot that is 0, or 0. */
export function solveInPlace(a: RealMatrix, b: RealMatrix): number {
  const pivots = new Int32Array(a.rows);
  const info = factorLU(a, pivots);
  pivots.forEach((other, k) => {
    b.swapRows(k, other);
  });
  solveTriangle(a, b, false, true);
  solveTriangle(a, b, true, false);
  return info;
}

const inversePrimitive = defineMulti<Checked, [Tensor], [Tensor, Tensor]>({
  ...checkedEach(
    'linalg_inv_ex',
    'linalg.inv',
    (matrix) => {
      const inverse = RealMatrix.identity(matrix.rows);
      return [inverse, solveInPlace(matrix, inverse)];
    },
    notInvertible,
  ),
  derivative([g], node) {
    if (g === null) return [null];
    const t = matrixTranspose(node.output(0));
    return [neg(matmul(t, matmul(g, t)))];
  },
});

/** Inverses, and for each the number of the pivot that is 0, or 0. */
export const inverses = (a: Tensor, caller: string | null): [inverse: Tensor, info: Tensor] =>
  applyMulti(inversePrimitive, [a], { caller });

const exOptions = K.options<ExOptions>({ checkErrors: K.flag });

/**
 * The inverses of square matrices, (*, n, n), float32 or float64. Follows `torch.linalg.inv`.
 * @throws ValueError for a singular matrix; ShapeError for what are no square matrices; DTypeError for a dtype that is
 *   not float
 * @example
 * ```ts
 * linalg.inv(tensor([[2, 0], [0, 4]], { dtype: 'float32' })).tolist(); // [ [ 0.5, 0 ], [ 0, 0.25 ] ]
 * linalg.inv(ones([2, 2])); // throws ValueError: linalg.inv: The diagonal element 2 is zero, the inversion could not be completed because the input matrix is singular.
 * ```
 */
export const inv = ofMatrices('linalg.inv', (a) => inverses(a, 'linalg.inv')[0]);

/**
 * {@link inv} that does not refuse singular matrices but says in `info`, int32 of the batch's shape, which of their
 * pivots is 0; their inverses have no meaning. Follows `torch.linalg.inv_ex`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float; with `checkErrors` as
 *   {@link inv}
 * @example linalg.invEx(ones([2, 2])).info; // tensor(2)
 */
export const invEx = composition(
  'linalg.invEx',
  { a: K.tensor, options: exOptions },
  (a: Tensor, options: ExOptions = {}): { inverse: Tensor; info: Tensor } => {
    const [inverse, info] = inverses(a, options.checkErrors ? 'linalg.invEx' : null);
    return { inverse, info };
  },
);

interface System extends Checked {
  readonly left: boolean;
}

const solvePrimitive = defineMulti<System, [Tensor, Tensor], [Tensor, Tensor]>({
  name: 'linalg_solve_ex',
  saves: INPUT(0) | OUTPUT,
  infer: ([a, b]) => [b, { shape: batchOf(a), dtype: 'int32' }],
  kernel([a, b], { left, caller }, [out, infos]) {
    const systems = matricesIn(a);
    const sides = matricesIn(b);
    for (let k = 0; k < systems.count; k++) {
      const [matrix, side] = [systems.read(k), sides.read(k)];
      const unknown = left ? side : side.transposed();
      const info = solveInPlace(left ? matrix : matrix.transposed(), unknown);
      if (info !== 0 && caller !== null)
        throw refused(a, k, caller, 'The solver failed because the input matrix is singular.');
      infos.storage.array[k] = info;
      (left ? unknown : unknown.transposed()).write(out.storage.array, k);
    }
  },
  derivative([g], node) {
    if (g === null) return [null, null];
    const { attrs } = node;
    const [gb] = systemSolutions(matrixTranspose(node.input(0)), g, attrs);
    if (!node.needs(0)) return [null, gb];
    const xt = matrixTranspose(node.output(0));
    return [neg(attrs.left ? matmul(gb, xt) : matmul(xt, gb)), gb];
  },
});

const systemSolutions = (a: Tensor, b: Tensor, attrs: System): [x: Tensor, info: Tensor] =>
  applyMulti(solvePrimitive, [a, b], attrs);

/** Options of {@link solve}. */
export interface SolveOptions {
  /** Whether to solve A X = B, or X A = B. Default: true. */
  readonly left?: boolean;
}

function solutions(
  a: Tensor,
  b: Tensor,
  left: boolean,
  caller: string,
  checks = true,
): [result: Tensor, info: Tensor] {
  checkSquare(a, caller);
  checkFloat(b, caller);
  checkSameDtype(a, b, caller);
  const isVector = isVectorFor(a, b);
  if (isVector && !left) {
    throw new ShapeError(
      `${caller}: Vector broadcasting of the left hand side is not supported for left: false. In this case it is ` +
        'equivalent to B / A.squeeze(-1)',
    );
  }
  const matrix = isVector ? unsqueeze(b, -1) : b;
  checkSystem(a, matrix, left, caller);
  const [system, side] = sameBatch(a, matrix, caller);
  const attrs = { left, caller: checks ? caller : null };
  const [x, info] = systemSolutions(system, side, attrs);
  const result = isVector ? composed('linalg_solve_ex', squeeze(x, -1)) : x;
  if (sameShape(batchOf(a), batchOf(system))) return [result, info];
  // What is said of a matrix that is broadcast, it is said of it once.
  const nothing = left ? narrow(a, -1, 0, 0) : narrow(a, -2, 0, 0);
  return [result, systemSolutions(a, nothing, attrs)[1]];
}

const solveParameters = { a: K.tensor, b: K.tensor, options: K.options<SolveOptions>({ left: K.flag }) };

/**
 * The solution X of A X = B, for square matrices A, (*, n, n), and B, (*, n, k), or a vector (n), or one for each
 * matrix; the batches broadcast. With `left: false` of X A = B. float32 or float64. Follows `torch.linalg.solve`.
 * @throws ValueError where a matrix is singular; ShapeError where the shapes do not fit; DTypeError for other or
 *   different dtypes
 * @example linalg.solve(tensor([[2, 0], [0, 4]], { dtype: 'float32' }), ones(2)); // tensor([0.5000, 0.2500])
 */
export const solve = composition(
  'linalg.solve',
  solveParameters,
  (a: Tensor, b: Tensor, options: SolveOptions = {}): Tensor =>
    solutions(a, b, options.left ?? true, 'linalg.solve')[0],
);

/**
 * {@link solve} that does not refuse singular matrices, but says in `info` which of their pivots is 0. Follows
 * `torch.linalg.solve_ex`.
 * @throws ShapeError where the shapes do not fit; DTypeError for other or different dtypes; with `checkErrors` as
 *   {@link solve}
 * @example linalg.solveEx(ones([2, 2]), ones(2)).info; // tensor(2)
 */
export const solveEx = composition(
  'linalg.solveEx',
  { ...solveParameters, options: K.options<SolveOptions & ExOptions>({ left: K.flag, checkErrors: K.flag }) },
  (a: Tensor, b: Tensor, options: SolveOptions & ExOptions = {}): { result: Tensor; info: Tensor } => {
    const { left = true, checkErrors = false } = options;
    const [result, info] = solutions(a, b, left, 'linalg.solveEx', checkErrors);
    return { result, info };
  },
);
