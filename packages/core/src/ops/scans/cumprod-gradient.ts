/** Gradients of running products, and the gradients of these, with zeros, NaN and infinities as PyTorch has them. */
import type { DType, TypedArray } from '../../dtype.ts';
import { type Extent, scan } from '../../kernels/index.ts';
import { allocateArray } from '../../storage.ts';
import { eachRow, takeRow } from '../reductions/rows.ts';

/** The gradient by x of its running products, where that of these is g. */
export function gradientOfProducts(
  g: TypedArray,
  x: TypedArray,
  out: TypedArray,
  dtype: DType,
  extent: Extent,
): void {
  if (x.includes(0 as never)) gradientByRows(g, x, out, extent);
  else gradientByDivision(g, x, out, dtype, extent);
}

/** Where no element is 0: the sum of g_i y_i from k on, by x_k. */
const gradientByDivision: typeof gradientOfProducts = (g, x, out, dtype, extent) => {
  const gy = allocateArray(dtype, x.length);
  scan('cumprod', [x], [gy], extent);
  gy.forEach((y, i) => {
    gy[i] = g[i]! * y;
  });
  scan('cumsum', [gy], [out], extent, true);
  x.forEach((value, i) => {
    out[i]! /= value;
  });
};

function gradientByRows(g: TypedArray, x: TypedArray, out: TypedArray, extent: Extent): void {
  const { n, inner } = extent;
  const [gs, xs, row] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  eachRow(extent, (start) => {
    takeRow(g, start, inner, gs);
    takeRow(x, start, inner, xs);
    gradientOfRow(gs, xs, row);
    putRow(row, out, start, inner);
  });
}

function putRow(row: Float64Array, out: TypedArray, start: number, step: number): void {
  row.forEach((value, r) => {
    out[start + r * step] = value;
  });
}

/** Two sweeps over a row, split at its first two zeros: what lies after both has products, and gradients, of 0. */
function gradientOfRow(g: Float64Array, x: Float64Array, out: Float64Array): void {
  const n = x.length;
  const placeOfZero = (from: number): number => {
    const place = x.indexOf(0, from);
    return place < 0 ? n : place;
  };
  const first = placeOfZero(0);
  const second = placeOfZero(first + 1);
  let product = 1;
  const products = x.subarray(0, first).map((value) => {
    product *= value;
    return product;
  });
  // The gradient by the first zero: products of all others, up to the second one.
  let total = 0;
  let later = 1;
  x.subarray(first, second).forEach((value, i) => {
    if (i > 0) later *= value;
    total += g[first + i]! * later;
  });
  // PyTorch multiplies what comes after the second zero by 0.
  if (second < n) total += 0 * later;
  out.fill(0, first);
  if (first < n) out[first] = total * product;
  products.reduceRight((rest, value, r) => {
    const sum = rest + g[r]! * value;
    out[r] = sum / x[r]!;
    return sum;
  }, 0);
}

/** The gradients by g and by x of {@link gradientOfProducts}, where that of its result is h. */
export function secondOfProducts(
  [h, g, x]: readonly [TypedArray, TypedArray, TypedArray],
  [byG, byX]: readonly [TypedArray, TypedArray],
  extent: Extent,
): void {
  const { n, inner } = extent;
  const [hs, gs, xs] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const [toG, toX] = [new Float64Array(n), new Float64Array(n)];
  // PyTorch asks of all rows at once whether there are zeros before a place.
  const zeros = new Uint8Array(n);
  eachRow(extent, (start) => {
    for (let r = 0, at = start; r < n; r++, at += inner) if (x[at] === 0) zeros[r] = 1;
  });
  const firstZero = zeros.indexOf(1);
  const row = firstZero < 0 ? secondByDivision : secondOfRowWith(firstZero);
  eachRow(extent, (start) => {
    takeRow(h, start, inner, hs);
    takeRow(g, start, inner, gs);
    takeRow(x, start, inner, xs);
    row(hs, gs, xs, toG, toX);
    putRow(toG, byG, start, inner);
    putRow(toX, byX, start, inner);
  });
}

/** What the gradients by g and x of a row are put into. */
type SecondOfRow = (
  h: Float64Array,
  g: Float64Array,
  x: Float64Array,
  toG: Float64Array,
  toX: Float64Array,
) => void;

/** Where no element is 0, as the gradient is the sum of g_i y_i from k on by x_k. */
const secondByDivision: SecondOfRow = (h, g, x, toG, toX) => {
  let [product, passed] = [1, 0];
  const products = x.map((value, k) => {
    product *= value;
    passed += h[k]! / value;
    toG[k] = passed * product;
    return product;
  });
  let [sum, second] = [0, 0];
  x.reduceRight((_, value, k) => {
    const weight = g[k]!;
    sum += weight * products[k]!;
    second += weight * toG[k]!;
    toX[k] = second / value - h[k]! * (sum / value / value);
    return 0;
  }, 0);
};

/**
 * For each place the gradient is a sum of g_j times the product up to j of all but x_k: what comes before k times what
 * comes after it. Each of the two has a gradient of its own.
 */
function secondOfRowWith(firstZero: number): SecondOfRow {
  return (h, g, x, toG, toX) => {
    toG.fill(0);
    toX.fill(0);
    let before = 1;
    x.forEach((value, k) => {
      const outer = h[k]!;
      let product = 1;
      const after = x.subarray(k + 1).map((next) => {
        product *= next;
        return product;
      });
      const weight = g.subarray(k + 1).map((inner) => outer * inner);
      addTo(toG, k, outer * before);
      let byBefore = outer * g[k]!;
      after.forEach((later, j) => {
        byBefore += weight[j]! * later;
        addTo(toG, k + 1 + j, outer * (k === 0 ? later : before * later));
      });
      if (k > 0) addOthers(byBefore, before, x.subarray(0, k), firstZero < k, toX);
      const byAfter = k === 0 ? weight : weight.map((inner) => inner * before);
      addGradient(byAfter, x.subarray(k + 1), toX.subarray(k + 1));
      before *= value;
    });
  };
}

const addTo = (to: Float64Array, i: number, value: number): void => {
  to[i]! += value;
};

/** Adds g times the product of all others of the row to each of `to`. */
function addOthers(g: number, product: number, x: Float64Array, zeros: boolean, to: Float64Array): void {
  if (!zeros) {
    x.forEach((value, i) => {
      addTo(to, i, (g * product) / value);
    });
    return;
  }
  const rest = new Float64Array(x.length);
  x.reduceRight((later, value, i) => {
    rest[i] = later;
    return later * value;
  }, 1);
  x.reduce((earlier, value, i) => {
    addTo(to, i, g * (earlier * rest[i]!));
    return earlier * value;
  }, 1);
}

/** Adds the gradient of the running products of the row. */
function addGradient(g: Float64Array, x: Float64Array, to: Float64Array): void {
  const own = new Float64Array(x.length);
  if (x.length === 1) own.set(g);
  else gradientOfRow(g, x, own);
  own.forEach((value, i) => {
    addTo(to, i, value);
  });
}
