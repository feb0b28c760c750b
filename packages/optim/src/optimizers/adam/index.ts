/** Adam and what followed from it: running means of the gradient over those of its size. */
export { Adam, type AdamOptions, AdamW, type AdamWOptions } from './adam.ts';
