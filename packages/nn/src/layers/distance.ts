import {
  type CosineSimilarityOptions,
  checkArguments,
  cosineSimilarity,
  K,
  type PairwiseDistanceOptions,
  pairwiseDistance,
  type Tensor,
} from '@kindling/core';
import { Module } from '../module/module.ts';

export { type CosineSimilarityOptions, cosineSimilarity, type PairwiseDistanceOptions, pairwiseDistance };

/**
 * Cosine of the angle between x1 and x2 along a dimension, which vanishes: x1 . x2 / max(|x1| |x2|, eps).
 * Follows `torch.nn.CosineSimilarity`.
 * @throws ShapeError when the inputs do not broadcast.
 * @example new nn.CosineSimilarity()(tensor([[1.5, 0]]), tensor([[2, 1.5]])); // tensor([0.8000])
 */
export class CosineSimilarity extends Module<[Tensor, Tensor], Tensor> {
  /** Along which dimension. */
  readonly dim: number;
  /** The least divisor. */
  readonly eps: number;

  constructor(dim = 1, options: CosineSimilarityOptions = {}) {
    checkArguments(
      new.target.name,
      { dim: K.optional(K.integer), options: K.options<CosineSimilarityOptions>({ eps: K.number }) },
      arguments,
    );
    super();
    this.dim = dim;
    this.eps = options.eps ?? 1e-8;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return cosineSimilarity(x1, x2, this.dim, { eps: this.eps });
  }
}

/**
 * The p-norm of the difference along the last dimension: |x1 - x2 + eps|_p. Follows `torch.nn.PairwiseDistance`.
 * @throws ShapeError when the inputs do not broadcast.
 */
export class PairwiseDistance extends Module<[Tensor, Tensor], Tensor> {
  /** The p of the norm. */
  readonly p: number;
  /** Added to the difference. */
  readonly eps: number;
  /** Whether the last dimension stays, with size 1. */
  readonly keepdim: boolean;

  constructor(options: PairwiseDistanceOptions = {}) {
    checkArguments(
      new.target.name,
      { options: K.options<PairwiseDistanceOptions>({ p: K.number, eps: K.number, keepdim: K.flag }) },
      arguments,
    );
    super();
    this.p = options.p ?? 2;
    this.eps = options.eps ?? 1e-6;
    this.keepdim = options.keepdim ?? false;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    const { p, eps, keepdim } = this;
    return pairwiseDistance(x1, x2, { p, eps, keepdim });
  }
}
