/** Products of matrices. */
export * from './gemm.ts';
