import {
  checkArguments,
  formatShape,
  K,
  noGrad,
  ShapeError,
  type Tensor,
  ValueError,
  zeros,
} from '@kindling/core';
import { moduleKind } from '../module/arguments.ts';
import type { AnyModule } from '../module/callable.ts';
import { deepcopy } from '../module/deepcopy.ts';
import { Parameter } from '../module/parameter.ts';

/** A layer of weights and what it adds: a convolution or a linear layer. */
interface Weighted extends AnyModule {
  weight: Parameter;
  bias: Parameter | null;
  /** Of a convolution: how many groups of channels it keeps apart. */
  readonly groups?: number;
}

/** What batch normalisation does outside training. */
interface Normalising extends AnyModule {
  readonly eps: number;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly runningMean: Tensor | null;
  readonly runningVar: Tensor | null;
}

/** Options of {@link fuseConvBnEval} and {@link fuseConvBnWeights}. */
export interface FuseOptions {
  /** Whether the convolution is a transposed one, whose output channels come second. Default: false. */
  readonly transpose?: boolean;
}

/** The numbers of a batch normalisation. */
export interface BatchNormNumbers {
  /** (C,). */
  readonly runningMean: Tensor;
  /** (C,). */
  readonly runningVar: Tensor;
  /** Added to the variance. */
  readonly eps: number;
  /** (C,), or `null` for ones. */
  readonly weight: Tensor | null;
  /** (C,), or `null` for zeros. */
  readonly bias: Tensor | null;
}

/** Factors for the channels that come out of a layer, as they lie in its weights; those of a transposed one by groups. */
function alongWeights(factor: Tensor, { shape }: Tensor, dim: number): Tensor {
  const ones = shape.slice(dim + 1).map(() => 1);
  const [from = 1, own = 1] = shape;
  if (dim === 0 || factor.count <= own)
    return factor.reshape([...shape.slice(0, dim).map(() => 1), -1, ...ones]);
  const groups = factor.count / own;
  return factor
    .reshape([groups, 1, own])
    .expand([groups, from / groups, own])
    .reshape([from, own, ...ones]);
}

/**
 * Weights and bias of a layer and a batch normalisation after it, whose factors belong to dimension `dim` of the
 * weights.
 */
function fused(
  caller: string,
  weight: Tensor,
  bias: Tensor | null,
  bn: BatchNormNumbers,
  dim: number,
  groups = groupsOf(weight, bn, dim),
): [Parameter, Parameter] {
  checkChannels(caller, weight, bias, bn, dim, groups);
  return noGrad(() => {
    const scale = bn.runningVar.add(bn.eps).rsqrt();
    const factor = bn.weight == null ? scale : bn.weight.mul(scale);
    const wide = alongWeights(factor, weight, dim);
    const from = (bias ?? zeros(bn.runningMean.shape, { dtype: bn.runningMean.dtype })).sub(bn.runningMean);
    const shifted = from.mul(factor);
    return [
      new Parameter(weight.mul(wide).to(weight.dtype), { requiresGrad: weight.requiresGrad }),
      new Parameter((bn.bias == null ? shifted : shifted.add(bn.bias)).to(weight.dtype), {
        requiresGrad: bias?.requiresGrad ?? weight.requiresGrad,
      }),
    ];
  });
}

/** Of a transposed convolution the groups, of which the weights show no more than that statistics are of so many. */
function groupsOf(
  { shape: [from = 0, own = 0] }: Tensor,
  { runningMean }: BatchNormNumbers,
  dim: number,
): number {
  const groups = runningMean.count / own;
  return dim === 1 && groups > 1 && Number.isInteger(groups) && from % groups === 0 ? groups : 1;
}

/** There is a number for each channel, or one for all; of a transposed layer the weights have those of one group. */
function checkChannels(
  caller: string,
  weight: Tensor,
  bias: Tensor | null,
  { runningMean, runningVar, weight: factors, bias: summands }: BatchNormNumbers,
  dim: number,
  groups: number,
): void {
  const own = weight.shape[dim];
  if (own === undefined)
    throw new ShapeError(
      `${caller}: expected weight of ${dim + 1} or more dimensions, got ${formatShape(weight.shape)}`,
    );
  const channels = own * groups;
  for (const [name, x] of Object.entries({
    bias,
    runningMean,
    runningVar,
    'bn.weight': factors,
    'bn.bias': summands,
  })) {
    if (x == null || (x.ndim === 1 && (x.count === channels || x.count === 1))) continue;
    throw new ShapeError(
      `${caller}: expected ${name} of shape [${channels}], as weight has shape ${formatShape(weight.shape)}, got ${formatShape(x.shape)}`,
    );
  }
}

function numbersOf(caller: string, layer: AnyModule, bn: Normalising): BatchNormNumbers {
  if (layer.training || bn.training)
    throw new ValueError(`${caller}: fusion only for eval! Call eval() of both modules first`);
  const { runningMean, runningVar, eps, weight, bias } = bn;
  if (runningMean == null || runningVar == null)
    throw new ValueError(`${caller}: the batch normalisation keeps no running statistics`);
  return { runningMean, runningVar, eps, weight, bias };
}

function fuseLayer<L extends Weighted>(caller: string, layer: L, bn: Normalising, dim: number): L {
  const numbers = numbersOf(caller, layer, bn);
  const groups = dim === 1 ? (layer.groups ?? 1) : 1;
  const [weight, bias] = fused(caller, layer.weight, layer.bias, numbers, dim, groups);
  const copy = deepcopy(layer);
  copy.weight = weight;
  copy.bias = bias;
  return copy;
}

const optionKinds = () => K.options<FuseOptions>({ transpose: K.flag });
const numberKinds = () => {
  const optional = K.nullable(K.tensor);
  const kinds = {
    runningMean: K.tensor,
    runningVar: K.tensor,
    eps: K.number,
    weight: optional,
    bias: optional,
  };
  return K.kind(
    'an object with tensors runningMean and runningVar, a number eps, and weight and bias',
    (x) => K.isOptions(x) && Object.entries(kinds).every(([name, kind]) => kind.accepts(x[name])),
  );
};

/**
 * A convolution that does what `conv` and `bn`, a batch normalisation after it, do outside training; both stay as they
 * are. Follows `torch.nn.utils.fuse_conv_bn_eval`.
 * @throws ValueError when one of them is in training, or `bn` keeps no running statistics.
 * @example
 * ```ts
 * const [conv, bn] = [new nn.Conv2d(1, 2, 3).eval(), new nn.BatchNorm2d(2).eval()];
 * const x = ones([1, 1, 3, 3]);
 * nn.utils.fuseConvBnEval(conv, bn)(x).allclose(bn(conv(x))); // true
 * ```
 */
export function fuseConvBnEval<L extends Weighted>(conv: L, bn: Normalising, options: FuseOptions = {}): L {
  checkArguments('fuseConvBnEval', { conv: moduleKind, bn: moduleKind, options: optionKinds() }, arguments);
  return fuseLayer('fuseConvBnEval', conv, bn, options.transpose === true ? 1 : 0);
}

/**
 * A linear layer that does what `linear` and `bn`, a batch normalisation after it, do outside training; both stay as
 * they are. Follows `torch.nn.utils.fuse_linear_bn_eval`.
 * @throws ValueError when one of them is in training, `bn` keeps no running statistics, or has other features than one
 *   or the layer's.
 */
export function fuseLinearBnEval<L extends Weighted>(linear: L, bn: Normalising): L {
  checkArguments('fuseLinearBnEval', { linear: moduleKind, bn: moduleKind }, arguments);
  const [features = 0] = linear.weight.shape;
  const numbers = numbersOf('fuseLinearBnEval', linear, bn).runningMean.count;
  if (numbers !== features && numbers !== 1) {
    throw new ValueError(
      `fuseLinearBnEval: To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got ${features} and ${numbers}`,
    );
  }
  return fuseLayer('fuseLinearBnEval', linear, bn, 0);
}

/**
 * Weights and bias of a convolution with those of a batch normalisation in them; a transposed convolution has as many
 * groups as there are times more statistics than channels in a group. Follows `torch.nn.utils.fuse_conv_bn_weights`.
 * @throws ShapeError when the numbers of channels differ.
 */
export function fuseConvBnWeights(
  weight: Tensor,
  bias: Tensor | null,
  bn: BatchNormNumbers,
  options: FuseOptions = {},
): [Parameter, Parameter] {
  checkArguments(
    'fuseConvBnWeights',
    { weight: K.tensor, bias: K.nullable(K.tensor), bn: numberKinds(), options: optionKinds() },
    arguments,
  );
  return fused('fuseConvBnWeights', weight, bias, bn, options.transpose === true ? 1 : 0);
}

/**
 * Weights and bias of a linear layer with those of a batch normalisation in them. Follows
 * `torch.nn.utils.fuse_linear_bn_weights`.
 * @throws ShapeError when the numbers of features differ.
 */
export function fuseLinearBnWeights(
  weight: Tensor,
  bias: Tensor | null,
  bn: BatchNormNumbers,
): [Parameter, Parameter] {
  checkArguments(
    'fuseLinearBnWeights',
    { weight: K.tensor, bias: K.nullable(K.tensor), bn: numberKinds() },
    arguments,
  );
  return fused('fuseLinearBnWeights', weight, bias, bn, 0);
}
