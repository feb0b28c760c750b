import type { Tensor } from '@kindling/core';
import { gaussianNllLoss, klDiv, poissonNllLoss } from '../functional/losses/likelihood.ts';
import type { LossReduction, SampleWeightOptions } from '../functional/losses/reduction.ts';
import { Loss, type LossModuleOptions } from './loss.ts';

/** Options of {@link PoissonNLLLoss}. */
export interface PoissonNLLOptions extends LossModuleOptions {
  /** Whether the input is the logarithm of the expectation. Default: true. */
  readonly logInput?: boolean;
  /** Whether to add Stirling's approximation of log(y!). Default: false. */
  readonly full?: boolean;
  /** Added to an expectation before its logarithm is taken. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * Negative log-likelihood of counts under Poisson distributions; see {@link poissonNllLoss}. Follows `torch.nn.PoissonNLLLoss`.
 *
 * @example new nn.PoissonNLLLoss({ full: true })(tensor([0.5, 1]), tensor([1, 3]));
 */
export class PoissonNLLLoss extends Loss<[input: Tensor, target: Tensor]> {
  logInput: boolean;
  full: boolean;
  eps: number;

  constructor(options: PoissonNLLOptions = {}) {
    super(options);
    this.logInput = options.logInput ?? true;
    this.full = options.full ?? false;
    this.eps = options.eps ?? 1e-8;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    const { logInput, full, eps } = this;
    return poissonNllLoss(input, target, this.bound({ logInput, full, eps }, options));
  }
}

/** Options of {@link GaussianNLLLoss}. */
export interface GaussianNLLOptions extends LossModuleOptions {
  /** Whether to add the constant log(2 pi) / 2. Default: false. */
  readonly full?: boolean;
  /** Variances below it count as it. Default: 1e-6. */
  readonly eps?: number;
}

/**
 * Negative log-likelihood under Gaussians, called with input, target and variance; see {@link gaussianNllLoss}.
 * Follows `torch.nn.GaussianNLLLoss`.
 *
 * @example new nn.GaussianNLLLoss()(tensor([0.5, 1]), tensor([1, 1]), tensor([1, 0.25]));
 */
export class GaussianNLLLoss extends Loss<[input: Tensor, target: Tensor, variance: Tensor | number]> {
  full: boolean;
  eps: number;

  constructor(options: GaussianNLLOptions = {}) {
    super(options);
    this.full = options.full ?? false;
    this.eps = options.eps ?? 1e-6;
  }

  override forward(
    input: Tensor,
    target: Tensor,
    variance: Tensor | number,
    options?: SampleWeightOptions,
  ): Tensor {
    const { full, eps } = this;
    return gaussianNllLoss(input, target, variance, this.bound({ full, eps }, options));
  }
}

/** Options of {@link KLDivLoss}. */
export interface KLDivOptions extends LossModuleOptions<LossReduction | 'batchmean'> {
  /** Whether the target too is a logarithm. Default: false. */
  readonly logTarget?: boolean;
}

/**
 * The Kullback-Leibler divergence of log-probabilities from probabilities; `'batchmean'` gives that of mathematics; see
 * {@link klDiv}. Follows `torch.nn.KLDivLoss`.
 *
 * @example new nn.KLDivLoss({ reduction: 'batchmean' })(nn.F.logSoftmax(randn([2, 3]), 1), nn.F.softmax(randn([2, 3]), 1));
 */
export class KLDivLoss extends Loss<[input: Tensor, target: Tensor], LossReduction | 'batchmean'> {
  logTarget: boolean;

  constructor(options: KLDivOptions = {}) {
    super(options, ['none', 'batchmean', 'mean', 'sum', 'weightedMean']);
    this.logTarget = options.logTarget ?? false;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return klDiv(input, target, this.bound({ logTarget: this.logTarget }, options));
  }
}
