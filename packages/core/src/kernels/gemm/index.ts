/** Products of matrices. */
export * from './gemm.ts';
export { multiplyAdd } from './tiles.ts';
export * from './wide.ts';
