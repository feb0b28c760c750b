/** Layers, each with the function of `torch.nn.functional` that it calls. */
export * from './batch-norm.ts';
export * from './bilinear.ts';
export * from './distance.ts';
export * from './dropout.ts';
export * from './embedding.ts';
export type { LayerOptions } from './factory.ts';
export * from './flatten.ts';
export * from './identity.ts';
export * from './layer-norm.ts';
export * from './linear.ts';
export * from './normalize.ts';
export * from './rms-norm.ts';
