/**
 * Elements in their order. These functions say whether they found it: of rows too long for scratch the caller has to.
 */

import type { TypedArray } from '../../../dtype.ts';
import { dtypeOf, mayLook, Room, runCall } from '../../recording/index.ts';
import type { Extent } from '../../strided/index.ts';
import { mostKept } from './first-of-distinct.ts';
import { orderKernels } from './kernels.ts';
import { modePick, orderedPicks } from './selection-kernels.ts';

/** Stores the elements along a dimension in their order, equal ones as they come, and where they stood. */
export function sortRows(
  x: TypedArray,
  { outer, n, inner }: Extent,
  descending: boolean,
  values: TypedArray,
  indices: TypedArray,
): boolean {
  const [keys, order] = [new Room('float64', 2 * n), new Room('int32', 2 * n)];
  const counts = new Room('int32', 256);
  const args = [outer, n, inner, descending ? -1 : 0, x, keys, order, counts, values, indices];
  return runCall('sort', orderKernels(dtypeOf(x)).sort, args, { writes: [values, indices] });
}

/** Stores the medians along a dimension, of all elements or of those other than NaN, and where they stand. */
export function medianRows(
  x: TypedArray,
  { outer, n, inner }: Extent,
  skipsNaN: boolean,
  values: TypedArray,
  indices: TypedArray,
): boolean {
  const args = [outer, n, inner, Number(skipsNaN), x, new Room('float64', n), values, indices];
  return runCall('median', orderKernels(dtypeOf(x)).median, args, { writes: [values, indices] });
}

/** Of fewer elements copies into scratch and back cost more than they save. */
const worthCall = 128;

/** What is picked of rows. */
export interface Picking {
  /** How many elements of each. */
  readonly count: number;
  /** Of kthvalue the place, counted from 0, at which the element would stand in order. */
  readonly rank?: number;
  /** Of topk whether the greatest come first, and whether they have to be in order. */
  readonly descending?: boolean;
  readonly sorted?: boolean;
}

/**
 * Stores what PyTorch's algorithms pick of the rows of an extent, each of which lies side by side in `x`, and where it
 * stood.
 */
export function pickRows(
  by: 'topk' | 'kthvalue' | 'mode',
  x: TypedArray,
  { outer, n, inner }: Extent,
  { count, rank = 0, descending = false, sorted = true }: Picking,
  values: TypedArray,
  indices: TypedArray,
): boolean {
  if (mayLook() && outer * n * inner < worthCall) return false;
  const pick = by === 'mode' ? modePick(dtypeOf(x)) : orderedPicks(dtypeOf(x))[by];
  const rooms = [new Room('float64', n), new Room('int32', n), new Room('float64', 1.5 * mostKept)];
  const numbers = [outer * inner, n, inner, count, rank, descending ? -1 : 0, Number(sorted)];
  return runCall(by, pick, [...numbers, x, ...rooms, values, indices], { writes: [values, indices] });
}
