import type { Tensor } from '@kindling/core';
import { focalLoss, sigmoidFocalLoss } from '../../functional/losses/beyond/focal.ts';
import type { SampleWeightOptions } from '../../functional/losses/reduction.ts';
import { Loss, type LossModuleOptions } from '../loss.ts';
import { WeightedLoss, type WeightedOptions } from '../weighted.ts';

/** Options of {@link SigmoidFocalLoss}. */
export interface SigmoidFocalOptions extends LossModuleOptions {
  /** The weight of positives, in [0, 1]; negatives have 1 - alpha. `null`: all have 1. Default: 0.25. */
  readonly alpha?: number | null;
  /** How much easy examples are discounted; 0 gives the binary cross-entropy. Default: 2. */
  readonly gamma?: number;
}

/**
 * Focal loss of logits, each an independent yes or no; see {@link sigmoidFocalLoss}. Input and target have
 * one shape.
 *
 * Lin, Goyal, Girshick, He, Dollar: Focal Loss for Dense Object Detection, 2017,
 * https://arxiv.org/abs/1708.02002.
 *
 * @example new nn.SigmoidFocalLoss({ gamma: 1.5 })(randn([4]), tensor([1, 0, 0, 1]));
 */
export class SigmoidFocalLoss extends Loss<[input: Tensor, target: Tensor]> {
  alpha: number | null;
  gamma: number;

  constructor(options: SigmoidFocalOptions = {}) {
    super(options);
    const { alpha = 0.25, gamma = 2 } = options;
    this.alpha = alpha;
    this.gamma = gamma;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { alpha, gamma } = this;
    return sigmoidFocalLoss(input, target, this.bound({ alpha, gamma }, options));
  }
}

/** Options of {@link FocalLoss}. */
export interface FocalOptions extends WeightedOptions {
  /** How much easy examples are discounted; 0 gives the cross-entropy. Default: 2. */
  readonly gamma?: number;
  /** Targets of this class count for nothing. Default: -100. */
  readonly ignoreIndex?: number;
}

/**
 * Focal loss of the softmax of logits (N, C, ...), for class indices (N, ...) or probabilities; see
 * {@link focalLoss}. `weight` holds one number for each class, and is a buffer.
 *
 * Lin, Goyal, Girshick, He, Dollar: Focal Loss for Dense Object Detection, 2017,
 * https://arxiv.org/abs/1708.02002.
 *
 * @example new nn.FocalLoss({ weight: tensor([1, 2, 0.5]) })(randn([4, 3]), tensor([2, 0, 1, 1]));
 */
export class FocalLoss extends WeightedLoss {
  gamma: number;
  ignoreIndex: number;

  constructor(options: FocalOptions = {}) {
    super(options);
    this.gamma = options.gamma ?? 2;
    this.ignoreIndex = options.ignoreIndex ?? -100;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { weight, gamma, ignoreIndex } = this;
    return focalLoss(input, target, this.bound({ weight, gamma, ignoreIndex }, options));
  }
}
