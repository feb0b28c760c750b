import { KindlingError, ValueError } from '../errors.ts';
import { randperm } from '../ops/random/random-tensors.ts';
import { defaultGenerator, Generator } from '../random/generator.ts';
import { valuesOf } from '../record/values.ts';
import { defaultCollate } from './collate.ts';
import type { Dataset } from './dataset.ts';

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
  /** The numbers of the samples, in order, instead of shuffling: iterated anew each time. */
  readonly sampler?: Iterable<number>;
  /** Joins samples to a batch. Default: the dataset's own `getBatch`, else {@link defaultCollate}. */
  readonly collate?: (samples: T[]) => T;
  /** Ends an asynchronous iteration early, with the signal's reason: an `AbortSignal`. */
  readonly signal?: { throwIfAborted(): void };
}

/**
 * Batches of a dataset, in order or shuffled; each iteration is one epoch. Iterate it with `for`, or with `for await` where
 * the dataset answers with promises, or to let other tasks run between batches. The order for a seed is PyTorch's.
 * Follows `torch.utils.data.DataLoader`.
 * @throws ValueError where `batchSize` is no positive integer, or `shuffle` and `sampler` are both given
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

  constructor(dataset: Dataset<T>, options: DataLoaderOptions<T> = {}) {
    const { batchSize = 1, shuffle, sampler } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new ValueError(`DataLoader: batchSize should be a positive integer, got ${batchSize}`);
    }
    if (shuffle === true && sampler !== undefined) {
      throw new ValueError('DataLoader: the sampler option is mutually exclusive with shuffle');
    }
    if (!Number.isInteger(dataset?.length)) {
      throw new ValueError('DataLoader: expected a dataset with a length and a get(index) method');
    }
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
      yield await this.#fetch(indices);
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
    const { batchSize } = this;
    let batch = new Int32Array(batchSize);
    let count = 0;
    for (const index of this.#order()) {
      batch[count++] = index;
      if (count < batchSize) continue;
      yield batch;
      batch = new Int32Array(batchSize);
      count = 0;
    }
    if (count > 0 && this.#options.dropLast !== true) yield batch.slice(0, count);
  }

  /** Draws what PyTorch draws, also where it does not use it, so that the streams stay together. */
  *#order(): Generator_<number> {
    const { shuffle = false, sampler, generator } = this.#options;
    // The seed that PyTorch hands to its worker processes.
    (generator ?? defaultGenerator).random64();
    const n = this.dataset.length;
    if (sampler !== undefined) yield* sampler;
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

/** TypeScript's generators; the name `Generator` is that of random numbers here. */
type Generator_<T> = Iterator<T, void, undefined> & Iterable<T>;
