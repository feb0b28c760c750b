import type { Tensor } from '@kindling/core';
import { infoNceLoss, supConLoss } from '../../functional/losses/beyond/contrastive.ts';
import type { SampleWeightOptions } from '../../functional/losses/reduction.ts';
import { Loss, type LossModuleOptions } from '../loss.ts';

/** Options of {@link InfoNCELoss}. */
export interface InfoNCEOptions extends LossModuleOptions {
  /** What similarities are divided by. Default: 0.1. */
  readonly temperature?: number;
  /** Also finds the query among the others for each key, as CLIP does. Default: false. */
  readonly symmetric?: boolean;
}

/**
 * The cross-entropy of finding each query's key among those of the others, or among `negatives`; see
 * {@link infoNceLoss}. Queries and keys are (N, D), negatives (M, D) or (N, M, D).
 *
 * Van den Oord, Li, Vinyals: Representation learning with contrastive predictive coding, 2018,
 * https://arxiv.org/abs/1807.03748.
 *
 * @example
 * ```ts
 * const lossFn = new nn.InfoNCELoss({ temperature: 0.2 });
 * lossFn(encode(viewA), encode(viewB));
 * lossFn(encode(viewA), encode(viewB), encode(others));
 * ```
 */
export class InfoNCELoss extends Loss<[query: Tensor, key: Tensor, negatives?: Tensor | null]> {
  temperature: number;
  symmetric: boolean;

  constructor(options: InfoNCEOptions = {}) {
    super(options);
    this.temperature = options.temperature ?? 0.1;
    this.symmetric = options.symmetric ?? false;
  }

  override forward(
    query: Tensor,
    key: Tensor,
    negatives: Tensor | null = null,
    options?: SampleWeightOptions,
  ): Tensor {
    const { temperature, symmetric } = this;
    return infoNceLoss(query, key, this.bound({ negatives, temperature, symmetric }, options));
  }
}

/** Options of {@link SupConLoss}. */
export interface SupConOptions extends LossModuleOptions {
  /** What similarities are divided by. Default: 0.07. */
  readonly temperature?: number;
  /** The loss is multiplied by temperature / baseTemperature. Default: the temperature itself. */
  readonly baseTemperature?: number | null;
}

/**
 * Supervised contrastive loss of features (N, D) or (N, V, D) with labels (N): samples of one class attract
 * each other; see {@link supConLoss}.
 *
 * Khosla, Teterwak, Wang, Sarna, Tian, Isola, Maschinot, Liu, Krishnan: Supervised contrastive learning,
 * 2020, https://arxiv.org/abs/2004.11362.
 *
 * @example new nn.SupConLoss()(randn([4, 8]), tensor([0, 1, 0, 1]));
 */
export class SupConLoss extends Loss<[features: Tensor, labels: Tensor]> {
  temperature: number;
  baseTemperature: number | null;

  constructor(options: SupConOptions = {}) {
    super(options);
    this.temperature = options.temperature ?? 0.07;
    this.baseTemperature = options.baseTemperature ?? null;
  }

  override forward(features: Tensor, labels: Tensor, options?: SampleWeightOptions): Tensor {
    const { temperature, baseTemperature } = this;
    return supConLoss(features, labels, this.bound({ temperature, baseTemperature }, options));
  }
}
