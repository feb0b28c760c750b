import type { TypedArray } from '../../dtype.ts';
import { DTypeError, IndexError, ShapeError, ValueError } from '../../errors.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import { formatShape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { gather } from '../indexing/gather.ts';
import { placeOf } from '../indexing/index-positions.ts';

/** Options of {@link searchsorted}. */
export interface SearchsortedOptions {
  /** Where a value equals boundaries: after them, or else before. Default: false. */
  readonly right?: boolean;
  /** `'left'` or `'right'`: another way to say `right`. */
  readonly side?: 'left' | 'right' | null;
  /** The indices that sort an unsorted sequence, from `argsort`. */
  readonly sorter?: Tensor | null;
}

interface Searching {
  readonly right: boolean;
  readonly caller: string;
}

/** How many of `boundaries[start..stop]` lie before the value. */
function insertionPoint(
  boundaries: TypedArray,
  start: number,
  stop: number,
  value: number,
  right: boolean,
): number {
  let low = start;
  let high = stop;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const boundary = boundaries[middle]!;
    // Written so that a NaN among the values goes last.
    if (right ? !(boundary > value) : !(boundary >= value)) low = middle + 1;
    else high = middle;
  }
  return low - start;
}

const searchPrimitive = definePrimitive<Searching, [Tensor, Tensor]>({
  name: 'searchsorted',
  saves: 0,
  infer([boundaries, values], { caller }) {
    const b = boundaries.shape;
    const v = values.shape;
    const fits = b.length === 1 || (b.length === v.length && b.slice(0, -1).every((n, d) => n === v[d]));
    if (b.length === 0 || !fits) {
      throw new ShapeError(
        `${caller}: boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input ` +
          `value tensor must match, but we got boundaries tensor ${formatShape(b)} and input value tensor ${formatShape(v)}`,
      );
    }
    return { shape: v, dtype: 'int32' };
  },
  kernel([boundaries, values], { right }, out) {
    const sequence = boundaries.data;
    const { data } = values;
    const target = out.storage.array;
    const size = boundaries.shape.at(-1)!;
    const perRow = boundaries.shape.length === 1 ? data.length : values.shape.at(-1)!;
    for (let i = 0; i < data.length; i++) {
      const start = Math.floor(i / perRow) * size;
      target[i] = insertionPoint(sequence, start, start + size, data[i]!, right);
    }
  },
});

const asTensor = (x: Tensor | number): Tensor => (x instanceof Tensor ? x : Tensor.scalar(x, 'float64'));

/**
 * Where each of `values` is to be inserted to keep the last dimension of `sortedSequence` sorted, as int32: the i for which
 * s[i-1] < v <= s[i], or with `right` s[i-1] <= v < s[i]. Follows `torch.searchsorted`.
 */
export function searchsorted(
  sortedSequence: Tensor,
  values: Tensor | number,
  options: SearchsortedOptions = {},
): Tensor {
  const { side = null, sorter = null } = options;
  if (side !== null && side !== 'left' && side !== 'right') {
    throw new ValueError(`searchsorted: side can only be 'left' or 'right' but got ${String(side)}`);
  }
  if (side === 'left' && options.right === true) {
    throw new ValueError(
      "searchsorted: side and right can't be set to opposites, got side of left while right was true",
    );
  }
  if (!(values instanceof Tensor) && sortedSequence.shape.length !== 1) {
    throw new ShapeError(
      'searchsorted: input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor ' +
        formatShape(sortedSequence.shape),
    );
  }
  const sequence = sorter === null ? sortedSequence : gather(sortedSequence, -1, sorter);
  return apply(searchPrimitive, [sequence, asTensor(values)], {
    right: side === 'right' || (options.right ?? false),
    caller: 'searchsorted',
  });
}

/** The index of the bucket, between ascending `boundaries`, into which each element of x falls. Follows `torch.bucketize`. */
export function bucketize(
  x: Tensor | number,
  boundaries: Tensor,
  options: { readonly right?: boolean } = {},
): Tensor {
  if (boundaries.shape.length !== 1) {
    throw new ShapeError(
      `bucketize: boundaries tensor must be 1 dimension, but got dim(${boundaries.shape.length})`,
    );
  }
  return apply(searchPrimitive, [boundaries, asTensor(x)], {
    right: options.right ?? false,
    caller: 'bucketize',
  });
}

function checkClasses(x: Tensor, classes: number): void {
  const { data } = x;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value >= 0 && value < classes) continue;
    const rule =
      value < 0 ? 'Class values must be non-negative.' : 'Class values must be smaller than numClasses.';
    throw new IndexError(
      `oneHot: ${rule} Got ${value} at position ${placeOf(i, x.shape)}; numClasses is ${classes}`,
    );
  }
}

function greatest(values: TypedArray): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > most) most = values[i]!;
  return most;
}

const oneHotPrimitive = definePrimitive<number>({
  name: 'one_hot',
  saves: 0,
  infer: ([x], classes) => ({ shape: [...x.shape, classes], dtype: 'int32' }),
  kernel([x], classes, out) {
    checkClasses(x, classes);
    const target = out.storage.array.fill(0);
    const { data } = x;
    for (let i = 0; i < data.length; i++) target[i * classes + data[i]!] = 1;
  },
});

/**
 * A new last dimension that is 1 at the class (int32) and 0 elsewhere, as int32. Without `numClasses` it is one more than the
 * greatest class. Follows `torch.nn.functional.one_hot`.
 *
 * @example
 * ```ts
 * oneHot(tensor([0, 2]), 3); // [[1, 0, 0], [0, 0, 1]]
 * ```
 */
export function oneHot(x: Tensor, options: number | { readonly numClasses?: number } = {}): Tensor {
  const wanted = typeof options === 'number' ? options : (options.numClasses ?? -1);
  if (x.dtype !== 'int32')
    throw new DTypeError(`oneHot is only applicable to index tensors of int32, got ${x.dtype}`);
  if (x.count === 0 && wanted <= 0)
    throw new ValueError('oneHot: Can not infer total number of classes from empty tensor.');
  const classes = wanted === -1 ? greatest(x.data) + 1 : wanted;
  if (!Number.isInteger(classes) || classes < 1)
    throw new ValueError(`oneHot: numClasses should be positive, got ${wanted}`);
  return apply(oneHotPrimitive, [x], classes);
}

/** Options of {@link bincount}. */
export interface BincountOptions {
  /** Adds these, one for each element, instead of counting. */
  readonly weights?: Tensor | null;
  /** The least length of the result. Default: 0. */
  readonly minlength?: number;
}

const bincountPrimitive = definePrimitive<number, [Tensor, Tensor]>({
  name: 'bincount',
  saves: 0,
  infer: ([, weights], bins) => ({
    shape: [bins],
    dtype: weights === undefined ? 'int32' : weights.dtype === 'float32' ? 'float32' : 'float64',
  }),
  kernel([x, weights], bins, out) {
    const sums = new Float64Array(bins);
    const values = x.data;
    const added = weights?.data;
    for (let i = 0; i < values.length; i++) sums[values[i]!]! += added === undefined ? 1 : added[i]!;
    out.storage.array.set(sums);
  },
});

/**
 * How often each non-negative integer occurs in the vector x (int32 or uint8), or the sum of its weights.
 * Follows `torch.bincount`.
 */
export function bincount(x: Tensor, options: BincountOptions = {}): Tensor {
  const { weights = null, minlength = 0 } = options;
  if (x.dtype !== 'int32' && x.dtype !== 'uint8')
    throw new DTypeError(`bincount: expected int32 or uint8, got ${x.dtype}`);
  if (x.shape.length !== 1) {
    throw new ShapeError(
      `bincount only supports 1-d non-negative integral inputs, got shape ${formatShape(x.shape)}`,
    );
  }
  if (!Number.isInteger(minlength) || minlength < 0)
    throw new ValueError(`bincount: minlength should be >= 0, got ${minlength}`);
  if (weights !== null && (weights.shape.length !== 1 || weights.count !== x.count)) {
    throw new ShapeError(
      `bincount: weights should be 1-d and have the same length as input, got ${formatShape(weights.shape)} and ${formatShape(x.shape)}`,
    );
  }
  const { data } = x;
  let bins = minlength;
  for (let i = 0; i < data.length; i++) {
    if (data[i]! < 0)
      throw new ValueError(
        `bincount only supports 1-d non-negative integral inputs, got ${data[i]} at position [${i}]`,
      );
    if (data[i]! >= bins) bins = data[i]! + 1;
  }
  return apply(bincountPrimitive, weights === null ? [x] : [x, weights], bins);
}

/** The functions of this file that are methods too. */
export default { bincount };
