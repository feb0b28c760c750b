import { checkArguments, K } from '../arguments/index.ts';
import { KindlingError, ValueError } from '../errors.ts';
import { Shown } from '../print/shown.ts';
import { defaultGenerator, type Generator } from '../random/generator.ts';
import { disown, isPromise } from '../readable.ts';
import { unlessAborted } from './abort.ts';
import { BatchSampler } from './batch-sampler.ts';
import { type Collated, defaultCollate, defaultConvert } from './collate.ts';
import { alongStream, byNumbers, type Course, nothingMore } from './courses.ts';
import { checkDataset, checkIndex, checkIndices, type Dataset, wordsOf } from './dataset.ts';
import { type IterableDataset, isStream, iterate } from './iterable-dataset.ts';
import { checkLoaderOptions, type DataLoaderOptions, loaderKinds, orderOf } from './loader-options.ts';
import {
  checkLoaderState,
  type DataLoaderState,
  givenGenerators,
  isStateful,
  setStates,
  statefulSampler,
  withStates,
} from './loader-state.ts';
import type { Sampler } from './sampler.ts';

/** An epoch that was begun last. */
interface Epoch {
  /** What its order depends on, as it was when the epoch began. */
  readonly generators: readonly Uint8Array[];
  readonly sampler: unknown;
  numYielded: number;
  /** Whether its loop has come to the end. */
  isOver: boolean;
  course: Course<unknown>;
}

/**
 * Batches of a dataset, in order or shuffled; each iteration is one epoch. Iterate it with `for`, or with `for await`
 * where the dataset answers with promises, or to let other tasks run between batches. The order for a seed is
 * PyTorch's. Follows `torch.utils.data.DataLoader`; {@link stateDict} follows torchdata's `StatefulDataLoader`.
 * @throws ValueError where `batchSize` is no positive integer, options exclude each other (`shuffle` and `sampler`,
 *   `batchSampler` and any of `batchSize`, `shuffle`, `sampler`, `dropLast`; all of these but `batchSize` and
 *   `dropLast` of a stream), or there is no dataset
 * @throws IndexError where a sampler names a sample that the dataset has not
 * @throws KindlingError where a dataset that answers with promises is iterated with `for`
 * @example
 * ```ts
 * const dataset = new data.TensorDataset(tensor([0.5, 1, 1.5]), tensor([7, 8, 9]));
 * for (const [x, y] of new data.DataLoader(dataset, { batchSize: 2 })) console.log(String(x), String(y));
 * // tensor([0.5000, 1.0000]) tensor([7, 8])
 * // tensor([1.5000]) tensor([9])
 * ```
 */
export class DataLoader<T, B = Collated<T>> extends Shown {
  /** What the batches are taken from. */
  readonly dataset: Dataset<T> | IterableDataset<T>;
  /** Samples a batch, the last may have fewer; `null` where batches are not made, or by {@link batchSampler}. */
  readonly batchSize: number | null;
  /** Whether a last batch that is not full is left out. */
  readonly dropLast: boolean;
  /** The order of the samples; `null` of a stream, and where {@link batchSampler} was given. */
  readonly sampler: Sampler | null;
  /** The order of the batches; `null` of a stream, and where batches are not made. */
  readonly batchSampler: Sampler<ArrayLike<number>> | null;
  /** Where the orders come from, unless that is the default generator. */
  readonly generator: Generator | undefined;
  readonly #options: DataLoaderOptions<T, B>;
  /** The generators that were given, here and to samplers. */
  readonly #generators: readonly Generator[];
  #epoch: Epoch | null = null;
  /** What was loaded, until an iteration goes on from there. */
  #resumed: DataLoaderState | null = null;
  #orderIsUsed = false;

  constructor(dataset: Dataset<T> | IterableDataset<T>, options: DataLoaderOptions<T, B> = {}) {
    super();
    checkArguments('DataLoader', { dataset: K.anything, options: K.options(loaderKinds) }, arguments);
    const { batchSize = 1, batchSampler, dropLast = false, generator } = options;
    checkLoaderOptions(dataset, options);
    this.dataset = dataset;
    this.batchSize = batchSampler === undefined ? batchSize : null;
    this.dropLast = dropLast;
    this.generator = generator;
    const order = isStream(dataset) || batchSampler !== undefined ? null : orderOf(dataset, options);
    this.sampler = order;
    this.batchSampler =
      batchSampler ??
      (order === null || batchSize === null ? null : new BatchSampler(order, batchSize, dropLast));
    this.#options = options;
    this.#generators = givenGenerators(generator, this.batchSampler ?? order);
  }

  /** Vue makes no Proxy of it in its reactive state: see that of Tensor. @internal */
  get __v_skip(): true {
    return true;
  }

  /** Number of batches; NaN where a sampler or a stream does not tell how many it gives. */
  get length(): number {
    const { dataset, batchSize, dropLast } = this;
    if (!isStream(dataset)) return (this.batchSampler ?? this.sampler)?.length ?? Number.NaN;
    const n = dataset.length ?? Number.NaN;
    if (batchSize === null) return n;
    return dropLast ? Math.floor(n / batchSize) : Math.ceil(n / batchSize);
  }

  /** The dataset in a few words, the sizes of batches and epoch, and where the order comes from. */
  override toString(): string {
    const { dataset, batchSize, length, dropLast } = this;
    const order = this.#options.batchSampler ?? this.sampler;
    const parts = [
      wordsOf(dataset),
      `batchSize=${batchSize}`,
      ...(Number.isNaN(length) ? [] : [`length=${length}`]),
      ...(order === null ? [] : [`order=${order.constructor.name}`]),
      ...(dropLast ? ['dropLast=true'] : []),
    ];
    return `DataLoader(${parts.join(', ')})`;
  }

  /** One epoch of batches. */
  [Symbol.iterator](): Batches<B> {
    return this.#walk(this.#begin(false));
  }

  /** One epoch of batches, other tasks being served between two. */
  [Symbol.asyncIterator](): AsyncGenerator<B, void, undefined> {
    return this.#walkAsync(this.#begin(true));
  }

  *#walk({ course, epoch }: Way<B>): Batches<B> {
    const { signal } = this.#options;
    try {
      for (;;) {
        signal?.throwIfAborted();
        const next = course.next();
        if (isPromise(next)) {
          disown(next);
          throw new KindlingError(
            'DataLoader: the dataset answers with promises; iterate it with `for await`',
          );
        }
        if (next.done === true) {
          epoch.isOver = true;
          return;
        }
        epoch.numYielded++;
        yield next.value;
      }
    } finally {
      if (!epoch.isOver) course.close();
    }
  }

  async *#walkAsync({ course, epoch }: Way<B>): AsyncGenerator<B, void, undefined> {
    const { signal } = this.#options;
    let waits = false;
    try {
      for (;;) {
        signal?.throwIfAborted();
        // A macrotask, so that timers and input are served between two batches.
        await new Promise((resolve) => setTimeout(resolve, 0));
        signal?.throwIfAborted();
        waits = true;
        const next = await unlessAborted(course.next(), signal);
        waits = false;
        if (next.done === true) {
          epoch.isOver = true;
          return;
        }
        signal?.throwIfAborted();
        epoch.numYielded++;
        yield next.value;
      }
    } finally {
      if (!epoch.isOver) {
        const closed = Promise.resolve(course.close());
        // What has not come may never come, and a stream closes after it.
        if (waits && signal?.aborted === true) closed.catch(() => {});
        else await closed;
      }
    }
  }

  /**
   * Where the epoch that was begun last stands: how many batches it has given, and what its order came from. Loaded
   * into a loader of the same options, it has the next iteration give the batches that are left, then the orders that
   * would have followed; restore the default generator too, by `setRngState`. It is all of plain numbers, for JSON.
   * Kindling's own, in the manner of torchdata's `StatefulDataLoader.state_dict`.
   * @example
   * ```ts
   * const numbers = new data.TensorDataset(arange(6));
   * const loader = new data.DataLoader(numbers, { batchSize: 2, shuffle: true });
   * let state = loader.stateDict();
   * const seen: Tensor[] = [];
   * for (const [x] of loader) if (seen.push(x) === 1) state = loader.stateDict();
   * const resumed = new data.DataLoader(numbers, { batchSize: 2, shuffle: true });
   * resumed.loadStateDict(JSON.parse(JSON.stringify(state)));
   * const rest = [...resumed].map(([x]) => x);
   * cat(rest).equal(cat(seen.slice(1))); // true
   * ```
   */
  stateDict(): DataLoaderState {
    const generators = this.#generators.map((generator) => [...generator.getState()]);
    if (this.#resumed !== null) return { ...this.#resumed, generators };
    const epoch = this.#epoch === null || this.#epoch.isOver ? null : this.#epoch;
    const { dataset } = this;
    const sampler = epoch === null ? this.#statefulSampler?.stateDict() : epoch.sampler;
    return {
      num_yielded: epoch?.numYielded ?? 0,
      iterator_finished: epoch === null,
      epoch_generators: epoch?.generators.map((bytes) => [...bytes]) ?? [],
      generators,
      sampler_state: sampler ?? null,
      dataset_state: isStateful(dataset) ? dataset.stateDict() : null,
      dataset_ended: epoch?.course.isOver ?? false,
      ...this.#form(),
    };
  }

  /** What `JSON.stringify` writes: the {@link stateDict}, which `loadStateDict` takes. Kindling's own. */
  toJSON(): DataLoaderState {
    return this.stateDict();
  }

  /**
   * Takes over what {@link stateDict} gave, also by way of JSON. Kindling's own, in the manner of torchdata's
   * `StatefulDataLoader.load_state_dict`.
   * @throws ValueError where something is missing or cannot be, or the state is of a loader with another dataset or
   *   batch size; nothing is changed then
   */
  loadStateDict(state: DataLoaderState): void {
    const own = { ...this.#form(), generators: this.#generators.length };
    checkLoaderState('DataLoader.loadStateDict', state, own);
    const { dataset } = this;
    if (isStateful(dataset)) dataset.loadStateDict(state.dataset_state);
    setStates(this.#generators, state.generators);
    if (state.iterator_finished && state.sampler_state !== null)
      this.#statefulSampler?.loadStateDict(state.sampler_state);
    this.#epoch = null;
    this.#resumed = state.iterator_finished ? null : state;
  }

  /**
   * Calls `run`, which may iterate over this loader, and leaves it where it stood: the epoch that was begun last or
   * loaded, the generators that were given, what a sampler or dataset with a state says. Gives what `run` gives; where
   * that is a promise, the loader is put back when it settles. Kindling's own.
   * @throws whatever `run` throws
   * @example
   * ```ts
   * const generator = new Generator().manualSeed(0);
   * const numbers = new data.TensorDataset(arange(4));
   * const loader = new data.DataLoader(numbers, { batchSize: 4, shuffle: true, generator });
   * const order = () => [...loader].map(([batch]) => batch.toArray());
   * const before = loader.keepPlace(order);
   * String(order()) === String(before); // true
   * ```
   */
  keepPlace<R>(run: () => R): R {
    checkArguments('DataLoader.keepPlace', { run: K.callable }, arguments);
    const { dataset } = this;
    const [epoch, resumed, sampler] = [this.#epoch, this.#resumed, this.#statefulSampler];
    const states = this.#generators.map((generator) => [...generator.getState()]);
    const samplerState = sampler?.stateDict();
    const datasetState = isStateful(dataset) ? dataset.stateDict() : null;
    const putBack = (): void => {
      [this.#epoch, this.#resumed] = [epoch, resumed];
      setStates(this.#generators, states);
      sampler?.loadStateDict(samplerState);
      if (isStateful(dataset)) dataset.loadStateDict(datasetState);
    };
    let isLater = false;
    try {
      const result = run();
      if (!isPromise(result)) return result;
      isLater = true;
      return Promise.resolve(result).finally(putBack) as R;
    } finally {
      if (!isLater) putBack();
    }
  }

  get #statefulSampler() {
    return statefulSampler(this.batchSampler ?? this.sampler);
  }

  #form(): { dataset_length: number | null; batch_size: number | null } {
    const { dataset, batchSize } = this;
    return { dataset_length: isStream(dataset) ? null : dataset.length, batch_size: batchSize };
  }

  /** Begins an epoch, or goes on with the one whose state was loaded. */
  #begin(waits: boolean): Way<B> {
    const { dataset } = this;
    if (!isStream(dataset)) checkDataset(dataset, 'DataLoader');
    this.#checkOrder();
    const sources = [defaultGenerator, ...this.#generators];
    const resumed = this.#resumed;
    this.#resumed = null;
    if (resumed !== null) return this.#goOn(resumed, sources, waits);
    const generators = sources.map((generator) => generator.getState());
    const sampler = this.#statefulSampler?.stateDict() ?? null;
    const course = this.#course(waits);
    this.#epoch = { generators, sampler, numYielded: 0, isOver: false, course };
    return { course, epoch: this.#epoch };
  }

  /** The order is drawn again; the generators stay where they are. */
  #goOn(resumed: DataLoaderState, sources: readonly Generator[], waits: boolean): Way<B> {
    const { dataset } = this;
    const { num_yielded: numYielded, sampler_state: sampler } = resumed;
    const generators = resumed.epoch_generators.map((bytes) => Uint8Array.from(bytes));
    if (sampler !== null) this.#statefulSampler?.loadStateDict(sampler);
    const course = withStates(sources, generators, () => {
      if (resumed.dataset_ended) return nothingMore;
      const again = this.#course(waits);
      // A stream with a state stands there already.
      if (!(isStream(dataset) && isStateful(dataset))) again.skip(numYielded);
      return again;
    });
    this.#epoch = { generators, sampler, numYielded, isOver: false, course };
    return { course, epoch: this.#epoch };
  }

  /** Draws what PyTorch draws, also where it does not use it, so that the streams stay together. */
  #course(waits: boolean): Course<B> {
    const { dataset, batchSize, dropLast, batchSampler, sampler } = this;
    // The seed that PyTorch hands to its worker processes.
    const drawSeed = (): unknown => (this.generator ?? defaultGenerator).random64();
    if (isStream(dataset)) {
      drawSeed();
      const samples = iterate(dataset, waits, 'DataLoader');
      const join = (xs: T[]): B | Promise<B> =>
        batchSize === null ? this.#convert(xs[0] as T) : this.#join(xs);
      return alongStream(samples, { size: batchSize ?? 1, dropLast, join });
    }
    const course =
      batchSampler !== null
        ? byNumbers(batchSampler, (indices) => this.#batch(dataset, indices))
        : byNumbers(sampler ?? [], (index) => this.#sample(dataset, index));
    drawSeed();
    return course;
  }

  #batch(dataset: Dataset<T>, indices: ArrayLike<number>): B | Promise<B> {
    const { batchSampler, collateFn } = this.#options;
    checkIndices(
      indices,
      dataset.length,
      `DataLoader: ${batchSampler === undefined ? 'sampler' : 'batchSampler'}`,
    );
    if (collateFn === undefined && dataset.getBatch !== undefined)
      return dataset.getBatch(new Int32Array(indices)) as unknown as B | Promise<B>;
    const samples = Array.from(indices, (i) => dataset.get(i));
    return samples.some(isPromise)
      ? Promise.all(samples).then((all) => this.#join(all))
      : this.#join(samples as T[]);
  }

  #sample(dataset: Dataset<T>, index: number): B | Promise<B> {
    checkIndex(index, dataset.length, 'DataLoader: sampler');
    const sample = dataset.get(index);
    return isPromise(sample) ? Promise.resolve(sample).then((x) => this.#convert(x)) : this.#convert(sample);
  }

  #join(samples: T[]): B | Promise<B> {
    return (this.#options.collateFn ?? (defaultCollate as unknown as (samples: T[]) => B))(samples);
  }

  #convert(sample: T): B | Promise<B> {
    const { collateFn = defaultConvert } = this.#options;
    return (collateFn as unknown as (sample: T) => B | Promise<B>)(sample);
  }

  #checkOrder(): void {
    const { sampler, batchSampler } = this.#options;
    const given = batchSampler ?? sampler;
    if (this.#orderIsUsed && typeof (given as { next?: unknown } | undefined)?.next === 'function')
      throw new ValueError(
        'DataLoader: the sampler is an iterator, and at its end: it serves one epoch; pass a list, or an object whose ' +
          '[Symbol.iterator]() begins anew',
      );
    this.#orderIsUsed = true;
  }
}

interface Way<B> {
  readonly course: Course<B>;
  readonly epoch: Epoch;
}

/** TypeScript's generators; the name `Generator` is that of random numbers here. */
type Batches<B> = Iterator<B, void, undefined> & Iterable<B>;
