import {
  apply,
  applyBinary,
  checkArguments,
  composition,
  relu as coreRelu,
  DTypeError,
  defaultGenerator,
  definePrimitive,
  E,
  ElementwiseOp,
  elementsOf,
  full,
  type Generator,
  generatorKind,
  getDefaultDtype,
  isFloatingPoint,
  K,
  noGrad,
  ShapeError,
  signature,
  type Tensor,
  ValueError,
  worksInJavaScript,
} from '@kindling/core';
import type { LayerOptions } from '../layers/factory.ts';
import { Module } from '../module/module.ts';
import { withDefaults } from '../module/options.ts';
import { Parameter } from '../module/parameter.ts';
import {
  activate,
  activation,
  activationClass,
  floatsOnly,
  type InplaceOptions,
  overInput,
} from './activation.ts';

const { select } = E;

const reluTakes = /* @__PURE__ */ signature('relu', () => ({
  x: K.tensor,
  options: K.options<InplaceOptions>({ inplace: K.flag }),
}));

/**
 * max(x, 0), with gradient 0 at 0. Follows `torch.nn.functional.relu`.
 * @throws DTypeError when x is bool.
 * @example F.relu(tensor([-1, 2.5])); // tensor([0.0000, 2.5000])
 */
export function relu(x: Tensor, options?: InplaceOptions): Tensor {
  reluTakes(arguments);
  return options?.inplace === true ? activate(coreRelu.op, x, true) : coreRelu(x);
}
/** {@link relu} over its input. Follows `torch.nn.functional.relu_`. */
export const relu_ = /* @__PURE__ */ overInput('relu_', relu);
/** max(x, 0): {@link relu}. Follows `torch.nn.ReLU`. */
export class ReLU extends /* @__PURE__ */ activationClass<InplaceOptions>(relu, { inplace: false }) {}

/** Options of {@link leakyRelu}. */
export interface LeakyReluOptions extends InplaceOptions {
  /** The factor of negative x. Default: 0.01. */
  readonly negativeSlope?: number;
}

/**
 * x where positive, negativeSlope * x elsewhere. Follows `torch.nn.functional.leaky_relu`.
 * @throws DTypeError when x is not floating.
 * @example F.leakyRelu(tensor([-1, 2.5]), { negativeSlope: 0.2 }); // tensor([-0.2000,  2.5000])
 */
export const leakyRelu = /* @__PURE__ */ activation<LeakyReluOptions>({
  name: 'leaky_relu',
  defaults: { negativeSlope: 0.01, inplace: false },
  params: ({ negativeSlope }) => [negativeSlope],
  expression: (x, slope) => select(E.gt(x, 0), x, E.mul(x, slope)),
  gradient: ({ g }, x, slope) => select(E.gt(x, 0), g, E.mul(g, slope)),
});

/** {@link leakyRelu} over its input. Follows `torch.nn.functional.leaky_relu_`. */
export const leakyRelu_ = /* @__PURE__ */ overInput('leakyRelu_', leakyRelu);
/** x where positive, negativeSlope * x elsewhere: {@link leakyRelu}. Follows `torch.nn.LeakyReLU`. */
export class LeakyReLU extends /* @__PURE__ */ activationClass(leakyRelu) {}

const preluOp = /* @__PURE__ */ new ElementwiseOp({
  name: '_prelu_kernel',
  arity: 2,
  expression: (x, w) => select(E.gt(x, 0), x, E.mul(w, x)),
  gradient: ({ g }, x, w) => [select(E.gt(x, 0), g, E.mul(w, g)), select(E.gt(x, 0), 0, E.mul(x, g))],
  // At 0 PyTorch takes the other side here.
  second: ({ h, g }, x, w) => {
    const above = E.ge(x, 0);
    return [
      [select(above, h, E.mul(w, h)), E.constant(0), select(above, 0, E.mul(g, h))],
      [select(above, 0, E.mul(x, h)), select(above, 0, E.mul(g, h)), E.constant(0)],
    ];
  },
  check: floatsOnly('prelu'),
});

const preluTakes = /* @__PURE__ */ signature('prelu', () => ({ x: K.tensor, weight: K.tensor }));

/**
 * x where positive, weight * x elsewhere. `weight` has one element, or one for each channel, which is dimension 1 of x.
 * Follows `torch.nn.functional.prelu`.
 * @throws ShapeError when the weight has more than one dimension, or neither one element nor one for each channel.
 * @throws DTypeError when x is not floating, or the weight of another dtype.
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  preluTakes(arguments);
  if (x.dtype !== weight.dtype)
    throw new DTypeError(
      `prelu: expected x and weight of one dtype, got ${x.dtype} and ${weight.dtype}; convert one with to('${isFloatingPoint(x.dtype) ? x.dtype : weight.dtype}')`,
    );
  if (weight.ndim > 1)
    throw new ShapeError(`prelu: Expected weight to be a scalar or 1D tensor, but got ndim = ${weight.ndim}`);
  if (weight.count === 1) return applyBinary(preluOp, x, weight.ndim === 0 ? weight : weight.reshape([]));
  const channels = x.ndim > 1 ? x.size(1) : 1;
  if (x.ndim === 0) throw new ShapeError('prelu: Not allow zero-dim input tensor with more than one weight');
  if (channels !== weight.count) {
    throw new ShapeError(
      'prelu: Mismatch of parameter numbers and input channel size. ' +
        `Found parameter numbers = ${weight.count} and channel size = ${channels}.`,
    );
  }
  return applyBinary(preluOp, x, weight.reshape([channels, ...x.shape.slice(2).map(() => 1)]));
}

/** Options of {@link PReLU}. */
export interface PReLUOptions extends LayerOptions {
  /** 1, or the number of channels. Default: 1. */
  readonly numParameters?: number;
  /** Where the slopes start. Default: 0.25. */
  readonly init?: number;
}

/**
 * x where positive, weight * x elsewhere: {@link prelu}. Follows `torch.nn.PReLU`.
 * @throws ShapeError when x has another number of channels (dimension 1) than there are slopes, and there are several.
 */
export class PReLU extends Module<[Tensor], Tensor> {
  /** 1, or the number of channels. */
  readonly numParameters: number;
  /** Where the slopes start. */
  readonly init: number;
  /** The slopes, (numParameters,): one for all, or one for each channel. */
  weight: Parameter;

  constructor(options: PReLUOptions = {}) {
    checkArguments(
      new.target.name,
      {
        options: K.options<PReLUOptions>({ numParameters: K.positiveCount, init: K.number, dtype: K.dtype }),
      },
      arguments,
    );
    super();
    const { numParameters = 1, init = 0.25, dtype = getDefaultDtype() } = options;
    this.numParameters = numParameters;
    this.init = init;
    this.weight = new Parameter(full([numParameters], init, { dtype }));
  }

  /** Sets the slopes to where they started, {@link init}. */
  resetParameters(): void {
    noGrad(() => this.weight.fill_(this.init));
  }

  override forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}

/** Options of {@link RReLU}. */
export interface RReLUOptions extends InplaceOptions {
  /** The least slope. Default: 1/8. */
  readonly lower?: number;
  /** The bound below which slopes are drawn. Default: 1/3. */
  readonly upper?: number;
  /** Where the slopes come from. Default: the default generator. */
  readonly generator?: Generator | undefined;
}

/** Options of {@link rrelu}. */
export interface RreluOptions extends RReLUOptions {
  /** Draw the slopes; otherwise their mean is taken. Default: false. */
  readonly training?: boolean;
}

const rreluDefaults = { lower: 1 / 8, upper: 1 / 3, inplace: false };
const rreluKinds = (): K.Kinds<RReLUOptions> => ({
  ...(K.allLike(rreluDefaults) as K.Kinds<typeof rreluDefaults>),
  generator: generatorKind,
});

/**
 * Leaky ReLU whose slope is drawn anew for each non-positive element, uniformly from [lower, upper).
 * Follows `torch.nn.functional.rrelu`, with its random numbers.
 * @throws ValueError when lower is above upper.
 * @throws DTypeError when x is not floating.
 */
export const rrelu = /* @__PURE__ */ composition(
  'rrelu',
  () => ({ x: K.tensor, options: K.options<RreluOptions>({ training: K.flag, ...rreluKinds() }) }),
  (x: Tensor, options: RreluOptions = {}): Tensor => {
    const { training = false, generator = defaultGenerator } = options;
    const { lower, upper, inplace } = withDefaults(rreluDefaults, options);
    if (!(lower <= upper)) {
      throw new ValueError(
        `rrelu: Lower bound should be less than or equal to the upper bound, got ${lower} and ${upper}`,
      );
    }
    if (!training) return leakyRelu(x, { negativeSlope: (lower + upper) / 2, inplace });
    floatsOnly('rrelu')(x.dtype);
    const slopes = apply(slopesPrimitive, [x.detach()], { lower, upper, generator });
    return inplace ? x.mul_(slopes) : x.mul(slopes);
  },
);
/** {@link rrelu} over its input. Follows `torch.nn.functional.rrelu_`. */
export const rrelu_ = /* @__PURE__ */ overInput('rrelu_', rrelu);

/** The slope of each element. PyTorch draws only where one is needed, so the stream depends on the signs. */
const slopesPrimitive = /* @__PURE__ */ definePrimitive<{
  lower: number;
  upper: number;
  generator: Generator;
}>({
  name: 'rrelu_slopes',
  saves: 0,
  infer: ([x]) => x,
  kernel([x], { lower, upper, generator }, out) {
    worksInJavaScript('drawn by the generator, in JavaScript, into the memory of the program');
    const slopes = elementsOf(out);
    elementsOf(x).forEach((value, i) => {
      slopes[i] = value <= 0 ? generator.uniformDouble() * (upper - lower) + lower : 1;
    });
  },
});

/**
 * Leaky ReLU whose slope is, in training, drawn anew for each non-positive element from [lower, upper), and their mean
 * otherwise: {@link rrelu}. Follows `torch.nn.RReLU`, with its random numbers.
 * @throws ValueError for options that do not fit
 */
export class RReLU extends /* @__PURE__ */ activationClass<Pick<RReLUOptions, keyof typeof rreluDefaults>>(
  rrelu,
  rreluDefaults,
) {
  private readonly generator: Generator | undefined;

  constructor(options: RReLUOptions = {}) {
    checkArguments(new.target.name, { options: K.options(rreluKinds()) }, arguments);
    const { generator, ...rest } = options;
    super(rest);
    this.generator = generator;
  }

  override forward(x: Tensor): Tensor {
    const { lower, upper, inplace, training } = this;
    return rrelu(x, { lower, upper, inplace, training, generator: this.generator });
  }
}
