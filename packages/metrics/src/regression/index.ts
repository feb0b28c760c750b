/** Metrics of regressions: of one value a sample or of several. */
export * from './mean-error.ts';
export type { MultiOutput, OutputOptions } from './outputs.ts';
export * from './r2-score.ts';
