/** Gradients of products and of running products, right also where elements are 0, as programs compute them. */

import type { TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { placeOf, recordCall, recorder } from '../recording/index.ts';
import type { Extent } from '../strided/index.ts';
import { productKernels } from './product-kernels.ts';

/** Takes down for each element the product of the others of its row; gives false where nobody takes down kernels. */
export function recordProductsOfOthers(
  x: TypedArray,
  rows: Extent,
  whole: boolean,
  out: TypedArray,
): boolean {
  return record('prod_of_others', 'others', rows, [Number(whole), x], rows.n, out);
}

/** Takes down the gradient of running products, given theirs; gives false where nobody takes down kernels. */
export function recordCumprodGradient(g: TypedArray, x: TypedArray, rows: Extent, out: TypedArray): boolean {
  return record('cumprod_backward', 'running', rows, [g, x], rows.n, out);
}

/**
 * The gradient by x of the products of others, given theirs: for each element x_k of a row the sum over i ≠ k of g_i
 * times the product of all but x_i and x_k. From the front and from the back go the product so far and the sum of the
 * g_i times that of all but x_i. As in PyTorch, what has an element 0 for a factor is 0, whatever the other factors
 * are, and where no element is 0 but the product is not finite, it is divided.
 */
export function pairProducts(g: TypedArray, x: TypedArray, rows: Extent, out: TypedArray): void {
  const { outer, n, inner } = rows;
  if (record('prod_of_others_backward', 'pairs', rows, [g, x], 2 * n, out)) return;
  const front = allocateArray('float64', 2 * n);
  const anyZero = x.includes(0 as never);
  for (let row = 0; row < outer * inner; row++) {
    const start = Math.floor(row / inner) * n * inner + (row % inner);
    // Sums of nothing are left out: times an infinite element they are no number.
    let [product, sum, firstZero] = [1, 0, n];
    for (let r = 0, at = start; r < n; r++, at += inner) {
      front[2 * r] = product;
      front[2 * r + 1] = sum;
      if (x[at] === 0 && firstZero === n) firstZero = r;
      sum = (r > 0 && x[at] !== 0 ? sum * x[at]! : 0) + g[at]! * product;
      product *= x[at]!;
    }
    if (!anyZero && !Number.isFinite(product)) {
      const end = start + n * inner;
      sum = 0;
      for (let at = end - inner; at >= start; at -= inner) sum += (g[at] ?? 0) / (x[at] ?? 1);
      for (let at = start; at < end; at += inner) {
        const value = x[at] ?? 1;
        out[at] = (sum * product) / value - (g[at] ?? 0) * (product / value / value);
      }
      continue;
    }
    [product, sum] = [1, 0];
    let hasZero = false;
    for (let r = n - 1, at = start + r * inner; r >= 0; r--, at -= inner) {
      const isLast = r === n - 1;
      out[at] =
        (r > 0 && !hasZero ? front[2 * r + 1]! * product : 0) +
        (isLast || firstZero < r ? 0 : front[2 * r]! * sum);
      if (x[at] === 0) hasZero = true;
      sum = (isLast || x[at] === 0 ? 0 : sum * x[at]!) + g[at]! * product;
      product *= x[at]!;
    }
  }
}

/** Takes down a kernel of rows of numbers like those of `out` that notes so many float64 numbers on the way to them. */
function record(
  name: string,
  kernel: 'others' | 'pairs' | 'running',
  { outer, n, inner }: Extent,
  given: readonly (TypedArray | number)[],
  noted: number,
  out: TypedArray,
): boolean {
  if (recorder === null) return false;
  const notes = allocateArray('float64', noted);
  const lane = placeOf(out).area.dtype === 'float64' ? 'f64' : 'f32';
  recordCall(name, productKernels(lane)[kernel], [outer, n, inner, ...given, notes, out], {
    writes: [notes, out],
  });
  return true;
}
