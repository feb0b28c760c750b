import { composition, K } from '../../arguments/index.ts';
import { factorCholesky } from '../../kernels/index.ts';
import { applyMulti, composed, defineMulti } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { tril } from '../arranging/triangle.ts';
import { add, mul } from '../elementwise/arithmetic.ts';
import { matmul } from '../products/matmul.ts';
import { matrixTranspose } from '../views/properties.ts';
import { type Checked, checkedEach, checkMatrices, type ExOptions } from './checks.ts';
import { triangleSolution } from './triangular.ts';

const choleskyPrimitive = defineMulti<Checked, [Tensor], [Tensor, Tensor]>({
  ...checkedEach(
    'linalg_cholesky_ex',
    'linalg.cholesky',
    (matrix) => [matrix, factorCholesky(matrix)],
    (info) =>
      'The factorization could not be completed because the input is not positive-definite (the leading minor of ' +
      `order ${info} is not positive-definite).`,
  ),
  derivative([g], node) {
    if (g === null) return [null];
    // dL = L phi(L⁻¹ dA L⁻ᵀ), where phi keeps the lower triangle and half of the diagonal; this is its adjoint,
    // symmetric.
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
  return [composed('linalg_cholesky_ex', matrixTranspose(factor)), info];
}

/**
 * The lower triangular L of which A = L Lᵀ, for symmetric positive-definite matrices, (*, n, n), of which the lower
 * triangle is read. float32 or float64. Follows `torch.linalg.cholesky`.
 * @throws ValueError where a matrix is not positive-definite; ShapeError for what are no square matrices; DTypeError
 *   for a dtype that is not float
 * @example linalg.cholesky(tensor([[4, 2], [2, 10]], { dtype: 'float32' })).tolist(); // [ [ 2, 0 ], [ 1, 3 ] ]
 */
export const cholesky = composition(
  'linalg.cholesky',
  { a: K.tensor, options: K.options<CholeskyOptions>({ upper: K.flag }) },
  (a: Tensor, options: CholeskyOptions = {}): Tensor =>
    factors(a, options.upper ?? false, 'linalg.cholesky')[0],
);

/**
 * {@link cholesky} that does not refuse matrices, but gives in `info` the order of their first leading minor that is
 * not positive; `L` has no meaning then. Follows `torch.linalg.cholesky_ex`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float; with `checkErrors` as
 *   {@link cholesky}
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
