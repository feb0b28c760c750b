/** Kernels of a program as one WebAssembly module. */

export { formOf } from './forms.ts';
export * from './module.ts';
