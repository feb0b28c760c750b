/**
 * The one door to the kernels, which know typed arrays and strides and nothing above them. Outside this folder nothing else
 * of it is imported, and nothing else touches the memory of kernels.
 */
export * from './elementwise/index.ts';
export { differentiate, inputsOf, pullback } from './expression/differentiate.ts';
export type { Expr } from './expression/index.ts';
export * as E from './expression/index.ts';
export * from './gemm/index.ts';
export * from './reduce/index.ts';
export * as rows from './rows/index.ts';
export { type Extent, extentOf, type FloatArray, type Strided, stridedOver } from './strided/index.ts';
