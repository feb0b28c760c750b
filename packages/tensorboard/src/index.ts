/** The public surface of @kindling/tensorboard. */
export type { HparamValue } from './summaries/hparam-value.ts';
export * from './summary-writer.ts';
