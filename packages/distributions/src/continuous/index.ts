/** Distributions over real numbers. */
export { Cauchy, HalfCauchy } from './cauchy.ts';
export { Exponential } from './exponential.ts';
export { Gumbel } from './gumbel.ts';
export { Laplace } from './laplace.ts';
export { LogNormal } from './log-normal.ts';
export { MultivariateNormal, type MultivariateNormalOptions } from './multivariate-normal.ts';
export { HalfNormal, Normal } from './normal.ts';
export { Pareto } from './pareto.ts';
export { Uniform } from './uniform.ts';
export { Weibull } from './weibull.ts';
