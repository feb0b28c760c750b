/** Reductions over any dimensions. */
export * from './reduce.ts';
