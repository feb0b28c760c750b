import { type DType, isFloatingPoint, storedNumber } from '../../dtype.ts';
import { DTypeError, IndexError, ShapeError } from '../../errors.ts';
import { formatShape, type Shape, sameShape, tryBroadcast } from '../../shape.ts';
import { requireTensors, Tensor, wrapArray } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { add } from '../elementwise/arithmetic.ts';
import { resolveSlice, type SliceRange } from '../views/ranges.ts';
import { select, sliceAlong } from '../views/slices.ts';
import { putRegion, putRegionInPlace, takeRegion } from '../views/region.ts';
import { expand, reshape, unsqueeze } from '../views/shape.ts';
import { nonzeroTuple } from './nonzero.ts';
import { flattenPositions, type IndexRule, indexedShape, indexPositions } from './positions.ts';
import { getIndexed, putFlat, putFlatInPlace, putIndexed, putIndexedInPlace } from './primitives.ts';

/** Numbers or booleans, nested: an int32 tensor or a mask written in place. */
export type IndexList = readonly (number | boolean | IndexList)[];

/**
 * What stands at one place of an index: a number (drops the dimension), a slice `{ start, stop, step }` (or `':'`), `null`
 * (a new dimension of size 1), `'...'` (as many whole dimensions as fit), an int32 tensor or nested list of indices, or a mask
 * (a bool or uint8 tensor, or a nested list of booleans) over as many dimensions as it has.
 */
export type IndexItem = number | boolean | null | '...' | ':' | SliceRange | Tensor | Int32Array | IndexList;

/**
 * A slice for {@link index}: `slice(1, 5)` is Python's `1:5`, `slice(null, null, 2)` is `::2`, `slice()` is `:`.
 * As in Python, one number is the stop: `slice(3)` is `:3`.
 */
export function slice(stop?: number | null): SliceRange;
export function slice(start: number | null, stop: number | null, step?: number | null): SliceRange;
export function slice(...bounds: (number | null | undefined)[]): SliceRange {
  const [start, stop, step] = bounds.length === 1 ? [null, bounds[0]] : bounds;
  return { start: start ?? null, stop: stop ?? null, step: step ?? null };
}

/** Indices that basic indexing leaves over: int32 tensors of one shape for ascending dimensions of `base`. */
interface Resolved {
  readonly base: Tensor;
  readonly dims: readonly number[];
  readonly indices: readonly Tensor[];
}

const rule = (caller: string): IndexRule => ({ caller, negative: true });

/** A nested list as a tensor: of int32, or of bool where its elements are booleans. */
function tensorFromList(list: IndexList, caller: string): Tensor {
  const shape: number[] = [];
  for (let at: unknown = list; Array.isArray(at); at = at[0]) shape.push(at.length);
  const values: number[] = [];
  let isMaskList = false;
  const collect = (x: unknown, depth: number): void => {
    if (Array.isArray(x) && x.length === shape[depth]) {
      for (const element of x) collect(element, depth + 1);
      return;
    }
    if (depth < shape.length || Array.isArray(x)) {
      throw new ShapeError(`${caller}: a list of indices is ragged: expected shape ${formatShape(shape)}`);
    }
    if (typeof x === 'boolean') isMaskList = true;
    else if (!Number.isInteger(x)) throw badItem(x, caller);
    values.push(Number(x));
  };
  collect(list, 0);
  return isMaskList
    ? wrapArray(Uint8Array.from(values), shape, 'bool')
    : wrapArray(Int32Array.from(values), shape, 'int32');
}

function badItem(item: unknown, caller: string): IndexError {
  const got =
    item instanceof Tensor ? `a ${item.dtype} tensor` : typeof item === 'number' ? `${item}` : typeof item;
  return new IndexError(
    `${caller}: only integers, slices, '...', ':', null, int32 tensors, bool masks and lists of these are valid indices ` +
      `(got ${got})`,
  );
}

type Prepared = number | boolean | null | '...' | SliceRange | Tensor;

function prepare(item: IndexItem, caller: string): Prepared {
  if (item === ':') return {};
  if (Array.isArray(item)) return tensorFromList(item as IndexList, caller);
  if (item instanceof Int32Array) return wrapArray(item, [item.length], 'int32');
  if (item instanceof Tensor) {
    if (isFloatingPoint(item.dtype)) throw badItem(item, caller);
    if (item.shape.length > 0) return item;
    return item.dtype === 'int32' ? item.data[0]! : item.data[0] !== 0;
  }
  if (typeof item === 'number' && !Number.isInteger(item)) throw badItem(item, caller);
  if (item === undefined || (typeof item === 'string' && item !== '...')) throw badItem(item, caller);
  return item as Prepared;
}

const isMask = (x: Tensor): boolean => x.dtype !== 'int32';

/** How many dimensions of the indexed tensor an item takes up. */
function consumes(item: Prepared): number {
  if (item instanceof Tensor) return isMask(item) ? item.shape.length : 1;
  return item === null || item === '...' || typeof item === 'boolean' ? 0 : 1;
}

/** Applies the basic part of an index, as views, and brings the rest into one form. */
function resolve(x: Tensor, items: readonly IndexItem[], caller: string): Resolved {
  requireTensors(caller, x);
  if (!Array.isArray(items))
    throw new IndexError(`${caller}: expected a list of indices, got ${typeof items}`);
  const prepared = items.map((item) => prepare(item, caller));
  const rank = x.shape.length;
  const consumed = prepared.reduce<number>((n, item) => n + consumes(item), 0);
  if (consumed > rank) {
    throw new IndexError(
      `${caller}: too many indices for tensor of dimension ${rank} (shape ${formatShape(x.shape)}): got ${consumed}`,
    );
  }
  if (prepared.filter((item) => item === '...').length > 1) {
    throw new IndexError(`${caller}: an index can only have a single ellipsis ('...')`);
  }
  let base = x;
  let d = 0;
  const dims: number[] = [];
  const tensors: Tensor[] = [];
  const advance = (...indices: Tensor[]): void => {
    for (const index of indices) {
      dims.push(d++);
      tensors.push(index);
    }
  };
  for (const item of prepared) {
    if (typeof item === 'number') {
      const size = base.shape[d]!;
      if (item < -size || item >= size) {
        throw new IndexError(
          `${caller}: index ${item} is out of bounds for dimension ${d} with size ${size}`,
        );
      }
      base = select(base, d, item);
    } else if (item === null) base = unsqueeze(base, d++);
    else if (item === '...') d += rank - consumed;
    else if (typeof item === 'boolean') {
      base = unsqueeze(base, d);
      advance(wrapArray(new Int32Array(Number(item)), [Number(item)], 'int32'));
    } else if (!(item instanceof Tensor)) {
      const { start, step, length } = resolveSlice(base.shape[d]!, item, caller);
      const whole = start === 0 && step === 1 && length === base.shape[d];
      if (!whole) base = sliceAlong(base, d, item);
      d++;
    } else if (isMask(item)) {
      checkMask(item, base, d, caller);
      advance(...nonzeroTuple(item));
    } else advance(item);
  }
  return { base, dims, indices: broadcastIndices(tensors, caller) };
}

function checkMask(mask: Tensor, base: Tensor, d: number, caller: string): void {
  for (let i = 0; i < mask.shape.length; i++) {
    if (mask.shape[i] === base.shape[d + i]) continue;
    throw new IndexError(
      `${caller}: The shape of the mask ${formatShape(mask.shape)} at index ${i} does not match the shape of the indexed ` +
        `tensor ${formatShape(base.shape)} at index ${d + i}`,
    );
  }
}

function broadcastIndices(tensors: readonly Tensor[], caller: string): Tensor[] {
  let shape: Shape = tensors[0]?.shape ?? [];
  for (const tensor of tensors) {
    const wider = tryBroadcast(shape, tensor.shape);
    if (wider === null) {
      throw new IndexError(
        `${caller}: shape mismatch: indexing tensors could not be broadcast together with shapes ` +
          tensors.map((x) => formatShape(x.shape)).join(', '),
      );
    }
    shape = wider;
  }
  return tensors.map((x) => (sameShape(x.shape, shape) ? x : expand(x, shape)));
}

/**
 * PyTorch's `x[...]`: `index(x, 0, slice(1, 3), '...', null)`.
 *
 * Numbers, slices, `null` and `'...'` give a view. Tensors and lists of indices, and masks, give a copy: they broadcast
 * against each other, and their shape stands where they stand, or first if a slice comes between them.
 *
 * @example
 * ```ts
 * const x = arange(12).reshape(3, 4);
 * index(x, 1); // [4, 5, 6, 7]
 * index(x, ':', slice(null, null, 2)); // every second column
 * index(x, [0, 2], [1, 3]); // [1, 11]
 * index(x, x.gt(9)); // [10, 11]
 * ```
 */
export function index(x: Tensor, ...items: IndexItem[]): Tensor {
  const { base, dims, indices } = resolve(x, items, 'index');
  if (dims.length > 0) return getIndexed('index', base, indices, { dims, ...rule('index') });
  return base === x ? reshape(x, x.shape) : base;
}

/** What may be stored by {@link indexPut} and {@link assign}. */
export type IndexValue = Tensor | number | boolean;

/** Options of {@link indexPut}. */
export interface IndexPutOptions {
  /** Add to what is there, also where an index occurs several times, instead of overwriting. Default: false. */
  readonly accumulate?: boolean;
}

const valueTensor = (value: IndexValue, dtype: DType): Tensor =>
  value instanceof Tensor ? value : Tensor.scalar(storedNumber(value, dtype, 'indexPut'), dtype);

/** The functions that write, out of place and in place. */
const outOfPlace = { region: putRegion, indexed: putIndexed, flat: putFlat };
const inPlace = { region: putRegionInPlace, indexed: putIndexedInPlace, flat: putFlatInPlace };

function put(
  x: Tensor,
  items: readonly IndexItem[],
  value: IndexValue,
  accumulate: boolean,
  write: typeof outOfPlace,
  caller: string,
): Tensor {
  const values = valueTensor(value, x.dtype);
  // Indexing a dense stand-in tells which elements are meant; nothing is read from it.
  const frame = new Tensor(x.storage, x.shape, 'int32');
  const { base, dims, indices } = resolve(frame, items, caller);
  if (dims.length === 0) {
    const region = { shape: base.shape, strides: base.strides, offset: base.offset };
    return write.region(x, accumulate ? add(takeRegion(x, region), values) : values, region);
  }
  if (base === frame)
    return write.indexed('index_put', x, values, indices, { dims, accumulate, ...rule(caller) });
  const index = indices[0]!;
  const where = indexPositions(
    base,
    dims,
    indices.map((i) => i.data),
    index.shape,
    rule(caller),
  );
  const shape = indexedShape(base.shape, dims, index.shape);
  const positions = wrapArray(flattenPositions(where), shape, 'int32');
  return write.flat('index_put', x, positions, expand(values, shape), { accumulate, caller });
}

function checkSameDType(x: Tensor, values: IndexValue, caller: string): void {
  if (values instanceof Tensor && values.dtype !== x.dtype) {
    throw new DTypeError(
      `${caller}: Index put requires the source and destination dtypes match, got ${x.dtype} for the destination and ` +
        `${values.dtype} for the source.`,
    );
  }
}

/**
 * A copy of x in which `values`, broadcast, take the place of `index(x, ...indices)`. `values` has x's dtype. Differentiable in
 * both. Where an index occurs several times, one of its values stays, or all are added with `accumulate`.
 * Follows `torch.index_put`.
 *
 * @example
 * ```ts
 * indexPut(zeros(4), [[1, 1, 2]], ones(3), { accumulate: true }); // [0., 2., 1., 0.]
 * ```
 */
export function indexPut(
  x: Tensor,
  indices: readonly IndexItem[],
  values: IndexValue,
  options: IndexPutOptions = {},
): Tensor {
  checkSameDType(x, values, 'indexPut');
  return put(x, indices, values, options.accumulate ?? false, outOfPlace, 'indexPut');
}

/** {@link indexPut} in place. Follows `Tensor.index_put_`. */
export function indexPut_(
  x: Tensor,
  indices: readonly IndexItem[],
  values: IndexValue,
  options: IndexPutOptions = {},
): Tensor {
  checkSameDType(x, values, 'indexPut_');
  return put(x, indices, values, options.accumulate ?? false, inPlace, 'indexPut_');
}

/**
 * PyTorch's `x[indices] = value`: overwrites part of x in place, converting `value` to x's dtype.
 * @example assign(x, [slice(0, 2), -1], 0); // x[0:2, -1] = 0
 */
export function assign(x: Tensor, indices: readonly IndexItem[], value: IndexValue): Tensor {
  if (!(value instanceof Tensor)) return put(x, indices, value, false, inPlace, 'assign');
  // As in PyTorch, sizes of 1 that stand before the shape of the target are dropped.
  const excess = value.shape.findIndex((size) => size !== 1);
  const lead = excess < 0 ? value.shape.length : excess;
  const trimmed = lead === 0 ? value : reshape(value, value.shape.slice(lead));
  return put(x, indices, to(trimmed, x.dtype), false, inPlace, 'assign');
}

/** The functions of this file that are methods too. */
export default { index, indexPut, indexPut_ };
