/** Kernels that need a whole row at a time: softmax and cross-entropy. */
export * from './cross-entropy.ts';
export { type CrossEntropyTarget, crossEntropyDenominator } from './cross-entropy-target.ts';
export type { PairTerm } from './pair-kernels.ts';
export { pairDots, pairSums } from './pairs.ts';
export * from './softmax.ts';
