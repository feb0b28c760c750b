/** Distributions made of others. */
export { Independent } from './independent.ts';
export { MixtureSameFamily } from './mixture-same-family.ts';
