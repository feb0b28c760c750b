import type { TypedArray } from '../../dtype.ts';
import { extentOf, reduce } from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT, OUTPUT } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { eye } from '../creation/tensor.ts';
import { div, mul, sub } from '../elementwise/arithmetic.ts';
import { where } from '../elementwise/select.ts';
import { flatten, reshape, unsqueeze } from '../views/shape.ts';
import { permute, transpose } from '../views/permute.ts';
import {
  type Dims,
  overloadOf,
  type Reduction,
  reductionOf,
  restoreDims,
  type SumOptions,
} from './reduction.ts';
import { sum, totalAs, totalType } from './sum.ts';

const prodPrimitive = definePrimitive<Reduction>({
  name: 'prod',
  overload: overloadOf,
  saves: INPUT(0),
  infer: ([x], { shape }) => ({ shape, dtype: totalType(x.dtype) }),
  kernel: ([x], { dims }, out) => reduce('prod', x, dims, out.storage.array, out.offset),
  derivative(g, node) {
    const { attrs } = node;
    const x = node.input(0);
    return [mul(restoreDims(g, attrs, x.shape), productOfOthers(x, attrs.dims))];
  },
});

/**
 * The product of all elements, or over dimensions; 1 where there is none. Bools and integers give int32.
 * Follows `torch.prod`.
 * @example prod(tensor([[1, 2], [3, 4]]), 0); // [3, 8]
 */
export function prod(x: Tensor, dims?: Dims, options?: SumOptions): Tensor {
  return totalAs(x, options?.dtype, (y) =>
    apply(prodPrimitive, [y], reductionOf(y, dims, options?.keepdim, 'prod')),
  );
}

/** For each element the product of the others along `dims`, right also where elements are 0. */
function productOfOthers(x: Tensor, dims: readonly number[]): Tensor {
  if (dims.length === 1) return apply(othersPrimitive, [x], dims[0]!);
  if (dims.length === x.ndim) return reshape(apply(othersPrimitive, [reshape(x, [-1])], 0), x.shape);
  const kept = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const order = [...kept, ...dims];
  const moved = permute(x, order);
  const rows = flatten(moved, kept.length);
  const others = reshape(apply(othersPrimitive, [rows], kept.length), moved.shape);
  return permute(
    others,
    order.map((_, d) => order.indexOf(d)),
  );
}

const othersPrimitive = definePrimitive<number>({
  name: 'prod_of_others',
  saves: INPUT(0) | OUTPUT,
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel([x], dim, out) {
    const { outer, n, inner } = extentOf(x.shape, dim);
    const { data } = x;
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) fillOthers(data, out.storage.array, o * n * inner + i, n, inner);
    }
  },
  derivative(g, node) {
    const dim = node.attrs;
    const x = node.input(0);
    // The derivative of y_i = P / x_i by x_k is y_i / x_k, if none is 0.
    if (!x.data.includes(0 as never)) {
      const gy = mul(g, node.output());
      return [div(sub(sum(gy, dim, { keepdim: true }), gy), x)];
    }
    // Else as the products of the rows of a matrix: row i has x, with 1 in place of x_i.
    const last = transpose(x, dim, -1);
    const diagonal = eye(last.shape.at(-1)!, { dtype: 'bool' });
    const matrix = where(diagonal, 1, unsqueeze(last, -2));
    const others = apply(othersPrimitive, [matrix], matrix.ndim - 1);
    const weighted = where(diagonal, 0, mul(unsqueeze(transpose(g, dim, -1), -1), others));
    return [transpose(sum(weighted, -2), dim, -1)];
  },
});

/** Products from the front, then times those from the back. */
function fillOthers(x: TypedArray, out: TypedArray, start: number, n: number, step: number): void {
  const front = new Float64Array(n);
  let product = 1;
  for (let r = 0; r < n; r++) {
    front[r] = product;
    product *= x[start + r * step]!;
  }
  product = 1;
  for (let r = n - 1; r >= 0; r--) {
    out[start + r * step] = front[r]! * product;
    product *= x[start + r * step]!;
  }
}

/** The functions of this file that are methods too. */
export default { prod };
