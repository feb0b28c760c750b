import { K, signature } from '../../arguments/index.ts';
import type { TypedArray } from '../../dtype.ts';
import {
  E,
  type Expr,
  type Extent,
  elementsOf,
  extentOf,
  pairProducts,
  recordProductsOfOthers,
  reduce,
} from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT, isGradEnabled, OUTPUT, type Primitive } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { eq, ge } from '../elementwise/compare.ts';
import { applyElementwise, ElementwiseOp } from '../elementwise/operation.ts';
import { where } from '../elementwise/select.ts';
import { permute } from '../views/permute.ts';
import { flatten, reshape, unsqueeze } from '../views/shape.ts';
import type { Dims, SumOptions } from './options.ts';
import {
  alone,
  isDims,
  overloadOf,
  type Reduction,
  reductionOf,
  restoreDims,
  sumOptions,
  totalAs,
  totalType,
} from './reduction.ts';
import { eachRow, leaveOneOut } from './rows.ts';
import { sum } from './sum.ts';

const prodPrimitive = definePrimitive<Reduction>({
  name: 'prod',
  overload: overloadOf,
  saves: INPUT(0) | OUTPUT,
  infer: ([x], { shape }) => ({ shape, dtype: totalType(x.dtype) }),
  kernel: ([x], { dims }, out) => reduce('prod', x, dims, out.storage.array, out.offset),
  derivative(g, node) {
    const { attrs } = node;
    const x = node.input(0);
    if (x.ndim === 0) return [g];
    // Of all elements, two of which are 0, PyTorch's is 0 whatever comes to it, unless it is to be differentiated.
    const given = overloadOf(attrs) === 0 && !isGradEnabled() ? where(ge(sum(eq(x, 0)), 2), 0, g) : g;
    const wide = [given, node.output()].map((of) => restoreDims(of, attrs, x.shape)) as [Tensor, Tensor];
    return [applyElementwise(slopeOp, [...wide, productOfOthers(x, attrs), x])];
  },
});

/**
 * The gradient times the product of the others. Where that or the whole product leaves the range, the whole is divided
 * by the element, as PyTorch does wherever none is 0: into what the others' product overflows or underflows depends on
 * their order.
 */
const slopeOp = new ElementwiseOp({
  name: 'prod_slope',
  arity: 4,
  expression: (g, y, others, x) => E.mul(g, E.select(isLost(y, others, x), E.div(y, x), others)),
  gradient: ({ g: h }, g, y, others, x) => [
    E.mul(h, E.select(isLost(y, others, x), E.div(y, x), others)),
    null,
    E.mul(h, g),
    null,
  ],
});

function isLost(y: Expr, others: Expr, x: Expr): Expr {
  const outside = (product: Expr): Expr => E.or(E.eq(product, 0), E.not(E.isFinite(product)));
  const known = E.and(E.and(E.isFinite(x), E.ne(x, 0)), E.not(E.isNaN(y)));
  return E.and(known, E.or(outside(y), outside(others)));
}

const prodTakes = signature('prod', { x: K.tensor, dims: K.nullable(K.dims), options: sumOptions });

/**
 * The product of all elements, or over one or several dimensions; 1 where there is none. Bools and integers give int32.
 * Follows `torch.prod`.
 * @throws IndexError when a dimension is out of range
 * @example prod(tensor([[1, 2], [3, 4]]), 0); // tensor([3, 8])
 */
export function prod(x: Tensor, dims?: Dims | SumOptions, options?: SumOptions): Tensor {
  if (!isDims(dims)) return prod(x, undefined, alone('prod', dims, options));
  prodTakes(arguments);
  return totalAs('prod', x, options?.dtype, (y) =>
    apply(prodPrimitive, [y], reductionOf(y, dims, options?.keepdim, 'prod')),
  );
}

/** For each element the product of the others along `dims`, right also where elements are 0. */
function productOfOthers(x: Tensor, reduction: Reduction): Tensor {
  const { dims } = reduction;
  const [dim, ...more] = dims;
  const whole = overloadOf(reduction) === 0;
  if (dim !== undefined && more.length === 0) return apply(othersPrimitive, [x], { dim, whole });
  if (dims.length === x.ndim) {
    return reshape(apply(othersPrimitive, [reshape(x, [-1])], { dim: 0, whole }), x.shape);
  }
  const kept = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const order = [...kept, ...dims];
  const moved = permute(x, order);
  const rows = flatten(moved, kept.length);
  const others = reshape(apply(othersPrimitive, [rows], { dim: kept.length, whole: false }), moved.shape);
  return permute(
    others,
    order.map((_, d) => order.indexOf(d)),
  );
}

interface Others {
  readonly dim: number;
  /** Whether the product is that of all elements, for which PyTorch has another formula. */
  readonly whole: boolean;
}

const othersPrimitive: Primitive<Others> = definePrimitive({
  name: 'prod_of_others',
  saves: INPUT(0),
  infer: ([x]) => x,
  kernel([x], { dim, whole }, out) {
    const [values, others] = [elementsOf(x), out.storage.array];
    const extent = extentOf(x.shape, dim);
    if (recordProductsOfOthers(values, extent, whole, others)) return;
    productsOfOthers(values, others, extent);
    if (values.includes(0 as never)) {
      if (whole && values.indexOf(0 as never) !== values.lastIndexOf(0 as never)) others.fill(0);
      return;
    }
    // Where no element is 0, PyTorch divides the product by the element: infinities give NaN.
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) others[i] = Number.NaN;
  },
  derivative: (g, node) => [pairGradient(g, node.input(0), node.attrs.dim)],
});

/**
 * The gradient by x_k of the products of others: the sum over i ≠ k of g_i times the product of all but x_i and x_k.
 */
const pairGradient = (g: Tensor, x: Tensor, dim: number): Tensor => apply(pairsPrimitive, [g, x], dim);

const pairsPrimitive: Primitive<number, [Tensor, Tensor]> = definePrimitive({
  name: 'prod_of_others_backward',
  saves: INPUT(0) | INPUT(1),
  infer: ([, x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel: ([g, x], dim, out) =>
    pairProducts(elementsOf(g), elementsOf(x), extentOf(x.shape, dim), out.storage.array),
  derivative(h, node) {
    const dim = node.attrs;
    const [g, x] = [node.input(0), node.input(1)];
    const byX = (): Tensor => {
      const { matrix, diagonal, toEnd, fromEnd } = leaveOneOut(x, dim);
      const pairs = where(diagonal, 0, mul(unsqueeze(toEnd(g), -1), unsqueeze(toEnd(h), -2)));
      return fromEnd(sum(where(diagonal, 0, pairGradient(pairs, matrix, matrix.ndim - 1)), -2));
    };
    // By g it is its own derivative, being symmetric in i and k.
    return [node.needs(0) ? pairGradient(h, x, dim) : null, node.needs(1) ? byX() : null];
  },
});

/** Products from the front, then times those from the back. */
function productsOfOthers(x: TypedArray, out: TypedArray, extent: Extent): void {
  const front = new Float64Array(extent.n);
  eachRow(extent, (start) => {
    const { n, inner } = extent;
    let product = 1;
    for (let r = 0, at = start; r < n; r++, at += inner) {
      front[r] = product;
      product *= x[at]!;
    }
    product = 1;
    for (let r = n - 1, at = start + r * inner; r >= 0; r--, at -= inner) {
      out[at] = front[r]! * product;
      product *= x[at]!;
    }
  });
}
