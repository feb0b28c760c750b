/** The public surface of @kindling/distributions. */
export * from './combined/index.ts';
export * from './continuous/index.ts';
export * from './discrete/index.ts';
export { Distribution, type DistributionOptions, type SampleOptions } from './distribution.ts';
export { klDivergence, registerKl } from './kl.ts';
