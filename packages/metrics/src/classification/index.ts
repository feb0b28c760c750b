/** Metrics of classifiers: of yes and no, of classes, of labels. */
export * from './accuracy.ts';
export * from './auroc.ts';
export * from './average-precision.ts';
export type { Average } from './averages.ts';
export type { ByClassOptions } from './by-class.ts';
export * from './calibration-error.ts';
export * from './confusion-matrix.ts';
export * from './precision-recall.ts';
export type { RankingOptions } from './ranking.ts';
export type { TaskOptions } from './tasks.ts';
