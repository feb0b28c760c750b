/**
 * Functions of float64 numbers, one at a time: what Math lacks, or has less accurate or with other edge values than C.
 */
export * as elementary from './elementary.ts';
export * as errorFunction from './error-function.ts';
export { upperHalf } from './exponential.ts';
export { digamma, lgamma, polygamma, polygammaOfFloats, zeta } from './gamma.ts';
export { evaluate } from './piecewise.ts';
export { lgammaOverXMinus1, scaledErfc } from './tables.ts';
