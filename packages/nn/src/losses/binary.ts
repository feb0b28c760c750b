import type { Tensor } from '@kindling/core';
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  multilabelSoftMarginLoss,
  softMarginLoss,
} from '../functional/losses/binary.ts';
import type { SampleWeightOptions } from '../functional/losses/reduction.ts';
import { Loss } from './loss.ts';
import { WeightedLoss, type WeightedOptions } from './weighted.ts';

/**
 * Binary cross-entropy of probabilities, from a sigmoid; see {@link binaryCrossEntropy}. `weight` broadcasts to the input.
 * Follows `torch.nn.BCELoss`.
 *
 * @throws ValueError for numbers outside [0, 1]
 * @example new nn.BCELoss()(tensor([0.9, 0.2]), tensor([1, 0]));
 */
export class BCELoss extends WeightedLoss {
  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return binaryCrossEntropy(input, target, this.bound({ weight: this.weight }, options));
  }
}

/** Options of {@link BCEWithLogitsLoss}. */
export interface BCEWithLogitsOptions extends WeightedOptions {
  /** A weight of the positive examples, for each class. */
  readonly posWeight?: Tensor | null;
}

/**
 * Binary cross-entropy of the sigmoid of logits, accurate for logits of any size; see {@link binaryCrossEntropyWithLogits}.
 * `weight` broadcasts to the input, `posWeight` to the target; both are buffers. Follows `torch.nn.BCEWithLogitsLoss`.
 *
 * @example
 * ```ts
 * const lossFn = new nn.BCEWithLogitsLoss({ posWeight: tensor([3]) });
 * lossFn(model(x), y, { sampleWeight });
 * ```
 */
export class BCEWithLogitsLoss extends WeightedLoss {
  static override readonly stateNames = { posWeight: 'pos_weight' };

  posWeight: Tensor | null;

  constructor(options: BCEWithLogitsOptions = {}) {
    super(options);
    this.posWeight = this.registerBuffer('posWeight', options.posWeight ?? null);
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const own = { weight: this.weight, posWeight: this.posWeight };
    return binaryCrossEntropyWithLogits(input, target, this.bound(own, options));
  }
}

/**
 * Binary cross-entropy of the sigmoid of logits (N, C), averaged over the classes: any number of them may apply to a sample;
 * see {@link multilabelSoftMarginLoss}. Follows `torch.nn.MultiLabelSoftMarginLoss`.
 *
 * @example new nn.MultiLabelSoftMarginLoss()(tensor([[0.5, -1, 3]]), tensor([[1, 0, 1]]));
 */
export class MultiLabelSoftMarginLoss extends WeightedLoss {
  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return multilabelSoftMarginLoss(input, target, this.bound({ weight: this.weight }, options));
  }
}

/**
 * log(1 + exp(-y x)) for targets y of 1 or -1; see {@link softMarginLoss}. Follows `torch.nn.SoftMarginLoss`.
 *
 * @example new nn.SoftMarginLoss()(tensor([0.5, -1]), tensor([1, -1]));
 */
export class SoftMarginLoss extends Loss<[input: Tensor, target: Tensor]> {
  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return softMarginLoss(input, target, this.bound({}, options));
  }
}
