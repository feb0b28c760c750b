import type { Tensor } from '@kindling/core';
import { asymmetricLoss } from '../../functional/losses/beyond/asymmetric.ts';
import { emdLoss } from '../../functional/losses/beyond/earth-mover.ts';
import type { SampleWeightOptions } from '../../functional/losses/reduction.ts';
import { Loss, type LossModuleOptions } from '../loss.ts';

/** Options of {@link AsymmetricLoss}. */
export interface AsymmetricOptions extends LossModuleOptions {
  /** How much easy negatives are discounted. Default: 4. */
  readonly gammaNeg?: number;
  /** How much easy positives are discounted. Default: 1. */
  readonly gammaPos?: number;
  /** What is taken off the probability of negatives: those below it count for nothing. Default: 0.05. */
  readonly clip?: number;
}

/**
 * Multi-label loss of logits that discounts the many easy negatives; see {@link asymmetricLoss}. Input and
 * target have one shape.
 *
 * Ridnik, Ben-Baruch, Zamir, Noy, Friedman, Protter, Zelnik-Manor: Asymmetric loss for multi-label
 * classification, 2021, https://arxiv.org/abs/2009.14119.
 *
 * @example new nn.AsymmetricLoss({ clip: 0 })(randn([2, 5]), randint(0, 2, [2, 5]).float());
 */
export class AsymmetricLoss extends Loss<[input: Tensor, target: Tensor]> {
  gammaNeg: number;
  gammaPos: number;
  clip: number;

  constructor(options: AsymmetricOptions = {}) {
    super(options);
    this.gammaNeg = options.gammaNeg ?? 4;
    this.gammaPos = options.gammaPos ?? 1;
    this.clip = options.clip ?? 0.05;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { gammaNeg, gammaPos, clip } = this;
    return asymmetricLoss(input, target, this.bound({ gammaNeg, gammaPos, clip }, options));
  }
}

/** Options of {@link EMDLoss}. */
export interface EMDOptions extends LossModuleOptions {
  /** The power of the differences; 1 gives the earth mover's distance itself. Default: 2. */
  readonly power?: number;
}

/**
 * Squared earth mover's distance of the softmax of logits (N, C, ...) from a distribution over ordered
 * classes, or from the class itself; see {@link emdLoss}.
 *
 * Hou, Yu, Samaras: Squared earth mover's distance-based loss for training deep neural networks, 2016,
 * https://arxiv.org/abs/1611.05916.
 *
 * @example new nn.EMDLoss()(randn([4, 10]), nn.F.softmax(randn([4, 10]), 1));
 */
export class EMDLoss extends Loss<[input: Tensor, target: Tensor]> {
  power: number;

  constructor(options: EMDOptions = {}) {
    super(options);
    this.power = options.power ?? 2;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return emdLoss(input, target, this.bound({ power: this.power }, options));
  }
}
