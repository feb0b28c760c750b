/** The functions of `torch.nn.functional`, exported by `@kindling/nn` as `functional` and `F`. */

export * from '../functional.ts';
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
export { type EmbeddingOptions, embedding } from './embedding.ts';
export * from './linear.ts';
export * from './losses.ts';
export * from './normalization.ts';
