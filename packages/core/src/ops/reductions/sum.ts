import { alias, K, signature } from '../../arguments/index.ts';
import { scalarNameOf } from '../../dtype.ts';
import { ShapeError } from '../../errors.ts';
import { reduce } from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT } from '../../record/index.ts';
import { expandsTo, formatShape, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { toWithin } from '../creation/to-within.ts';
import { div, mul } from '../elementwise/arithmetic.ts';
import { isnan, logicalNot } from '../elementwise/compare.ts';
import { floatsOnly } from '../elementwise/dtype-checks.ts';
import type { Dims, SumOptions } from './options.ts';
import {
  alone,
  isDims,
  overloadOf,
  type Reduction,
  reducedCount,
  reductionOf,
  spread,
  spreadShare,
  sumOptions,
  totalAs,
  totalType,
} from './reduction.ts';
import { summedTo, sumPrimitive } from './sum-operation.ts';

const sumParameters = { x: K.tensor, dims: K.nullable(K.dims), options: sumOptions };
const sumTakes = signature('sum', sumParameters);

/**
 * The sum of all elements, or over one or several dimensions. Bools and integers give int32. Sums of float32 are
 * carried in float64, groups of 8 elements apart. Follows `torch.sum`.
 *
 * @param dims one dimension, several, or all
 * @throws IndexError when a dimension is out of range
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * sum(x); // tensor(10)
 * x.sum(0); // tensor([4, 6])
 * x.sum(-1, { keepdim: true }); // tensor([[3],
 * //                                       [7]])
 * ```
 */
export function sum(x: Tensor, dims?: Dims | SumOptions, options?: SumOptions): Tensor {
  if (!isDims(dims)) return sum(x, undefined, alone('sum', dims, options));
  sumTakes(arguments);
  if (options?.dtype === undefined)
    return apply(sumPrimitive, [x], reductionOf(x, dims, options?.keepdim, 'sum'));
  return totalAs('sum', x, options.dtype, (y) =>
    apply(sumPrimitive, [y], reductionOf(y, dims, options.keepdim, 'sum')),
  );
}

const sumToSizeTakes = signature('sumToSize', { x: K.tensor, shape: K.sizes });

/**
 * x summed over the dimensions along which `shape` would have to be broadcast to x's shape: the gradient of
 * broadcasting. Follows `Tensor.sum_to_size`.
 * @throws ShapeError when `shape` does not broadcast to x's shape
 * @example sumToSize(ones([4, 3]), [1, 3]); // tensor([[4., 4., 4.]])
 */
export function sumToSize(x: Tensor, shape: Shape): Tensor {
  sumToSizeTakes(arguments);
  if (!expandsTo(shape, x.shape)) {
    throw new ShapeError(
      `sumToSize: size ${formatShape(shape)} is not expandable to size ${formatShape(x.shape)}.`,
    );
  }
  // To no dimension PyTorch always adds up, which makes int32 of bytes and bools.
  return shape.length === 0 ? sum(x) : summedTo(x, shape);
}

/** The reductions that give a mean refuse integers. */
const meansOfFloats = (caller: string) =>
  floatsOnly(
    `${caller}()`,
    (dtype) =>
      'could not infer output dtype. Input dtype must be a floating point dtype. Got: ' +
      `${scalarNameOf(dtype)} (${dtype}); convert with to('float32') or pass { dtype: 'float32' }`,
  );
const checkMean = meansOfFloats('mean');
const checkNanmean = meansOfFloats('nanmean');

const meanPrimitive = definePrimitive<Reduction>({
  name: 'mean',
  overload: overloadOf,
  saves: 0,
  infer([x], { shape }) {
    checkMean(x.dtype);
    return { shape, dtype: x.dtype };
  },
  kernel([x], { dims }, out) {
    const divisor = reducedCount(x.shape, dims);
    reduce('sum', x, dims, out.storage.array, out.offset, { divisor });
  },
  derivative: (g, node) => [spreadShare(g, node, reducedCount(node.shape(0), node.attrs.dims))],
});

const meanTakes = signature('mean', sumParameters);

/**
 * The mean of all elements, or over one or several dimensions; NaN where there is no element. Follows `torch.mean`.
 * @throws DTypeError when x is not of a floating dtype, and no dtype is given
 * @throws IndexError when a dimension is out of range
 * @example mean(tensor([[1.5, 2.5], [3, 4]]), 1); // tensor([2.0000, 3.5000])
 */
export function mean(x: Tensor, dims?: Dims | SumOptions, options?: SumOptions): Tensor {
  if (!isDims(dims)) return mean(x, undefined, alone('mean', dims, options));
  meanTakes(arguments);
  const from = toWithin('mean', x, options?.dtype);
  return apply(meanPrimitive, [from], reductionOf(from, dims, options?.keepdim, 'mean'));
}

const nansumPrimitive = definePrimitive<Reduction>({
  name: 'nansum',
  saves: INPUT(0),
  infer: ([x], { shape }) => ({ shape, dtype: totalType(x.dtype) }),
  kernel: ([x], { dims }, out) => reduce('nansum', x, dims, out.storage.array, out.offset),
  derivative: (g, node) => [mul(spread(g, node), to(logicalNot(isnan(node.input(0))), g.dtype))],
});

const nansumTakes = signature('nansum', sumParameters);

/**
 * {@link sum} with NaN taken for 0. Follows `torch.nansum`.
 * @example nansum(tensor([1.5, NaN, 2])); // tensor(3.5000)
 */
export function nansum(x: Tensor, dims?: Dims | SumOptions, options?: SumOptions): Tensor {
  if (!isDims(dims)) return nansum(x, undefined, alone('nansum', dims, options));
  nansumTakes(arguments);
  return totalAs('nansum', x, options?.dtype, (y) =>
    apply(nansumPrimitive, [y], reductionOf(y, dims, options?.keepdim, 'nansum')),
  );
}

const nanmeanTakes = signature('nanmean', sumParameters);

/**
 * {@link mean} of what is not NaN; NaN where nothing is. Follows `torch.nanmean`.
 * @throws DTypeError when x is not of a floating dtype
 */
export const nanmean = alias(
  'nanmean',
  function meanOfNumbers(x: Tensor, dims?: Dims | SumOptions, options?: SumOptions): Tensor {
    if (!isDims(dims)) return meanOfNumbers(x, undefined, alone('nanmean', dims, options));
    nanmeanTakes(arguments);
    const from = toWithin('nanmean', x, options?.dtype);
    checkNanmean(x.dtype);
    checkNanmean(from.dtype);
    const count = sum(logicalNot(isnan(x)), dims, options?.keepdim === true ? { keepdim: true } : {});
    return div(nansum(from, dims, options), count);
  },
);

export default { sum, sumToSize, mean, nansum, nanmean };
