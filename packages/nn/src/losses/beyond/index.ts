/** Losses that PyTorch has not, each as a function and a class. */
export * from './asymmetric.ts';
export * from './contrastive.ts';
export * from './earth-mover.ts';
export * from './focal.ts';
export * from './huber.ts';
export * from './margin-softmax.ts';
export * from './overlap.ts';
export * from './regression.ts';
export * from './wing.ts';
