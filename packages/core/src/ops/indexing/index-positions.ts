import { storedNumber, type TypedArray } from '../../dtype.ts';
import { DTypeError, IndexError, ShapeError } from '../../errors.ts';
import {
  type AlongDim,
  type Axes,
  elementsOf,
  extentOf,
  findPlaces,
  recordAxes,
  recordPlaces,
  recordPosition,
  recordSpread,
} from '../../kernels/index.ts';
import { valuesOf } from '../../record/index.ts';
import { formatShape, indexOf, isContiguousLayout, numelOf, type Shape } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { type Layout, offsetsOf, sizeAlong, strideAlong } from '../views/layout.ts';

/**
 * Where indexed elements lie: element (o, r, i) of the result is at `outer[o] + rows[r] + inner[i]` in the array that
 * is indexed. Indexing, gathering and scattering all come down to lists of positions; rows that lie together are copied
 * whole.
 */
export interface Positions {
  readonly outer: Int32Array;
  readonly rows: Int32Array;
  readonly inner: Int32Array;
  /** Whether `inner` counts up from 0. */
  readonly together: boolean;
  /** What `outer` and `inner` are made of. */
  readonly blocks: Axes;
  readonly elements: Axes;
}

/** Positions of which rows lie together. */
export const rowsOf = ({ blocks, rows, inner }: Positions) => ({ blocks, rows, length: inner.length });

/** Refuses an index that is not int32. */
export function requireIndexDType(index: Tensor, caller: string): void {
  if (index.dtype === 'int32') return;
  throw new DTypeError(
    `${caller}: expected an int32 tensor for the index, got ${index.dtype}; convert with to('int32')`,
  );
}

/** The same, where PyTorch takes an empty index, which names nothing, whatever its dtype. */
export function checkIndexDType(index: Tensor, caller: string): void {
  if (index.count > 0) requireIndexDType(index, caller);
}

/** What fills places of x: a number, or a tensor without dimensions, as a 0-dimensional tensor of x's dtype. */
export function fillValue(x: Tensor, value: Tensor | number, caller: string): Tensor {
  if (!(value instanceof Tensor)) return Tensor.scalar(storedNumber(value, x.dtype, caller), x.dtype);
  if (value.shape.length === 0) return to(value, x.dtype);
  throw new ShapeError(
    `${caller}: only supports a 0-dimensional value tensor, but got tensor with ${value.shape.length} dimension(s).`,
  );
}

/** The place of element `flat`, in row-major order, as `[row, column]`. */
export const placeOf = (flat: number, shape: Shape): string => formatShape(indexOf(flat, shape));

function outOfBounds(
  value: number,
  flat: number,
  shape: Shape,
  dim: number,
  size: number,
  caller: string,
): IndexError {
  return new IndexError(
    `${caller}: index ${value} is out of bounds for dimension ${dim} with size ${size}: it stands at position ` +
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
 * Positions of advanced indexing: `indices`, all of one shape, index the ascending dimensions `dims` of a layout. Their
 * shape takes the place of `dims` where these are neighbours, else it comes first.
 */
export function indexPositions(
  x: Layout,
  dims: readonly number[],
  indices: readonly Tensor[],
  { caller, negative }: IndexRule,
): Positions {
  const count = indices[0]?.count ?? 1;
  let rows: Int32Array | null = null;
  for (const [k, index] of indices.entries()) {
    const dim = dims[k]!;
    const size = sizeAlong(x, dim);
    const stride = strideAlong(x, dim);
    const values = elementsOf(index);
    const found: Int32Array | null = findPlaces(values, { size, stride, negative }, rows ?? x.offset);
    if (found !== null) {
      rows = found;
      continue;
    }
    const least = negative ? -size : 0;
    rows ??= allocateArray('int32', count).fill(x.offset) as Int32Array;
    for (let r = 0; r < rows.length; r++) {
      const i = values[r]!;
      if (i < least || i >= size) throw outOfBounds(i, r, index.shape, dim, size, caller);
      rows[r]! += (i < 0 ? i + size : i) * stride;
    }
  }
  rows ??= recordPosition(count, x.offset) ?? (allocateArray('int32', count).fill(x.offset) as Int32Array);
  const lead = leadingDims(dims);
  const isRest = (_: number, d: number): boolean => d >= lead && !dims.includes(d);
  const blocks = { shape: x.shape.slice(0, lead), strides: x.strides.slice(0, lead) };
  const elements = { shape: x.shape.filter(isRest), strides: x.strides.filter(isRest) };
  return {
    outer: offsetsOf(blocks.shape, blocks.strides),
    rows,
    inner: offsetsOf(elements.shape, elements.strides),
    together: isContiguousLayout(elements.shape, elements.strides),
    blocks,
    elements,
  };
}

/** How many dimensions stand before the shape of the indices in the result of indexing `dims`. */
function leadingDims(dims: readonly number[]): number {
  const [first = 0] = dims;
  return dims.every((d, k) => d === first + k) ? first : 0;
}

/** The shape of a tensor of `shape` indexed at `dims` by indices of shape `index`. */
export function indexedShape(shape: Shape, dims: readonly number[], index: Shape): number[] {
  const lead = leadingDims(dims);
  const rest = shape.filter((_, d) => d >= lead && !dims.includes(d));
  return [...shape.slice(0, lead), ...index, ...rest];
}

/** Positions in one list. */
export function flattenPositions({ outer, rows, inner, blocks, elements }: Positions): Int32Array {
  const recorded = recordSpread(rows, blocks, elements);
  if (recorded !== null) return recorded;
  if (outer.length === 1 && inner.length === 1 && outer[0] === 0) return rows;
  const result = allocateArray('int32', outer.length * rows.length * inner.length) as Int32Array;
  let p = 0;
  if (inner.length === 1) {
    for (const start of outer) {
      for (let r = 0; r < rows.length; r++) result[p++] = start + rows[r]!;
    }
    return result;
  }
  for (const start of outer) {
    for (const row of rows) {
      for (let i = 0; i < inner.length; i++) result[p++] = start + row + inner[i]!;
    }
  }
  return result;
}

/** How `index` lies beside a dense x of its shape but for `dim`; `null` for any other. */
export function alongDim(x: Tensor, dim: number, index: Tensor): AlongDim | null {
  const { shape } = index;
  if (!x.dense || index.count === 0 || shape.length !== x.shape.length) return null;
  if (shape.some((size, d) => d !== dim && size !== x.shape[d])) return null;
  return { ...extentOf(shape, dim), size: sizeAlong(x, dim) };
}

/**
 * Positions of `gather` and `scatter`: the element at a place of `index`, with its value in place of dimension `dim`.
 */
export function positionsAlong(x: Layout, dim: number, index: Tensor, caller: string): Int32Array {
  const values = elementsOf(index);
  if (values.length === 0) return new Int32Array(0);
  // A 0-dimensional tensor counts as one element along dimension 0.
  const shape = index.shape.length === 0 ? [1] : index.shape;
  const size = sizeAlong(x, dim);
  const stride = strideAlong(x, dim);
  const recorded = recordPlaces(values, { size, stride, negative: false }, x.offset);
  if (recorded !== null) {
    recordAxes(recorded, { shape, strides: shape.map((_, d) => (d === dim ? 0 : strideAlong(x, d))) }, 1);
    return recorded;
  }
  const result = allocateArray('int32', values.length) as Int32Array;
  const outer = offsetsOf(shape.slice(0, dim), x.strides);
  const inner = offsetsOf(shape.slice(dim + 1), x.strides.slice(dim + 1));
  const width = inner.length;
  const length = sizeAlong({ shape }, dim);
  // A row is where only the index changes, or only what lies inside of the dimension.
  const rowLength = width === 1 ? length : width;
  const rows = values.length / (outer.length * rowLength);
  let p = 0;
  for (const block of outer) {
    const start = x.offset + block;
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < rowLength; i++, p++) {
        const at = values[p] as number;
        if (at < 0 || at >= size) throw outOfBounds(at, p, index.shape, dim, size, caller);
        result[p] = start + (width === 1 ? 0 : inner[i]!) + at * stride;
      }
    }
  }
  return result;
}

/** Positions in a tensor of `count` elements taken as one row; negative indices count from the end. */
export function flatPositions(index: Tensor, count: number, caller: string): Int32Array {
  const values = elementsOf(index);
  const found = findPlaces(values, { size: count, stride: 1, negative: true }, 0);
  if (found !== null) return found;
  const result = allocateArray('int32', values.length) as Int32Array;
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

/** Where a mask is true, in row-major order. What it holds is not to be guessed: adding up its ones needs no branch. */
export function truePositions(mask: TypedArray): Int32Array {
  let count = 0;
  for (let i = 0; i < mask.length; i++) count += mask[i]!;
  const result = new Int32Array(count);
  for (let i = 0, n = 0; n < count; i++) {
    result[n] = i;
    n += mask[i]!;
  }
  return result;
}

/**
 * Where the elements of x other than 0 stand: how many there are only data tell, so that these are read, for `caller`.
 */
export const nonzeroPositions = (x: Tensor, caller: string): Int32Array =>
  truePositions(valuesOf(to(x, 'bool'), `${caller}: which elements are not 0`));

/** {@link nonzeroPositions} as coordinates, one list for each dimension. */
export function nonzeroCoordinates(x: Tensor, caller: string): Int32Array[] {
  const positions = nonzeroPositions(x, caller);
  if (x.shape.length === 1) return [positions];
  return x.shape.map((_, d) => {
    const list = new Int32Array(positions.length);
    coordinatesAlong(positions, x.shape, d, list, { at: 0, step: 1 });
    return list;
  });
}

/** {@link nonzeroPositions} as coordinates, one row for each position. */
export function nonzeroRows(x: Tensor, caller: string): Int32Array {
  const positions = nonzeroPositions(x, caller);
  const rank = x.shape.length;
  if (rank === 1) return positions;
  const rows = new Int32Array(positions.length * rank);
  for (let d = 0; d < rank; d++) coordinatesAlong(positions, x.shape, d, rows, { at: d, step: rank });
  return rows;
}

/**
 * The coordinates of ascending positions along a dimension: they are counted up on the way, which takes no division.
 */
function coordinatesAlong(
  positions: Int32Array,
  shape: Shape,
  d: number,
  out: Int32Array,
  { at, step }: { readonly at: number; readonly step: number },
): void {
  const stride = numelOf(shape.slice(d + 1));
  const block = stride * sizeAlong({ shape }, d);
  let start = 0;
  let coordinate = 0;
  let next = stride;
  for (let p = 0, to = at; p < positions.length; p++, to += step) {
    const position = positions[p]!;
    while (position >= start + block) {
      start += block;
      coordinate = 0;
      next = start + stride;
    }
    if (stride === 1) out[to] = position - start;
    else {
      while (position >= next) {
        coordinate++;
        next += stride;
      }
      out[to] = coordinate;
    }
  }
}
