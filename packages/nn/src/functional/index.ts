/** The functions of `torch.nn.functional`, exported by `@kindling/nn` as `functional` and `F`. */

export { oneHot, pad } from '@kindling/core';
export * from './distance.ts';
export {
  alphaDropout,
  type DropoutOptions,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  featureAlphaDropout,
} from './dropout.ts';
export type { InplaceOptions } from './elementwise.ts';
export { type EmbeddingOptions, embedding } from './embedding.ts';
export * from './in-place.ts';
export * from './linear.ts';
export * from './losses.ts';
export * from './normalization.ts';
export * from './piecewise.ts';
export * from './rectifiers.ts';
export * from './smooth.ts';
export * from './softmax.ts';
