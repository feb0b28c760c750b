/** Elements in their order, as programs find it. */

import type { TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { placeOf, recordCall, recorder } from '../recording/index.ts';
import type { Extent } from '../strided/index.ts';
import { orderKernels } from './order-kernels.ts';

/** Takes down the elements along a dimension in their order, equal ones as they come; gives false where nobody takes down kernels. */
export function recordSort(
  x: TypedArray,
  { outer, n, inner }: Extent,
  descending: boolean,
  values: TypedArray,
  indices: TypedArray,
): boolean {
  if (recorder === null) return false;
  const [keys, order] = [allocateArray('float64', 2 * n), allocateArray('int32', 2 * n)];
  const counts = allocateArray('int32', 256);
  const args = [outer, n, inner, descending ? -1 : 0, x, keys, order, counts, values, indices];
  recordCall('sort', orderKernels(placeOf(x).area.dtype).sort, args, {
    writes: [keys, order, counts, values, indices],
  });
  return true;
}

/** Takes down the medians along a dimension, of all elements or of those other than NaN; gives false where nobody takes down kernels. */
export function recordMedian(
  x: TypedArray,
  { outer, n, inner }: Extent,
  skipsNaN: boolean,
  values: TypedArray,
  indices: TypedArray,
): boolean {
  if (recorder === null) return false;
  const keys = allocateArray('float64', n);
  const args = [outer, n, inner, Number(skipsNaN), x, keys, values, indices];
  recordCall('median', orderKernels(placeOf(x).area.dtype).median, args, { writes: [keys, values, indices] });
  return true;
}
