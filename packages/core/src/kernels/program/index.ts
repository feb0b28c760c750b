/** Kernels of a program as one WebAssembly module. */

export { formOf, functionNumber } from './forms.ts';
export * from './module.ts';
