import { checkArguments, K } from '../arguments/index.ts';
import { ValueError } from '../errors.ts';
import { Shown } from '../print/shown.ts';
import { isPromise, whereReadable } from '../readable.ts';
import type { Collated } from './collate.ts';
import { checkDataset, checkIndex, checkIndices, type Dataset, wordsOf } from './dataset.ts';
import { isStream } from './iterable-dataset.ts';

/**
 * Datasets one behind the other: the samples of the second have the numbers after those of the first. Follows
 * `torch.utils.data.ConcatDataset`; numbers are counted from the beginning alone.
 * @throws ValueError of no datasets, of what is none, and of streams, which {@link ChainDataset} joins
 * @example
 * ```ts
 * const both = new data.ConcatDataset([
 *   new data.TensorDataset(tensor([10, 11])),
 *   new data.TensorDataset(tensor([20, 21, 22])),
 * ]);
 * both.get(3); // [ tensor(21) ]
 * both.cumulativeSizes; // [ 2, 5 ]
 * ```
 */
export class ConcatDataset<T> extends Shown implements Dataset<T> {
  /** The parts. */
  readonly datasets: readonly Dataset<T>[];
  /** How many samples there are up to the end of each part. */
  readonly cumulativeSizes: readonly number[];

  constructor(datasets: Iterable<Dataset<T>>) {
    checkArguments('ConcatDataset', { datasets: K.iterable('a list of datasets') }, arguments);
    super();
    this.datasets = [...datasets];
    if (this.datasets.length === 0)
      throw new ValueError('ConcatDataset: datasets should not be an empty iterable');
    let sum = 0;
    this.cumulativeSizes = this.datasets.map((dataset, i) => {
      if (isStream(dataset))
        throw new ValueError(
          `ConcatDataset: does not support iterable datasets, and number ${i} is one; ChainDataset joins them`,
        );
      checkSamples(dataset, `ConcatDataset: dataset ${i}`);
      sum += dataset.length;
      return sum;
    });
  }

  /** The number of samples. */
  get length(): number {
    return this.cumulativeSizes.at(-1) ?? 0;
  }

  /** Its length, and its parts. */
  override toString(): string {
    return `ConcatDataset(${this.length} samples: ${this.datasets.map(wordsOf).join(', ')})`;
  }

  /**
   * Sample `index` of all.
   * @throws IndexError where there is no such sample
   */
  get(index: number): T | Promise<T> {
    checkIndex(index, this.length, 'ConcatDataset.get');
    let before = 0;
    for (const [i, end] of this.cumulativeSizes.entries()) {
      const dataset = this.datasets[i];
      if (index < end && dataset !== undefined) return dataset.get(index - before);
      before = end;
    }
    throw new ValueError('ConcatDataset.get: a dataset without parts');
  }
}

/** Refuses what gives no samples one by one. */
function checkSamples(dataset: unknown, caller: string): void {
  checkDataset(dataset, caller);
  if (typeof (dataset as Partial<Dataset<unknown>>).get !== 'function')
    throw new ValueError(
      `${caller}: expected a dataset with a get(index) method, got one with getBatch alone`,
    );
}

type Datasets = readonly Dataset<unknown>[] | Readonly<Record<string, Dataset<unknown>>>;
type SampleOf<D> = D extends { get(index: number): infer T } ? Awaited<T> : never;
type Stacked<D extends Datasets> = { -readonly [P in keyof D]: SampleOf<D[P]> };

/**
 * Datasets side by side: sample i holds sample i of each, as an array, or as an object where the datasets stand in one
 * under names. Follows `torch.utils.data.StackDataset`.
 * @throws ValueError of no datasets, of what is none, and of datasets that differ in length
 * @example
 * ```ts
 * const x = new data.TensorDataset(tensor([1.5, 2.5]));
 * const names = { length: 2, get: (i: number) => ['a', 'b'][i] };
 * new data.StackDataset(x, names).get(1); // [ [ tensor(2.5000) ], 'b' ]
 * new data.StackDataset({ x, names }).get(1); // { x: [ tensor(2.5000) ], names: 'b' }
 * ```
 */
export class StackDataset<D extends Datasets> implements Dataset<Stacked<D>> {
  /** The parts, as they were given. */
  readonly datasets: D;
  /** The number of samples. */
  readonly length: number;
  /** A whole batch at once, where every part has such. */
  readonly getBatch?: (indices: Int32Array) => Collated<Stacked<D>> | Promise<Collated<Stacked<D>>>;

  constructor(datasets: D & Readonly<Record<string, Dataset<unknown>>>);
  constructor(...datasets: D & readonly Dataset<unknown>[]);
  constructor(...datasets: readonly unknown[]) {
    const [first] = datasets;
    const named = datasets.length === 1 && isRecord(first);
    this.datasets = (named ? first : datasets) as unknown as D;
    const parts = Object.entries(this.datasets) as [name: string, dataset: Dataset<unknown>][];
    for (const [name, dataset] of parts) checkSamples(dataset, `StackDataset: dataset ${name}`);
    const length = parts[0]?.[1].length;
    if (length === undefined) throw new ValueError('StackDataset: at least one dataset should be passed');
    for (const [name, dataset] of parts) {
      if (dataset.length !== length)
        throw new ValueError(
          `StackDataset: size mismatch between datasets: dataset ${name} has ${dataset.length} samples, the first ${length}`,
        );
    }
    this.length = length;
    if (parts.every(([, dataset]) => dataset.getBatch !== undefined)) {
      this.getBatch = (indices) => {
        checkIndices(indices, length, 'StackDataset.getBatch');
        return this.#each((dataset) => dataset.getBatch?.(indices)) as Collated<Stacked<D>>;
      };
    }
  }

  /**
   * Sample `index` of each part.
   * @throws IndexError where there is no such sample
   */
  get(index: number): Stacked<D> | Promise<Stacked<D>> {
    checkIndex(index, this.length, 'StackDataset.get');
    return this.#each((dataset) => dataset.get(index));
  }

  #each(of: (dataset: Dataset<unknown>) => unknown): Stacked<D> | Promise<Stacked<D>> {
    const names = Object.keys(this.datasets);
    const values = (Object.values(this.datasets) as Dataset<unknown>[]).map(of);
    const joined = (all: readonly unknown[]): Stacked<D> =>
      (Array.isArray(this.datasets)
        ? all
        : Object.fromEntries(names.map((name, i) => [name, all[i]]))) as Stacked<D>;
    return values.some(isPromise) ? Promise.all(values).then(joined) : joined(values);
  }
}

/** Datasets under names, as against one dataset. */
const isRecord = /* @__PURE__ */ whereReadable(
  (x): x is object =>
    typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype && !('length' in x),
);
