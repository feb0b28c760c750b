/** The public surface of @kindling/metrics. */
export * from './classification/index.ts';
export { MetricCollection, type MetricCollectionOptions } from './collection.ts';
export type { Metric, MetricFunction, MetricStateDict, UpdateOptions } from './metric.ts';
export * from './regression/index.ts';
