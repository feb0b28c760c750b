import type { Tensor } from '@kindling/core';
import {
  charbonnierLoss,
  checkQuantiles,
  logCoshLoss,
  quantileLoss,
} from '../../functional/losses/beyond/regression.ts';
import { adaptiveWingLoss, wingLoss } from '../../functional/losses/beyond/wing.ts';
import type { SampleWeightOptions } from '../../functional/losses/reduction.ts';
import { Loss, type LossModuleOptions } from '../loss.ts';

/** Input and target. */
type Pair = [input: Tensor, target: Tensor];

/**
 * log(cosh(x - y)): smooth everywhere, square near 0 and linear far out; see {@link logCoshLoss}.
 *
 * Saleh, Saleh: Statistical properties of the log-cosh loss function used in machine learning, 2022,
 * https://arxiv.org/abs/2208.04564.
 *
 * @example new nn.LogCoshLoss()(randn([4]), randn([4]));
 */
export class LogCoshLoss extends Loss<Pair> {
  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return logCoshLoss(input, target, this.bound({}, options));
  }
}

/** Options of {@link CharbonnierLoss}. */
export interface CharbonnierOptions extends LossModuleOptions {
  /** The residual below which the loss is round. Default: 1e-3. */
  readonly epsilon?: number;
}

/**
 * sqrt((x - y)^2 + epsilon^2), a smooth L1 loss; see {@link charbonnierLoss}.
 *
 * Charbonnier, Blanc-Feraud, Aubert, Barlaud: Two deterministic half-quadratic regularization algorithms for
 * computed imaging, 1994, https://doi.org/10.1109/ICIP.1994.413553.
 *
 * @example new nn.CharbonnierLoss({ epsilon: 0.1 })(randn([4]), randn([4]));
 */
export class CharbonnierLoss extends Loss<Pair> {
  epsilon: number;

  constructor(options: CharbonnierOptions = {}) {
    super(options);
    this.epsilon = options.epsilon ?? 1e-3;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return charbonnierLoss(input, target, this.bound({ epsilon: this.epsilon }, options));
  }
}

/**
 * The pinball loss, whose minimum is a quantile of the target, or several; see {@link quantileLoss}. With one
 * quantile, input and target have one shape; with a list of Q the input is (..., Q).
 *
 * Koenker, Bassett: Regression quantiles, 1978, https://doi.org/10.2307/1913643.
 *
 * @throws ValueError for a quantile outside (0, 1)
 * @example new nn.QuantileLoss([0.1, 0.5, 0.9])(randn([4, 3]), randn([4]));
 */
export class QuantileLoss extends Loss<Pair> {
  quantiles: number | readonly number[];

  constructor(quantiles: number | readonly number[], options: LossModuleOptions = {}) {
    super(options);
    checkQuantiles('QuantileLoss', quantiles);
    this.quantiles = quantiles;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return quantileLoss(input, target, this.quantiles, this.bound({}, options));
  }
}

/** Options of {@link WingLoss}. */
export interface WingOptions extends LossModuleOptions {
  /** Where the logarithm becomes a line. Default: 10. */
  readonly omega?: number;
  /** How sharply the logarithm bends. Default: 2. */
  readonly epsilon?: number;
}

/**
 * A logarithm for small residuals and a line for large ones, for the positions of landmarks; see
 * {@link wingLoss}.
 *
 * Feng, Kittler, Awais, Huber, Wu: Wing loss for robust facial landmark localisation with convolutional
 * neural networks, 2018, https://arxiv.org/abs/1711.06753.
 *
 * @example new nn.WingLoss()(randn([4, 2]), randn([4, 2]));
 */
export class WingLoss extends Loss<Pair> {
  omega: number;
  epsilon: number;

  constructor(options: WingOptions = {}) {
    super(options);
    this.omega = options.omega ?? 10;
    this.epsilon = options.epsilon ?? 2;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { omega, epsilon } = this;
    return wingLoss(input, target, this.bound({ omega, epsilon }, options));
  }
}

/** Options of {@link AdaptiveWingLoss}. */
export interface AdaptiveWingOptions extends LossModuleOptions {
  /** Scales the loss. Default: 14. */
  readonly omega?: number;
  /** Where the logarithm becomes a line. Default: 0.5. */
  readonly theta?: number;
  /** How sharply the logarithm bends. Default: 1. */
  readonly epsilon?: number;
  /** Less the target, the power of small residuals. Default: 2.1. */
  readonly alpha?: number;
}

/**
 * The wing loss for heatmaps with values in [0, 1], sharp on the foreground; see {@link adaptiveWingLoss}.
 *
 * Wang, Bo, Fuxin: Adaptive wing loss for robust face alignment via heatmap regression, 2019,
 * https://arxiv.org/abs/1904.07399.
 *
 * @example new nn.AdaptiveWingLoss()(rand([2, 8, 8]), rand([2, 8, 8]));
 */
export class AdaptiveWingLoss extends Loss<Pair> {
  omega: number;
  theta: number;
  epsilon: number;
  alpha: number;

  constructor(options: AdaptiveWingOptions = {}) {
    super(options);
    this.omega = options.omega ?? 14;
    this.theta = options.theta ?? 0.5;
    this.epsilon = options.epsilon ?? 1;
    this.alpha = options.alpha ?? 2.1;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { omega, theta, epsilon, alpha } = this;
    return adaptiveWingLoss(input, target, this.bound({ omega, theta, epsilon, alpha }, options));
  }
}
