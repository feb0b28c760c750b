/** Reductions over any dimensions, and sums of elementwise kernels. */
export { type ChainedKernel, chainSums } from './chained-sums.ts';
export * from './crosswise-norms.ts';
export * from './elementwise-norms.ts';
export * from './elementwise-sum.ts';
export type { ReduceKind } from './kinds.ts';
export * from './reduce.ts';
