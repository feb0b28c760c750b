/** Samples and batches: datasets, their loader, collation. Exported by `@kindling/core` as `data`. */
export { defaultCollate } from './collate.ts';
export { DataLoader, type DataLoaderOptions } from './data-loader.ts';
export { type Dataset, type RandomSplitOptions, randomSplit, Subset, TensorDataset } from './dataset.ts';
