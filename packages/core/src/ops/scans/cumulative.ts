import { composition, K, signature } from '../../arguments/index.ts';
import { ShapeError, ValueError } from '../../errors.ts';
import { elementsOf, extentOf, scan } from '../../kernels/index.ts';
import { defineMulti, OUTPUT } from '../../record/index.ts';
import { formatShape, normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { clone } from '../creation/copy.ts';
import { zeros } from '../creation/fill.ts';
import { sub } from '../elementwise/arithmetic.ts';
import { logicalXor } from '../elementwise/compare.ts';
import { scatterAdd } from '../indexing/scatter.ts';
import type { ValuesAndIndices } from '../order/sorting.ts';
import { totalAs } from '../reductions/reduction.ts';
import { valuesAndIndices } from '../reductions/selection.ts';
import { narrow } from '../views/slices.ts';
import { scanInPlace } from './in-place.ts';
import { checkScanType, type ScanOptions, scanParameters } from './options.ts';
import { runningSum, runningSumInPlace } from './running-sum.ts';

const cumsumTakes = signature('cumsum', scanParameters);

/**
 * Running sums along `dim`: y_k = x_0 + ... + x_k. Bools and integers give int32. Follows `torch.cumsum`.
 * @throws IndexError when the dimension is out of range; DTypeError for `dtype: 'bool'`; AutogradError for an integer
 *   dtype where x requires a gradient
 * @example cumsum(tensor([1, 2, 3]), 0); // tensor([1, 3, 6])
 */
export function cumsum(x: Tensor, dim: number, options?: ScanOptions): Tensor {
  cumsumTakes(arguments);
  checkScanType(options?.dtype, 'cumsum');
  const d = normalizeDim(dim, x.ndim, 'cumsum');
  return totalAs('cumsum', x, options?.dtype, (y) => runningSum(y, d, false));
}

/**
 * {@link cumsum} in place; bytes wrap around. Follows `Tensor.cumsum_`.
 * @throws IndexError when the dimension is out of range; DTypeError for bools, and for another dtype than that of x
 */
export const cumsum_ = scanInPlace('cumsum_', cumsum, runningSumInPlace);

/** The extremum so far and where it stood last; from a NaN on, NaN. */
function runningExtremum(name: 'cummax' | 'cummin') {
  const primitive = defineMulti<number>({
    name,
    saves: OUTPUT,
    infer: ([x]) => [
      { shape: x.shape, dtype: x.dtype },
      { shape: x.shape, dtype: 'int32' },
    ],
    kernel: ([x], dim, [values, indices]) =>
      scan(name, [elementsOf(x)], [values.storage.array, indices.storage.array], extentOf(x.shape, dim)),
    derivative: ([g], node) => [
      g === null ? null : scatterAdd(zeros(node.shape(0), { dtype: g.dtype }), node.attrs, node.output(1), g),
    ],
  });
  const takes = signature(name, { x: K.tensor, dim: K.integer });
  return function (x: Tensor, dim: number): ValuesAndIndices {
    takes(arguments);
    return valuesAndIndices(primitive, x, normalizeDim(dim, x.ndim, name));
  };
}

/**
 * The greatest element so far along `dim`, and its index (int32; the last one of equals). Follows `torch.cummax`.
 * @throws IndexError when the dimension is out of range
 * @example cummax(tensor([1, 3, 2]), 0); // { values: tensor([1, 3, 3]), indices: tensor([0, 1, 1]) }
 */
export const cummax = runningExtremum('cummax');

/** The least element so far; otherwise as {@link cummax}. Follows `torch.cummin`. */
export const cummin = runningExtremum('cummin');

/** Options of {@link diff}. */
export interface DiffOptions {
  /** How many times differences are taken. Default: 1. */
  readonly n?: number;
  /** Along which dimension. Default: the last one. */
  readonly dim?: number;
  /** Put before x along `dim`. */
  readonly prepend?: Tensor;
  /** Put after x along `dim`. */
  readonly append?: Tensor;
}

/**
 * Differences of neighbours along `dim`: x[i + 1] - x[i], n times; of bools, whether they differ. Follows `torch.diff`.
 * @throws ShapeError when x has no dimension, or what is put before or after it another shape but along `dim`
 * @throws ValueError when n is no natural number
 * @throws IndexError when a dimension is out of range
 * @example diff(tensor([1, 4, 9])); // tensor([3, 5])
 */
export const diff = composition(
  'diff',
  {
    x: K.tensor,
    options: K.options<DiffOptions>({ n: K.integer, dim: K.integer, prepend: K.tensor, append: K.tensor }),
  },
  (x: Tensor, options: DiffOptions = {}): Tensor => {
    const { n = 1, prepend, append } = options;
    if (x.ndim === 0)
      throw new ShapeError('diff: expects input to be at least one-dimensional, got a 0-d tensor');
    if (n < 0) throw new ValueError(`diff: order must be a non-negative integer, got ${n}`);
    const dim = normalizeDim(options.dim ?? -1, x.ndim, 'diff');
    const parts = [prepend, x, append].filter((part) => part !== undefined);
    for (const part of parts) {
      if (part.ndim === x.ndim && part.shape.every((size, d) => d === dim || size === x.shape[d])) continue;
      throw new ShapeError(
        `diff: expects prepend or append to have the shape of input but along dimension ${dim}, got ${formatShape(part.shape)} ` +
          `for input ${formatShape(x.shape)}`,
      );
    }
    if (n === 0) return clone(x);
    let y = parts.length === 1 ? x : cat(parts, dim);
    // Of what is empty there are no differences.
    const times = Math.min(n, extentOf(y.shape, dim).n);
    for (let k = 0; k < times; k++) {
      const size = extentOf(y.shape, dim).n;
      const later = narrow(y, dim, Math.min(1, size), Math.max(size - 1, 0));
      const earlier = narrow(y, dim, 0, Math.max(size - 1, 0));
      y = y.dtype === 'bool' ? logicalXor(later, earlier) : sub(later, earlier);
    }
    return y;
  },
);
