/** Optimizers, one a file: options with their kinds, the update and its numbers. */
export { Adam, type AdamOptions, AdamW, type AdamWOptions } from './adam.ts';
export { SGD, type SGDOptions } from './sgd.ts';
