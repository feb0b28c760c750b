import { IndexError, ShapeError, ValueError } from '../errors.ts';
import { indexSelect } from '../ops/indexing/index-along.ts';
import { randperm } from '../ops/random/random-tensors.ts';
import { select } from '../ops/views/slices.ts';
import type { Generator } from '../random/generator.ts';
import { valuesOf } from '../record/values.ts';
import { formatShape } from '../shape.ts';
import { requireTensors, type Tensor, wrapArray } from '../tensor.ts';

/** Samples by number. Extend it, or pass any object of this form to a DataLoader. */
export interface Dataset<T> {
  readonly length: number;
  /** Sample `index`; may be a promise where the loader is iterated asynchronously. */
  get(index: number): T | Promise<T>;
  /** A whole batch at once, already collated; where it is there, the loader calls it instead of {@link get}. */
  getBatch?(indices: Int32Array): T | Promise<T>;
}

/**
 * Tensors of equal length as samples: sample i holds element i of each. Follows `torch.utils.data.TensorDataset`.
 *
 * @example
 * ```ts
 * const dataset = new data.TensorDataset(images, labels);
 * const [image, label] = dataset.get(0);
 * ```
 */
export class TensorDataset<T extends readonly Tensor[]> implements Dataset<T> {
  readonly tensors: T;

  constructor(...tensors: T) {
    const first = tensors[0];
    if (first === undefined) throw new ValueError('TensorDataset: expected at least one tensor');
    requireTensors('TensorDataset', ...tensors);
    for (const [i, x] of tensors.entries()) {
      if (x.ndim === 0 || x.shape[0] !== first.shape[0]) {
        throw new ShapeError(
          `TensorDataset: size mismatch between tensors: number ${i} has shape ${formatShape(x.shape)}, the first ` +
            `${formatShape(first.shape)}; the first sizes must be equal`,
        );
      }
    }
    this.tensors = tensors;
  }

  get length(): number {
    return this.tensors[0]!.shape[0]!;
  }

  get(index: number): T {
    checkIndex(index, this.length);
    return this.tensors.map((x) => select(x, 0, index)) as unknown as T;
  }

  getBatch(indices: Int32Array): T {
    const rows = wrapArray(indices, [indices.length], 'int32');
    return this.tensors.map((x) => indexSelect(x, 0, rows)) as unknown as T;
  }
}

function checkIndex(index: number, length: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= length) {
    throw new IndexError(`index ${index} is out of range for a dataset of length ${length}`);
  }
}

/** Some of a dataset's samples. Follows `torch.utils.data.Subset`. */
export class Subset<T> implements Dataset<T> {
  readonly dataset: Dataset<T>;
  readonly indices: Int32Array;
  readonly getBatch?: (indices: Int32Array) => T | Promise<T>;

  constructor(dataset: Dataset<T>, indices: ArrayLike<number>) {
    this.dataset = dataset;
    this.indices = Int32Array.from(indices);
    for (const index of this.indices) checkIndex(index, dataset.length);
    if (dataset.getBatch !== undefined) {
      this.getBatch = (chosen) => dataset.getBatch!(chosen.map((i) => this.indices[i]!));
    }
  }

  get length(): number {
    return this.indices.length;
  }

  get(index: number): T | Promise<T> {
    checkIndex(index, this.length);
    return this.dataset.get(this.indices[index]!);
  }
}

/** Options of {@link randomSplit}. */
export interface RandomSplitOptions {
  readonly generator?: Generator;
}

/**
 * Splits a dataset at random into parts of the given lengths, or of given fractions that sum to 1. Follows
 * `torch.utils.data.random_split`, number for number.
 *
 * @example
 * ```ts
 * const [train, valid] = data.randomSplit(dataset, [0.9, 0.1]);
 * ```
 */
export function randomSplit<T>(
  dataset: Dataset<T>,
  lengths: readonly number[],
  options: RandomSplitOptions = {},
): Subset<T>[] {
  const sizes = splitSizes(lengths, dataset.length);
  const order = valuesOf(randperm(dataset.length, options), 'randomSplit: order of samples') as Int32Array;
  let offset = 0;
  return sizes.map((size) => {
    offset += size;
    return new Subset(dataset, order.subarray(offset - size, offset));
  });
}

function splitSizes(lengths: readonly number[], total: number): readonly number[] {
  const sum = lengths.reduce((a, b) => a + b, 0);
  if (lengths.some((l) => !(l >= 0)))
    throw new ValueError(`randomSplit: lengths must be at least 0, got [${lengths.join(', ')}]`);
  const fractions = Math.abs(sum - 1) <= 1e-9 && total !== 1;
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
