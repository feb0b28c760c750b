/** Distributions over values that can be counted. */
export { Bernoulli } from './bernoulli.ts';
export { Categorical } from './categorical.ts';
export { Geometric } from './geometric.ts';
export { OneHotCategorical, OneHotCategoricalStraightThrough } from './one-hot-categorical.ts';
export { Poisson } from './poisson.ts';
export type { ProbabilityOptions } from './probabilities.ts';
