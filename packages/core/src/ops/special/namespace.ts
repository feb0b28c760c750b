/** PyTorch's `torch.special`: exported as the namespace `special`. */
import { alias } from '../../arguments/index.ts';
import { digamma, lgamma, sigmoid } from '../elementwise/functions.ts';
import { mvlgamma } from './functions.ts';
import { igamma, igammac } from './incomplete-gamma.ts';

export { xlogy } from '../elementwise/binary.ts';
export { digamma, erf, erfc, erfinv, exp2, expm1, log1p, logit } from '../elementwise/functions.ts';
export { round } from '../elementwise/rounding.ts';
export { logSoftmax, logsumexp, softmax } from '../reductions/softmax.ts';
export * from './bessel.ts';
export { i0, sinc } from './functions.ts';
export * from './normal.ts';
export { polygamma } from './polygamma.ts';
export * from './polynomials.ts';

/** Another name of {@link digamma}. Follows `torch.special.psi`. */
export const psi = /* @__PURE__ */ alias('special.psi', digamma);
/** Another name of {@link lgamma}. Follows `torch.special.gammaln`. */
export const gammaln = /* @__PURE__ */ alias('special.gammaln', lgamma);
/** Another name of {@link sigmoid}. Follows `torch.special.expit`. */
export const expit = /* @__PURE__ */ alias('special.expit', sigmoid);
/** Another name of {@link mvlgamma}. Follows `torch.special.multigammaln`. */
export const multigammaln = /* @__PURE__ */ alias('special.multigammaln', mvlgamma);
/** Another name of {@link igamma}. Follows `torch.special.gammainc`. */
export const gammainc = /* @__PURE__ */ alias('special.gammainc', igamma);
/** Another name of {@link igammac}. Follows `torch.special.gammaincc`. */
export const gammaincc = /* @__PURE__ */ alias('special.gammaincc', igammac);
