/** The WebAssembly assembler, and the memories that kernels work in. */

export * from './memory.ts';
export * from './module-builder.ts';
export * from './relaxed-simd.ts';
export { Residence, residentBytes, roomBehindScratch } from './residence.ts';
export * from './shared-memory.ts';
export * from './shorthands.ts';
