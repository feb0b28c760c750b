/** Kernels that need whole rows: softmax, cross-entropy, and functions of all pairs of rows. */
export * from './cross-entropy.ts';
export { type CrossEntropyTarget, crossEntropyDenominator } from './cross-entropy-target.ts';
export type { PairTerm } from './pair-kernels.ts';
export { pairDots, pairSums } from './pairs.ts';
export * from './softmax.ts';
