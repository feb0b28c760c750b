import { alias, composition, K, refuseExcess, signature } from '../../arguments/index.ts';
import { storedNumber } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';
import { copyStrided, stridedOver } from '../../kernels/index.ts';
import { apply, applyInPlace, applyView, definePrimitive, defineView } from '../../record/index.ts';
import { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { add } from '../elementwise/arithmetic.ts';
import type { Layout } from '../views/layout.ts';
import type { SliceRange } from '../views/ranges.ts';
import { putRegion, takeRegion } from '../views/region.ts';
import { expand, reshape } from '../views/shape.ts';
import { putFlat } from './flat-primitives.ts';
import { flattenPositions, indexedShape, indexPositions } from './index-positions.ts';
import { getIndexed, putIndexed } from './indexed-primitives.ts';
import { type IndexItem, type IndexList, resolveItems } from './subscript-items.ts';

export type { IndexItem, IndexList };

const sliceTakes = signature('slice', { bounds: K.anything });

/**
 * A slice for {@link index}: `slice(1, 5)` is Python's `1:5`, `slice(null, null, 2)` is `::2`, `slice()` is `:`.
 * As in Python, one number is the stop: `slice(3)` is `:3`.
 * @example index(arange(6), slice(1, 5, 2)); // tensor([1, 3])
 */
export function slice(stop?: number | null): SliceRange;
export function slice(start: number | null, stop: number | null, step?: number | null): SliceRange;
export function slice(...bounds: (number | null | undefined)[]): SliceRange {
  if (bounds.length > 3) refuseExcess('slice', ['start', 'stop', 'step'], bounds);
  sliceTakes([bounds]);
  const [start, stop, step] = bounds.length === 1 ? [null, bounds[0]] : bounds;
  return { start: start ?? null, stop: stop ?? null, step: step ?? null };
}

/** The view that leaves nothing out. */
const wholePrimitive = defineView({
  name: 'alias',
  alias: ({ shape, strides, offset }) => ({ shape, strides, offset }),
  derivative: (g) => g,
});

const indexTakes = signature('index', { x: K.tensor, items: K.anything });

/**
 * PyTorch's `x[...]`: `index(x, 0, slice(1, 3), '...', null)`.
 *
 * Numbers, slices, `null` and `'...'` give a view. Tensors and lists of indices, and masks, give a copy: they broadcast
 * against each other, and their shape stands where they stand, or first if a slice comes between them.
 * @throws IndexError when there are too many indices, one is out of range or no index at all, or a mask has another
 * shape than what it indexes; ShapeError when a nested list is ragged.
 * @example
 * ```ts
 * const x = arange(12).reshape(3, 4);
 * index(x, 1); // tensor([4, 5, 6, 7])
 * index(x, 1, slice(null, null, 2)); // tensor([4, 6])
 * index(x, '...', -1); // tensor([ 3,  7, 11])
 * index(x, [0, 2], [1, 3]); // tensor([ 1, 11])
 * index(x, x.gt(9)); // tensor([10, 11])
 * ```
 */
export function index(x: Tensor, ...items: IndexItem[]): Tensor {
  indexTakes([x, items]);
  const { base, dims, indices } = resolveItems(x, items, 'index');
  if (dims.length > 0) return getIndexed('index', base, indices, { dims, caller: 'index', negative: true });
  return base === x ? applyView(wholePrimitive, x, undefined) : base;
}

/** What may be stored by {@link indexPut} and {@link assign}. */
export type IndexValue = Tensor | number | boolean;

/** Options of {@link indexPut}. */
export interface IndexPutOptions {
  /** Add to what is there, also where an index occurs several times, instead of overwriting. Default: false. */
  readonly accumulate?: boolean;
}

/** Where a list of indices leads, in a tensor that a layout says how to lie in: int32 positions in its memory. */
interface Addressing {
  readonly base: Layout;
  readonly dims: readonly number[];
  readonly caller: string;
}

const positionsPrimitive = definePrimitive<Addressing, [Tensor, ...Tensor[]]>({
  name: 'index_positions',
  infer: ([index], { base, dims }) => ({
    shape: indexedShape(base.shape, dims, index.shape),
    dtype: 'int32',
  }),
  kernel(indices, { base, dims, caller }, out) {
    const where = indexPositions(base, dims, indices, { caller, negative: true });
    copyStrided(stridedOver(flattenPositions(where), 'int32', out.shape), out.storage.array);
  },
});

function put(
  x: Tensor,
  items: readonly IndexItem[],
  value: IndexValue,
  accumulate: boolean,
  run: typeof apply,
  caller: string,
): Tensor {
  const values =
    value instanceof Tensor ? value : Tensor.scalar(storedNumber(value, x.dtype, 'indexPut'), x.dtype);
  // Indexing a dense stand-in tells which elements are meant; nothing is read from it.
  const frame = new Tensor(x.storage, x.shape, x.dtype);
  const { base, dims, indices } = resolveItems(frame, items, caller);
  const { shape, strides, offset } = base;
  const layout = { shape, strides, offset };
  if (dims.length === 0) {
    return putRegion(x, accumulate ? add(takeRegion(x, layout), values) : values, layout, run);
  }
  if (base === frame)
    return putIndexed('index_put', x, values, indices, { dims, accumulate, caller, negative: true }, run);
  const positions = apply(positionsPrimitive, indices, { base: layout, dims, caller });
  return putFlat('index_put', x, positions, expand(values, positions.shape), { accumulate, caller }, run);
}

function putting(run: typeof apply, caller: string) {
  const takes = signature(caller, {
    x: K.tensor,
    indices: K.listOf(K.anything, 'an array of index items'),
    values: K.operand,
    options: K.options<IndexPutOptions>({ accumulate: K.flag }),
  });
  return alias(
    caller,
    function (
      x: Tensor,
      indices: readonly IndexItem[],
      values: IndexValue,
      options: IndexPutOptions = {},
    ): Tensor {
      takes(arguments);
      if (values instanceof Tensor && values.dtype !== x.dtype) {
        throw new DTypeError(
          `${caller}: Index put requires the source and destination dtypes match, got ${x.dtype} for the destination and ` +
            `${values.dtype} for the source.`,
        );
      }
      return put(x, indices, values, options.accumulate ?? false, run, caller);
    },
  );
}

/**
 * A copy of x in which `values`, broadcast, take the place of `index(x, ...indices)`. `values` has x's dtype.
 * Differentiable in both. Where an index occurs several times, one of its values stays, or all are added with
 * `accumulate`. Follows `torch.index_put`.
 * @throws the errors of {@link index}, DTypeError when `values` has another dtype than x, ShapeError when it does not
 *   broadcast.
 * @example indexPut(zeros(4), [[1, 1, 2]], ones(3), { accumulate: true }); // tensor([0., 2., 1., 0.])
 */
export const indexPut = putting(apply, 'indexPut');

/** {@link indexPut} in place, with its errors. Follows `Tensor.index_put_`. */
export const indexPut_: typeof indexPut = putting(applyInPlace, 'indexPut_');

/**
 * PyTorch's `x[indices] = value`: overwrites part of x in place, converting `value` to x's dtype.
 * @throws the errors of {@link index}, ShapeError when `value` does not broadcast, AutogradError when x is a leaf that
 *   wants a gradient.
 * @example
 * ```ts
 * const x = zeros([2, 2]);
 * assign(x, [':', -1], tensor([1, 2])).tolist(); // [ [ 0, 1 ], [ 0, 2 ] ]
 * ```
 */
export const assign = composition(
  'assign',
  {
    x: K.tensor,
    indices: K.listOf(K.anything, 'an array of index items'),
    value: K.operand,
  },
  (x: Tensor, indices: readonly IndexItem[], value: IndexValue): Tensor => {
    if (!(value instanceof Tensor)) return put(x, indices, value, false, applyInPlace, 'assign');
    // As in PyTorch, sizes of 1 that stand before the shape of the target are dropped.
    const excess = value.shape.findIndex((size) => size !== 1);
    const lead = excess < 0 ? value.shape.length : excess;
    const trimmed = lead === 0 ? value : reshape(value, value.shape.slice(lead));
    return put(x, indices, to(trimmed, x.dtype), false, applyInPlace, 'assign');
  },
);

/** The functions of this file that are methods too. */
export default { index, indexPut, indexPut_ };
