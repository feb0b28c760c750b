/** Running sums, products and extremes. */
export * from './cumprod.ts';
export * from './cumulative.ts';
export * from './logcumsumexp.ts';
export type { ScanOptions } from './options.ts';
