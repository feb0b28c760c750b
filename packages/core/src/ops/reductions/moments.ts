import { alias, K, signature } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';
import { moments, runningMeans, stridedOver } from '../../kernels/index.ts';
import {
  apply,
  applyMulti,
  defineMulti,
  definePrimitive,
  type GradNode,
  INPUT,
  type Meta,
  OUTPUT,
} from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { eq } from '../elementwise/compare.ts';
import { where } from '../elementwise/select.ts';
import type { Dims, ReduceOptions } from './options.ts';
import {
  alone,
  isDims,
  overloadOf,
  type Reduction,
  reducedCount,
  reductionOf,
  restoreDims,
  spreadShare,
} from './reduction.ts';
import { mean } from './sum.ts';

/** Options of {@link variance}, {@link std}, {@link varMean} and {@link stdMean}. */
export interface VarianceOptions extends ReduceOptions {
  /** The divisor is the number of elements less this. Default: 1. */
  readonly correction?: number;
  /** The older name: `true` is a correction of 1, `false` one of 0. */
  readonly unbiased?: boolean;
}

interface Variance extends Reduction {
  readonly count: number;
  readonly correction: number;
}

function inferMoment(name: string, [x]: readonly [Tensor], { shape }: Variance): Meta {
  if (!isFloatingPoint(x.dtype)) {
    throw new DTypeError(
      `${name}: std and var only support floating point dtypes, got ${x.dtype}; convert with to('float32')`,
    );
  }
  return { shape, dtype: x.dtype };
}

/** The gradient of the variance, 2 g (x - mean) / (n - correction), or, through that, of its root. */
function spreadGradient(given: Tensor, node: GradNode<Variance>, root: boolean): Tensor {
  const { attrs } = node;
  const g = root ? throughRoot(given, node.output()) : given;
  const { dims, count, correction } = attrs;
  const x = node.input(0);
  const degrees = count - correction;
  const middle = mean(x, dims, { keepdim: true });
  const upstream = restoreDims(g, attrs, x.shape);
  if (degrees <= 0 && (x.ndim === 0 || overloadOf(attrs) === 0))
    return mul(upstream, undetermined(x, middle));
  return mul(mul(upstream, 2 / degrees), sub(x, middle));
}

/**
 * PyTorch's slope of the variance where no dims are named and there are no degrees of freedom, which depends on no
 * element.
 */
const undetermined = (x: Tensor, middle: Tensor): Tensor =>
  to(where(eq(x, middle), Number.NaN, Number.POSITIVE_INFINITY), x.dtype);

/** The gradient of the variance given that of its root; 0 where the root is 0, as in PyTorch. */
const throughRoot = (g: Tensor, root: Tensor): Tensor => where(eq(root, 0), 0, div(g, mul(root, 2)));

const withoutMean = (name: string, root: boolean) =>
  definePrimitive<Variance>({
    name,
    saves: root ? INPUT(0) | OUTPUT : INPUT(0),
    infer: (inputs, attrs) => inferMoment(name, inputs, attrs),
    kernel: ([x], { dims, correction }, out) => moments(x, dims, correction, root, out.storage.array),
    derivative: (g, node) => [spreadGradient(g, node, root)],
  });

const withMean = (name: string, root: boolean) =>
  defineMulti<Variance>({
    name,
    saves: root ? INPUT(0) | OUTPUT : INPUT(0),
    infer(inputs, attrs) {
      const meta = inferMoment(name, inputs, attrs);
      return [meta, meta];
    },
    kernel([x], { dims, correction }, [spreads, means]) {
      const { array } = means.storage;
      moments(x, dims, correction, root, spreads.storage.array, array);
      const order = [...x.shape.keys()].filter((d) => !dims.includes(d)).concat(dims);
      const pick = (of: readonly number[]): number[] => order.map((d) => of[d]!);
      const rows = stridedOver(x.storage.array, x.dtype, pick(x.shape), x.offset, pick(x.strides));
      runningMeans(rows, reducedCount(x.shape, dims), array);
    },
    derivative([g, gMean], node) {
      const ofSpread = g == null ? null : spreadGradient(g, node, root);
      const ofMean = gMean == null ? null : spreadShare(gMean, node, node.attrs.count);
      return [ofSpread === null ? ofMean : ofMean === null ? ofSpread : add(ofSpread, ofMean)];
    },
  });

const varPrimitive = withoutMean('var', false);
const stdPrimitive = withoutMean('std', true);
const varMeanPrimitive = withMean('var_mean', false);
const stdMeanPrimitive = withMean('std_mean', true);

function varianceOf(x: Tensor, dims: Dims, options: VarianceOptions | undefined, caller: string): Variance {
  const { unbiased, correction = unbiased === false ? 0 : 1, keepdim } = options ?? {};
  const { dims: gone, shape } = reductionOf(x, dims, keepdim, caller);
  const count = reducedCount(x.shape, gone);
  // Of nothing there is none, whatever it would be divided by.
  return { dims: gone, shape, count, correction: count === 0 ? Math.max(0, correction) : correction };
}

const varianceParameters = {
  x: K.tensor,
  dims: K.nullable(K.dims),
  options: K.options<VarianceOptions>({
    correction: K.nullable(K.number),
    unbiased: K.flag,
    keepdim: K.flag,
  }),
};
const varianceTakes = signature('var', varianceParameters);

/**
 * The variance, sum((x - mean)²) / max(0, n - correction), of all elements or over dimensions. With one element and the
 * default correction it is NaN. Follows `torch.var` (`var` is a reserved word; the method is `x.var()`).
 * @throws DTypeError when x is not of a floating dtype
 * @throws IndexError when a dimension is out of range
 * @example variance(tensor([1.5, 2.5, 5])); // tensor(3.2500)
 */
export function variance(x: Tensor, dims?: Dims | VarianceOptions, options?: VarianceOptions): Tensor {
  if (!isDims(dims)) return variance(x, undefined, alone('var', dims, options));
  varianceTakes(arguments);
  return apply(varPrimitive, [x], varianceOf(x, dims, options, 'var'));
}

const stdTakes = signature('std', varianceParameters);

/**
 * The root of {@link variance}. Follows `torch.std`.
 * @throws DTypeError when x is not of a floating dtype
 * @example std(tensor([[1.5, 2.5], [0, 4]]), 1); // tensor([0.7071, 2.8284])
 */
export function std(x: Tensor, dims?: Dims | VarianceOptions, options?: VarianceOptions): Tensor {
  if (!isDims(dims)) return std(x, undefined, alone('std', dims, options));
  stdTakes(arguments);
  return apply(stdPrimitive, [x], varianceOf(x, dims, options, 'std'));
}

const withMeanOf = (name: string, primitive: typeof varMeanPrimitive) => {
  const takes = signature(name, varianceParameters);
  return alias(name, function both(x: Tensor, dims?: Dims | VarianceOptions, options?: VarianceOptions): [
    Tensor,
    Tensor,
  ] {
    if (!isDims(dims)) return both(x, undefined, alone(name, dims, options));
    takes(arguments);
    return applyMulti(primitive, [x], varianceOf(x, dims, options, name));
  });
};

/** {@link variance} and mean, `[variance, mean]`, of which the latter is computed once. Follows `torch.var_mean`. */
export const varMean = withMeanOf('varMean', varMeanPrimitive);

/** {@link std} and mean, `[std, mean]`, of which the latter is computed once. Follows `torch.std_mean`. */
export const stdMean = withMeanOf('stdMean', stdMeanPrimitive);

export {
  /** {@link variance}, by PyTorch's name. Follows `torch.var`. */
  variance as var,
};

/** The functions of this file that are methods too. */
export default { var: variance, std };
