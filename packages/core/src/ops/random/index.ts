/** Tensors of random numbers. */
export * from './draws.ts';
