/** Samples and batches: datasets, samplers, their loader, collation. Exported by `@kindling/core` as `data`. */
export type { Abort } from './abort.ts';
export { BatchSampler } from './batch-sampler.ts';
export { type Collated, defaultCollate, defaultConvert } from './collate.ts';
export { ConcatDataset, StackDataset } from './combined-datasets.ts';
export { DataLoader } from './data-loader.ts';
export { type Dataset, type RandomSplitOptions, randomSplit, Subset, TensorDataset } from './dataset.ts';
export { ChainDataset, type IterableDataset } from './iterable-dataset.ts';
export type { DataLoaderOptions } from './loader-options.ts';
export type { DataLoaderState } from './loader-state.ts';
export {
  RandomSampler,
  type RandomSamplerOptions,
  type Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  type SubsetRandomSamplerOptions,
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from './sampler.ts';
