import { K, signature } from '../../arguments/index.ts';
import type { TypedArray } from '../../dtype.ts';
import { DTypeError, IndexError, ShapeError, ValueError } from '../../errors.ts';
import { as, dtypeOf, elementsOf, maskRows, writeElements } from '../../kernels/index.ts';
import { apply, definePrimitive, valuesOf } from '../../record/index.ts';
import { formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { placeOf } from '../indexing/index-positions.ts';
import { noDerivative } from '../views/underived.ts';

/** The error for a class that there is not, where it stands. */
function noSuchClass(x: Tensor, at: number, classes: number): IndexError {
  const value = elementsOf(x)[at] ?? 0;
  const rule =
    value < 0 ? 'Class values must be non-negative.' : 'Class values must be smaller than numClasses.';
  return new IndexError(
    `oneHot: ${rule} Got ${value} at position ${placeOf(at, x.shape)}; numClasses is ${classes}`,
  );
}

/** The least of integers and 0, and the greatest of them and -1. */
function extremes(values: TypedArray): { least: number; most: number } {
  let least = 0;
  let most = -1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, most };
}

const oneHotPrimitive = definePrimitive<number>({
  name: 'one_hot',
  infer: ([x], classes) => ({ shape: [...x.shape, classes], dtype: 'int32' }),
  kernel([x], classes, out) {
    const bad = maskRows(x, classes, out);
    if (bad >= 0) throw noSuchClass(x, bad, classes);
  },
});

const oneHotTakes = signature('oneHot', {
  x: K.tensor,
  options: K.either(K.options<{ numClasses?: number }>({ numClasses: K.integer }), K.integer),
});

/**
 * A new last dimension that is 1 at the class (int32) and 0 elsewhere, as int32. Without `numClasses` it is one more
 * than the greatest class. Follows `torch.nn.functional.one_hot`.
 * @throws DTypeError when x is not int32, IndexError when a class is out of range, ValueError when `numClasses` is not
 *   positive.
 * @example oneHot(tensor([0, 2]), 3).tolist(); // [ [ 1, 0, 0 ], [ 0, 0, 1 ] ]
 */
export function oneHot(x: Tensor, options: number | { readonly numClasses?: number } = {}): Tensor {
  oneHotTakes(arguments);
  const wanted = typeof options === 'number' ? options : (options.numClasses ?? -1);
  if (x.dtype !== 'int32')
    throw new DTypeError(`oneHot is only applicable to index tensors of int32, got ${x.dtype}`);
  if (x.count === 0 && wanted <= 0)
    throw new ValueError('oneHot: Can not infer total number of classes from empty tensor.');
  const classes =
    wanted === -1 ? 1 + Math.max(0, extremes(valuesOf(x, 'one_hot: number of classes')).most) : wanted;
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
  infer: ([, weights], bins) => ({
    shape: [bins],
    dtype: weights === undefined ? 'int32' : weights.dtype === 'float32' ? 'float32' : 'float64',
  }),
  kernel([x, weights], count, out) {
    const bins = elementsOf(x);
    const counts = out.storage.array.fill(0);
    if (weights === undefined) addAt(counts, bins, Int32Array.of(1));
    else {
      const sums = new Float64Array(count);
      addAt(sums, bins, elementsOf(weights));
      counts.set(sums);
    }
  },
  ...noDerivative('bincount'),
});

/** Adds values, one each or one for all, at places. */
function addAt(sums: TypedArray, places: TypedArray, values: TypedArray): void {
  if (places instanceof Int32Array && writeElements(sums, places, as(values, dtypeOf(sums)), 'sum')) return;
  const step = values.length === 1 ? 0 : 1;
  for (let i = 0; i < places.length; i++) sums[places[i]!]! += values[i * step]!;
}

const bincountTakes = signature('bincount', {
  x: K.tensor,
  options: K.options<BincountOptions>({ weights: K.nullable(K.tensor), minlength: K.integer }),
});

/**
 * How often each non-negative integer occurs in the vector x (int32 or uint8), or the sum of its weights.
 * Follows `torch.bincount`.
 * @throws DTypeError when x holds no integers, ShapeError when x or the weights are no vectors of one length,
 * ValueError when an element is negative.
 * @example bincount(tensor([0, 2, 2])); // tensor([1, 0, 2])
 */
export function bincount(x: Tensor, options: BincountOptions = {}): Tensor {
  bincountTakes(arguments);
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
  const values = valuesOf(x, 'bincount: number of bins');
  const { least, most } = extremes(values);
  if (least < 0) {
    const at = values.findIndex((value) => value < 0);
    throw new ValueError(
      `bincount only supports 1-d non-negative integral inputs, got ${values[at]} at position [${at}]`,
    );
  }
  const bins = Math.max(minlength, most + 1);
  return apply(bincountPrimitive, weights === null ? [x] : [x, weights], bins);
}

/** The functions of this file that are methods too. */
export default { bincount };
