/** Products of matrices. */
export * from './gemm.ts';
export * from './wide.ts';
