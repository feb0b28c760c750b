/** What looks through windows: convolutions, pooling, windows as columns. */
export * from './convolution.ts';
export { col2im, type FoldOptions, im2col } from './folding.ts';
export * from './pooling/index.ts';
