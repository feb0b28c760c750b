import { K, signature } from '../../arguments/index.ts';
import type { DType, TypedArray } from '../../dtype.ts';
import { ValueError } from '../../errors.ts';
import { type Extent, elementsOf, medianRows, pickRows } from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT, OUTPUT } from '../../record/index.ts';
import { allocateArray } from '../../storage.ts';
import type { Tensor } from '../../tensor.ts';
import { refuseBoolsInOrder } from '../elementwise/dtype-checks.ts';
import { plainOrder } from '../order/partial-sort.ts';
import { numberOfRank } from '../order/rank.ts';
import type { ValuesAndIndices } from '../order/sorting.ts';
import type { ReduceOptions } from './options.ts';
import { alone, isDims, type Reduction, reduceOptions, reductionOf } from './reduction.ts';
import { eachRow, rowsOf, takeRow } from './rows.ts';
import { evenGradient, searchOf, selecting, valuesAndIndices } from './selection.ts';

/** Picks one element of a row, by its index. */
type Pick = (row: TypedArray) => number;

function countNaN(row: TypedArray): number {
  if (!(row instanceof Float32Array || row instanceof Float64Array)) return 0;
  let count = 0;
  for (const value of row) if (Number.isNaN(value)) count++;
  return count;
}

/** The index of the `k`-th least element; equal ones count in their order, as in PyTorch. */
function kth(row: TypedArray, k: number): number {
  const value = numberOfRank(row, k);
  let place = -1;
  for (let left = k - countLess(row, value); left >= 0; left--)
    place = row.indexOf(value as never, place + 1);
  return Math.max(place, 0);
}

function countLess(row: TypedArray, value: number): number {
  let count = 0;
  for (let i = 0; i < row.length; i++) if ((row[i] as number) < value) count++;
  return count;
}

/** The lower of the two in the middle; a NaN, where there is one. */
const pickMedian: Pick = (row) => {
  const nan = countNaN(row) === 0 ? -1 : row.findIndex(Number.isNaN);
  return nan >= 0 ? nan : kth(row, (row.length - 1) >> 1);
};

/** NaN counts as the greatest, so what is left out stands behind. */
const pickNanmedian: Pick = (row) => kth(row, Math.max(row.length - countNaN(row) - 1, 0) >> 1);

/**
 * The value that occurs most often, the least of several; of its places the last. NaN is found where PyTorch finds it.
 */
const pickMode: Pick = (row) => {
  const order = plainOrder(row);
  let [best, most, run] = [0, 0, 0];
  for (let i = 0; i < order.length; i++) {
    run++;
    if (i + 1 < order.length && row[order[i]!] === row[order[i + 1]!]) continue;
    if (run > most) [most, best] = [run, order[i]!];
    run = 0;
  }
  return best;
};

/** Does what `pick` does to each row; says whether it could. */
type FindRows = (
  x: TypedArray,
  dtype: DType,
  extent: Extent,
  values: TypedArray,
  indices: TypedArray,
) => boolean;

const pickingAlong = (name: string, pick: Pick, findRows: FindRows, check: (x: Tensor) => void) =>
  selecting(name, check, (x, _, extent, values, indices) => {
    const data = elementsOf(x);
    if (findRows(data, x.dtype, extent, values.storage.array, indices.storage.array)) return;
    const row = data.slice(0, extent.n);
    eachRow(extent, (start, place) => {
      const picked = pick(takeRow(data, start, extent.inner, row));
      values.storage.array[place] = row[picked]!;
      indices.storage.array[place] = picked;
    });
  });

/** PyTorch's is the least int64. */
const noMedian = "that of no elements does not fit int32; convert with to('float64')";

/** `median` or `nanmedian` in its two forms: without a dimension equal elements share the gradient. */
function medianOf(name: string, pick: Pick, skipsNaN: boolean) {
  const refuse = refuseBoolsInOrder(name);
  const check = (x: Tensor): void => refuse(x.dtype);
  const medians: FindRows = (x, _, extent, values, indices) =>
    medianRows(x, extent, skipsNaN, values, indices);
  const along = { ...pickingAlong(name, pick, medians, check), overload: () => 1 };
  const whole = definePrimitive<Reduction>({
    name,
    saves: INPUT(0) | OUTPUT,
    infer([x], { shape }) {
      check(x);
      if (x.count === 0 && x.dtype === 'int32') throw new ValueError(`${name}: ${noMedian}`);
      return { shape, dtype: x.dtype };
    },
    kernel([x], _, out) {
      const data = elementsOf(x);
      const row = { outer: 1, n: x.count, inner: 1 };
      if (x.count > 0 && medianRows(data, row, skipsNaN, out.storage.array, allocateArray('int32', 1)))
        return;
      out.storage.array[0] = data[pick(data)] ?? Number.NaN;
    },
    derivative: (g, node) => [evenGradient(g, node.input(0), node.output(), node.attrs)],
  });
  const takes = signature(name, { x: K.tensor, dim: K.nullable(K.integer), options: reduceOptions });
  function median(x: Tensor): Tensor;
  function median(x: Tensor, dim: number, options?: ReduceOptions): ValuesAndIndices;
  function median(x: Tensor, dim?: number | null, options?: ReduceOptions): Tensor | ValuesAndIndices {
    takes(arguments);
    if (dim !== undefined && dim !== null) {
      return valuesAndIndices(along, x, searchOf(x, dim, options?.keepdim, name));
    }
    return apply(whole, [x], reductionOf(x, undefined, options?.keepdim, name));
  }
  return median;
}

/**
 * The median: of an even number of elements the lower of the two in the middle; NaN where there is one. Along `dim`,
 * the medians of the rows and their indices. Follows `torch.median`.
 * @throws DTypeError when x is bool; ValueError for all of no elements in int32
 * @throws IndexError when the dimension is out of range, or a row has no element
 * @example
 * ```ts
 * median(tensor([4, 1, 3, 2])); // tensor(2)
 * median(tensor([[4, 1, 3], [1, 1, 9]]), 1); // { values: tensor([3, 1]), indices: tensor([2, 1]) }
 * ```
 */
export const median = medianOf('median', pickMedian, false);

/** {@link median} of what is not NaN; NaN where nothing is. Follows `torch.nanmedian`. */
export const nanmedian = medianOf('nanmedian', pickNanmedian, true);

const modePrimitive = pickingAlong(
  'mode',
  pickMode,
  (x, dtype, extent, values, indices) =>
    pickRows('mode', rowsOf(x, dtype, extent), extent, { count: 1 }, values, indices),
  () => {},
);

const modeTakes = signature('mode', { x: K.tensor, dim: K.optional(K.integer), options: reduceOptions });

/**
 * The value that occurs most often along a dimension (the least of several) and the last index at which it stands.
 * Follows `torch.mode`.
 * @throws IndexError when the dimension is out of range, or a row has no element
 * @example mode(tensor([2, 3, 3])); // { values: tensor(3), indices: tensor(2) }
 */
export function mode(x: Tensor, dim?: number | ReduceOptions, options?: ReduceOptions): ValuesAndIndices {
  if (!isDims(dim)) return mode(x, undefined, alone('mode', dim, options));
  modeTakes(arguments);
  return valuesAndIndices(modePrimitive, x, searchOf(x, dim ?? -1, options?.keepdim, 'mode'));
}
