import {
  checkArguments,
  classShares,
  composition,
  DTypeError,
  formatShape,
  fusedCrossEntropy,
  fusedNll,
  isFloatingPoint,
  K,
  linear,
  logSoftmax,
  type Reduction,
  ShapeError,
  sameShape,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { type LayerOptions, layerKinds } from '../layers/factory.ts';
import { Linear } from '../layers/linear.ts';
import { pyBool, pyTuple } from '../module/print.ts';
import { checkLogits, checkLogProbabilities, checkReduction } from './checks.ts';
import {
  alongClasses,
  classCount,
  classDim,
  requireClassTarget,
  requireClassWeight,
  requireFloating,
  requireWeightDType,
} from './classes.ts';
import { WeightedLoss, type WeightedOptions } from './loss.ts';
import { lossClass } from './loss-class.ts';
import {
  type LossOptions,
  type LossReduction,
  lossKinds,
  lossSignature,
  reduced,
  type SampleWeightOptions,
} from './reduction.ts';

/** Options of {@link nllLoss} and {@link NLLLoss}. */
export interface NLLLossOptions extends LossOptions {
  /** A weight for each class, shape (C,). The mean divides by the sum of the targets' weights. */
  readonly weight?: Tensor | null;
  /** Targets of this class count for nothing. Default: -100. */
  readonly ignoreIndex?: number;
}

/** Options of {@link crossEntropy} and {@link CrossEntropyLoss}. */
export interface CrossEntropyLossOptions extends NLLLossOptions {
  /** The share of each target that is spread evenly over all classes, in [0, 1]. Default: 0. */
  readonly labelSmoothing?: number;
}

const nllDefaults = { ignoreIndex: -100 };
const crossEntropyDefaults = { ...nllDefaults, labelSmoothing: 0 };

/** The reduction that the kernel does: none where sample weights come first. */
function fusedReduction(reduction: LossReduction, sampleWeight: Tensor | null): Reduction {
  if (sampleWeight !== null) return 'none';
  return reduction === 'weightedMean' ? 'mean' : reduction;
}

const crossEntropyTakes = /* @__PURE__ */ lossSignature<CrossEntropyLossOptions>('crossEntropy', () => ({
  labelSmoothing: K.number,
  weight: K.nullable(K.tensor),
  ignoreIndex: K.integer,
}));

/**
 * Cross-entropy of the softmax of the logits x: for a class t, -w[t] log(softmax(x)[t]).
 *
 * Shapes: `input` (N, C), (C,), or (N, C, d1, ...), classes along dim 1. `target` holds either a class index for each
 * sample (int32 or uint8; shape (N,), () or (N, d1, ...)), or probabilities of all classes (a float of the input's
 * shape). The unreduced loss has the shape of class indices. With `weight`, the mean over class indices divides by the
 * weights of the targets; over probabilities by the number of samples. One operation forward and one backward; a row
 * that is -Infinity throughout gives NaN. Follows `torch.nn.functional.cross_entropy`.
 * @throws ShapeError, DTypeError where the target fits neither form; IndexError for a target that is no class;
 * ValueError for a `labelSmoothing` outside [0, 1], an `ignoreIndex` with probabilities, or an unknown reduction
 * @example
 * ```ts
 * const logits = tensor([[2, 0, -1], [0, 1, 0.5]], { requiresGrad: true });
 * const loss = F.crossEntropy(logits, tensor([0, 2])); // tensor(0.6751, grad_fn=<NllLossBackward0>)
 * loss.backward();
 * F.crossEntropy(logits.detach(), tensor([[1, 0, 0], [0, 0.5, 0.5]]), { labelSmoothing: 0.1 }); // tensor(0.6459)
 * F.crossEntropy(logits, tensor([0, 3])); // throws IndexError: crossEntropy: Target 3 is out of bounds
 * ```
 */
export function crossEntropy(input: Tensor, target: Tensor, options: CrossEntropyLossOptions = {}): Tensor {
  crossEntropyTakes(arguments);
  const {
    weight = null,
    ignoreIndex = crossEntropyDefaults.ignoreIndex,
    labelSmoothing = crossEntropyDefaults.labelSmoothing,
    sampleWeight = null,
  } = options;
  const caller = 'crossEntropy';
  const reduction = checkReduction(caller, options.reduction ?? 'mean');
  requireFloating(caller, input);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ValueError(`${caller}: label_smoothing must be between 0.0 and 1.0. Got: ${labelSmoothing}`);
  }
  const ofProbabilities = sameShape(input.shape, target.shape) && input.ndim > 0;
  if (ofProbabilities) requireProbabilities(input, target, ignoreIndex);
  else requireClassTarget(caller, input, target);
  const dim = classDim(input);
  requireClassWeight(caller, input, weight);
  if (!ofProbabilities) requireWeightDType(caller, input, weight);
  checkLogits(caller, input, dim);

  const fused = fusedReduction(reduction, sampleWeight);
  const attributes = { dim, ignoreIndex, labelSmoothing, reduction: fused, caller };
  // What means over probabilities divide by: 0 / 0 where there is nothing, as in PyTorch.
  const samples = input.count / classCount(input);
  let loss: Tensor;
  if (!ofProbabilities) {
    loss = fusedCrossEntropy(input, target, weight, attributes);
  } else {
    const q = distribution(input, target, weight, labelSmoothing);
    if (q.requiresGrad) {
      const each = logSoftmax(input, dim).mul(q).sum(dim).neg();
      return reduced(each, { ...options, denominator: samples }, caller);
    }
    loss = fusedCrossEntropy(input, q, null, attributes);
  }
  if (sampleWeight === null) return loss;
  const denominator = ofProbabilities ? samples : classShares(target, weight, ignoreIndex, loss.dtype);
  return reduced(loss, { ...options, denominator }, caller);
}

function requireProbabilities(input: Tensor, target: Tensor, ignoreIndex: number): void {
  if (!isFloatingPoint(target.dtype)) {
    throw new DTypeError(
      `crossEntropy: Expected floating point type for target with class probabilities, got ${target.dtype}: a target of the ` +
        `input's shape ${formatShape(input.shape)} holds probabilities; class indices have one dimension less`,
    );
  }
  if (ignoreIndex !== -100 && ignoreIndex >= 0) {
    throw new ValueError('crossEntropy: ignore_index is not supported for floating point target');
  }
}

/** The target probabilities with smoothing and class weights worked in. */
function distribution(input: Tensor, target: Tensor, weight: Tensor | null, smoothing: number): Tensor {
  let q = target.dtype === input.dtype ? target : target.to(input.dtype);
  if (smoothing > 0) q = q.mul(1 - smoothing).add(smoothing / classCount(input));
  return weight === null ? q : q.mul(alongClasses(weight.to(input.dtype), input));
}

/**
 * Cross-entropy of the softmax of logits, for class indices or class probabilities: {@link crossEntropy} as a module,
 * whose `weight` is a buffer. Follows `torch.nn.CrossEntropyLoss`.
 * @throws ValueError for an unknown reduction
 * @example
 * ```ts
 * const lossFn = new nn.CrossEntropyLoss({ labelSmoothing: 0.1 });
 * lossFn(tensor([[2, 0, -1], [0, 1, 0.5]]), tensor([0, 2])); // tensor(0.7584)
 * ```
 */
export class CrossEntropyLoss extends /* @__PURE__ */ lossClass(crossEntropy, crossEntropyDefaults, [
  'weight',
]) {}

const nllLossTakes = /* @__PURE__ */ lossSignature<NLLLossOptions>('nllLoss', () => ({
  weight: K.nullable(K.tensor),
  ignoreIndex: K.integer,
}));

/**
 * Negative log-likelihood: for a class t, -w[t] x[t], x being log-probabilities. Shapes: `input` (N, C), (C,), or (N,
 * C, d1, ...), classes along dim 1; `target` a class index for each sample, shape (N,), () or (N, d1, ...), which is
 * also the shape of the unreduced loss. The mean divides by the weights of the targets that are not ignored. Follows
 * `torch.nn.functional.nll_loss`.
 * @throws ShapeError, DTypeError for a target that does not fit; IndexError for a target that is no class; ValueError
 * for an unknown reduction
 * @example F.nllLoss(tensor([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]).log(), tensor([1, 2])); // tensor(0.4581)
 */
export function nllLoss(input: Tensor, target: Tensor, options: NLLLossOptions = {}): Tensor {
  nllLossTakes(arguments);
  const { weight = null, ignoreIndex = nllDefaults.ignoreIndex, sampleWeight = null } = options;
  const caller = 'nllLoss';
  const reduction = checkReduction(caller, options.reduction ?? 'mean');
  requireFloating(caller, input);
  requireClassTarget(caller, input, target);
  const dim = classDim(input);
  requireClassWeight(caller, input, weight);
  requireWeightDType(caller, input, weight);
  checkLogProbabilities(caller, input, dim);
  const fused = fusedReduction(reduction, sampleWeight);
  const loss = fusedNll(input, target, weight, { dim, ignoreIndex, reduction: fused, caller });
  if (sampleWeight === null) return loss;
  const denominator = classShares(target, weight, ignoreIndex, loss.dtype);
  return reduced(loss, { ...options, denominator }, 'nllLoss');
}

/** Negative log-likelihood: {@link nllLoss} as a module, whose `weight` is a buffer. Follows `torch.nn.NLLLoss`. */
export class NLLLoss extends /* @__PURE__ */ lossClass(nllLoss, nllDefaults, ['weight']) {}

/** PyTorch's old name of {@link NLLLoss} for images, (N, C, H, W). Follows `torch.nn.NLLLoss2d`. */
export class NLLLoss2d extends NLLLoss {}

/** Options of {@link linearCrossEntropy}. */
export interface LinearCrossEntropyOptions extends CrossEntropyLossOptions {
  /** Added to the logits: shape (C,) or (C, d1, ...). Default: nothing. */
  readonly linearBias?: Tensor | null;
}

/**
 * Cross-entropy of the logits W x + b: {@link crossEntropy} after a linear layer. Shapes: `input` (N, features) or
 * (features,); `linearWeight` (C, features), or (C, d1, ..., features) for logits (N, C, d1, ...); target and loss as
 * for the logits. Follows `torch.nn.functional.linear_cross_entropy`.
 * @throws ShapeError where the shapes do not fit, ValueError for an `ignoreIndex` with a target of probabilities; else
 * as {@link crossEntropy}
 * @example F.linearCrossEntropy(tensor([[1, 0.5]]), tensor([[1.5, 0], [0.5, 1]]), tensor([0])); // tensor(0.4741)
 */
export const linearCrossEntropy = /* @__PURE__ */ composition(
  'linearCrossEntropy',
  () => ({
    input: K.tensor,
    linearWeight: K.tensor,
    target: K.tensor,
    options: K.options<LinearCrossEntropyOptions>({
      ...lossKinds,
      linearBias: K.nullable(K.tensor),
      labelSmoothing: K.number,
      weight: K.nullable(K.tensor),
      ignoreIndex: K.integer,
    }),
  }),
  (input: Tensor, linearWeight: Tensor, target: Tensor, options: LinearCrossEntropyOptions = {}): Tensor => {
    const { linearBias = null, ...rest } = options;
    const caller = 'linearCrossEntropy';
    if (input.ndim < 1 || input.ndim > 2) {
      throw new ShapeError(`${caller}: expected input with dimensionality 1 or 2, got ${input.ndim}`);
    }
    if (linearWeight.ndim < 2) {
      throw new ShapeError(
        `${caller}: expected linearWeight with dimensionality at least 2, got ${linearWeight.ndim}`,
      );
    }
    const out = linearWeight.shape.slice(0, -1);
    const features = linearWeight.shape[out.length]!;
    if (input.shape.at(-1) !== features) {
      throw new ShapeError(
        `${caller}: expected equal input and linearWeight last dimensions (features), got ${formatShape(input.shape)} and ` +
          formatShape(linearWeight.shape),
      );
    }
    if (linearBias !== null && !sameShape(linearBias.shape, out)) {
      throw new ShapeError(
        `${caller}: expected linearBias shape ${formatShape(out)}, got ${formatShape(linearBias.shape)}`,
      );
    }
    if (out.length > 1 && input.ndim === 1) {
      throw new ShapeError(
        `${caller}: a linearWeight of shape ${formatShape(linearWeight.shape)} requires batched input, (N, ${features}), got ` +
          formatShape(input.shape),
      );
    }
    const shape = [...input.shape.slice(0, -1), ...out];
    if (options.ignoreIndex !== undefined && sameShape(target.shape, shape)) {
      throw new ValueError(`${caller}: ignoreIndex cannot be specified when target contains probabilities`);
    }
    const flat = out.length > 1;
    const logits = linear(
      input,
      flat ? linearWeight.reshape([-1, features]) : linearWeight,
      flat && linearBias !== null ? linearBias.reshape([-1]) : linearBias,
    );
    return crossEntropy(flat ? logits.reshape(shape) : logits, target, rest);
  },
);

/** Options of {@link LinearCrossEntropyLoss}. */
export interface LinearCrossEntropyLossOptions extends WeightedOptions, LayerOptions {
  /** Sizes of the loss's further dimensions: logits are (N, C, ...outFeatures). Default: none. */
  readonly outFeatures?: readonly number[];
  /** Whether something is added to the logits. Default: false. */
  readonly bias?: boolean;
  /** Targets of this class count for nothing. Default: -100; with targets of probabilities there is none. */
  readonly ignoreIndex?: number;
  /** The share of each target that is spread evenly over all classes, in [0, 1]. Default: 0. */
  readonly labelSmoothing?: number;
}

const linearCrossEntropyKinds = (): K.Kinds<LinearCrossEntropyLossOptions> => ({
  weight: K.nullable(K.tensor),
  reduction: K.text,
  outFeatures: K.sizes,
  bias: K.flag,
  ignoreIndex: K.integer,
  labelSmoothing: K.number,
  ...layerKinds,
});

/**
 * A linear layer and the cross-entropy of its logits in one: input (N, inFeatures) or (inFeatures,), target as for
 * {@link linearCrossEntropy}. Follows `torch.nn.LinearCrossEntropyLoss`.
 * @throws ShapeError for a `weight` that is not one for each class, ValueError for a `labelSmoothing` outside [0, 1]
 * @example
 * ```ts
 * const lossFn = new nn.LinearCrossEntropyLoss(8, 5);
 * lossFn(randn([3, 8]), tensor([1, 0, 4])).shape; // []
 * Object.keys(lossFn.stateDict()); // [ 'linear.weight' ]
 * ```
 */
export class LinearCrossEntropyLoss extends WeightedLoss {
  /** C. */
  readonly numClasses: number;
  /** Sizes of the loss's further dimensions. */
  readonly outFeatures: readonly number[];
  /** Targets of this class count for nothing; `null`: none is so. */
  readonly ignoreIndex: number | null;
  /** The share of each target that is spread evenly over all classes. */
  readonly labelSmoothing: number;
  /** The layer that makes logits of the input. */
  linear: Linear;

  constructor(inFeatures: number, numClasses: number, options: LinearCrossEntropyLossOptions = {}) {
    checkArguments(
      new.target.name,
      { inFeatures: K.count, numClasses: K.count, options: K.options(linearCrossEntropyKinds()) },
      arguments,
    );
    const { weight = null, labelSmoothing = 0, outFeatures = [], bias = false, dtype } = options;
    super(options);
    if (weight !== null && !sameShape(weight.shape, [numClasses])) {
      throw new ShapeError(
        `LinearCrossEntropyLoss: expected weight shape to be [${numClasses}], got ${formatShape(weight.shape)}`,
      );
    }
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new ValueError(
        `LinearCrossEntropyLoss: expected labelSmoothing to be in range [0, 1], got ${labelSmoothing}`,
      );
    }
    this.numClasses = numClasses;
    this.outFeatures = outFeatures;
    this.ignoreIndex = options.ignoreIndex ?? null;
    this.labelSmoothing = labelSmoothing;
    const out = outFeatures.reduce((product, size) => product * size, numClasses);
    this.linear = new Linear(inFeatures, out, { bias, ...(dtype && { dtype }) });
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { linear, numClasses, outFeatures, weight, ignoreIndex, labelSmoothing } = this;
    const shape = [numClasses, ...outFeatures];
    const flat = outFeatures.length === 0;
    const matrix = flat ? linear.weight : linear.weight.reshape([...shape, linear.inFeatures]);
    const linearBias = flat || linear.bias === null ? linear.bias : linear.bias.reshape(shape);
    const own = { linearBias, weight, labelSmoothing, ...(ignoreIndex === null ? {} : { ignoreIndex }) };
    return linearCrossEntropy(input, matrix, target, this.bound(own, options));
  }

  override extraRepr(): string {
    return (
      `in_features=${this.linear.inFeatures}, num_classes=${this.numClasses}, out_features=${pyTuple(this.outFeatures)}, ` +
      `bias=${pyBool(this.linear.bias !== null)}, reduction=${this.reduction}, ` +
      `ignore_index=${this.ignoreIndex ?? 'None'}, label_smoothing=${this.labelSmoothing}`
    );
  }
}
