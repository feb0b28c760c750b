import { checkArguments, K } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { IndexError, ShapeError } from '../../errors.ts';
import { isArray } from '../../readable.ts';
import { valuesOf } from '../../record/index.ts';
import { formatShape, type Shape, sameShape, tryBroadcast } from '../../shape.ts';
import { isOfClass, Tensor, wrapArray } from '../../tensor.ts';
import { requireMemory } from '../../transferred.ts';
import { sizeAlong } from '../views/layout.ts';
import { resolveSlice, type SliceRange, sliceRange } from '../views/ranges.ts';
import { expand, unsqueeze } from '../views/shape.ts';
import { select, sliceAlong } from '../views/slices.ts';
import { nonzeroCoordinates } from './index-positions.ts';

/** Numbers or booleans, nested: an int32 tensor or a mask written in place. */
export type IndexList = readonly (number | boolean | IndexList)[];

/**
 * What stands at one place of an index: a number (drops the dimension), a slice `{ start, stop, step }` (or `':'`),
 * `null` (a new dimension of size 1), `'...'` (as many whole dimensions as fit), an int32 tensor or nested list of
 * indices, or a mask (a bool or uint8 tensor, or a nested list of booleans) over as many dimensions as it has.
 */
export type IndexItem = number | boolean | null | '...' | ':' | SliceRange | Tensor | Int32Array | IndexList;

/** What basic indexing leaves over: int32 tensors of one shape for ascending dimensions of `base`. */
interface Resolved {
  readonly base: Tensor;
  readonly dims: readonly number[];
  readonly indices: readonly Tensor[];
}

const MAX_DEPTH = 64;

/** A nested list as a tensor: of int32, or of bool where its elements are booleans. */
function tensorFromList(list: IndexList, caller: string): Tensor {
  const shape: number[] = [];
  for (let at: unknown = list; isArray(at); at = at[0]) {
    // Where a list holds itself, there is no end to it.
    if (shape.push(at.length) > MAX_DEPTH)
      throw new ShapeError(`${caller}: a list of indices is nested more than ${MAX_DEPTH} deep`);
  }
  const values: number[] = [];
  let isMaskList = false;
  const collect = (x: unknown, depth: number): void => {
    if (isArray(x) && x.length === shape[depth]) {
      for (const element of x) collect(element, depth + 1);
      return;
    }
    if (depth < shape.length || isArray(x)) {
      throw new ShapeError(`${caller}: a list of indices is ragged: expected shape ${formatShape(shape)}`);
    }
    if (typeof x === 'boolean') isMaskList = true;
    else if (!Number.isInteger(x)) throw badElement(x, caller);
    values.push(Number(x));
  };
  collect(list, 0);
  return isMaskList
    ? wrapArray(Uint8Array.from(values), shape, 'bool')
    : wrapArray(Int32Array.from(values), shape, 'int32');
}

/** Python's slice as a call of `slice`, if it is one. */
function sliceToWrite(item: unknown): string {
  if (typeof item !== 'string' || !/^-?\d*:-?\d*(:-?\d*)?$/.test(item)) return '';
  const bounds = item.split(':').map((bound) => (bound === '' ? 'null' : bound));
  return `; write slice(${bounds.join(', ')}) for '${item}'`;
}

/** What came where an index was due, in words. */
function whatCame(item: unknown): string {
  if (isOfClass(item)) return `a tensor of ${item.dtype}`;
  return typeof item === 'number' ? `${item}` : typeof item;
}

/** Python took `x[[a, b]]` for `x[a, b]` for long: who writes it so here means an item a dimension. */
function badElement(element: unknown, caller: string): IndexError {
  return new IndexError(
    `${caller}: a list that is one index holds integers or booleans (got ${whatCame(element)}); ` +
      'tensors, slices and nulls are indices of their own, one a dimension, without such a list around them',
  );
}

function badItem(item: unknown, caller: string): IndexError {
  return new IndexError(
    `${caller}: only integers, slices, '...', ':', null, int32 tensors, bool masks and lists of these are valid indices ` +
      `(got ${whatCame(item)})${sliceToWrite(item)}`,
  );
}

const indexVector = (values: Int32Array): Tensor => wrapArray(values, [values.length], 'int32');

type Prepared = number | boolean | null | '...' | SliceRange | Tensor;

function prepare(item: IndexItem, caller: string): Prepared {
  if (item === ':') return {};
  if (isArray(item)) return tensorFromList(item as IndexList, caller);
  if (ArrayBuffer.isView(item) && item instanceof Int32Array) {
    requireMemory(item, caller);
    return indexVector(item);
  }
  if (isOfClass(item)) {
    if (isFloatingPoint(item.dtype)) throw badItem(item, caller);
    if (item.shape.length > 0) return item;
    const [value = 0] = valuesOf(item, 'index: a 0-dimensional index');
    return item.dtype === 'int32' ? value : value !== 0;
  }
  if (typeof item === 'number' && !Number.isInteger(item)) throw badItem(item, caller);
  if (typeof item === 'object' && item !== null) checkSlice(item, caller);
  else if (typeof item !== 'number' && typeof item !== 'boolean' && item !== null && item !== '...')
    throw badItem(item, caller);
  return item as Prepared;
}

/** Refuses objects that are no slices. */
function checkSlice(item: object, caller: string): void {
  if (!K.fits(sliceRange, item)) checkArguments(caller, { index: sliceRange }, [item]);
}

const isMask = (x: Tensor): boolean => x.dtype !== 'int32';

/** How many dimensions of the indexed tensor an item takes up. */
function consumes(item: Prepared): number {
  if (item instanceof Tensor) return isMask(item) ? item.shape.length : 1;
  return item === null || item === '...' || typeof item === 'boolean' ? 0 : 1;
}

/** Applies the basic part of an index, as views, and brings the rest into one form. */
export function resolveItems(x: Tensor, items: readonly IndexItem[], caller: string): Resolved {
  if (!Array.isArray(items))
    throw new IndexError(`${caller}: expected a list of indices, got ${typeof items}`);
  const prepared = Array.from(items, (item) => prepare(item, caller));
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
      const size = sizeAlong(base, d);
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
      advance(indexVector(new Int32Array(Number(item))));
    } else if (!(item instanceof Tensor)) {
      const { start, step, length } = resolveSlice(sizeAlong(base, d), item, caller);
      const whole = start === 0 && step === 1 && length === base.shape[d];
      if (!whole) base = sliceAlong(base, d, item);
      d++;
    } else if (isMask(item)) {
      checkMask(item, base, d, caller);
      advance(...nonzeroCoordinates(item, 'index').map(indexVector));
    } else advance(item);
  }
  return { base, dims, indices: broadcastIndices(tensors, caller) };
}

function checkMask(mask: Tensor, base: Tensor, d: number, caller: string): void {
  for (const [i, size] of mask.shape.entries()) {
    if (size === base.shape[d + i]) continue;
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
