import { describe } from '../arguments/explain.ts';
import { K } from '../arguments/index.ts';
import { ValueError } from '../errors.ts';
import type { Generator } from '../random/generator.ts';
import { generatorKind } from '../random/generator-kind.ts';
import { isArray } from '../readable.ts';
import type { Abort } from './abort.ts';
import { batchSizeKind } from './batch-sampler.ts';
import type { Collated } from './collate.ts';
import { checkDataset, checkIndices, type Dataset } from './dataset.ts';
import { type IterableDataset, isStream } from './iterable-dataset.ts';
import { RandomSampler, type Sampler, SequentialSampler } from './sampler.ts';

/** Options of {@link DataLoader}. */
export interface DataLoaderOptions<T, B = Collated<T>> {
  /**
   * Samples a batch; `null` gives the samples themselves: of others than tensors the type says so, `DataLoader<T, T>`.
   * Default: 1.
   */
  readonly batchSize?: number | null;
  /** Draw a new order at each iteration. Default: false. */
  readonly shuffle?: boolean;
  /** Where the orders come from. Default: the default generator. */
  readonly generator?: Generator;
  /** Leave out a last batch that is not full. Default: false. */
  readonly dropLast?: boolean;
  /**
   * The numbers of the samples, in order, instead of shuffling: iterated anew each time, so that an iterator serves
   * once.
   */
  readonly sampler?: Sampler;
  /** The numbers of each batch's samples, instead of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  readonly batchSampler?: Sampler<ArrayLike<number>>;
  /**
   * Joins samples to a batch; with `batchSize: null` it is given one sample. Default: the dataset's own `getBatch`,
   * else {@link defaultCollate}, and {@link defaultConvert} of one sample.
   */
  readonly collateFn?: (samples: T[]) => B | Promise<B>;
  /**
   * Ends an iteration early, with the signal's reason: an `AbortSignal`. One that waits for a sample is not kept
   * waiting.
   */
  readonly signal?: Abort | null;
}

/** @internal What they take. */
export const loaderKinds: K.Kinds<DataLoaderOptions<never>> = {
  batchSize: K.anything,
  shuffle: K.flag,
  generator: generatorKind,
  dropLast: K.flag,
  sampler: K.anything,
  batchSampler: K.anything,
  collateFn: K.callable,
  signal: K.nullable(
    K.kind('an AbortSignal', (x) => typeof (x as Partial<Abort> | null)?.throwIfAborted === 'function'),
  ),
};

/** The options without that which knows the samples. */
type OrderOptions = Omit<DataLoaderOptions<never>, 'collateFn'>;

/**
 * @internal Refuses a dataset that is none, and options that exclude each other.
 * @throws ValueError, IndexError
 */
export function checkLoaderOptions<T>(dataset: Dataset<T> | IterableDataset<T>, options: OrderOptions): void {
  const { batchSize = 1, shuffle, sampler, batchSampler, dropLast = false } = options;
  if (!isStream(dataset)) checkDataset(dataset, 'DataLoader');
  else refuseOrder(options);
  if (batchSize !== null && !batchSizeKind.accepts(batchSize))
    throw new ValueError(`DataLoader: batchSize should be a positive integer, got ${describe(batchSize)}`);
  if (shuffle === true && sampler !== undefined)
    throw new ValueError('DataLoader: the sampler option is mutually exclusive with shuffle');
  if (batchSampler !== undefined && (batchSize !== 1 || shuffle || sampler !== undefined || dropLast))
    throw new ValueError(
      'DataLoader: the batchSampler option is mutually exclusive with batchSize, shuffle, sampler, and dropLast',
    );
  if (batchSize === null && dropLast)
    throw new ValueError(
      'DataLoader: batchSize: null makes no batches and is mutually exclusive with dropLast',
    );
  if (!isStream(dataset)) {
    if (sampler !== undefined) checkSampler('sampler', sampler, dataset.length);
    if (batchSampler !== undefined) checkSampler('batchSampler', batchSampler, dataset.length);
  }
}

/** @internal The order of samples that the options ask for. */
export function orderOf<T>(dataset: Dataset<T>, { sampler, shuffle, generator }: OrderOptions): Sampler {
  if (sampler !== undefined) return sampler;
  if (shuffle !== true) return new SequentialSampler(dataset);
  return new RandomSampler(dataset, generator === undefined ? {} : { generator });
}

const walkable = /* @__PURE__ */ K.iterable('what can be iterated');

/** Lists are checked at once, other iterables (which may have no end) as they go. */
function checkSampler(name: 'sampler' | 'batchSampler', sampler: unknown, length: number): void {
  const isList = (x: unknown): x is ArrayLike<unknown> & object => isArray(x) || ArrayBuffer.isView(x);
  if (name === 'batchSampler' && isArray(sampler))
    for (const indices of sampler as unknown[])
      checkIndices(indices as ArrayLike<unknown>, length, 'DataLoader: batchSampler');
  else if (isList(sampler)) checkIndices(sampler, length, `DataLoader: ${name}`);
  else if (!K.fits(walkable, sampler)) {
    const got = describe(sampler);
    const list = name === 'sampler' ? 'a list of indices' : 'a list of lists of indices';
    throw new ValueError(`DataLoader: expected a ${name} that can be iterated, such as ${list}, got ${got}`);
  }
}

/** A stream has the order that it has. */
function refuseOrder({ shuffle, sampler, batchSampler }: OrderOptions): void {
  const given = Object.entries({ shuffle: shuffle || undefined, sampler, batchSampler });
  for (const [name, value] of given) {
    if (value !== undefined)
      throw new ValueError(
        `DataLoader: an iterable dataset has an order of its own: expected no ${name} option`,
      );
  }
}
