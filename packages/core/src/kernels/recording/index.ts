/** Kernels said instead of run: what a compiled program is made of. */

export * from './call.ts';
export * from './kernel.ts';
export * from './place.ts';
export * from './product.ts';
export * from './recorder.ts';
