import { K, signature } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { sortRows } from '../../kernels/index.ts';
import { valuesOf } from '../../record/index.ts';
import { normalizeDim } from '../../shape.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';
import { indexSelect } from '../indexing/index-along.ts';
import { sizeAlong } from '../views/layout.ts';
import { movedim } from '../views/permute.ts';
import { reshape } from '../views/shape.ts';
import { refusesGradient } from '../views/underived.ts';
import { plainOrder } from './partial-sort.ts';
import { sortOrder } from './sort-rows.ts';

/** Options of {@link uniqueConsecutive}. */
export interface UniqueConsecutiveOptions {
  /** Compare whole entries along this dimension. Default: all elements, as one row. */
  readonly dim?: number | null;
  /** Also give, for each element of x, where its value stands in the result. */
  readonly returnInverse?: boolean;
  /** Also give how often each value occurs. */
  readonly returnCounts?: boolean;
}

/** Options of {@link unique}. */
export interface UniqueOptions extends UniqueConsecutiveOptions {
  /** In ascending order. The result always is; accepted for PyTorch's sake. */
  readonly sorted?: boolean;
}

/** What {@link unique} gives where more than the values is asked for. */
export interface UniqueResult {
  /** The distinct elements or entries. */
  readonly values: Tensor;
  /** int32; `null` unless `returnInverse`. */
  readonly inverse: Tensor | null;
  /** int32; `null` unless `returnCounts`. */
  readonly counts: Tensor | null;
}

interface Groups {
  /** The entry that stands for each group. */
  readonly first: Int32Array;
  /** The group of each entry. */
  readonly groupOf: Int32Array;
  readonly counts: Int32Array;
}

/** Groups neighbours in `order` between which nothing differs. */
function group(order: Int32Array, same: (a: number, b: number) => boolean): Groups {
  const first: number[] = [];
  const counts: number[] = [];
  const groupOf = new Int32Array(order.length);
  let last = -1;
  let members = 0;
  for (const entry of order) {
    if (last < 0 || !same(last, entry)) {
      if (last >= 0) counts.push(members);
      first.push(entry);
      members = 0;
    }
    groupOf[entry] = first.length - 1;
    members++;
    last = entry;
  }
  if (last >= 0) counts.push(members);
  return { first: Int32Array.from(first), groupOf, counts: Int32Array.from(counts) };
}

function counting(n: number): Int32Array {
  const result = new Int32Array(n);
  for (let i = 0; i < n; i++) result[i] = i;
  return result;
}

function find(x: Tensor, options: UniqueConsecutiveOptions, sorted: boolean, caller: string): UniqueResult {
  const dim = options.dim ?? null;
  if (dim !== null && x.shape.length === 0)
    throw new ShapeError(`${caller}: Dimension specified as ${dim} but tensor has no dimensions`);
  const d = dim === null ? 0 : normalizeDim(dim, x.shape.length, caller);
  const entries = dim === null ? reshape(x, [-1]) : movedim(x, d, 0);
  const count = sizeAlong(entries, 0);
  const width = count === 0 ? 1 : entries.count / count;
  if (entries.shape.slice(1).includes(0)) {
    throw new ShapeError(
      `${caller}: There are 0 sized dimensions, and they aren't selected, so unique cannot be applied`,
    );
  }
  const data = valuesOf(entries, `${sorted ? 'unique' : 'unique_consecutive'}: which elements differ`);
  let order = counting(count);
  const hasNaN = sorted && data.includes(Number.NaN as never);
  if (hasNaN && dim === null) {
    // Each NaN is a group of its own, and PyTorch's sort says which comes first.
    order = plainOrder(data, (b, a) => b < a || (!Number.isNaN(b) && Number.isNaN(a)));
  } else if (hasNaN) {
    // As PyTorch compares entries: by the first elements of which one is less, where NaN is neither less nor greater.
    order = plainOrder(order, (b, a) => {
      for (let j = 0; j < width; j++) {
        const [left, right] = [data[b * width + j]!, data[a * width + j]!];
        if (left < right || left > right) return left < right;
      }
      return false;
    });
  } else if (sorted) {
    // Whole entries are ordered by their first element that differs: a stable sort by each, the last one first.
    const key = data.slice(0, count);
    const whole = { outer: 1, n: count, inner: 1 };
    const isSorted = width === 1 && sortRows(data, whole, false, key, order);
    for (let j = isSorted ? -1 : width - 1; j >= 0; j--) {
      for (let i = 0; i < count; i++) key[i] = data[i * width + j]!;
      sortOrder(key, order, new Int32Array(count), false);
    }
  }
  const same = (a: number, b: number): boolean => {
    for (let j = 0; j < width; j++) if (data[a * width + j] !== data[b * width + j]) return false;
    return true;
  };
  const { first, groupOf, counts } = group(order, same);
  const values = indexSelect(refusesGradient(entries, caller), 0, wrapArray(first, [first.length], 'int32'));
  return {
    values: dim === null ? values : movedim(values, 0, d),
    inverse:
      options.returnInverse === true ? wrapArray(groupOf, dim === null ? x.shape : [count], 'int32') : null,
    counts: options.returnCounts === true ? wrapArray(counts, [counts.length], 'int32') : null,
  };
}

type WithInverse<O> = O & { readonly returnInverse: true };
type WithCounts<O> = O & { readonly returnCounts: true };

const finish = (result: UniqueResult): Tensor | UniqueResult =>
  result.inverse === null && result.counts === null ? result.values : result;

const uniqueTakes = signature('unique', {
  x: K.tensor,
  options: K.options<UniqueOptions>({
    sorted: K.flag,
    dim: K.nullable(K.integer),
    returnInverse: K.flag,
    returnCounts: K.flag,
  }),
});

/**
 * The distinct elements of x, ascending; or, with `dim`, the distinct entries along it. With `returnInverse` or
 * `returnCounts` an object `{ values, inverse, counts }`. NaN differs from itself. No derivative. Follows
 * `torch.unique`.
 * @throws IndexError when `dim` is out of range, ShapeError when the entries along it are empty, or x has no dimension.
 * @example
 * ```ts
 * unique(tensor([3, 1, 3])); // tensor([1, 3])
 * unique(tensor([3, 1, 3]), { returnCounts: true }).counts; // tensor([1, 2])
 * ```
 */
export function unique(
  x: Tensor,
  options: WithInverse<UniqueOptions> | WithCounts<UniqueOptions>,
): UniqueResult;
export function unique(x: Tensor, options?: Omit<UniqueOptions, 'returnInverse' | 'returnCounts'>): Tensor;
export function unique(x: Tensor, options?: UniqueOptions): Tensor | UniqueResult;
export function unique(x: Tensor, options: UniqueOptions = {}): Tensor | UniqueResult {
  uniqueTakes(arguments);
  return finish(find(x, options, true, 'unique'));
}

const uniqueConsecutiveTakes = signature('uniqueConsecutive', {
  x: K.tensor,
  options: K.options<UniqueConsecutiveOptions>({
    dim: K.nullable(K.integer),
    returnInverse: K.flag,
    returnCounts: K.flag,
  }),
});

/**
 * {@link unique} without sorting: only equal neighbours are joined. Its errors too. Follows `torch.unique_consecutive`.
 */
export function uniqueConsecutive(
  x: Tensor,
  options: WithInverse<UniqueConsecutiveOptions> | WithCounts<UniqueConsecutiveOptions>,
): UniqueResult;
export function uniqueConsecutive(
  x: Tensor,
  options?: Omit<UniqueConsecutiveOptions, 'returnInverse' | 'returnCounts'>,
): Tensor;
export function uniqueConsecutive(x: Tensor, options?: UniqueConsecutiveOptions): Tensor | UniqueResult;
export function uniqueConsecutive(x: Tensor, options: UniqueConsecutiveOptions = {}): Tensor | UniqueResult {
  uniqueConsecutiveTakes(arguments);
  return finish(find(x, options, false, 'uniqueConsecutive'));
}
