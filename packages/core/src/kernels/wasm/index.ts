/** The WebAssembly assembler and the one memory that kernels work in. */
export * from './assembler.ts';
export * from './emit.ts';
export * from './memory.ts';
