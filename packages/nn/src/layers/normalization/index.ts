/**
 * Layers that bring values to mean 0 and variance 1, or to length 1, each with the function of `torch.nn.functional`
 * that it calls.
 */
export * from './batch-norm.ts';
export * from './group-norm.ts';
export * from './instance-norm.ts';
export * from './layer-norm.ts';
export * from './local-response-norm.ts';
export * from './normalize.ts';
export * from './rms-norm.ts';
