import { K, signature } from '../../arguments/index.ts';
import type { TypedArray } from '../../dtype.ts';
import { type Extent, elementsOf, extentOf, recordCumprodGradient, scan } from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT, type Primitive } from '../../record/index.ts';
import { normalizeDim } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import type { Tensor } from '../../tensor.ts';
import { tril } from '../arranging/triangle.ts';
import { ones } from '../creation/fill.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { where } from '../elementwise/select.ts';
import { totalAs, totalType } from '../reductions/reduction.ts';
import { eachRow, leaveOneOut, takeRow } from '../reductions/rows.ts';
import { sum } from '../reductions/sum.ts';
import { transpose } from '../views/permute.ts';
import { unsqueeze } from '../views/shape.ts';
import type { ScanOptions } from './cumulative.ts';

const cumprodPrimitive = definePrimitive<number>({
  name: 'cumprod',
  saves: INPUT(0),
  infer: ([x]) => ({ shape: x.shape, dtype: totalType(x.dtype) }),
  kernel: ([x], dim, out) => scan('cumprod', [elementsOf(x)], [out.storage.array], extentOf(x.shape, dim)),
  derivative: (g, node) => [
    node.shape(0)[node.attrs] === 1 ? g : cumprodGradient(g, node.input(0), node.attrs),
  ],
});

const cumprodTakes = signature('cumprod', {
  x: K.tensor,
  dim: K.integer,
  options: K.options<ScanOptions>({ dtype: K.dtype }),
});

/**
 * Running products along `dim`: y_k = x_0 * ... * x_k. Bools and integers give int32. Follows `torch.cumprod`.
 * @throws IndexError when the dimension is out of range
 * @example cumprod(tensor([1, 2, 3, 4]), 0); // tensor([ 1,  2,  6, 24])
 */
export function cumprod(x: Tensor, dim: number, options?: ScanOptions): Tensor {
  cumprodTakes(arguments);
  const d = normalizeDim(dim, x.ndim, 'cumprod');
  return totalAs(x, options?.dtype, (y) => apply(cumprodPrimitive, [y], d));
}

const cumprodGradientPrimitive: Primitive<number, [Tensor, Tensor]> = definePrimitive({
  name: 'cumprod_backward',
  saves: INPUT(0) | INPUT(1),
  infer: ([, x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel([g, x], dim, out) {
    const extent = extentOf(x.shape, dim);
    const [gs, xs] = [elementsOf(g), elementsOf(x)];
    if (recordCumprodGradient(gs, xs, extent, out.storage.array)) return;
    if (xs.includes(0 as never)) gradientByRows(gs, xs, out.storage.array, extent);
    else gradientByDivision(gs, xs, out, extent);
  },
  derivative(h, node) {
    // The gradient by x_k is the sum over i >= k of g_i times the product up to i of x with 1 in place of x_k.
    const x = node.input(1);
    const { matrix, diagonal, toEnd, fromEnd } = leaveOneOut(x, node.attrs);
    const later = transpose(tril(ones(diagonal.shape, { dtype: 'bool' })), 0, 1);
    const weighted = where(later, unsqueeze(toEnd(h), -1), 0);
    const byX = (): Tensor => {
      const grads = mul(weighted, unsqueeze(toEnd(node.input(0)), -2));
      return fromEnd(sum(where(diagonal, 0, cumprodGradient(grads, matrix, matrix.ndim - 1)), -2));
    };
    return [
      node.needs(0) ? fromEnd(sum(mul(weighted, cumprod(matrix, -1)), -2)) : null,
      node.needs(1) ? byX() : null,
    ];
  },
});

/** The gradient of the running products of x along `dim`, right also where elements are 0. */
const cumprodGradient = (g: Tensor, x: Tensor, dim: number): Tensor =>
  apply(cumprodGradientPrimitive, [g, x], dim);

/** Where no element is 0: the sum of g_i y_i from k on, by x_k. */
function gradientByDivision(g: TypedArray, x: TypedArray, out: Tensor, extent: Extent): void {
  const target = out.storage.array;
  const gy = allocateArray(out.dtype, x.length);
  scan('cumprod', [x], [gy], extent);
  gy.forEach((y, i) => {
    gy[i] = g[i]! * y;
  });
  scan('cumsum', [gy], [target], extent, true);
  x.forEach((value, i) => {
    target[i]! /= value;
  });
}

/** Each row in two sweeps, split at its first two zeros: what lies after both has products, and gradients, of 0. */
function gradientByRows(g: TypedArray, x: TypedArray, out: TypedArray, extent: Extent): void {
  const { n, inner } = extent;
  const [gs, xs] = [new Float64Array(n), new Float64Array(n)];
  const placeOfZero = (from: number): number => {
    const place = xs.indexOf(0, from);
    return place < 0 ? n : place;
  };
  eachRow(extent, (start) => {
    takeRow(g, start, inner, gs);
    takeRow(x, start, inner, xs);
    const first = placeOfZero(0);
    const second = placeOfZero(first + 1);
    let product = 1;
    const products = xs.subarray(0, first).map((value) => {
      product *= value;
      return product;
    });
    // The gradient by the first zero: products of all others, up to the second one.
    let total = 0;
    let later = 1;
    gs.subarray(first, second).forEach((value, i) => {
      if (i > 0) later *= xs[first + i]!;
      total += value * later;
    });
    // PyTorch multiplies what comes after the second zero by 0.
    if (second < n) total += 0 * later;
    for (let r = first; r < n; r++) out[start + r * inner] = r === first ? total * product : 0;
    products.reduceRight((rest, value, r) => {
      const sum = rest + gs[r]! * value;
      out[start + r * inner] = sum / xs[r]!;
      return sum;
    }, 0);
  });
}
