import { composition, K } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { factorCholesky, RealMatrix, solveTriangle } from '../../kernels/index.ts';
import { apply, applyMulti, defineMulti, definePrimitive, INPUT, OUTPUT } from '../../record/index.ts';
import { formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { tril } from '../arranging/triangle.ts';
import { add, mul, neg } from '../elementwise/arithmetic.ts';
import { matmul } from '../products/matmul.ts';
import { matrixTranspose } from '../views/properties.ts';
import {
  batchOf,
  type Checked,
  checkMatrices,
  checkSameDtype,
  checkSquare,
  type ExOptions,
  matricesIn,
  refused,
  sameBatch,
} from './checks.ts';
import { checkSystem, triangleSolution } from './triangular.ts';

const choleskyPrimitive = defineMulti<Checked, [Tensor], [Tensor, Tensor]>({
  name: 'linalg_cholesky_ex',
  saves: OUTPUT,
  infer([a]) {
    checkSquare(a, 'linalg.cholesky');
    return [a, { shape: batchOf(a), dtype: 'int32' }];
  },
  kernel([a], { caller }, [factor, infos]) {
    const matrices = matricesIn(a);
    for (let b = 0; b < matrices.count; b++) {
      const matrix = matrices.read(b);
      const info = factorCholesky(matrix);
      if (info !== 0 && caller !== null) {
        throw refused(
          a,
          b,
          caller,
          'The factorization could not be completed because the input is not positive-definite (the leading minor of ' +
            `order ${info} is not positive-definite).`,
        );
      }
      infos.storage.array[b] = info;
      matrix.write(factor.storage.array, b);
    }
  },
  derivative([g], node) {
    if (g === null) return [null];
    // dL = L phi(L⁻¹ dA L⁻ᵀ), where phi keeps the lower triangle and half of the diagonal; this is its adjoint, symmetric.
    const l = node.output(0);
    const lt = matrixTranspose(l);
    const inner = tril(matmul(lt, g));
    const symmetric = mul(add(inner, matrixTranspose(tril(inner, -1))), 0.5);
    const right = { upper: false, left: false, unitriangular: false };
    return [
      triangleSolution(l, triangleSolution(lt, symmetric, { ...right, upper: true, left: true }), right),
    ];
  },
});

/** Options of {@link cholesky}. */
export interface CholeskyOptions {
  /** Whether to give the upper factor U = Lᵀ, of the upper triangle of A. Default: false. */
  readonly upper?: boolean;
}

function factors(a: Tensor, upper: boolean, caller: string | null): [factor: Tensor, info: Tensor] {
  if (!upper) return applyMulti(choleskyPrimitive, [a], { caller });
  checkMatrices(a, 'linalg.cholesky');
  const [factor, info] = applyMulti(choleskyPrimitive, [matrixTranspose(a)], { caller });
  return [matrixTranspose(factor), info];
}

/**
 * The lower triangular L of which A = L Lᵀ, for symmetric positive-definite matrices, (*, n, n), of which the lower triangle is read.
 * float32 or float64. Follows `torch.linalg.cholesky`.
 * @throws ValueError where a matrix is not positive-definite; ShapeError for what are no square matrices; DTypeError for a dtype that is not float
 * @example linalg.cholesky(tensor([[4, 2], [2, 10]], { dtype: 'float32' })).tolist(); // [ [ 2, 0 ], [ 1, 3 ] ]
 */
export const cholesky = composition(
  'linalg.cholesky',
  { a: K.tensor, options: K.options<CholeskyOptions>({ upper: K.flag }) },
  (a: Tensor, options: CholeskyOptions = {}): Tensor =>
    factors(a, options.upper ?? false, 'linalg.cholesky')[0],
);

/**
 * {@link cholesky} that does not refuse matrices, but gives in `info` the order of their first leading minor that is not
 * positive; `L` has no meaning then. Follows `torch.linalg.cholesky_ex`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float; with `checkErrors` as {@link cholesky}
 * @example linalg.choleskyEx(tensor([[1, 2], [2, 1]], { dtype: 'float32' })).info; // tensor(2)
 */
export const choleskyEx = composition(
  'linalg.choleskyEx',
  {
    a: K.tensor,
    options: K.options<CholeskyOptions & ExOptions>({ upper: K.flag, checkErrors: K.flag }),
  },
  (a: Tensor, options: CholeskyOptions & ExOptions = {}): { L: Tensor; info: Tensor } => {
    const { upper = false, checkErrors = false } = options;
    const [L, info] = factors(a, upper, checkErrors ? 'linalg.choleskyEx' : null);
    return { L, info };
  },
);

interface Factor {
  readonly upper: boolean;
}

/** Replaces B by (L Lᵀ)⁻¹ B, for the lower triangle of a matrix, or for the upper one by (Uᵀ U)⁻¹ B. */
function solveFactor(matrix: RealMatrix, b: RealMatrix, upper: boolean): void {
  const turned = matrix.transposed();
  solveTriangle(upper ? turned : matrix, b, false, false);
  solveTriangle(upper ? matrix : turned, b, true, false);
}

/** The gradient to a factor of which A⁻¹ is a product, from that of A⁻¹ on both sides of it: PyTorch's, of both triangles. */
const factorGradient = (inner: Tensor, factor: Tensor, upper: boolean): Tensor => {
  const symmetric = add(inner, matrixTranspose(inner));
  return neg(upper ? matmul(factor, symmetric) : matmul(symmetric, factor));
};

const choleskySolvePrimitive = definePrimitive<Factor, [Tensor, Tensor]>({
  name: 'cholesky_solve',
  saves: INPUT(1) | OUTPUT,
  infer: ([b]) => b,
  kernel([b, l], { upper }, out) {
    const sides = matricesIn(b);
    const triangles = matricesIn(l);
    for (let k = 0; k < sides.count; k++) {
      const x = sides.read(k);
      solveFactor(triangles.read(k), x, upper);
      x.write(out.storage.array, k);
    }
  },
  derivative(g, node) {
    const l = node.input(1);
    const gb = factorSolution(g, l, node.attrs);
    const { upper } = node.attrs;
    return [gb, node.needs(1) ? factorGradient(matmul(gb, matrixTranspose(node.output())), l, upper) : null];
  },
});

const factorSolution = (b: Tensor, l: Tensor, attrs: Factor): Tensor =>
  apply(choleskySolvePrimitive, [b, l], attrs);

/**
 * The solution of A X = B, where A = L Lᵀ is given by its Cholesky factor: B of (*, n, k), L of (*, n, n). With `upper` it is that
 * of Uᵀ U. float32 or float64. Follows `torch.cholesky_solve`.
 * @throws ShapeError where the shapes do not fit; DTypeError for other or different dtypes
 * @example choleskySolve(tensor([[4]], { dtype: 'float32' }), tensor([[2]], { dtype: 'float32' })); // tensor([[1.]])
 */
export const choleskySolve = composition(
  'choleskySolve',
  { b: K.tensor, l: K.tensor, options: K.options<CholeskyOptions>({ upper: K.flag }) },
  (b: Tensor, l: Tensor, options: CholeskyOptions = {}): Tensor => {
    if (b.ndim < 2 || l.ndim < 2) {
      throw new ShapeError(
        'choleskySolve: b and u should have at least 2 dimensions, got shapes ' +
          `${formatShape(b.shape)} and ${formatShape(l.shape)}`,
      );
    }
    checkSquare(l, 'choleskySolve');
    checkSameDtype(b, l, 'choleskySolve');
    checkSystem(l, b, true, 'choleskySolve');
    const [factor, side] = sameBatch(l, b, 'choleskySolve');
    return factorSolution(side, factor, { upper: options.upper ?? false });
  },
);

const choleskyInversePrimitive = definePrimitive<Factor>({
  name: 'cholesky_inverse',
  saves: INPUT(0) | OUTPUT,
  infer([l]) {
    checkSquare(l, 'choleskyInverse');
    return l;
  },
  kernel([l], { upper }, out) {
    const triangles = matricesIn(l);
    for (let k = 0; k < triangles.count; k++) {
      const triangle = triangles.read(k);
      const x = RealMatrix.identity(triangle.rows);
      solveFactor(triangle, x, upper);
      x.write(out.storage.array, k);
    }
  },
  derivative(g, node) {
    const y = node.output();
    return [factorGradient(matmul(y, matmul(g, y)), node.input(0), node.attrs.upper)];
  },
});

/**
 * The inverse of A = L Lᵀ from its Cholesky factor, (*, n, n); with `upper` of Uᵀ U. float32 or float64. Follows
 * `torch.cholesky_inverse`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float
 * @example choleskyInverse(tensor([[2]], { dtype: 'float32' })); // tensor([[0.2500]])
 */
export const choleskyInverse = composition(
  'choleskyInverse',
  { l: K.tensor, options: K.options<CholeskyOptions>({ upper: K.flag }) },
  (l: Tensor, options: CholeskyOptions = {}): Tensor =>
    apply(choleskyInversePrimitive, [l], { upper: options.upper ?? false }),
);
