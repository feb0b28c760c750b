import { alias, K, signature } from '../../arguments/index.ts';
import type { TypedArray } from '../../dtype.ts';
import { ShapeError } from '../../errors.ts';
import { elementsOf, extentOf, type Picking, pickRows, sortRows } from '../../kernels/index.ts';
import { composed, defineMulti, type MultiPrimitive, OUTPUT } from '../../record/index.ts';
import { formatShape, normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { zeros } from '../creation/fill.ts';
import { refuseBoolsInOrder } from '../elementwise/dtype-checks.ts';
import { scatterAdd } from '../indexing/scatter.ts';
import { alone, isDims } from '../reductions/reduction.ts';
import { eachRow, rowsOf } from '../reductions/rows.ts';
import { valuesAndIndices } from '../reductions/selection.ts';
import { sizeAlong } from '../views/layout.ts';
import { squeeze } from '../views/shape.ts';
import { firstInOrder, kthInOrder } from './partial-sort.ts';
import { sortOrder } from './sort-rows.ts';

/** The elements that an operation picked along a dimension, and where it found them. */
export interface ValuesAndIndices {
  /** Of x's dtype; gradients flow through them. */
  readonly values: Tensor;
  /** Places along the dimension, int32. */
  readonly indices: Tensor;
}

/** Which elements along a dimension are picked. */
interface PickingAlong extends Picking {
  readonly by: 'sort' | 'topk' | 'kthvalue';
  readonly dim: number;
}

/** The same in JavaScript: the indices of the elements that are picked of a row. */
type PickOf = (attrs: PickingAlong) => (row: TypedArray) => Int32Array | readonly number[];

const sorting: PickOf = ({ count, descending = false }) => {
  const spare = new Int32Array(count);
  const order = new Int32Array(count);
  return (row) => {
    for (let i = 0; i < count; i++) order[i] = i;
    sortOrder(row, order, spare, descending);
    return order;
  };
};
const picks: Readonly<Record<PickingAlong['by'], PickOf>> = {
  sort: sorting,
  topk:
    ({ count, descending = false, sorted = true }) =>
    (row) =>
      firstInOrder(row, count, descending, sorted),
  kthvalue:
    ({ rank = 0 }) =>
    (row) => [kthInOrder(row, rank)],
};

const definePicking = (name: PickingAlong['by']): MultiPrimitive<PickingAlong> =>
  defineMulti<PickingAlong>({
    name,
    saves: OUTPUT,
    infer([x], { dim, count }) {
      const shape = x.shape.map((n, d) => (d === dim ? count : n));
      return [
        { shape, dtype: x.dtype },
        { shape, dtype: 'int32' },
      ];
    },
    kernel([x], attrs, [values, indices]) {
      pickAlong(x, attrs, values.storage.array, indices.storage.array);
    },
    derivative([g], node) {
      if (g == null) return [null];
      const target = zeros(node.shape(0), { dtype: g.dtype });
      return [scatterAdd(target, node.attrs.dim, node.output(1), g)];
    },
  });

function pickAlong(x: Tensor, attrs: PickingAlong, values: TypedArray, indices: TypedArray): void {
  const { dim, count, by, descending = false } = attrs;
  const data = elementsOf(x);
  const extent = extentOf(x.shape, dim);
  if (by === 'sort' && sortRows(data, extent, descending, values, indices)) return;
  const rows = rowsOf(data, x.dtype, extent);
  if (by !== 'sort' && pickRows(by, rows, extent, attrs, values, indices)) return;
  const pick = picks[by](attrs);
  const { n, inner } = extent;
  eachRow(extent, (_, row) => {
    const keys = rows.subarray(row * n, (row + 1) * n);
    const picked = pick(keys);
    const first = row % inner;
    for (let j = 0, at = (row - first) * count + first; j < count; j++, at += inner) {
      const from = picked[j]!;
      indices[at] = from;
      values[at] = keys[from]!;
    }
  });
}

const sortPrimitive = definePicking('sort');
/** Where it is said whether equal elements keep their order. */
const sortStably = { ...sortPrimitive, overload: () => 1 };
const topkPrimitive = definePicking('topk');
const kthvaluePrimitive = definePicking('kthvalue');

/** Options of {@link sort} and {@link argsort}. */
export interface SortOptions {
  /** Greatest first. Default: false. */
  readonly descending?: boolean;
  /** Equal elements keep their order. They always do here; accepted for PyTorch's sake. */
  readonly stable?: boolean;
}

/** The dimension, by default the last, and its size. */
function along(x: Tensor, dim: number | undefined, caller: string): [dim: number, size: number] {
  const d = normalizeDim(dim ?? -1, x.shape.length, caller);
  return [d, sizeAlong(x, d)];
}

/** {@link along} for what is found by its place in an order, which bools have none of. */
function alongOrdered(x: Tensor, dim: number | undefined, caller: string): [dim: number, size: number] {
  refuseBoolsInOrder(caller)(x.dtype);
  return along(x, dim, caller);
}

const sortParameters = {
  x: K.tensor,
  dim: K.optional(K.integer),
  options: K.options<SortOptions>({ descending: K.flag, stable: K.flag }),
};
const sortTakes = signature('sort', sortParameters);
const argsortTakes = signature('argsort', sortParameters);
const msortTakes = signature('msort', { x: K.tensor });

/**
 * The elements along `dim` in ascending order, and where they came from; NaN counts as the greatest. Gradients flow
 * through the values. Follows `torch.sort`.
 * @throws IndexError when `dim` is out of range.
 * @example sort(tensor([3, 1, 2])); // { values: tensor([1, 2, 3]), indices: tensor([1, 2, 0]) }
 */
export function sort(x: Tensor, dim?: number | SortOptions, options?: SortOptions): ValuesAndIndices {
  if (!isDims(dim)) return sort(x, undefined, alone('sort', dim, options));
  sortTakes(arguments);
  const [d, count] = along(x, dim, 'sort');
  const { descending = false, stable } = options ?? {};
  const primitive = stable === undefined ? sortPrimitive : sortStably;
  return valuesAndIndices(primitive, x, { by: 'sort', dim: d, count, descending });
}

/**
 * The indices that sort x along `dim`: those of {@link sort}, with its errors. Follows `torch.argsort`.
 * @example argsort(tensor([3, 1, 2]), -1, { descending: true }); // tensor([0, 2, 1])
 */
export const argsort = alias(
  'argsort',
  function order(x: Tensor, dim?: number | SortOptions, options?: SortOptions): Tensor {
    if (!isDims(dim)) return order(x, undefined, alone('argsort', dim, options));
    argsortTakes(arguments);
    return sort(x, dim, options).indices;
  },
);

/** The values of {@link sort} along the first dimension. Follows `torch.msort`. */
export function msort(x: Tensor): Tensor {
  msortTakes(arguments);
  return sort(x, 0).values;
}

/** Options of {@link topk}. */
export interface TopkOptions {
  /** Along which elements are picked. Default: -1. */
  readonly dim?: number;
  /** The greatest, or else the least. Default: true. */
  readonly largest?: boolean;
  /** In order. Default: true. */
  readonly sorted?: boolean;
}

const topkTakes = signature('topk', {
  x: K.tensor,
  k: K.integer,
  options: K.options<TopkOptions>({ dim: K.integer, largest: K.flag, sorted: K.flag }),
});

/**
 * The `k` greatest (or least) elements along a dimension, in order, and where they stand. Of equal ones those are taken
 * that PyTorch takes. Follows `torch.topk`.
 * @throws IndexError when `dim` is out of range, ShapeError when there are fewer than `k` elements.
 * @example topk(tensor([3, 1, 2]), 2); // { values: tensor([3, 2]), indices: tensor([0, 2]) }
 */
export function topk(x: Tensor, k: number, options: TopkOptions = {}): ValuesAndIndices {
  topkTakes(arguments);
  const [d, size] = alongOrdered(x, options.dim, 'topk');
  if (k < 0 || k > size) {
    throw new ShapeError(
      `topk: selected index k out of range: k is ${k} and dim ${d} of ${formatShape(x.shape)} has size ${size}`,
    );
  }
  // A 0-dimensional tensor has the one element, whatever k says.
  const count = x.shape.length === 0 ? 1 : k;
  const { largest = true, sorted = true } = options;
  return valuesAndIndices(topkPrimitive, x, { by: 'topk', dim: d, count, descending: largest, sorted });
}

/** Options of {@link kthvalue}. */
export interface KthvalueOptions {
  /** Along which the element is picked. Default: -1. */
  readonly dim?: number;
  /** Whether the dimension stays, with size 1. Default: false. */
  readonly keepdim?: boolean;
}

const kthvalueTakes = signature('kthvalue', {
  x: K.tensor,
  k: K.integer,
  options: K.options<KthvalueOptions>({ dim: K.integer, keepdim: K.flag }),
});

/**
 * The `k`-th least element along a dimension, counted from 1, and where it stands. Follows `torch.kthvalue`.
 * @throws IndexError when `dim` is out of range, ShapeError when there is no such element, DTypeError for bools.
 */
export function kthvalue(x: Tensor, k: number, options: KthvalueOptions = {}): ValuesAndIndices {
  kthvalueTakes(arguments);
  const [d, size] = alongOrdered(x, options.dim, 'kthvalue');
  if (k < 1 || k > size) {
    throw new ShapeError(
      `kthvalue(): selected number k out of range for dimension ${d} of size ${size}: got ${k}, counted from 1`,
    );
  }
  const found = valuesAndIndices(kthvaluePrimitive, x, { by: 'kthvalue', dim: d, count: 1, rank: k - 1 });
  if (options.keepdim === true || x.shape.length === 0) return found;
  return { values: composed('kthvalue', squeeze(found.values, d)), indices: squeeze(found.indices, d) };
}
