/** The one door to the kernels, which know typed arrays and strides and nothing above them. */

// Outside this folder nothing else of it is imported, and nothing else touches the scratch memory. Within it, rooms
// import the faces of those that docs/architecture.md lists before them.
export * from './attention/index.ts';
export { useWideModules } from './compile/index.ts';
export * from './elementwise/index.ts';
export { type ExpressionData, expressionData, expressionsOf } from './expression/data.ts';
export { inputsOf, pullback } from './expression/differentiate.ts';
export type { Expr } from './expression/index.ts';
export * as E from './expression/index.ts';
export { nodeCount, substitute } from './expression/substitute.ts';
export * from './gemm/index.ts';
export * from './indexing/index.ts';
export * from './linalg/index.ts';
export * from './normalization/index.ts';
export * from './program/index.ts';
export * from './recording/index.ts';
export * from './recurrent/index.ts';
export * from './reduce/index.ts';
export * from './rows/index.ts';
export * from './scans/index.ts';
export {
  BeyondInt32,
  computeWide,
  type Extent,
  extentOf,
  type Strided,
  stridedOver,
  toInt32,
} from './strided/index.ts';
export { memoryOfPrograms, threadsWanted, timesWanted, wantThreads } from './threads/index.ts';
export { type Compiling, Residence, residentBytes, type SharedMemory } from './wasm/index.ts';
export * from './windows/index.ts';
