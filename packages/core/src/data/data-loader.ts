import { checkArguments, K } from '../arguments/index.ts';
import { KindlingError, ValueError } from '../errors.ts';
import { randperm } from '../ops/random/random-tensors.ts';
import { defaultGenerator, Generator } from '../random/generator.ts';
import { generatorKind } from '../random/kind.ts';
import { valuesOf } from '../record/values.ts';
import { defaultCollate } from './collate.ts';
import { checkDataset, checkIndex, checkIndices, type Dataset } from './dataset.ts';

/** Options of {@link DataLoader}. */
export interface DataLoaderOptions<T> {
  /** Samples a batch. Default: 1. */
  readonly batchSize?: number;
  /** Draw a new order at each iteration. Default: false. */
  readonly shuffle?: boolean;
  /** Where the orders come from. Default: the default generator. */
  readonly generator?: Generator;
  /** Leave out a last batch that is not full. Default: false. */
  readonly dropLast?: boolean;
  /** The numbers of the samples, in order, instead of shuffling: iterated anew each time, so that a generator serves once. */
  readonly sampler?: Iterable<number>;
  /** Joins samples to a batch. Default: the dataset's own `getBatch`, else {@link defaultCollate}. */
  readonly collate?: (samples: T[]) => T;
  /** Ends an asynchronous iteration early, with the signal's reason: an `AbortSignal`. */
  readonly signal?: { throwIfAborted(): void };
}

const loaderKinds: K.Kinds<DataLoaderOptions<never>> = {
  batchSize: K.number,
  shuffle: K.flag,
  generator: generatorKind,
  dropLast: K.flag,
  sampler: K.anything,
  collate: K.callable,
  signal: K.anything,
};

/**
 * Batches of a dataset, in order or shuffled; each iteration is one epoch. Iterate it with `for`, or with `for await` where
 * the dataset answers with promises, or to let other tasks run between batches. The order for a seed is PyTorch's.
 * Follows `torch.utils.data.DataLoader`.
 * @throws ValueError where `batchSize` is no positive integer, `shuffle` and `sampler` are both given, or there is no dataset
 * @throws IndexError where the sampler names a sample that the dataset has not
 * @throws KindlingError where a dataset that answers with promises is iterated with `for`
 * @example
 * ```ts
 * const dataset = new data.TensorDataset(tensor([0.5, 1, 1.5]), tensor([7, 8, 9]));
 * for (const [x, y] of new data.DataLoader(dataset, { batchSize: 2 })) console.log(String(x), String(y));
 * // tensor([0.5000, 1.0000]) tensor([7, 8])
 * // tensor([1.5000]) tensor([9])
 * ```
 */
export class DataLoader<T> {
  /** What the batches are taken from. */
  readonly dataset: Dataset<T>;
  /** Samples a batch; the last may have fewer. */
  readonly batchSize: number;
  readonly #options: DataLoaderOptions<T>;
  #samplerIsUsed = false;

  constructor(dataset: Dataset<T>, options: DataLoaderOptions<T> = {}) {
    checkArguments('DataLoader', { dataset: K.anything, options: K.options(loaderKinds) }, arguments);
    const { batchSize = 1, shuffle, sampler } = options;
    checkDataset(dataset, 'DataLoader');
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new ValueError(`DataLoader: batchSize should be a positive integer, got ${String(batchSize)}`);
    }
    if (shuffle === true && sampler !== undefined) {
      throw new ValueError('DataLoader: the sampler option is mutually exclusive with shuffle');
    }
    if (sampler !== undefined) checkSampler(sampler, dataset.length);
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.#options = options;
  }

  /** Number of batches; NaN where a sampler does not tell how many it gives. */
  get length(): number {
    const { sampler, dropLast = false } = this.#options;
    const n =
      sampler === undefined ? this.dataset.length : ((sampler as { length?: number }).length ?? Number.NaN);
    return dropLast ? Math.floor(n / this.batchSize) : Math.ceil(n / this.batchSize);
  }

  /** One epoch of batches. */
  *[Symbol.iterator](): Generator_<T> {
    for (const indices of this.#batches()) {
      this.#options.signal?.throwIfAborted();
      const batch = this.#fetch(indices);
      if (batch instanceof Promise) {
        throw new KindlingError('DataLoader: the dataset answers with promises; iterate it with `for await`');
      }
      yield batch;
    }
  }

  /** One epoch of batches, other tasks being served between two. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const { signal } = this.#options;
    for (const indices of this.#batches()) {
      signal?.throwIfAborted();
      // A macrotask, so that timers and input are served between two batches.
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
      const batch = await this.#fetch(indices);
      signal?.throwIfAborted();
      yield batch;
    }
  }

  #fetch(indices: Int32Array): T | Promise<T> {
    const { dataset } = this;
    const { collate } = this.#options;
    if (collate === undefined && dataset.getBatch !== undefined) return dataset.getBatch(indices);
    const join = collate ?? (defaultCollate as (samples: T[]) => T);
    const samples = Array.from(indices, (i) => dataset.get(i));
    return samples.some((x) => x instanceof Promise) ? Promise.all(samples).then(join) : join(samples as T[]);
  }

  *#batches(): Generator_<Int32Array> {
    let batch: number[] = [];
    for (const index of this.#order()) {
      if (batch.push(index) < this.batchSize) continue;
      yield new Int32Array(batch);
      batch = [];
    }
    if (batch.length > 0 && this.#options.dropLast !== true) yield new Int32Array(batch);
  }

  *#sampled(sampler: Iterable<number>, length: number): Generator_<number> {
    const iterator: unknown = sampler[Symbol.iterator]();
    if (iterator === sampler && this.#samplerIsUsed) {
      throw new ValueError(
        'DataLoader: the sampler is an iterator, and at its end: it serves one epoch; pass a list, or an object whose ' +
          '[Symbol.iterator]() begins anew',
      );
    }
    this.#samplerIsUsed = true;
    for (const index of sampler) {
      checkIndex(index, length, 'DataLoader: sampler');
      yield index;
    }
  }

  /** Draws what PyTorch draws, also where it does not use it, so that the streams stay together. */
  *#order(): Generator_<number> {
    const { shuffle = false, sampler, generator } = this.#options;
    // The seed that PyTorch hands to its worker processes.
    (generator ?? defaultGenerator).random64();
    checkDataset(this.dataset, 'DataLoader');
    const n = this.dataset.length;
    if (sampler !== undefined) yield* this.#sampled(sampler, n);
    else if (!shuffle) for (let i = 0; i < n; i++) yield i;
    else {
      const source = generator ?? new Generator().manualSeed(defaultGenerator.random64() & (2n ** 63n - 1n));
      const order = (): Int32Array =>
        valuesOf(randperm(n, { generator: source }), 'DataLoader: order of samples') as Int32Array;
      yield* order();
      // PyTorch's sampler draws another order, of which it takes nothing.
      if (generator !== undefined) order();
    }
  }
}

/** Lists are checked at once, other iterables (which may have no end) as they go. */
function checkSampler(sampler: unknown, length: number): void {
  if (Array.isArray(sampler) || ArrayBuffer.isView(sampler))
    checkIndices(sampler as ArrayLike<unknown> & object, length, 'DataLoader: sampler');
  else if (
    sampler === null ||
    typeof sampler !== 'object' ||
    typeof (sampler as Partial<Iterable<unknown>>)[Symbol.iterator] !== 'function'
  ) {
    const got = sampler === null ? 'null' : typeof sampler;
    throw new ValueError(
      `DataLoader: expected a sampler that can be iterated, such as a list of indices, got ${got}`,
    );
  }
}

/** TypeScript's generators; the name `Generator` is that of random numbers here. */
type Generator_<T> = Iterator<T, void, undefined> & Iterable<T>;
