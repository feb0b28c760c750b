/** Convolutions, plain and transposed, and windows of images as columns. */
export * from './conv.ts';
export type { PaddingMode } from './conv-base.ts';
export * from './conv-transpose.ts';
export * from './folding.ts';
