/** Elements in their order. These functions say whether they found it: of rows too long for scratch the caller has to. */

import type { TypedArray } from '../../../dtype.ts';
import { dtypeOf, Room, runCall } from '../../recording/index.ts';
import type { Extent } from '../../strided/index.ts';
import { orderKernels } from './kernels.ts';

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
