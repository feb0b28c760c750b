import type { DType, TypedArray } from '../../dtype.ts';
import { ShapeError, ValueError } from '../../errors.ts';
import { type Extent, extentOf } from '../../kernels/index.ts';
import {
  apply,
  applyMulti,
  defineMulti,
  definePrimitive,
  OUTPUT,
  type Primitive,
} from '../../record/index.ts';
import { formatShape, normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { zeros } from '../creation/fill.ts';
import { sub } from '../elementwise/arithmetic.ts';
import { logicalXor } from '../elementwise/compare.ts';
import { scatterAdd } from '../indexing/scatter.ts';
import type { ValuesAndIndices } from '../order/sorting.ts';
import { totalAs, totalType } from '../reductions/sum.ts';
import { narrow } from '../views/slices.ts';

/** Options of {@link cumsum} and `cumprod`. */
export interface ScanOptions {
  /** x is converted to this dtype first. Default: its own, int32 for bools and integers. */
  readonly dtype?: DType;
}

interface Scan {
  readonly dim: number;
  /** Whether it runs from the end. */
  readonly reverse: boolean;
}

/** Running sums, carried in float64; integers wrap as they are stored. */
function runningSums(x: TypedArray, out: TypedArray, { outer, n, inner }: Extent, reverse: boolean): void {
  const step = reverse ? -inner : inner;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let at = o * n * inner + i + (reverse ? (n - 1) * inner : 0);
      let total = 0;
      for (let r = 0; r < n; r++, at += step) {
        total += x[at]!;
        out[at] = total;
      }
    }
  }
}

const cumsumPrimitive: Primitive<Scan> = definePrimitive({
  name: 'cumsum',
  saves: 0,
  infer: ([x]) => ({ shape: x.shape, dtype: totalType(x.dtype) }),
  kernel: ([x], { dim, reverse }, out) =>
    runningSums(x.data, out.storage.array, extentOf(x.shape, dim), reverse),
  derivative: (g, node) => [
    apply(cumsumPrimitive, [g], { dim: node.attrs.dim, reverse: !node.attrs.reverse }),
  ],
});

/** @internal The sum of each element and those after it along `dim`: the derivative of {@link cumsum}. */
export const reverseCumsum = (x: Tensor, dim: number): Tensor =>
  apply(cumsumPrimitive, [x], { dim, reverse: true });

/**
 * Running sums along `dim`. Bools and integers give int32. Follows `torch.cumsum`.
 * @example cumsum(tensor([1, 2, 3]), 0); // [1, 3, 6]
 */
export function cumsum(x: Tensor, dim: number, options?: ScanOptions): Tensor {
  const attrs = { dim: normalizeDim(dim, x.ndim, 'cumsum'), reverse: false };
  return totalAs(x, options?.dtype, (y) => apply(cumsumPrimitive, [y], attrs));
}

/** The extremum so far and where it stood last; from a NaN on, NaN. */
function runningExtremes(
  x: TypedArray,
  values: TypedArray,
  indices: TypedArray,
  { outer, n, inner }: Extent,
  sign: 1 | -1,
): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let at = o * n * inner + i;
      let best = x[at]!;
      let place = 0;
      for (let r = 0; r < n; r++, at += inner) {
        const value = x[at]!;
        if (Number.isNaN(value) || sign * value >= sign * best) {
          best = value;
          place = r;
        }
        values[at] = best;
        indices[at] = place;
      }
    }
  }
}

const runningExtremum = (name: string, sign: 1 | -1) =>
  defineMulti<number>({
    name,
    saves: OUTPUT,
    infer: ([x]) => [
      { shape: x.shape, dtype: x.dtype },
      { shape: x.shape, dtype: 'int32' },
    ],
    kernel: ([x], dim, [values, indices]) =>
      runningExtremes(x.data, values.storage.array, indices.storage.array, extentOf(x.shape, dim), sign),
    derivative: ([g], node) => [
      scatterAdd(zeros(node.shape(0), { dtype: g!.dtype }), node.attrs, node.output(1), g!),
    ],
  });

const cummaxPrimitive = runningExtremum('cummax', 1);
const cumminPrimitive = runningExtremum('cummin', -1);

/**
 * The greatest element so far along `dim`, and its index (int32; the last one of equals). Follows `torch.cummax`.
 * @example cummax(tensor([1, 3, 2]), 0); // values [1, 3, 3], indices [0, 1, 1]
 */
export function cummax(x: Tensor, dim: number): ValuesAndIndices {
  const [values, indices] = applyMulti(cummaxPrimitive, [x], normalizeDim(dim, x.ndim, 'cummax'));
  return { values: values!, indices: indices! };
}

/** The least element so far; otherwise as {@link cummax}. Follows `torch.cummin`. */
export function cummin(x: Tensor, dim: number): ValuesAndIndices {
  const [values, indices] = applyMulti(cumminPrimitive, [x], normalizeDim(dim, x.ndim, 'cummin'));
  return { values: values!, indices: indices! };
}

/** Options of {@link diff}. */
export interface DiffOptions {
  /** How many times differences are taken. Default: 1. */
  readonly n?: number;
  /** Default: the last one. */
  readonly dim?: number;
  /** Put before x along `dim`. */
  readonly prepend?: Tensor;
  /** Put after x along `dim`. */
  readonly append?: Tensor;
}

/**
 * Differences of neighbours along `dim`: x[i + 1] - x[i], n times; of bools, whether they differ. Follows `torch.diff`.
 * @example diff(tensor([1, 4, 9])); // [3, 5]
 */
export function diff(x: Tensor, options: DiffOptions = {}): Tensor {
  const { n = 1, prepend, append } = options;
  if (x.ndim === 0)
    throw new ShapeError('diff: expects input to be at least one-dimensional, got a 0-d tensor');
  if (!Number.isInteger(n) || n < 0)
    throw new ValueError(`diff: order must be a non-negative integer, got ${n}`);
  const dim = normalizeDim(options.dim ?? -1, x.ndim, 'diff');
  if (n === 0) return x;
  const parts = [prepend, x, append].filter((part) => part !== undefined);
  for (const part of parts) {
    if (part.ndim !== x.ndim) {
      throw new ShapeError(
        `diff: expects prepend or append to have the same number of dimensions as input, got ${formatShape(part.shape)} for ` +
          `input ${formatShape(x.shape)}`,
      );
    }
  }
  let y = parts.length === 1 ? x : cat(parts, dim);
  for (let k = 0; k < n; k++) {
    const size = y.shape[dim]!;
    const later = narrow(y, dim, Math.min(1, size), Math.max(size - 1, 0));
    const earlier = narrow(y, dim, 0, Math.max(size - 1, 0));
    y = x.dtype === 'bool' ? logicalXor(later, earlier) : sub(later, earlier);
  }
  return y;
}

/** The functions of this file that are methods too. */
export default { cumsum, cummax, cummin, diff };
