/** From expressions to WebAssembly: lowering, instructions, loads and stores. */

export * from './inline.ts';
export * from './kernel.ts';
