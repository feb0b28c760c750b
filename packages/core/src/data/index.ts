export { defaultCollate } from './collate.ts';
export { DataLoader, type DataLoaderOptions } from './data-loader.ts';
export { type Dataset, randomSplit, type RandomSplitOptions, Subset, TensorDataset } from './dataset.ts';
