/** From expressions to WebAssembly: lowering, instructions, loads and stores. */
export * from './codegen.ts';
export * from './inline.ts';
