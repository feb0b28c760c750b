import type { Tensor } from '@kindling/core';
import type { SampleWeightOptions } from '../functional/losses/reduction.ts';
import { huberLoss, l1Loss, mseLoss, smoothL1Loss } from '../functional/losses/regression.ts';
import { Loss, type LossModuleOptions } from './loss.ts';

/** Input and target. */
type Pair = [input: Tensor, target: Tensor];

/**
 * The mean absolute error |x - y|. Shapes: input and target alike; see {@link l1Loss}. Follows `torch.nn.L1Loss`.
 *
 * @example new nn.L1Loss()(tensor([0.5, 2]), tensor([0, 4])); // 1.25
 */
export class L1Loss extends Loss<Pair> {
  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return l1Loss(input, target, this.bound({}, options));
  }
}

/**
 * The mean squared error (x - y)^2. Shapes: input and target alike; see {@link mseLoss}. Follows `torch.nn.MSELoss`.
 *
 * @example new nn.MSELoss({ reduction: 'sum' })(tensor([0.5, 2]), tensor([0, 4])); // 4.25
 */
export class MSELoss extends Loss<Pair> {
  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return mseLoss(input, target, this.bound({}, options));
  }
}

/** Options of {@link SmoothL1Loss}. */
export interface SmoothL1Options extends LossModuleOptions {
  /** Where the square becomes a line. Default: 1. */
  readonly beta?: number;
}

/**
 * A square below `beta` and a line above; see {@link smoothL1Loss}. Follows `torch.nn.SmoothL1Loss`.
 *
 * @example new nn.SmoothL1Loss({ beta: 0.5 })(tensor([0.5, 2]), tensor([0, 4]));
 */
export class SmoothL1Loss extends Loss<Pair> {
  beta: number;

  constructor(options: SmoothL1Options = {}) {
    super(options);
    this.beta = options.beta ?? 1;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return smoothL1Loss(input, target, this.bound({ beta: this.beta }, options));
  }
}

/** Options of {@link HuberLoss}. */
export interface HuberOptions extends LossModuleOptions {
  /** Where the square becomes a line. Default: 1. */
  readonly delta?: number;
}

/**
 * A square up to `delta` and a line of slope delta above; see {@link huberLoss}. Follows `torch.nn.HuberLoss`.
 *
 * @example new nn.HuberLoss({ delta: 0.5 })(tensor([0.5, 2]), tensor([0, 4]));
 */
export class HuberLoss extends Loss<Pair> {
  delta: number;

  constructor(options: HuberOptions = {}) {
    super(options);
    this.delta = options.delta ?? 1;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return huberLoss(input, target, this.bound({ delta: this.delta }, options));
  }
}
