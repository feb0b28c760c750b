/** Kernels of a program as one WebAssembly module. */

export * from './module.ts';
