import type { TypedArray } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';
import {
  apply,
  applyMulti,
  defineMulti,
  definePrimitive,
  INPUT,
  type Meta,
  OUTPUT,
} from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import type { ValuesAndIndices } from '../order/sorting.ts';
import { evenGradient, extentOfSearch, type Search, searchOf, selectionGradient } from './extremes.ts';
import { type ReduceOptions, type Reduction, reductionOf } from './reduction.ts';

/** Picks one element of a row, by its index. */
type Pick = (row: TypedArray) => number;

function countNaN(row: TypedArray): number {
  if (!(row instanceof Float32Array || row instanceof Float64Array)) return 0;
  let count = 0;
  for (let i = 0; i < row.length; i++) if (Number.isNaN(row[i]!)) count++;
  return count;
}

/** The index of the `k`-th least element; equal ones count in their order, as in PyTorch. */
function kth(row: TypedArray, k: number): number {
  const sorted = row.slice().sort();
  const value = sorted[k]!;
  let equalsBefore = 0;
  while (equalsBefore < k && sorted[k - equalsBefore - 1] === value) equalsBefore++;
  let place = row.indexOf(value as never);
  for (; equalsBefore > 0; equalsBefore--) place = row.indexOf(value as never, place + 1);
  return Math.max(place, 0);
}

/** The lower of the two in the middle; a NaN, where there is one. */
const pickMedian: Pick = (row) => {
  const nan = countNaN(row) === 0 ? -1 : (row as Float64Array).findIndex(Number.isNaN);
  return nan >= 0 ? nan : kth(row, (row.length - 1) >> 1);
};

/** NaN counts as the greatest, so what is left out stands behind. */
const pickNanmedian: Pick = (row) => kth(row, Math.max(row.length - countNaN(row) - 1, 0) >> 1);

/** The value that occurs most often, the least of several; of its places the last. */
const pickMode: Pick = (row) => {
  const sorted = row.slice().sort();
  let best = sorted[0]!;
  let most = 0;
  for (let i = 0; i < sorted.length; ) {
    const value = sorted[i]!;
    let end = i + 1;
    while (end < sorted.length && sorted[end] === value) end++;
    if (end - i > most) {
      most = end - i;
      best = value;
    }
    i = end;
  }
  if (Number.isNaN(best)) return (row as Float64Array).findIndex(Number.isNaN);
  return row.lastIndexOf(best as never);
};

function inferPick(name: string, x: Tensor, { shape }: Reduction): [Meta, Meta] {
  if (x.dtype === 'bool' && name !== 'mode') {
    throw new DTypeError(`${name}: not implemented for 'Bool'; convert with to('uint8')`);
  }
  return [
    { shape, dtype: x.dtype },
    { shape, dtype: 'int32' },
  ];
}

const pickingAlong = (name: string, pick: Pick) =>
  defineMulti<Search>({
    name,
    saves: OUTPUT,
    infer: ([x], attrs) => inferPick(name, x, attrs),
    kernel([x], { dim }, [values, indices]) {
      const { data } = x;
      const { outer, n, inner } = extentOfSearch(x, dim);
      const row = data.slice(0, n);
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const start = o * n * inner + i;
          for (let r = 0; r < n; r++) row[r] = data[start + r * inner]!;
          const place = pick(row);
          values.storage.array[o * inner + i] = row[place]!;
          indices.storage.array[o * inner + i] = place;
        }
      }
    },
    derivative: ([g], node) => [selectionGradient(g!, node.output(1), node.attrs, node.shape(0))],
  });

/** Without a dimension equal elements share the gradient. */
const pickingWhole = (name: string, pick: Pick) =>
  definePrimitive<Reduction>({
    name,
    overload: () => 1,
    saves: INPUT(0) | OUTPUT,
    infer: ([x], attrs) => inferPick(name, x, attrs)[0],
    kernel([x], _, out) {
      const { data } = x;
      out.storage.array[0] = data.length === 0 ? Number.NaN : data[pick(data)]!;
    },
    derivative: (g, node) => [evenGradient(g, node.input(0), node.output(), node.attrs)],
  });

const primitives = {
  median: { whole: pickingWhole('median', pickMedian), along: pickingAlong('median', pickMedian) },
  nanmedian: {
    whole: pickingWhole('nanmedian', pickNanmedian),
    along: pickingAlong('nanmedian', pickNanmedian),
  },
};
const modePrimitive = pickingAlong('mode', pickMode);

function medianOf(
  name: 'median' | 'nanmedian',
  x: Tensor,
  dim: number | null | undefined,
  options: ReduceOptions | undefined,
): Tensor | ValuesAndIndices {
  const { whole, along } = primitives[name];
  if (dim === undefined || dim === null) {
    return apply(whole, [x], reductionOf(x, undefined, options?.keepdim, name));
  }
  const [values, indices] = applyMulti(along, [x], searchOf(x, dim, options?.keepdim, name));
  return { values: values!, indices: indices! };
}

/**
 * The median: of an even number of elements the lower of the two in the middle; NaN where there is one. Along `dim`, the medians
 * of the rows and their indices. Follows `torch.median`.
 *
 * @example
 * ```ts
 * median(tensor([4, 1, 3, 2])); // 2
 * const { values, indices } = median(tensor([[4, 1, 3], [1, 1, 9]]), 1); // [3, 1]
 * ```
 */
export function median(x: Tensor): Tensor;
export function median(x: Tensor, dim: number, options?: ReduceOptions): ValuesAndIndices;
export function median(x: Tensor, dim?: number | null, options?: ReduceOptions): Tensor | ValuesAndIndices {
  return medianOf('median', x, dim, options);
}

/** {@link median} of what is not NaN; NaN where nothing is. Follows `torch.nanmedian`. */
export function nanmedian(x: Tensor): Tensor;
export function nanmedian(x: Tensor, dim: number, options?: ReduceOptions): ValuesAndIndices;
export function nanmedian(
  x: Tensor,
  dim?: number | null,
  options?: ReduceOptions,
): Tensor | ValuesAndIndices {
  return medianOf('nanmedian', x, dim, options);
}

/**
 * The value that occurs most often along a dimension (the least of several) and the last index at which it stands.
 * Follows `torch.mode`.
 * @example mode(tensor([2, 3, 3])); // values 3, indices 2
 */
export function mode(x: Tensor, dim = -1, options?: ReduceOptions): ValuesAndIndices {
  const [values, indices] = applyMulti(modePrimitive, [x], searchOf(x, dim, options?.keepdim, 'mode'));
  return { values: values!, indices: indices! };
}

/** The functions of this file that are methods too. */
export default { median, nanmedian, mode };
