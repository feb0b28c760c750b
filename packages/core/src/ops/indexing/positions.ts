import type { TypedArray } from '../../dtype.ts';
import { DTypeError, IndexError } from '../../errors.ts';
import { formatShape, isContiguousLayout, type Shape } from '../../shape.ts';
import { requireTensors, Tensor } from '../../tensor.ts';
import { type Layout, offsetsOf } from '../views/layout.ts';

/**
 * Where indexed elements lie: element (o, r, i) of the result is at `outer[o] + rows[r] + inner[i]` in the array that is
 * indexed. Indexing, gathering and scattering all come down to lists of positions; rows that lie together are copied whole.
 */
export interface Positions {
  readonly outer: Int32Array;
  readonly rows: Int32Array;
  readonly inner: Int32Array;
  /** Whether `inner` counts up from 0. */
  readonly together: boolean;
}

export function checkIndexDType(index: Tensor, caller: string): void {
  if (!(index instanceof Tensor)) requireTensors(caller, index);
  // An empty index names nothing, whatever its dtype.
  if (index.dtype !== 'int32' && index.count > 0) {
    throw new DTypeError(`${caller}: expected an int32 tensor for the index, got ${index.dtype}`);
  }
}

/** The place of element `flat`, in row-major order, as `[row, column]`. */
export function placeOf(flat: number, shape: Shape): string {
  const place: number[] = [];
  let rest = flat;
  for (let d = shape.length - 1; d >= 0; d--) {
    place.unshift(rest % shape[d]!);
    rest = Math.floor(rest / shape[d]!);
  }
  return formatShape(place);
}

function outOfBounds(
  index: TypedArray,
  flat: number,
  shape: Shape,
  dim: number,
  size: number,
  caller: string,
): IndexError {
  return new IndexError(
    `${caller}: index ${index[flat]} is out of bounds for dimension ${dim} with size ${size}: it stands at position ` +
      `${placeOf(flat, shape)} of the index of shape ${formatShape(shape)}`,
  );
}

/** How {@link indexPositions} reads its indices. */
export interface IndexRule {
  readonly caller: string;
  /** Whether negative indices count from the end. */
  readonly negative: boolean;
}

/**
 * Positions of advanced indexing: `indices`, all of shape `shape`, index the ascending dimensions `dims` of a layout. Their
 * shape takes the place of `dims` where these are neighbours, else it comes first.
 */
export function indexPositions(
  x: Layout,
  dims: readonly number[],
  indices: readonly TypedArray[],
  shape: Shape,
  { caller, negative }: IndexRule,
): Positions {
  const rows = new Int32Array(indices[0]!.length);
  for (let k = 0; k < dims.length; k++) {
    const index = indices[k]!;
    const size = x.shape[dims[k]!]!;
    const stride = x.strides[dims[k]!]!;
    const least = negative ? -size : 0;
    for (let r = 0; r < rows.length; r++) {
      const i = index[r]!;
      if (i < least || i >= size) throw outOfBounds(index, r, shape, dims[k]!, size, caller);
      rows[r]! += (i < 0 ? i + size : i) * stride;
    }
  }
  const lead = leadingDims(dims);
  const rest = x.shape.map((_, d) => d).filter((d) => d >= lead && !dims.includes(d));
  const innerShape = rest.map((d) => x.shape[d]!);
  const innerStrides = rest.map((d) => x.strides[d]!);
  const outer = offsetsOf(x.shape.slice(0, lead), x.strides);
  for (let o = 0; o < outer.length; o++) outer[o]! += x.offset;
  return {
    outer,
    rows,
    inner: offsetsOf(innerShape, innerStrides),
    together: isContiguousLayout(innerShape, innerStrides),
  };
}

/** How many dimensions stand before the shape of the indices in the result of indexing `dims`. */
export function leadingDims(dims: readonly number[]): number {
  return dims.at(-1)! - dims[0]! === dims.length - 1 ? dims[0]! : 0;
}

/** The shape of a tensor of `shape` indexed at `dims` by indices of shape `index`. */
export function indexedShape(shape: Shape, dims: readonly number[], index: Shape): number[] {
  const lead = leadingDims(dims);
  const rest = shape.filter((_, d) => d >= lead && !dims.includes(d));
  return [...shape.slice(0, lead), ...index, ...rest];
}

/** Positions in one list. */
export function flattenPositions({ outer, rows, inner }: Positions): Int32Array {
  const result = new Int32Array(outer.length * rows.length * inner.length);
  let p = 0;
  if (inner.length === 1) {
    for (let o = 0; o < outer.length; o++) {
      const start = outer[o]!;
      for (let r = 0; r < rows.length; r++) result[p++] = start + rows[r]!;
    }
    return result;
  }
  for (let o = 0; o < outer.length; o++) {
    for (let r = 0; r < rows.length; r++) {
      const start = outer[o]! + rows[r]!;
      for (let i = 0; i < inner.length; i++) result[p++] = start + inner[i]!;
    }
  }
  return result;
}

/** Positions of `gather` and `scatter`: the element at a place of `index`, with its value in place of dimension `dim`. */
export function positionsAlong(x: Layout, dim: number, index: Tensor, caller: string): Int32Array {
  const values = index.data;
  const result = new Int32Array(values.length);
  if (result.length === 0) return result;
  // A 0-dimensional tensor counts as one element along dimension 0.
  const shape = index.shape.length === 0 ? [1] : index.shape;
  const size = x.shape[dim] ?? 1;
  const stride = x.strides[dim] ?? 1;
  const outer = offsetsOf(shape.slice(0, dim), x.strides);
  const inner = offsetsOf(shape.slice(dim + 1), x.strides.slice(dim + 1));
  for (let p = 0; p < values.length; p++) {
    const at = values[p]!;
    if (at < 0 || at >= size) throw outOfBounds(values, p, index.shape, dim, size, caller);
  }
  // Runs along which only one of the three parts of a position changes.
  const length = shape[dim]!;
  const width = inner.length;
  let p = 0;
  for (let o = 0; o < outer.length; o++) {
    const start = x.offset + outer[o]!;
    if (width === 1) for (const stop = p + length; p < stop; p++) result[p] = start + values[p]! * stride;
    else {
      for (let j = 0; j < length; j++) {
        for (let i = 0; i < width; i++, p++) result[p] = start + inner[i]! + values[p]! * stride;
      }
    }
  }
  return result;
}

/** Positions in a tensor of `count` elements taken as one row; negative indices count from the end. */
export function flatPositions(index: Tensor, count: number, caller: string): Int32Array {
  const values = index.data;
  const result = new Int32Array(values.length);
  for (let p = 0; p < result.length; p++) {
    const i = values[p]!;
    if (i < -count || i >= count) {
      throw new IndexError(
        `${caller}: out of range: tried to access index ${i}, at position ${placeOf(p, index.shape)} of the index, on a ` +
          `tensor of ${count} elements.`,
      );
    }
    result[p] = i < 0 ? i + count : i;
  }
  return result;
}

/** Rows shorter than this are copied by a loop. */
const shortRow = 16;

/** Copies the elements at `positions` to `out`, from `at` on. */
export function readAt(source: TypedArray, positions: Int32Array, out: TypedArray, at: number): void {
  if (source instanceof Float32Array && out instanceof Float32Array) {
    for (let p = 0; p < positions.length; p++) out[at + p] = source[positions[p]!]!;
  } else {
    for (let p = 0; p < positions.length; p++) out[at + p] = source[positions[p]!]!;
  }
}

export function readPositions(source: TypedArray, where: Positions, out: TypedArray, at: number): void {
  const { outer, rows, inner, together } = where;
  const length = inner.length;
  if (!together || length < shortRow) {
    readAt(source, flattenPositions(where), out, at);
    return;
  }
  let to = at;
  for (let o = 0; o < outer.length; o++) {
    for (let r = 0; r < rows.length; r++) {
      const from = outer[o]! + rows[r]!;
      out.set(source.subarray(from, from + length), to);
      to += length;
    }
  }
}

/** How a value meets the one that is there. */
export type Combine = 'set' | 'sum' | 'prod' | 'amax' | 'amin';

/** Stores `values` (one for all, or one each) at `positions`; the last one stays where positions repeat, or they combine. */
export function writeAt(out: TypedArray, positions: Int32Array, values: TypedArray, how: Combine): void {
  const step = values.length === 1 ? 0 : 1;
  const n = positions.length;
  switch (how) {
    case 'set':
      for (let p = 0; p < n; p++) out[positions[p]!] = values[p * step]!;
      return;
    case 'sum':
      if (out instanceof Float32Array && values instanceof Float32Array) {
        for (let p = 0; p < n; p++) out[positions[p]!]! += values[p * step]!;
      } else {
        for (let p = 0; p < n; p++) out[positions[p]!]! += values[p * step]!;
      }
      return;
    case 'prod':
      for (let p = 0; p < n; p++) out[positions[p]!] = multiply(out, out[positions[p]!]!, values[p * step]!);
      return;
    // Math.max and Math.min pass NaN on, as PyTorch does.
    case 'amax':
      for (let p = 0; p < n; p++) out[positions[p]!] = Math.max(out[positions[p]!]!, values[p * step]!);
      return;
    case 'amin':
      for (let p = 0; p < n; p++) out[positions[p]!] = Math.min(out[positions[p]!]!, values[p * step]!);
  }
}

/** Integers wrap around, which a product of doubles would not where it passes 2^53. */
const multiply = (out: TypedArray, a: number, b: number): number =>
  out instanceof Int32Array ? Math.imul(a, b) : a * b;

/** {@link writeAt} for rows; of bools a sum is "or". */
export function writePositions(
  out: TypedArray,
  where: Positions,
  values: TypedArray,
  accumulate: boolean,
  isBool: boolean,
): void {
  const { outer, rows, inner, together } = where;
  const length = inner.length;
  if (!together || length < shortRow || values.length === 1) {
    writeAt(out, flattenPositions(where), values, accumulate ? (isBool ? 'amax' : 'sum') : 'set');
    return;
  }
  let from = 0;
  for (let o = 0; o < outer.length; o++) {
    for (let r = 0; r < rows.length; r++, from += length) {
      const to = outer[o]! + rows[r]!;
      if (!accumulate) out.set(values.subarray(from, from + length), to);
      else if (isBool) for (let i = 0; i < length; i++) out[to + i]! |= values[from + i]!;
      else addRow(out, to, values, from, length);
    }
  }
}

function addRow(out: TypedArray, to: number, values: TypedArray, from: number, length: number): void {
  if (out instanceof Float32Array && values instanceof Float32Array) {
    for (let i = 0; i < length; i++) out[to + i]! += values[from + i]!;
  } else {
    for (let i = 0; i < length; i++) out[to + i]! += values[from + i]!;
  }
}
