/** The positions of maxima and minima. */

import type { TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { gather } from '../strided/gather.ts';
import type { Strided } from '../strided/strided.ts';
import { reduceLayout } from './layout.ts';

/**
 * The index of the first maximum (or minimum) of `x` along `dim`, and the value there where `values` is given: one of each
 * for every row along `dim`, in row-major order of the other dimensions. Without a `dim`, the index into the elements in
 * row-major order. NaN counts as the maximum and as the minimum. `dim` must not be empty.
 */
export function argReduce(
  kind: 'max' | 'min',
  x: Strided,
  dim: number | undefined,
  indices: TypedArray,
  indicesOffset = 0,
  values?: TypedArray,
  valuesOffset = 0,
): void {
  const layout = dim === undefined ? { outer: 1, n: x.count, inner: 1, x } : reduceLayout(x, [dim]);
  const { outer, n, inner } = layout;
  let array = layout.x.storage.array;
  let start = layout.x.offset;
  if (!layout.x.dense) {
    array = allocateArray(x.dtype, x.count);
    gather(layout.x, layout.x.shape, 0, x.count, array, 0);
    start = 0;
  }
  const best = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    const first = start + o * n * inner;
    const result = o * inner;
    if (inner === 1) {
      const at = kind === 'max' ? firstMaximum(array, first, n) : firstMinimum(array, first, n);
      indices[indicesOffset + result] = at;
      best[0] = array[first + at]!;
    } else {
      scanColumns(kind, array, first, n, inner, best, indices, indicesOffset + result);
    }
    if (values !== undefined) values.set(best, valuesOffset + result);
  }
}

function firstMaximum(array: TypedArray, start: number, n: number): number {
  let best = array[start]!;
  let at = 0;
  if (Number.isNaN(best)) return 0;
  for (let i = 1; i < n; i++) {
    const value = array[start + i]!;
    if (value > best) {
      best = value;
      at = i;
    } else if (Number.isNaN(value)) {
      return i;
    }
  }
  return at;
}

function firstMinimum(array: TypedArray, start: number, n: number): number {
  let best = array[start]!;
  let at = 0;
  if (Number.isNaN(best)) return 0;
  for (let i = 1; i < n; i++) {
    const value = array[start + i]!;
    if (value < best) {
      best = value;
      at = i;
    } else if (Number.isNaN(value)) {
      return i;
    }
  }
  return at;
}

/** All columns at once, row after row. */
function scanColumns(
  kind: 'max' | 'min',
  array: TypedArray,
  start: number,
  n: number,
  inner: number,
  best: Float64Array,
  indices: TypedArray,
  indicesOffset: number,
): void {
  for (let i = 0; i < inner; i++) {
    best[i] = array[start + i]!;
    indices[indicesOffset + i] = 0;
  }
  for (let r = 1; r < n; r++) {
    const row = start + r * inner;
    for (let i = 0; i < inner; i++) {
      const value = array[row + i]!;
      const old = best[i]!;
      if ((kind === 'max' ? value > old : value < old) || (Number.isNaN(value) && !Number.isNaN(old))) {
        best[i] = value;
        indices[indicesOffset + i] = r;
      }
    }
  }
}
