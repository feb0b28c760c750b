/** Optimizers, one a file: options with their kinds, the update and its numbers. */
export * from './adam/index.ts';
export { SGD, type SGDOptions } from './sgd.ts';
