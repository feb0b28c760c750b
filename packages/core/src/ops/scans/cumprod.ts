import { signature } from '../../arguments/index.ts';
import { elementsOf, extentOf, recordCumprodGradient, scan, worksInJavaScript } from '../../kernels/index.ts';
import {
  apply,
  applyInPlace,
  applyMulti,
  defineMulti,
  definePrimitive,
  INPUT,
  isGradEnabled,
  type Primitive,
} from '../../record/index.ts';
import { normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { tril } from '../arranging/triangle.ts';
import { ones } from '../creation/fill.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { where } from '../elementwise/select.ts';
import { totalAs, totalType } from '../reductions/reduction.ts';
import { leaveOneOut } from '../reductions/rows.ts';
import { sum } from '../reductions/sum.ts';
import { transpose } from '../views/permute.ts';
import { unsqueeze } from '../views/shape.ts';
import { gradientOfProducts, secondOfProducts } from './cumprod-gradient.ts';
import { scanInPlace } from './in-place.ts';
import { checkScanType, type ScanOptions, scanParameters } from './options.ts';

const cumprodPrimitive = definePrimitive<number>({
  name: 'cumprod',
  saves: INPUT(0),
  infer: ([x]) => ({ shape: x.shape, dtype: totalType(x.dtype) }),
  kernel: ([x], dim, out) => scan('cumprod', [elementsOf(x)], [out.storage.array], extentOf(x.shape, dim)),
  derivative: (g, node) => [
    (node.shape(0)[node.attrs] ?? 1) === 1 ? g : cumprodGradient(g, node.input(0), node.attrs),
  ],
});

const cumprodTakes = signature('cumprod', scanParameters);

/**
 * Running products along `dim`: y_k = x_0 * ... * x_k. Bools and integers give int32. Follows `torch.cumprod`.
 * @throws IndexError when the dimension is out of range; DTypeError for `dtype: 'bool'`; AutogradError for an integer
 *   dtype where x requires a gradient
 * @example cumprod(tensor([1, 2, 3, 4]), 0); // tensor([ 1,  2,  6, 24])
 */
export function cumprod(x: Tensor, dim: number, options?: ScanOptions): Tensor {
  cumprodTakes(arguments);
  checkScanType(options?.dtype, 'cumprod');
  const d = normalizeDim(dim, x.ndim, 'cumprod');
  return totalAs('cumprod', x, options?.dtype, (y) => apply(cumprodPrimitive, [y], d));
}

/**
 * {@link cumprod} in place; bytes wrap around. Follows `Tensor.cumprod_`.
 * @throws IndexError when the dimension is out of range; DTypeError for bools, and for another dtype than that of x
 */
export const cumprod_ = scanInPlace('cumprod_', cumprod, (x, dim) =>
  applyInPlace(cumprodPrimitive, [x], dim),
);

const cumprodGradientPrimitive: Primitive<number, [Tensor, Tensor]> = definePrimitive({
  name: 'cumprod_backward',
  saves: INPUT(0) | INPUT(1),
  infer: ([, x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel([g, x], dim, out) {
    const extent = extentOf(x.shape, dim);
    const [gs, xs] = [elementsOf(g), elementsOf(x)];
    if (recordCumprodGradient(gs, xs, extent, out.storage.array)) return;
    gradientOfProducts(gs, xs, out.storage.array, out.dtype, extent);
  },
  derivative(h, node) {
    if (!isGradEnabled()) return applyMulti(secondPrimitive, [h, node.input(0), node.input(1)], node.attrs);
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

/** The gradients of that gradient, where none of theirs is wanted. */
const secondPrimitive = defineMulti<number, [Tensor, Tensor, Tensor]>({
  name: 'cumprod_double_backward',
  saves: 0,
  infer: ([, g, x]) => [
    { shape: g.shape, dtype: g.dtype },
    { shape: x.shape, dtype: x.dtype },
  ],
  kernel([h, g, x], dim, [byG, byX]) {
    worksInJavaScript('in JavaScript, as its formula depends on where zeros are');
    secondOfProducts(
      [elementsOf(h), elementsOf(g), elementsOf(x)],
      [byG.storage.array, byX.storage.array],
      extentOf(x.shape, dim),
    );
  },
});
