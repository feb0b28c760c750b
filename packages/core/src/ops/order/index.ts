/** Sorting, selection, and what sorted sequences tell: unique values, counts, places. */
export * from './counting.ts';
export * from './searchsorted.ts';
export * from './sorting.ts';
export * from './unique.ts';
