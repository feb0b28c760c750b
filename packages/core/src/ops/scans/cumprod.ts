import type { TypedArray } from '../../dtype.ts';
import { type Extent, extentOf } from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT, OUTPUT, type Primitive } from '../../record/index.ts';
import { normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { tril } from '../arranging/triangle.ts';
import { ones } from '../creation/fill.ts';
import { eye } from '../creation/tensor.ts';
import { div, mul } from '../elementwise/arithmetic.ts';
import { where } from '../elementwise/select.ts';
import { sum, totalAs, totalType } from '../reductions/sum.ts';
import { transpose } from '../views/permute.ts';
import { unsqueeze } from '../views/shape.ts';
import { reverseCumsum, type ScanOptions } from './cumulative.ts';

function runningProducts(x: TypedArray, out: TypedArray, { outer, n, inner }: Extent): void {
  const whole = out instanceof Int32Array;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let at = o * n * inner + i;
      let product = 1;
      for (let r = 0; r < n; r++, at += inner) {
        product = whole ? Math.imul(product, x[at]!) : product * x[at]!;
        out[at] = product;
      }
    }
  }
}

const cumprodPrimitive = definePrimitive<number>({
  name: 'cumprod',
  saves: INPUT(0) | OUTPUT,
  infer: ([x]) => ({ shape: x.shape, dtype: totalType(x.dtype) }),
  kernel: ([x], dim, out) => runningProducts(x.data, out.storage.array, extentOf(x.shape, dim)),
  derivative(g, node) {
    const dim = node.attrs;
    const x = node.input(0);
    if (x.data.includes(0 as never)) return [cumprodGradient(g, x, dim)];
    return [div(reverseCumsum(mul(g, node.output()), dim), x)];
  },
});

/**
 * Running products along `dim`. Bools and integers give int32. Follows `torch.cumprod`.
 * @example cumprod(tensor([1, 2, 3, 4]), 0); // [1, 2, 6, 24]
 */
export function cumprod(x: Tensor, dim: number, options?: ScanOptions): Tensor {
  const d = normalizeDim(dim, x.ndim, 'cumprod');
  return totalAs(x, options?.dtype, (y) => apply(cumprodPrimitive, [y], d));
}

const cumprodGradientPrimitive: Primitive<number, [Tensor, Tensor]> = definePrimitive({
  name: 'cumprod_backward',
  saves: INPUT(0) | INPUT(1),
  infer: ([, x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel([g, x], dim, out) {
    const { outer, n, inner } = extentOf(x.shape, dim);
    const [gs, xs] = [g.data, x.data];
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) rowGradient(gs, xs, out.storage.array, o * n * inner + i, n, inner);
    }
  },
  derivative(h, node) {
    // Row k of a matrix has x, with 1 in place of x_k: the gradient by x_k is the sum over i >= k of g_i times its running
    // product up to i.
    const dim = node.attrs;
    const last = (y: Tensor): Tensor => transpose(y, dim, -1);
    const [g, x] = [last(node.input(0)), last(node.input(1))];
    const n = x.shape.at(-1)!;
    const diagonal = eye(n, { dtype: 'bool' });
    const later = transpose(tril(ones([n, n], { dtype: 'bool' })), 0, 1);
    const matrix = where(diagonal, 1, unsqueeze(x, -2));
    const weighted = where(later, unsqueeze(last(h), -1), 0);
    return [
      node.needs(0) ? last(sum(mul(weighted, cumprod(matrix, -1)), -2)) : null,
      node.needs(1)
        ? last(
            sum(
              where(diagonal, 0, cumprodGradient(mul(weighted, unsqueeze(g, -2)), matrix, matrix.ndim - 1)),
              -2,
            ),
          )
        : null,
    ];
  },
});

/** The gradient of the running products of x along `dim`, right also where elements are 0. */
const cumprodGradient = (g: Tensor, x: Tensor, dim: number): Tensor =>
  apply(cumprodGradientPrimitive, [g, x], dim);

/** One row in two sweeps, split at its first two zeros: what lies after both has products, and gradients, of 0. */
function rowGradient(
  g: TypedArray,
  x: TypedArray,
  out: TypedArray,
  start: number,
  n: number,
  step: number,
): void {
  const at = (r: number): number => start + r * step;
  let first = 0;
  while (first < n && x[at(first)] !== 0) first++;
  let second = first + 1;
  while (second < n && x[at(second)] !== 0) second++;
  // The gradient by the first zero: products of all others, up to the second one.
  let product = 1;
  const products = new Float64Array(n);
  for (let r = 0; r < Math.min(first, n); r++) {
    product *= x[at(r)]!;
    products[r] = product;
  }
  let total = 0;
  for (let r = first; r < Math.min(second, n); r++) {
    if (r > first) product *= x[at(r)]!;
    total += g[at(r)]! * product;
  }
  for (let r = first; r < n; r++) out[at(r)] = r === first ? total : 0;
  total = 0;
  for (let r = first - 1; r >= 0; r--) {
    total += g[at(r)]! * products[r]!;
    out[at(r)] = total / x[at(r)]!;
  }
}

/** The functions of this file that are methods too. */
export default { cumprod };
