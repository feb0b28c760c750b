/** From expressions to WebAssembly: lowering, instructions, loads and stores. */

export { suitsBytes } from './byte-loops.ts';
export * from './fixed-loops.ts';
export * from './inline.ts';
export * from './kernel.ts';
export type * from './spec.ts';
export * from './summed-loops.ts';
export { useWideModules } from './wide.ts';
