/** What makes fewer elements of many: sums, extremes, moments, quantiles, softmax. */
export * from './extremes.ts';
export * from './histc.ts';
export * from './logical.ts';
export * from './median.ts';
export * from './moments.ts';
export * from './options.ts';
export * from './prod.ts';
export * from './quantile.ts';
export * from './softmax.ts';
export * from './sum.ts';
