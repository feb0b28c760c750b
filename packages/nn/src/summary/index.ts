/** What a model is made of, layer by layer: shapes, parameters, multiply-adds, memory. */
export type { LayerSummary, ModelSummary } from './model-summary.ts';
export { type SummaryOptions, summary } from './summary.ts';
export type { SummaryColumn } from './text.ts';
