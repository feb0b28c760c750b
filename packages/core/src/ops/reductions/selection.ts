import { type Extent, extentOf } from '../../kernels/index.ts';
import { applyMulti, defineMulti, type MultiPrimitive, OUTPUT } from '../../record/index.ts';
import { normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { zeros } from '../creation/fill.ts';
import { div, mul } from '../elementwise/arithmetic.ts';
import { eq, isnan, logicalAnd, logicalOr, ne } from '../elementwise/compare.ts';
import { where } from '../elementwise/select.ts';
import { scatter } from '../indexing/scatter.ts';
import type { ValuesAndIndices } from '../order/sorting.ts';
import { reshape } from '../views/shape.ts';
import { type Reduction, reductionOf, requireElements, restoreDims } from './reduction.ts';
import { sum } from './sum.ts';

interface Search extends Reduction {
  readonly dim: number;
}

/** What a caller's `dim` and `keepdim` mean for a search. */
export function searchOf(x: Tensor, dim: number, keepdim: boolean | undefined, caller: string): Search {
  const reduction = reductionOf(x, dim, keepdim, caller);
  requireElements(x, reduction, caller);
  const { dims, shape } = reduction;
  return { dims, shape, dim: normalizeDim(dim, x.ndim, caller) };
}

/** Finds one element of each row: stores its value and its index in the row. */
type Find = (x: Tensor, attrs: Search, extent: Extent, values: Tensor, indices: Tensor) => void;

/**
 * An operation that picks one element of each row along a dimension: its value and its index, where the gradient goes.
 */
export const selecting = (name: string, check: (x: Tensor) => void, find: Find): MultiPrimitive<Search> =>
  defineMulti<Search>({
    name,
    saves: OUTPUT,
    infer([x], { shape }) {
      check(x);
      return [
        { shape, dtype: x.dtype },
        { shape, dtype: 'int32' },
      ];
    },
    kernel: ([x], attrs, [values, indices]) => find(x, attrs, extentOf(x.shape, attrs.dim), values, indices),
    derivative: ([g], node) => [
      g === null ? null : selectionGradient(g, node.output(1), node.attrs.dim, node.shape(0)),
    ],
  });

export function valuesAndIndices<A>(primitive: MultiPrimitive<A>, x: Tensor, attrs: A): ValuesAndIndices {
  const [values, indices] = applyMulti(primitive, [x], attrs);
  return { values, indices };
}

/** Puts gradients of chosen elements where these were found. Follows PyTorch's `value_selecting_reduction_backward`. */
function selectionGradient(g: Tensor, indices: Tensor, dim: number, shape: readonly number[]): Tensor {
  if (shape.length === 0) return g;
  const keep = (y: Tensor): Tensor =>
    y.ndim === shape.length ? y : reshape(y, [...shape.slice(0, dim), 1, ...shape.slice(dim + 1)]);
  return scatter(zeros(shape, { dtype: g.dtype }), dim, keep(indices), keep(g));
}

/**
 * The gradient in equal parts for all elements that equal the result. Follows PyTorch's `evenly_distribute_backward`,
 * and, where NaN does not match NaN, `scale_grad_by_count`. `masks`: what does not share has 0 even of a gradient that
 * is not finite.
 */
export function evenGradient(
  g: Tensor,
  x: Tensor,
  result: Tensor,
  attrs: Reduction,
  matchNaN = true,
  masks = matchNaN,
): Tensor {
  const y = restoreDims(result, attrs, x.shape);
  const same = eq(x, y);
  const mask = to(matchNaN ? logicalOr(same, logicalAnd(isnan(x), isnan(y))) : same, g.dtype);
  const share = div(restoreDims(g, attrs, x.shape), sum(mask, attrs.dims, { keepdim: true }));
  return masks ? where(ne(mask, 0), share, 0) : mul(mask, share);
}
