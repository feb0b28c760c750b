/** Factorisations of matrices: loops over rows of float64, whatever the dtype; one algorithm a file. */
export { factorCholesky } from './cholesky.ts';
export { exponential } from './exponential.ts';
export { factorLU } from './lu.ts';
export { RealMatrix } from './matrix.ts';
export { formQ, reflect } from './qr.ts';
export { type SingularValues, singularValues } from './svd.ts';
export { eigenSymmetric } from './symmetric-eigen.ts';
export { solveTriangle } from './triangular.ts';
