/** Adam and what followed from it: running means of the gradient over those of its size. */
export { Adam, type AdamOptions, AdamW, type AdamWOptions } from './adam.ts';
export { Adamax, type AdamaxOptions } from './adamax.ts';
export { NAdam, type NAdamOptions } from './nadam.ts';
export { RAdam, type RAdamOptions } from './radam.ts';
export { SparseAdam } from './sparse-adam.ts';
