/** Elementwise kernels over operands of any layout, and what is made of them: copies and conversions. */
export * from './copy.ts';
export { ElementwiseKernel, runElementwise, runElementwiseMany } from './elementwise.ts';
export { productAnd, roundsOnce } from './fused.ts';
export { isPackable, type Operands, runElementwisePacked } from './packed.ts';
export * from './range.ts';
