/**
 * PyTorch's `torch.linalg`, exported as the namespace `linalg`: factorisations, inverses, solutions. `eig` and
 * `eigvals` would need complex numbers.
 */
export { cross } from '../products/linalg-cross.ts';
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
