import {
  apply,
  applyBinary,
  relu as coreRelu,
  DTypeError,
  defaultGenerator,
  definePrimitive,
  E,
  ElementwiseOp,
  type Generator,
  ShapeError,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { activate, activation, floatsOnly, type InplaceOptions } from './elementwise.ts';

const { select } = E;

/** max(x, 0), with gradient 0 at 0. Follows `torch.nn.functional.relu`. */
export function relu(x: Tensor, options?: InplaceOptions): Tensor {
  return options?.inplace === true ? activate(coreRelu.op, x, options) : coreRelu(x);
}

const hardtanhOp = activation(
  'hardtanh',
  (x, min, max) => E.pmin(E.pmax(x, min), max),
  ({ g }, x, min, max) => select(E.or(E.le(x, min), E.ge(x, max)), 0, g),
  true,
);

/** Options of {@link hardtanh}. */
export interface HardtanhOptions extends InplaceOptions {
  /** Default: -1. */
  readonly minVal?: number;
  /** Default: 1. */
  readonly maxVal?: number;
}

/** x clamped to [minVal, maxVal], with gradient 0 at both ends. Follows `torch.nn.functional.hardtanh`. */
export function hardtanh(x: Tensor, options: HardtanhOptions = {}): Tensor {
  const { minVal = -1, maxVal = 1 } = options;
  if (minVal > maxVal)
    throw new ValueError(`hardtanh: min_val cannot be greater than max_val, got ${minVal} and ${maxVal}`);
  if (x.dtype === 'bool') throw new DTypeError('hardtanh: bool inputs are not supported');
  return activate(hardtanhOp, x, options, [minVal, maxVal]);
}

/** min(max(x, 0), 6). Follows `torch.nn.functional.relu6`. */
export const relu6 = (x: Tensor, options: InplaceOptions = {}): Tensor =>
  hardtanh(x, { minVal: 0, maxVal: 6, inplace: options.inplace });

const leakyReluOp = activation(
  'leaky_relu',
  (x, slope) => select(E.gt(x, 0), x, E.mul(x, slope)),
  ({ g }, x, slope) => select(E.gt(x, 0), g, E.mul(g, slope)),
);

/** Options of {@link leakyRelu}. */
export interface LeakyReluOptions extends InplaceOptions {
  /** The factor of negative x. Default: 0.01. */
  readonly negativeSlope?: number;
}

/** x where positive, negativeSlope * x elsewhere. Follows `torch.nn.functional.leaky_relu`. */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  return activate(leakyReluOp, x, options, [options.negativeSlope ?? 0.01]);
}

const preluOp = new ElementwiseOp({
  name: '_prelu_kernel',
  arity: 2,
  expression: (x, w) => select(E.gt(x, 0), x, E.mul(w, x)),
  gradient: ({ g }, x, w) => [select(E.gt(x, 0), g, E.mul(w, g)), select(E.gt(x, 0), 0, E.mul(x, g))],
  check: floatsOnly('prelu'),
});

/**
 * x where positive, weight * x elsewhere. `weight` has one element, or one for each channel, which is dimension 1 of x.
 * Follows `torch.nn.functional.prelu`.
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  if (weight.ndim > 1)
    throw new ShapeError(`prelu: Expected weight to be a scalar or 1D tensor, but got ndim = ${weight.ndim}`);
  if (weight.count === 1) return applyBinary(preluOp, x, weight.ndim === 0 ? weight : weight.reshape([]));
  const channels = x.ndim > 1 ? x.shape[1]! : 1;
  if (x.ndim === 0) throw new ShapeError('prelu: Not allow zero-dim input tensor with more than one weight');
  if (channels !== weight.count) {
    throw new ShapeError(
      'prelu: Mismatch of parameter numbers and input channel size. ' +
        `Found parameter numbers = ${weight.count} and channel size = ${channels}.`,
    );
  }
  return applyBinary(preluOp, x, weight.reshape([channels, ...x.shape.slice(2).map(() => 1)]));
}

/** Options of {@link rrelu}. */
export interface RreluOptions extends InplaceOptions {
  /** Default: 1/8. */
  readonly lower?: number;
  /** Default: 1/3. */
  readonly upper?: number;
  /** Draw the slopes; otherwise their mean is taken. Default: false. */
  readonly training?: boolean;
  readonly generator?: Generator;
}

/**
 * Leaky ReLU whose slope is drawn anew for each non-positive element, uniformly from [lower, upper).
 * Follows `torch.nn.functional.rrelu`.
 */
export function rrelu(x: Tensor, options: RreluOptions = {}): Tensor {
  const {
    lower = 1 / 8,
    upper = 1 / 3,
    training = false,
    inplace = false,
    generator = defaultGenerator,
  } = options;
  if (!(lower <= upper)) {
    throw new ValueError(
      `rrelu: Lower bound should be less than or equal to the upper bound, got ${lower} and ${upper}`,
    );
  }
  if (!training) return leakyRelu(x, { negativeSlope: (lower + upper) / 2, inplace });
  floatsOnly('rrelu')(x.dtype);
  const slopes = apply(slopesPrimitive, [x.detach()], { lower, upper, generator });
  return inplace ? x.mul_(slopes) : x.mul(slopes);
}

interface SlopeAttributes {
  readonly lower: number;
  readonly upper: number;
  readonly generator: Generator;
}

/** The slope of each element. PyTorch draws only where one is needed, so the stream depends on the signs. */
const slopesPrimitive = definePrimitive<SlopeAttributes>({
  name: 'rrelu_slopes',
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel([x], { lower, upper, generator }, out) {
    const values = x.data;
    const slopes = out.data;
    for (let i = 0; i < values.length; i++) {
      slopes[i] = values[i]! <= 0 ? generator.uniformDouble() * (upper - lower) + lower : 1;
    }
  },
});

const eluOp = activation(
  'elu',
  (x, negative, positive, inner) =>
    select(E.lt(x, 0), E.mul(E.expm1(E.mul(x, inner)), negative), E.mul(x, positive)),
  ({ g }, x, negative, positive, inner) =>
    E.mul(g, select(E.le(x, 0), E.mul(E.mul(inner, negative), E.exp(E.mul(x, inner))), positive)),
);

/** Options of {@link elu} and {@link celu}. */
export interface AlphaInplaceOptions extends InplaceOptions {
  /** Default: 1. */
  readonly alpha?: number;
}

/** x where positive, alpha * (e^x - 1) elsewhere. Follows `torch.nn.functional.elu`. */
export function elu(x: Tensor, options: AlphaInplaceOptions = {}): Tensor {
  return activate(eluOp, x, options, [options.alpha ?? 1, 1, 1]);
}

/** max(0, x) + min(0, alpha * (e^(x / alpha) - 1)). Follows `torch.nn.functional.celu`. */
export function celu(x: Tensor, options: AlphaInplaceOptions = {}): Tensor {
  const { alpha = 1 } = options;
  if (alpha === 0) throw new ValueError('celu: ZeroDivisionError: alpha cannot be 0 for CELU');
  return activate(celuOp, x, options, [alpha, 1, 1 / alpha]);
}

const celuOp = new ElementwiseOp({ ...eluOp.spec, name: 'celu' });

const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/** scale * elu(x, alpha) with the constants that keep mean 0 and variance 1. Follows `torch.nn.functional.selu`. */
export function selu(x: Tensor, options?: InplaceOptions): Tensor {
  return activate(eluOp, x, options, [seluAlpha * seluScale, seluScale, 1]);
}

const thresholdOp = activation(
  'threshold',
  (x, limit, value) => select(E.le(x, limit), value, x),
  ({ g }, x, limit) => select(E.le(x, limit), 0, g),
  true,
);

/** x where above `limit`, `value` elsewhere. Follows `torch.nn.functional.threshold`. */
export function threshold(x: Tensor, limit: number, value: number, options?: InplaceOptions): Tensor {
  return activate(thresholdOp, x, options, [limit, value]);
}
