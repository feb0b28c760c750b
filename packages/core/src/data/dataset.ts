import { describe } from '../arguments/explain.ts';
import { K, refuseExcess, signature } from '../arguments/index.ts';
import { IndexError, ShapeError, ValueError } from '../errors.ts';
import { indexSelect } from '../ops/indexing/index-along.ts';
import { randperm } from '../ops/random/random-tensors.ts';
import { select } from '../ops/views/slices.ts';
import { Shown } from '../print/shown.ts';
import type { Generator } from '../random/generator.ts';
import { generatorKind } from '../random/generator-kind.ts';
import { isArray, whereReadable } from '../readable.ts';
import { valuesOf } from '../record/values.ts';
import { formatShape } from '../shape.ts';
import { isOfClass, requireTensors, type Tensor, wrapArray } from '../tensor.ts';
import { requireMemory } from '../transferred.ts';
import type { Collated } from './collate.ts';

/**
 * Samples by number. Extend it, or pass any object of this form to a DataLoader. Follows `torch.utils.data.Dataset`.
 */
export interface Dataset<T> {
  /** The number of samples. */
  readonly length: number;
  /** Sample `index`; may be a promise where the loader is iterated asynchronously. */
  get(index: number): T | Promise<T>;
  /** A whole batch at once, already collated; where it is there, the loader calls it instead of {@link get}. */
  getBatch?(indices: Int32Array): Collated<T> | Promise<Collated<T>>;
}

/**
 * Tensors of equal length as samples: sample i holds element i of each. Follows `torch.utils.data.TensorDataset`.
 * @throws ValueError of no tensors, DTypeError of what are none, ShapeError where their first sizes differ
 * @example
 * ```ts
 * const dataset = new data.TensorDataset(tensor([[0.5, 1], [2, 3]]), tensor([7, 8]));
 * dataset.get(1); // [ tensor([2., 3.]), tensor(8) ]
 * ```
 */
export class TensorDataset<T extends readonly Tensor[]> extends Shown implements Dataset<T> {
  /** What the samples are taken from. */
  readonly tensors: T;
  /** The number of samples: the first size of each tensor. */
  readonly length: number;

  constructor(...tensors: T) {
    super();
    const [first] = tensors;
    if (tensors.length === 0) throw new ValueError('TensorDataset: expected at least one tensor');
    requireTensors('TensorDataset', ...tensors);
    const [length] = first!.shape;
    if (length === undefined)
      throw new ShapeError('TensorDataset: expected tensors of at least one dimension, that of the samples');
    for (const [i, x] of tensors.entries()) {
      if (x.shape[0] !== length) {
        throw new ShapeError(
          `TensorDataset: size mismatch between tensors: number ${i} has shape ${formatShape(x.shape)}, the first ` +
            `${formatShape(first!.shape)}; the first sizes must be equal`,
        );
      }
    }
    this.tensors = tensors;
    this.length = length;
  }

  /** Its length, and the dtype and shape of each part of a sample. */
  override toString(): string {
    const parts = this.tensors.map(({ dtype, shape }) => `${dtype} ${formatShape(shape.slice(1))}`);
    return `TensorDataset(${this.length} samples: ${parts.join(', ')})`;
  }

  /**
   * Element `index` of each tensor.
   * @throws IndexError where there is no such sample
   */
  get(index: number): T {
    checkIndex(index, this.length, 'TensorDataset.get');
    return this.tensors.map((x) => select(x, 0, index)) as unknown as T;
  }

  /**
   * Those elements of each tensor, stacked along dimension 0.
   * @throws IndexError where there is no such sample
   */
  getBatch(indices: Int32Array): Collated<T> {
    checkIndices(indices, this.length, 'TensorDataset.getBatch');
    const rows = wrapArray(new Int32Array(indices), [indices.length], 'int32');
    return this.tensors.map((x) => indexSelect(x, 0, rows)) as unknown as Collated<T>;
  }
}

/** @internal A dataset in a few words: its own, or its class and length. */
export function wordsOf(dataset: object): string {
  const { toString, length, constructor } = dataset as Partial<object & { length: number }>;
  if (toString !== undefined && toString !== Object.prototype.toString) return `${dataset}`;
  return Number.isInteger(length)
    ? `${constructor?.name || 'dataset'}(${length} samples)`
    : constructor?.name || 'a stream';
}

/** Indices are int32. */
const MAX_LENGTH = 2 ** 31 - 1;

/** @internal Whether a value has a method that gives samples by number. */
export const givesSamples = /* @__PURE__ */ whereReadable((x): x is Partial<Dataset<unknown>> => {
  const { get, getBatch } = (x ?? {}) as Partial<Record<keyof Dataset<unknown>, unknown>>;
  return typeof get === 'function' || typeof getBatch === 'function';
});

/** @internal Throws unless a value is a dataset: samples, and how many there are. */
export function checkDataset(dataset: unknown, caller: string): void {
  if (!givesSamples(dataset)) {
    const wrap = isArray(dataset)
      ? '; of an array xs write { length: xs.length, get: (i) => xs[i] }'
      : isOfClass(dataset)
        ? '; write new data.TensorDataset(x)'
        : '';
    throw new ValueError(
      `${caller}: expected a dataset with a length and a get(index) method, got ${describe(dataset)}${wrap}`,
    );
  }
  const { length } = dataset;
  if (!Number.isInteger(length) || (length as number) < 0 || (length as number) > MAX_LENGTH) {
    throw new ValueError(
      `${caller}: expected a dataset with a length, a whole number up to 2^31 - 1, got ${describe(length)}`,
    );
  }
}

/** @internal Throws an IndexError unless `index` is the number of a sample. */
export function checkIndex(index: unknown, length: number, caller: string): void {
  if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < length) return;
  const shown = typeof index === 'number' || typeof index === 'bigint' ? index : typeof index;
  throw new IndexError(
    `${caller}: index ${shown} is out of range for a dataset of length ${length}: it takes whole numbers from 0 to ${length - 1}`,
  );
}

/** @internal Throws unless all are the numbers of samples, in an array or typed array. */
export function checkIndices(indices: ArrayLike<unknown>, length: number, caller: string): void {
  const isView = ArrayBuffer.isView(indices);
  if (isView) requireMemory(indices, caller);
  if (isView ? indices instanceof DataView : !isArray(indices)) {
    throw new ValueError(`${caller}: expected a list of indices, got ${describe(indices)}`);
  }
  for (let i = 0; i < indices.length; i++) checkIndex(indices[i], length, caller);
}

/**
 * Some of a dataset's samples. Follows `torch.utils.data.Subset`.
 * @throws IndexError where an index is none of the dataset; ValueError where there is no dataset, or no list
 * @example
 * ```ts
 * const odd = new data.Subset(new data.TensorDataset(tensor([10, 11, 12, 13])), [1, 3]);
 * odd.get(1); // [ tensor(13) ]
 * ```
 */
export class Subset<T> extends Shown implements Dataset<T> {
  /** The whole dataset. */
  readonly dataset: Dataset<T>;
  /** Which of its samples these are. */
  readonly indices: Int32Array;
  /** A whole batch at once, where the dataset has such. */
  readonly getBatch?: (indices: Int32Array) => Collated<T> | Promise<Collated<T>>;

  constructor(dataset: Dataset<T>, indices: ArrayLike<number>) {
    if (arguments.length > 2) refuseExcess('Subset', ['dataset', 'indices'], arguments);
    checkDataset(dataset, 'Subset');
    checkIndices(indices, dataset.length, 'Subset');
    super();
    this.dataset = dataset;
    this.indices = new Int32Array(indices);
    if (dataset.getBatch !== undefined) {
      const getBatch = dataset.getBatch.bind(dataset);
      this.getBatch = (chosen) => {
        checkIndices(chosen, this.length, 'Subset.getBatch');
        return getBatch(Int32Array.from(chosen, (i) => this.indices[i]!));
      };
    }
  }

  /** The number of samples. */
  get length(): number {
    return this.indices.length;
  }

  /** Its length, and what it is a part of. */
  override toString(): string {
    return `Subset(${this.length} samples of ${wordsOf(this.dataset)})`;
  }

  /**
   * Sample `index` of these.
   * @throws IndexError where there is no such sample
   */
  get(index: number): T | Promise<T> {
    checkIndex(index, this.length, 'Subset.get');
    return this.dataset.get(this.indices[index]!);
  }
}

/** Options of {@link randomSplit}. */
export interface RandomSplitOptions {
  /** Where the order comes from. Default: the default generator. */
  readonly generator?: Generator;
}

const randomSplitTakes = signature('randomSplit', {
  dataset: K.anything,
  lengths: K.listOf(K.nonNegative),
  options: K.options<RandomSplitOptions>({ generator: generatorKind }),
});

/**
 * Splits a dataset at random into parts of the given lengths, or of given fractions that sum to 1. Follows
 * `torch.utils.data.random_split`, number for number.
 * @throws ValueError unless the lengths are whole and sum to the dataset's, or are fractions that sum to 1
 * @example
 * ```ts
 * const dataset = new data.TensorDataset(arange(10));
 * const [train, valid] = data.randomSplit(dataset, [0.9, 0.1]);
 * [train.length, valid.length]; // [ 9, 1 ]
 * ```
 */
export function randomSplit<T, const L extends readonly number[]>(
  dataset: Dataset<T>,
  lengths: L,
  options: RandomSplitOptions = {},
): { -readonly [I in keyof L]: Subset<T> } {
  randomSplitTakes(arguments);
  checkDataset(dataset, 'randomSplit');
  const sizes = splitSizes(lengths, dataset.length);
  const order = valuesOf(randperm(dataset.length, options), 'randomSplit: order of samples') as Int32Array;
  let offset = 0;
  const parts = sizes.map((size) => {
    offset += size;
    return new Subset(dataset, order.subarray(offset - size, offset));
  });
  return parts as { -readonly [I in keyof L]: Subset<T> };
}

function splitSizes(lengths: readonly number[], total: number): readonly number[] {
  const sum = lengths.reduce((a, b) => a + b, 0);
  const fractions = Math.abs(sum - 1) <= 1e-9;
  const sizes = fractions ? lengths.map((fraction) => Math.floor(total * fraction)) : lengths.slice();
  if (fractions) {
    const rest = total - sizes.reduce((a, b) => a + b, 0);
    for (let i = 0; i < rest; i++) sizes[i % sizes.length]!++;
  }
  const reached = sizes.reduce((a, b) => a + b, 0);
  if (reached !== total || !sizes.every(Number.isInteger)) {
    throw new ValueError(
      `randomSplit: the lengths [${lengths.join(', ')}] must be whole and sum to the dataset's length ${total}, or be ` +
        'fractions that sum to 1',
    );
  }
  return sizes;
}
