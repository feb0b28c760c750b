import { composition, K, signature, type Tensor } from '@kindling/core';
import { calculateFans } from './fans.ts';
import { normal_, uniform_ } from './fills.ts';
import { drawFrom, drawKinds, type GeneratorOptions } from './generator.ts';

/** Which fan keeps its variance: of the forward pass or of the backward pass. PyTorch's spelling works as well. */
export type FanMode = 'fanIn' | 'fanOut' | 'fan_in' | 'fan_out';

const nonlinearities = [
  'linear',
  'conv1d',
  'conv2d',
  'conv3d',
  'convTranspose1d',
  'convTranspose2d',
  'convTranspose3d',
  'conv_transpose1d',
  'conv_transpose2d',
  'conv_transpose3d',
  'sigmoid',
  'tanh',
  'relu',
  'leakyRelu',
  'leaky_relu',
  'selu',
] as const;

/** The functions that have a gain; PyTorch's spelling works as well. */
export type Nonlinearity = (typeof nonlinearities)[number];

const calculateGainTakes = /* @__PURE__ */ signature('calculateGain', () => ({
  nonlinearity: K.oneOf(...nonlinearities),
  options: K.options<{ readonly param?: number }>({ param: K.number }),
}));

/**
 * The factor by which a nonlinearity asks initial weights to be larger: 1 for linear functions and sigmoid, 5/3 for
 * tanh, sqrt(2) for ReLU, sqrt(2 / (1 + slope^2)) for leaky ReLU (slope `param`, 0.01 by default), 3/4 for SELU.
 * Follows `torch.nn.init.calculate_gain`.
 * @throws ValueError when it has no gain for that function, or `param` is not a number.
 * @example init.calculateGain('leakyRelu', { param: 0.2 }); // 1.3867504905630728
 */
export function calculateGain(nonlinearity: Nonlinearity, options: { readonly param?: number } = {}): number {
  calculateGainTakes(arguments);
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.sqrt(2);
    case 'leakyRelu':
    case 'leaky_relu':
      return Math.sqrt(2 / (1 + (options.param ?? 0.01) ** 2));
    case 'selu':
      return 3 / 4;
    default:
      return 1;
  }
}

function fanOf(x: Tensor, mode: FanMode): number {
  const { fanIn, fanOut } = calculateFans(x);
  return mode === 'fanIn' || mode === 'fan_in' ? fanIn : fanOut;
}

/** Options of {@link xavierUniform_} and {@link xavierNormal_}. */
export interface XavierOptions extends GeneratorOptions {
  /** A factor of the standard deviation. Default: 1. */
  readonly gain?: number;
}

function xavierStd(x: Tensor, gain: number): number {
  const { fanIn, fanOut } = calculateFans(x);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

const xavierKinds = () => drawKinds<XavierOptions>({ gain: K.number });

/**
 * U(-a, a), a = gain * sqrt(6 / (fanIn + fanOut)). Follows `torch.nn.init.xavier_uniform_`.
 * @throws ShapeError when `x` has fewer than 2 dimensions.
 * @example init.xavierUniform_(empty([2, 3]), { gain: init.calculateGain('tanh') });
 */
export const xavierUniform_ = /* @__PURE__ */ composition(
  'xavierUniform_',
  xavierKinds,
  (x: Tensor, options: XavierOptions = {}): Tensor => {
    const bound = Math.sqrt(3) * xavierStd(x, options.gain ?? 1);
    return uniform_(x, { ...drawFrom(options), a: -bound, b: bound });
  },
);

/**
 * N(0, std^2), std = gain * sqrt(2 / (fanIn + fanOut)). Follows `torch.nn.init.xavier_normal_`.
 * @throws ShapeError when `x` has fewer than 2 dimensions.
 */
export const xavierNormal_ = /* @__PURE__ */ composition(
  'xavierNormal_',
  xavierKinds,
  (x: Tensor, options: XavierOptions = {}): Tensor =>
    normal_(x, { ...drawFrom(options), mean: 0, std: xavierStd(x, options.gain ?? 1) }),
);

/** Options of {@link kaimingUniform_} and {@link kaimingNormal_}. */
export interface KaimingOptions extends GeneratorOptions {
  /** The negative slope, for leaky ReLU. Default: 0. */
  readonly a?: number;
  /** Whose variance is kept. Default: 'fanIn'. */
  readonly mode?: FanMode;
  /** What follows the layer, by which the gain is chosen. Default: 'leakyRelu'. */
  readonly nonlinearity?: Nonlinearity;
}

function kaimingStd(x: Tensor, options: KaimingOptions): number {
  const { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' } = options;
  const fan = fanOf(x, mode);
  return calculateGain(nonlinearity, { param: a }) / Math.sqrt(fan);
}

const kaimingKinds = () =>
  drawKinds<KaimingOptions>({
    a: K.number,
    mode: K.oneOf('fanIn', 'fanOut', 'fan_in', 'fan_out'),
    nonlinearity: K.oneOf(...nonlinearities),
  });

/**
 * U(-b, b), b = gain * sqrt(3 / fan). An empty `x` is returned as it is. Follows `torch.nn.init.kaiming_uniform_`.
 * @throws ShapeError when `x` has fewer than 2 dimensions.
 * @throws ValueError when the mode or the nonlinearity is none of those.
 * @example
 * ```ts
 * const layer = new nn.Linear(3, 2);
 * init.kaimingUniform_(layer.weight, { nonlinearity: 'relu' });
 * ```
 */
export const kaimingUniform_ = /* @__PURE__ */ composition(
  'kaimingUniform_',
  kaimingKinds,
  (x: Tensor, options: KaimingOptions = {}): Tensor => {
    if (x.shape.includes(0)) return x;
    const bound = Math.sqrt(3) * kaimingStd(x, options);
    return uniform_(x, { ...drawFrom(options), a: -bound, b: bound });
  },
);

/**
 * N(0, std^2), std = gain / sqrt(fan). An empty `x` is returned as it is. Follows `torch.nn.init.kaiming_normal_`.
 * @throws ShapeError when `x` has fewer than 2 dimensions.
 * @throws ValueError when the mode or the nonlinearity is none of those.
 */
export const kaimingNormal_ = /* @__PURE__ */ composition(
  'kaimingNormal_',
  kaimingKinds,
  (x: Tensor, options: KaimingOptions = {}): Tensor => {
    if (x.shape.includes(0)) return x;
    return normal_(x, { ...drawFrom(options), mean: 0, std: kaimingStd(x, options) });
  },
);
