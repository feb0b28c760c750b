/** Kernels that need a whole row at a time: softmax and cross-entropy. */
export * from './cross-entropy.ts';
export * from './softmax.ts';
