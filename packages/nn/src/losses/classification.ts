import { formatShape, KindlingError, ShapeError, sameShape, type Tensor, ValueError } from '@kindling/core';
import { crossEntropy, linearCrossEntropy, nllLoss } from '../functional/losses/cross-entropy.ts';
import { multilabelMarginLoss, multiMarginLoss } from '../functional/losses/margin.ts';
import type { SampleWeightOptions } from '../functional/losses/reduction.ts';
import { Linear } from '../layers/linear.ts';
import { pyBool } from '../module/print.ts';
import { Loss } from './loss.ts';
import { WeightedLoss, type WeightedOptions } from './weighted.ts';

/** Options of {@link NLLLoss}. */
export interface NLLOptions extends WeightedOptions {
  /** Targets of this class count for nothing. Default: -100. */
  readonly ignoreIndex?: number;
}

/**
 * Negative log-likelihood of log-probabilities (N, C, ...) for class indices; see {@link nllLoss}. `weight` holds one number for
 * each class. Follows `torch.nn.NLLLoss`.
 *
 * @example new nn.NLLLoss()(nn.F.logSoftmax(randn([3, 5]), 1), tensor([1, 0, 4]));
 */
export class NLLLoss extends WeightedLoss {
  ignoreIndex: number;

  constructor(options: NLLOptions = {}) {
    super(options);
    this.ignoreIndex = options.ignoreIndex ?? -100;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { weight, ignoreIndex } = this;
    return nllLoss(input, target, this.bound({ weight, ignoreIndex }, options));
  }
}

/** PyTorch's old name of {@link NLLLoss} for images, (N, C, H, W). Follows `torch.nn.NLLLoss2d`. */
export class NLLLoss2d extends NLLLoss {}

/** Options of {@link CrossEntropyLoss}. */
export interface CrossEntropyOptions extends NLLOptions {
  /** The share of each target that is spread evenly over all classes. Default: 0. */
  readonly labelSmoothing?: number;
}

/**
 * Cross-entropy of the softmax of logits (N, C, ...) for class indices (N, ...) or class probabilities (N, C, ...); see
 * {@link crossEntropy}. `weight` holds one number for each class. Follows `torch.nn.CrossEntropyLoss`.
 *
 * @example
 * ```ts
 * const lossFn = new nn.CrossEntropyLoss({ labelSmoothing: 0.1 });
 * lossFn(model(x), labels).backward();
 * ```
 */
export class CrossEntropyLoss extends WeightedLoss {
  ignoreIndex: number;
  labelSmoothing: number;

  constructor(options: CrossEntropyOptions = {}) {
    super(options);
    this.ignoreIndex = options.ignoreIndex ?? -100;
    this.labelSmoothing = options.labelSmoothing ?? 0;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { weight, ignoreIndex, labelSmoothing } = this;
    return crossEntropy(input, target, this.bound({ weight, ignoreIndex, labelSmoothing }, options));
  }
}

/** Options of {@link LinearCrossEntropyLoss}. */
export interface LinearCrossEntropyLossOptions extends WeightedOptions {
  /** Sizes of the loss's further dimensions: logits are (N, C, ...outFeatures). Default: none. */
  readonly outFeatures?: readonly number[];
  /** Whether something is added to the logits. Default: false. */
  readonly bias?: boolean;
  /** Targets of this class count for nothing. Default: -100; with targets of probabilities there is none. */
  readonly ignoreIndex?: number;
  /** Default: 0. */
  readonly labelSmoothing?: number;
}

/**
 * A linear layer and the cross-entropy of its logits in one: input (N, inFeatures) or (inFeatures,); see
 * {@link linearCrossEntropy}. Follows `torch.nn.LinearCrossEntropyLoss`.
 *
 * @example new nn.LinearCrossEntropyLoss(8, 5)(randn([3, 8]), tensor([1, 0, 4]));
 */
export class LinearCrossEntropyLoss extends WeightedLoss {
  readonly numClasses: number;
  readonly outFeatures: readonly number[];
  readonly ignoreIndex: number | null;
  readonly labelSmoothing: number;
  linear: Linear;

  constructor(inFeatures: number, numClasses: number, options: LinearCrossEntropyLossOptions = {}) {
    const { weight = null, labelSmoothing = 0, outFeatures = [] } = options;
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
    this.linear = new Linear(inFeatures, out, { bias: options.bias ?? false });
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
    const { outFeatures } = this;
    const tuple = outFeatures.length === 1 ? `(${outFeatures[0]},)` : `(${outFeatures.join(', ')})`;
    return (
      `in_features=${this.linear.inFeatures}, num_classes=${this.numClasses}, out_features=${tuple}, ` +
      `bias=${pyBool(this.linear.bias !== null)}, reduction=${this.reduction}, ` +
      `ignore_index=${this.ignoreIndex ?? 'None'}, label_smoothing=${this.labelSmoothing}`
    );
  }
}

/** Options of {@link MultiMarginLoss}. */
export interface MultiMarginOptions extends WeightedOptions {
  /** The power of each violation, 1 or 2. Default: 1. */
  readonly p?: number;
  /** Default: 1. */
  readonly margin?: number;
}

/**
 * A margin between the score of the target class and all others; see {@link multiMarginLoss}.
 * Follows `torch.nn.MultiMarginLoss`.
 *
 * @example new nn.MultiMarginLoss()(tensor([[0.1, 0.2, 0.8]]), tensor([2]));
 */
export class MultiMarginLoss extends WeightedLoss {
  p: number;
  margin: number;

  constructor(options: MultiMarginOptions = {}) {
    super(options);
    const { p = 1, margin = 1, weight = null } = options;
    if (p !== 1 && p !== 2)
      throw new ValueError(`MultiMarginLoss: only p == 1 and p == 2 supported, got ${p}`);
    if (weight !== null && weight.ndim !== 1) {
      throw new KindlingError(
        `MultiMarginLoss: weight must be one-dimensional, got ${formatShape(weight.shape)}`,
      );
    }
    this.p = p;
    this.margin = margin;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { p, margin, weight } = this;
    return multiMarginLoss(input, target, this.bound({ p, margin, weight }, options));
  }
}

/**
 * A margin between the scores of all target classes and all others; see {@link multilabelMarginLoss}.
 * Follows `torch.nn.MultiLabelMarginLoss`.
 *
 * @example new nn.MultiLabelMarginLoss()(tensor([[0.1, 0.2, 0.4, 0.8]]), tensor([[3, 0, -1, 1]])); // 0.85
 */
export class MultiLabelMarginLoss extends Loss<[input: Tensor, target: Tensor]> {
  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return multilabelMarginLoss(input, target, this.bound({}, options));
  }
}
