/** PyTorch's `torch.special`: exported as the namespace `special`. */
export { xlogy } from '../elementwise/binary.ts';
export {
  digamma,
  digamma as psi,
  erf,
  erfc,
  erfinv,
  exp2,
  expm1,
  lgamma as gammaln,
  log1p,
  logit,
  sigmoid as expit,
} from '../elementwise/functions.ts';
export { round } from '../elementwise/rounding.ts';
export { logSoftmax, logsumexp, softmax } from '../reductions/softmax.ts';

export * from './bessel.ts';
export { i0, mvlgamma as multigammaln, polygamma, sinc } from './functions.ts';
export { igamma as gammainc, igammac as gammaincc } from './incomplete-gamma.ts';
export * from './normal.ts';
export * from './polynomials.ts';
