/** Products of matrices and vectors; norms and distances. */
export * from './cross.ts';
export * from './distance.ts';
export * from './einsum/index.ts';
export * from './kron.ts';
export type { MatrixNormOrder } from './linalg-norm.ts';
export * from './linear.ts';
export * from './matmul.ts';
export * from './norm.ts';
export * from './row-groups.ts';
export * from './tensordot.ts';
export * from './vector-products.ts';
