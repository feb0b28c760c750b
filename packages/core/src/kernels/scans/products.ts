/** Gradients of products and of running products, right also where elements are 0, as programs compute them. */

import type { TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { placeOf, recordCall, recorder } from '../recording/index.ts';
import type { Extent } from '../strided/index.ts';
import { productKernels } from './product-kernels.ts';

/** Takes down for each element the product of the others of its row; gives false where nobody takes down kernels. */
export function recordProductsOfOthers(
  x: TypedArray,
  { outer, n, inner }: Extent,
  whole: boolean,
  out: TypedArray,
): boolean {
  if (recorder === null) return false;
  const front = allocateArray('float64', n);
  recordCall('prod_of_others', kernelsFor(x).others, [outer, n, inner, Number(whole), x, front, out], {
    writes: [front, out],
  });
  return true;
}

/** Takes down the gradient of running products, given theirs; gives false where nobody takes down kernels. */
export function recordCumprodGradient(
  g: TypedArray,
  x: TypedArray,
  { outer, n, inner }: Extent,
  out: TypedArray,
): boolean {
  if (recorder === null) return false;
  const products = allocateArray('float64', n);
  recordCall('cumprod_backward', kernelsFor(x).running, [outer, n, inner, g, x, products, out], {
    writes: [products, out],
  });
  return true;
}

/**
 * The gradient by x of the products of others, given theirs: for each element x_k of a row the sum over i ≠ k of g_i times the product of
 * all but x_i and x_k. From the front and from the back go the product so far and the sum of the g_i times that of all but x_i. As in PyTorch,
 * what has an element 0 for a factor is 0, whatever the other factors are, and where no element is 0 but the product is not finite, it is divided.
 */
export function pairProducts(
  g: TypedArray,
  x: TypedArray,
  { outer, n, inner }: Extent,
  out: TypedArray,
): void {
  const front = allocateArray('float64', 2 * n);
  if (recorder !== null) {
    recordCall('prod_of_others_backward', kernelsFor(x).pairs, [outer, n, inner, g, x, front, out], {
      writes: [front, out],
    });
    return;
  }
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

const kernelsFor = (x: TypedArray) => productKernels(placeOf(x).area.dtype === 'float64' ? 'f64' : 'f32');
