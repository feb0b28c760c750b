/** PyTorch's `torch.linalg`, exported as the namespace `linalg`: factorisations, inverses, solutions. `eig` and `eigvals` would need complex numbers. */
import { alias, K } from '../../arguments/index.ts';
import type { Tensor } from '../../tensor.ts';
import { type CrossOptions, cross as crossAlong } from '../products/cross.ts';

export { linalgNorm as norm, type MatrixNormOrder, matrixNorm, vectorNorm } from '../products/linalg-norm.ts';
export { matmul } from '../products/matmul.ts';
export { type CholeskyOptions, cholesky, choleskyEx } from './cholesky.ts';
export { det, slogdet } from './determinant.ts';
export { type EighOptions, eigh, eigvalsh, matrixSqrth, polar } from './eigen.ts';
export {
  type LUOptions,
  type LUSolveOptions,
  lu,
  luFactor,
  luFactorEx,
  luSolve,
} from './lu.ts';
export { matrixExp, matrixPower, multiDot } from './powers.ts';
export {
  type LeastSquares,
  type LeastSquaresDriver,
  type LeastSquaresOptions,
  lstsq,
  matrixRank,
  pinv,
  type ToleranceOptions,
} from './pseudo-inverse.ts';
export { householderProduct, type QRMode, type QROptions, qr } from './qr.ts';
export { inv, invEx, type SolveOptions, solve, solveEx } from './solve.ts';
export {
  cond,
  diagonal,
  type TensorinvOptions,
  type TensorsolveOptions,
  tensorinv,
  tensorsolve,
  type VanderOptions,
  vander,
  vecdot,
} from './structured.ts';
export { type SVDOptions, svd, svdvals } from './svd.ts';
export { type SolveTriangularOptions, solveTriangular } from './triangular.ts';

/**
 * The cross product along the last dimension, unless another is given; else as `cross`. Follows `torch.linalg.cross`.
 * @throws ShapeError unless both have as many dimensions, and three elements along that one
 * @throws IndexError when a dimension is out of range
 * @example linalg.cross(tensor([1, 0, 0]), tensor([0, 1, 0])); // tensor([0, 0, 1])
 */
export const cross = alias(
  'linalg.cross',
  (a: Tensor, b: Tensor, options: CrossOptions = {}): Tensor =>
    crossAlong(
      a,
      b,
      K.isOptions(options) ? ({ ...options, dim: options.dim ?? -1 } as CrossOptions) : options,
    ),
);
