import {
  classShares,
  DTypeError,
  formatShape,
  fusedCrossEntropy,
  fusedNll,
  isFloatingPoint,
  linear,
  logSoftmax,
  ShapeError,
  sameShape,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { checkLogits, checkLogProbabilities } from '../../losses/checks.ts';
import { classDim, requireClassTarget, requireClassWeight, requireFloating } from './classes.ts';
import { checkReduction, type LossOptions, reduceLoss } from './reduction.ts';

/** Options of {@link nllLoss}. */
export interface NLLLossOptions extends LossOptions {
  /** A weight for each class, shape (C,). The mean divides by the sum of the targets' weights. */
  readonly weight?: Tensor | null;
  /** Targets of this class count for nothing. Default: -100. */
  readonly ignoreIndex?: number;
}

/** Options of {@link crossEntropy}. */
export interface CrossEntropyLossOptions extends NLLLossOptions {
  /** The share of each target that is spread evenly over all classes, in [0, 1]. Default: 0. */
  readonly labelSmoothing?: number;
}

/**
 * Cross-entropy of the softmax of the logits x: for a class t, -w[t] log(softmax(x)[t]).
 *
 * Shapes: `input` (N, C), (C,), or (N, C, d1, ...), classes along dim 1. `target` holds either a class index for each sample
 * (int32 or uint8; shape (N,), () or (N, d1, ...)), or probabilities of all classes (a float of the input's shape). The
 * unreduced loss has the shape of class indices. With `weight`, the mean over class indices divides by the weights of the
 * targets; over probabilities by the number of samples. One operation forward and one backward; a row that is -Infinity
 * throughout gives NaN. Follows `torch.nn.functional.cross_entropy`.
 *
 * @throws ShapeError, DTypeError where the target fits neither form; IndexError for a target that is no class
 * @example
 * ```ts
 * const logits = randn([3, 5], { requiresGrad: true });
 * F.crossEntropy(logits, tensor([1, 0, 4])).backward();
 * F.crossEntropy(logits, F.softmax(randn([3, 5]), 1), { labelSmoothing: 0.1 });
 * ```
 */
export function crossEntropy(input: Tensor, target: Tensor, options: CrossEntropyLossOptions = {}): Tensor {
  const { weight = null, ignoreIndex = -100, labelSmoothing = 0, sampleWeight = null } = options;
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
  requireClassWeight(caller, input.shape[dim]!, weight);
  checkLogits(caller, input, dim);

  const fused = sampleWeight === null ? (reduction === 'weightedMean' ? 'mean' : reduction) : 'none';
  const attributes = { dim, ignoreIndex, labelSmoothing, reduction: fused, caller } as const;
  let loss: Tensor;
  if (!ofProbabilities) {
    loss = fusedCrossEntropy(input, target, weight, attributes);
  } else {
    const q = distribution(input, target, weight, labelSmoothing);
    if (q.requiresGrad) {
      const each = logSoftmax(input, dim).mul(q).sum(dim).neg();
      return reduceLoss(each, options);
    }
    loss = fusedCrossEntropy(input, q, null, attributes);
  }
  if (sampleWeight === null) return loss;
  const denominator = ofProbabilities
    ? {}
    : { denominator: classShares(target, weight, ignoreIndex, loss.dtype) };
  return reduceLoss(loss, { ...options, ...denominator });
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
  const dim = classDim(input);
  const n = input.shape[dim]!;
  let q = target.dtype === input.dtype ? target : target.to(input.dtype);
  if (smoothing > 0) q = q.mul(1 - smoothing).add(smoothing / n);
  if (weight !== null)
    q = q.mul(weight.to(input.dtype).reshape([n, ...input.shape.slice(dim + 1).map(() => 1)]));
  return q;
}

/**
 * Negative log-likelihood: for a class t, -w[t] x[t], x being log-probabilities. Shapes: `input` (N, C), (C,), or
 * (N, C, d1, ...), classes along dim 1; `target` a class index for each sample, shape (N,), () or (N, d1, ...), which is also
 * the shape of the unreduced loss. The mean divides by the weights of the targets that are not ignored.
 * Follows `torch.nn.functional.nll_loss`.
 *
 * @throws ShapeError, DTypeError for a target that does not fit; IndexError for a target that is no class
 * @example F.nllLoss(F.logSoftmax(randn([3, 5]), 1), tensor([1, 0, 4]));
 */
export function nllLoss(input: Tensor, target: Tensor, options: NLLLossOptions = {}): Tensor {
  const { weight = null, ignoreIndex = -100, sampleWeight = null } = options;
  const caller = 'nllLoss';
  const reduction = checkReduction(caller, options.reduction ?? 'mean');
  requireFloating(caller, input);
  requireClassTarget(caller, input, target);
  const dim = classDim(input);
  requireClassWeight(caller, input.shape[dim]!, weight);
  checkLogProbabilities(caller, input, dim);
  const fused = sampleWeight === null ? (reduction === 'weightedMean' ? 'mean' : reduction) : 'none';
  const loss = fusedNll(input, target, weight, { dim, ignoreIndex, reduction: fused, caller });
  if (sampleWeight === null) return loss;
  return reduceLoss(loss, {
    ...options,
    denominator: classShares(target, weight, ignoreIndex, loss.dtype),
  });
}

/** Options of {@link linearCrossEntropy}. */
export interface LinearCrossEntropyOptions extends CrossEntropyLossOptions {
  /** Added to the logits: shape (C,) or (C, d1, ...). */
  readonly linearBias?: Tensor | null;
}

/**
 * Cross-entropy of the logits W x + b: {@link crossEntropy} after a linear layer. Shapes: `input` (N, features) or (features,);
 * `linearWeight` (C, features), or (C, d1, ..., features) for logits (N, C, d1, ...); target and loss as for the logits.
 * Follows `torch.nn.functional.linear_cross_entropy`.
 *
 * @throws ShapeError where the shapes do not fit, ValueError for an `ignoreIndex` with a target of probabilities
 * @example F.linearCrossEntropy(randn([3, 8]), randn([5, 8]), tensor([1, 0, 4]));
 */
export function linearCrossEntropy(
  input: Tensor,
  linearWeight: Tensor,
  target: Tensor,
  options: LinearCrossEntropyOptions = {},
): Tensor {
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
  const features = input.shape[input.ndim - 1]!;
  const out = linearWeight.shape.slice(0, -1);
  if (linearWeight.shape[linearWeight.ndim - 1] !== features) {
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
}
