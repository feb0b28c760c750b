/** Kernels that need whole rows: softmax, cross-entropy, and functions of all pairs of rows. */

export * from './cross-entropy/index.ts';
export { crossEntropyDenominator } from './cross-entropy-target.ts';
export { hasLevels, type PairTerm } from './pair-kernels.ts';
export { pairDots, pairSums } from './pairs.ts';
export { addHalves, type RowConfig, RowEmitter, rowKernels, type VectorStep } from './row-emitter.ts';
export * from './softmax.ts';
