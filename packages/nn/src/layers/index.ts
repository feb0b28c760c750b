/** Layers, each with the function of `torch.nn.functional` that it calls. */

export * from './attention/index.ts';
export * from './bilinear.ts';
export * from './convolution/index.ts';
export * from './distance.ts';
export * from './dropout.ts';
export * from './embedding.ts';
export * from './embedding-bag.ts';
export type { LayerOptions } from './factory.ts';
export * from './flatten.ts';
export * from './identity.ts';
export * from './lazy/index.ts';
export * from './linear.ts';
export * from './normalization/index.ts';
export * from './padding/index.ts';
export * from './pooling/index.ts';
export * from './recurrent/index.ts';
export * from './resampling/index.ts';
