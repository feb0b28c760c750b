/** Products of matrices and vectors; norms and distances. */
export * from './distance.ts';
export * from './einsum.ts';
export * from './matmul.ts';
export * from './norm.ts';
export * from './tensordot.ts';
