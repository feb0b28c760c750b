import type { Tensor } from '@kindling/core';
import {
  type DiceLossOptions,
  diceLoss,
  type FocalTverskyLossOptions,
  focalTverskyLoss,
  jaccardLoss,
  type OverlapLossOptions,
  type TverskyLossOptions,
  tverskyLoss,
} from '../../functional/losses/beyond/overlap.ts';
import type { SampleWeightOptions } from '../../functional/losses/reduction.ts';
import { Loss } from '../loss.ts';

/** A function's options without those of a call. */
type Own<O extends SampleWeightOptions> = Omit<O, keyof SampleWeightOptions>;

/** What the losses that measure the overlap of regions have in common. */
class OverlapLoss extends Loss<[input: Tensor, target: Tensor]> {
  smooth: number;
  /** What makes probabilities of the input; `null`: it depends on the target. */
  activation: 'sigmoid' | 'softmax' | 'none' | null;
  ignoreIndex: number | null;
  batch: boolean;

  constructor(options: Own<OverlapLossOptions>) {
    super(options);
    this.smooth = options.smooth ?? 1;
    this.activation = options.activation ?? null;
    this.ignoreIndex = options.ignoreIndex ?? null;
    this.batch = options.batch ?? false;
  }

  /** The options of the function: those of all overlaps and the loss's own. */
  protected overlap<O extends object>(own: O, call?: SampleWeightOptions) {
    const { smooth, activation, ignoreIndex, batch } = this;
    const shared = { smooth, ignoreIndex, batch, ...(activation === null ? {} : { activation }) };
    return this.bound({ ...shared, ...own }, call);
  }
}

/**
 * One minus the soft Dice coefficient of each region, from logits (N, C, ...); see {@link diceLoss}.
 *
 * Milletari, Navab, Ahmadi: V-Net, 2016, https://arxiv.org/abs/1606.04797.
 *
 * @example new nn.DiceLoss()(randn([2, 1, 8, 8]), randint(0, 2, [2, 1, 8, 8]));
 */
export class DiceLoss extends OverlapLoss {
  squared: boolean;

  constructor(options: Own<DiceLossOptions> = {}) {
    super(options);
    this.squared = options.squared ?? false;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return diceLoss(input, target, this.overlap({ squared: this.squared }, options));
  }
}

/**
 * One minus the Tversky index of each region, which weighs false positives (`alpha`) and false negatives
 * (`beta`) apart; see {@link tverskyLoss}.
 *
 * Salehi, Erdogmus, Gholipour: Tversky loss function for image segmentation using 3D fully convolutional deep
 * networks, 2017, https://arxiv.org/abs/1706.05721.
 *
 * @example new nn.TverskyLoss({ beta: 0.9, alpha: 0.1 })(randn([2, 1, 8, 8]), randint(0, 2, [2, 1, 8, 8]));
 */
export class TverskyLoss extends OverlapLoss {
  alpha: number;
  beta: number;

  constructor(options: Own<TverskyLossOptions> = {}) {
    super(options);
    this.alpha = options.alpha ?? 0.3;
    this.beta = options.beta ?? 0.7;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { alpha, beta } = this;
    return tverskyLoss(input, target, this.overlap({ alpha, beta }, options));
  }
}

/**
 * The Tversky loss of each region to the power 1 / `gamma`; see {@link focalTverskyLoss}.
 *
 * Abraham, Khan: A novel focal Tversky loss function with improved attention U-Net for lesion segmentation,
 * 2018, https://arxiv.org/abs/1810.07842.
 *
 * @example new nn.FocalTverskyLoss()(randn([2, 3, 8, 8]), randint(0, 3, [2, 8, 8], { dtype: 'int32' }));
 */
export class FocalTverskyLoss extends OverlapLoss {
  alpha: number;
  beta: number;
  gamma: number;

  constructor(options: Own<FocalTverskyLossOptions> = {}) {
    super(options);
    this.alpha = options.alpha ?? 0.3;
    this.beta = options.beta ?? 0.7;
    this.gamma = options.gamma ?? 4 / 3;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { alpha, beta, gamma } = this;
    return focalTverskyLoss(input, target, this.overlap({ alpha, beta, gamma }, options));
  }
}

/**
 * One minus the soft intersection over union of each region; see {@link jaccardLoss}.
 *
 * Rahman, Wang: Optimizing intersection-over-union in deep neural networks for image segmentation, 2016,
 * https://doi.org/10.1007/978-3-319-50835-1_22.
 *
 * @example new nn.JaccardLoss({ batch: true })(randn([2, 1, 8, 8]), randint(0, 2, [2, 1, 8, 8]));
 */
export class JaccardLoss extends OverlapLoss {
  constructor(options: Own<OverlapLossOptions> = {}) {
    super(options);
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return jaccardLoss(input, target, this.overlap({}, options));
  }
}
