/** The gradient of the products of others, with zeros, NaN and infinities as PyTorch has it. */
import type { DType, TypedArray } from '../../dtype.ts';
import type { Extent } from '../../kernels/index.ts';
import { allocateArray } from '../../storage.ts';
import { gradientOfProducts } from '../scans/cumprod-gradient.ts';
import { eachRow } from './rows.ts';

/**
 * The gradient by x of the products of others, where that of these is g: for each element x_k of a row the sum over i ≠ k of g_i times
 * the product of all but x_i and x_k. Where elements are not finite PyTorch's own formulas say what is NaN.
 */
export function gradientOfOthers(
  g: TypedArray,
  x: TypedArray,
  out: TypedArray,
  dtype: DType,
  extent: Extent,
): void {
  if (x.every(Number.isFinite)) pairProducts(g, x, out, extent);
  else if (x.includes(0 as never)) byRunningProducts(g, x, out, dtype, extent);
  else byDivision(g, x, out, extent);
}

/** From the front and from the back go the product so far and the sum of the g_i times that of all but x_i. */
function pairProducts(g: TypedArray, x: TypedArray, out: TypedArray, extent: Extent): void {
  const { n, inner } = extent;
  const front = new Float64Array(2 * n);
  eachRow(extent, (start) => {
    let [product, sum] = [1, 0];
    for (let r = 0, at = start; r < n; r++, at += inner) {
      front[2 * r] = product;
      front[2 * r + 1] = sum;
      sum = sum * x[at]! + g[at]! * product;
      product *= x[at]!;
    }
    [product, sum] = [1, 0];
    for (let r = n - 1, at = start + r * inner; r >= 0; r--, at -= inner) {
      out[at] = front[2 * r + 1]! * product + front[2 * r]! * sum;
      sum = sum * x[at]! + g[at]! * product;
      product *= x[at]!;
    }
  });
}

/** Where no element is 0 the product of others is that of all, divided. */
function byDivision(g: TypedArray, x: TypedArray, out: TypedArray, extent: Extent): void {
  const { n, inner } = extent;
  eachRow(extent, (start) => {
    let [product, sum] = [1, 0];
    for (let r = 0, at = start; r < n; r++, at += inner) {
      product *= x[at]!;
      sum += g[at]! / x[at]!;
    }
    for (let r = 0, at = start; r < n; r++, at += inner) {
      const others = product / x[at]!;
      out[at] = sum * others - g[at]! * (others / x[at]!);
    }
  });
}

/** Where some are, it is the running product of those before times that of those behind. */
function byRunningProducts(
  g: TypedArray,
  x: TypedArray,
  out: TypedArray,
  dtype: DType,
  extent: Extent,
): void {
  const { n, inner } = extent;
  if (n === 1) {
    out.fill(0);
    return;
  }
  const [before, behind, byBefore, byBehind, gradient] = Array.from({ length: 5 }, () =>
    allocateArray(dtype, x.length),
  ) as [TypedArray, TypedArray, TypedArray, TypedArray, TypedArray];
  // Position r of `before` holds element r - 1; of `behind`, which runs the other way, element n - r.
  const [products, rest] = [allocateArray(dtype, x.length), allocateArray(dtype, x.length)];
  eachRow(extent, (start) => {
    const place = (r: number): number => start + r * inner;
    for (let r = 0, [p, q] = [1, 1]; r < n; r++) {
      before[place(r)] = r === 0 ? 1 : x[place(r - 1)]!;
      behind[place(r)] = r === 0 ? 1 : x[place(n - r)]!;
      p *= before[place(r)]!;
      q *= behind[place(r)]!;
      products[place(r)] = p;
      rest[place(r)] = q;
    }
    for (let r = 0; r < n; r++) {
      const back = place(n - 1 - r);
      byBefore[place(r)] = g[place(r)]! * rest[back]!;
      byBehind[place(r)] = g[back]! * products[back]!;
    }
  });
  gradientOfProducts(byBefore, before, gradient, dtype, extent);
  out.fill(0);
  eachRow(extent, (start) => {
    for (let r = 1; r < n; r++) out[start + (r - 1) * inner] = gradient[start + r * inner]!;
  });
  gradientOfProducts(byBehind, behind, gradient, dtype, extent);
  eachRow(extent, (start) => {
    for (let r = 1; r < n; r++) out[start + (n - r) * inner]! += gradient[start + r * inner]!;
  });
}
