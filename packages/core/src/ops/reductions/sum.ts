import { type DType, isFloatingPoint, scalarNameOf } from '../../dtype.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { reduce } from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT } from '../../record/index.ts';
import { expandsTo, formatShape, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { div, mul } from '../elementwise/arithmetic.ts';
import { isnan, logicalNot } from '../elementwise/compare.ts';
import { reshape } from '../views/shape.ts';
import {
  type Dims,
  overloadOf,
  type Reduction,
  reducedCount,
  reductionOf,
  type SumOptions,
  spread,
} from './reduction.ts';

/** @internal Counts, and sums and products of integers, are int32. */
export const totalType = (dtype: DType): DType => (isFloatingPoint(dtype) ? dtype : 'int32');

const sumPrimitive = definePrimitive<Reduction>({
  name: 'sum',
  overload: overloadOf,
  saves: 0,
  infer: ([x], { shape }) => ({ shape, dtype: totalType(x.dtype) }),
  kernel: ([x], { dims }, out) => reduce('sum', x, dims, out.storage.array, out.offset),
  derivative: (g, node) => [spread(g, node)],
});

/** @internal x as `dtype` says for a total, and that total brought to it. */
export function totalAs(x: Tensor, dtype: DType | undefined, total: (x: Tensor) => Tensor): Tensor {
  if (dtype === undefined || dtype === x.dtype) {
    const y = total(x);
    return dtype === undefined ? y : to(y, dtype);
  }
  return to(total(to(x, totalType(dtype))), dtype);
}

/**
 * The sum of all elements, or over one or several dimensions. Bools and integers give int32. Sums of float32 are carried in
 * float64. Follows `torch.sum`.
 *
 * @param dims one dimension, several, or all
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * sum(x); // 10
 * sum(x, 0); // [4, 6]
 * sum(x, -1, { keepdim: true }); // [[3], [7]]
 * ```
 */
export function sum(x: Tensor, dims?: Dims, options?: SumOptions): Tensor {
  if (options?.dtype === undefined)
    return apply(sumPrimitive, [x], reductionOf(x, dims, options?.keepdim, 'sum'));
  return totalAs(x, options.dtype, (y) =>
    apply(sumPrimitive, [y], reductionOf(y, dims, options.keepdim, 'sum')),
  );
}

/**
 * x summed over the dimensions along which `shape` would have to be broadcast to x's shape: the gradient of broadcasting.
 * Follows `Tensor.sum_to_size`.
 * @example sumToShape(ones([4, 3]), [1, 3]); // [[4, 4, 4]]
 */
export function sumToShape(x: Tensor, shape: Shape): Tensor {
  const from = x.shape;
  if (!expandsTo(shape, from)) {
    throw new ShapeError(
      `sumToSize: size ${formatShape(shape)} is not expandable to size ${formatShape(from)}.`,
    );
  }
  const lead = from.length - shape.length;
  const dims: number[] = [];
  let inner = false;
  for (let d = 0; d < lead; d++) dims.push(d);
  for (let d = lead; d < from.length; d++) {
    if (shape[d - lead] !== from[d]) {
      dims.push(d);
      inner = true;
    }
  }
  if (dims.length === 0) return x;
  if (!inner) return apply(sumPrimitive, [x], { dims, shape });
  if (lead === 0) return apply(sumPrimitive, [x], { dims, shape });
  const kept = from.map((size, d) => (dims.includes(d) ? 1 : size));
  return reshape(apply(sumPrimitive, [x], { dims, shape: kept }), shape);
}

/** The reductions that give a mean refuse integers. */
function checkFloating(x: Tensor, caller: string): void {
  if (!isFloatingPoint(x.dtype)) {
    throw new DTypeError(
      `${caller}(): could not infer output dtype. Input dtype must be a floating point dtype. Got: ` +
        `${scalarNameOf(x.dtype)} (${x.dtype}); convert with to('float32') or pass { dtype: 'float32' }`,
    );
  }
}

const meanPrimitive = definePrimitive<Reduction>({
  name: 'mean',
  overload: overloadOf,
  saves: 0,
  infer([x], { shape }) {
    checkFloating(x, 'mean');
    return { shape, dtype: x.dtype };
  },
  kernel([x], attrs, out) {
    const divisor = reducedCount(x, attrs);
    reduce('sum', x, attrs.dims, out.storage.array, out.offset, { divisor });
  },
  derivative(g, node) {
    const shape = node.shape(0);
    let n = 1;
    for (const d of node.attrs.dims) n *= shape[d]!;
    return [spread(div(g, n), node)];
  },
});

/**
 * The mean of all elements, or over one or several dimensions; NaN where there is no element. Floating point only.
 * Follows `torch.mean`.
 * @example mean(tensor([[1, 2], [3, 4]]), 1); // [1.5, 3.5]
 */
export function mean(x: Tensor, dims?: Dims, options?: SumOptions): Tensor {
  const from = options?.dtype === undefined ? x : to(x, options.dtype);
  return apply(meanPrimitive, [from], reductionOf(from, dims, options?.keepdim, 'mean'));
}

const nansumPrimitive = definePrimitive<Reduction>({
  name: 'nansum',
  saves: INPUT(0),
  infer: ([x], { shape }) => ({ shape, dtype: totalType(x.dtype) }),
  kernel: ([x], { dims }, out) => reduce('nansum', x, dims, out.storage.array, out.offset),
  derivative: (g, node) => [mul(spread(g, node), to(logicalNot(isnan(node.input(0))), g.dtype))],
});

/** {@link sum} with NaN taken for 0. Follows `torch.nansum`. */
export function nansum(x: Tensor, dims?: Dims, options?: SumOptions): Tensor {
  return totalAs(x, options?.dtype, (y) =>
    apply(nansumPrimitive, [y], reductionOf(y, dims, options?.keepdim, 'nansum')),
  );
}

/** {@link mean} of what is not NaN; NaN where nothing is. Follows `torch.nanmean`. */
export function nanmean(x: Tensor, dims?: Dims, options?: SumOptions): Tensor {
  const from = options?.dtype === undefined ? x : to(x, options.dtype);
  checkFloating(x, 'nanmean');
  checkFloating(from, 'nanmean');
  const count = sum(logicalNot(isnan(x)), dims, options?.keepdim === true ? { keepdim: true } : {});
  return div(nansum(from, dims, options), count);
}

/** Another name of {@link sumToShape}. */
export const sumToSize = sumToShape;

/** The functions of this file that are methods too. */
export default { sum, sumToSize, mean, nansum, nanmean };
