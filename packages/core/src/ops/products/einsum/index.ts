/** Sums of products that an equation of labels names. */
export * from './einsum.ts';
