/** Pooling: greatest entries, means and norms of windows, and greatest entries put back. */
export * from './adaptive-pool.ts';
export * from './avg-pool.ts';
export * from './fractional-max-pool.ts';
export * from './lp-pool.ts';
export * from './max-pool.ts';
export * from './max-unpool.ts';
