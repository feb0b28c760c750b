export { defaultCollate } from './collate.ts';
export { DataLoader, type DataLoaderOptions } from './data-loader.ts';
export { type Dataset, type RandomSplitOptions, randomSplit, Subset, TensorDataset } from './dataset.ts';
