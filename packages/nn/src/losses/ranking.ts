import { type Tensor, ValueError } from '@kindling/core';
import {
  cosineEmbeddingLoss,
  type DistanceFunction,
  hingeEmbeddingLoss,
  marginRankingLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from '../functional/losses/ranking.ts';
import type { SampleWeightOptions } from '../functional/losses/reduction.ts';
import { Loss, type LossModuleOptions } from './loss.ts';

/** Options of the losses that ask for a margin. */
export interface MarginOptions extends LossModuleOptions {
  /** What is enough of a difference. */
  readonly margin?: number;
}

/** A loss with a margin. */
class MarginLoss<I extends unknown[]> extends Loss<I> {
  margin: number;

  constructor(options: MarginOptions, defaultMargin: number) {
    super(options);
    this.margin = options.margin ?? defaultMargin;
  }
}

/** Two inputs and a target of 1 or -1. */
type Comparison = [input1: Tensor, input2: Tensor, target: Tensor];
type Triplet = [anchor: Tensor, positive: Tensor, negative: Tensor];

/**
 * Which of two inputs is to rank higher: the first for targets of 1, the second for -1, by `margin` (default 0); see
 * {@link marginRankingLoss}. Follows `torch.nn.MarginRankingLoss`.
 *
 * @example new nn.MarginRankingLoss({ margin: 0.5 })(tensor([1.5, 2]), tensor([0.5, 3]), tensor([1, 1]));
 */
export class MarginRankingLoss extends MarginLoss<Comparison> {
  constructor(options: MarginOptions = {}) {
    super(options, 0);
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return marginRankingLoss(input1, input2, target, this.bound({ margin: this.margin }, options));
  }
}

/**
 * A distance, small for targets of 1 and at least `margin` (default 1) for -1; see {@link hingeEmbeddingLoss}.
 * Follows `torch.nn.HingeEmbeddingLoss`.
 *
 * @example new nn.HingeEmbeddingLoss()(tensor([0.3, 0.3]), tensor([1, -1]));
 */
export class HingeEmbeddingLoss extends MarginLoss<[input: Tensor, target: Tensor]> {
  constructor(options: MarginOptions = {}) {
    super(options, 1);
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return hingeEmbeddingLoss(input, target, this.bound({ margin: this.margin }, options));
  }
}

/**
 * The cosine of two embeddings, near 1 for targets of 1 and below `margin` (default 0) for -1; see {@link cosineEmbeddingLoss}.
 * Follows `torch.nn.CosineEmbeddingLoss`.
 *
 * @example new nn.CosineEmbeddingLoss()(randn([3, 5]), randn([3, 5]), tensor([1, -1, 1]));
 */
export class CosineEmbeddingLoss extends MarginLoss<Comparison> {
  constructor(options: MarginOptions = {}) {
    super(options, 0);
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return cosineEmbeddingLoss(input1, input2, target, this.bound({ margin: this.margin }, options));
  }
}

/** Options of {@link TripletMarginLoss}. */
export interface TripletMarginOptions extends MarginOptions {
  /** The p of the norm. Default: 2. */
  readonly p?: number;
  /** Added to each difference. Default: 1e-6. */
  readonly eps?: number;
  /** Measures the distance to the negative from the positive, where that is nearer to it. Default: false. */
  readonly swap?: boolean;
}

/**
 * An anchor that is to be nearer to a positive than to a negative, by `margin` (default 1); see {@link tripletMarginLoss}.
 * Follows `torch.nn.TripletMarginLoss`.
 *
 * @example new nn.TripletMarginLoss({ swap: true })(randn([3, 5]), randn([3, 5]), randn([3, 5]));
 */
export class TripletMarginLoss extends MarginLoss<Triplet> {
  p: number;
  eps: number;
  swap: boolean;

  constructor(options: TripletMarginOptions = {}) {
    super(options, 1);
    this.p = options.p ?? 2;
    this.eps = options.eps ?? 1e-6;
    this.swap = options.swap ?? false;
  }

  override forward(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    options?: SampleWeightOptions,
  ): Tensor {
    const { margin, p, eps, swap } = this;
    return tripletMarginLoss(anchor, positive, negative, this.bound({ margin, p, eps, swap }, options));
  }
}

/** Options of {@link TripletMarginWithDistanceLoss}. */
export interface TripletMarginWithDistanceOptions extends MarginOptions {
  /** Default: the Euclidean distance. */
  readonly distanceFunction?: DistanceFunction | null;
  /** Measures the distance to the negative from the positive, where that is nearer to it. Default: false. */
  readonly swap?: boolean;
}

/**
 * {@link TripletMarginLoss} with a distance of your own, a function or a module; see {@link tripletMarginWithDistanceLoss}.
 * Follows `torch.nn.TripletMarginWithDistanceLoss`.
 *
 * @example
 * ```ts
 * const distanceFunction = (a: Tensor, b: Tensor) => a.sub(b).abs().amax(1);
 * new nn.TripletMarginWithDistanceLoss({ distanceFunction })(randn([3, 5]), randn([3, 5]), randn([3, 5]));
 * ```
 */
export class TripletMarginWithDistanceLoss extends MarginLoss<Triplet> {
  distanceFunction: DistanceFunction | null;
  swap: boolean;

  constructor(options: TripletMarginWithDistanceOptions = {}) {
    super(options, 1);
    if (!(this.margin > 0)) {
      throw new ValueError(
        `TripletMarginWithDistanceLoss: expected margin to be greater than 0, got ${this.margin} instead`,
      );
    }
    this.distanceFunction = options.distanceFunction ?? null;
    this.swap = options.swap ?? false;
  }

  override forward(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    options?: SampleWeightOptions,
  ): Tensor {
    const { distanceFunction, margin, swap } = this;
    const own = this.bound({ distanceFunction, margin, swap }, options);
    return tripletMarginWithDistanceLoss(anchor, positive, negative, own);
  }
}
