/** Tensors of random numbers, and tensors overwritten with them. */
export * from './in-place.ts';
export * from './multinomial.ts';
export * from './random-tensors.ts';
