import type { Tensor } from '@kindling/core';
import {
  type CosineSimilarityOptions,
  cosineSimilarity,
  type PairwiseDistanceOptions,
  pairwiseDistance,
} from '../functional/distance.ts';
import { Module } from '../module/module.ts';

/** Cosine of the angle between x1 and x2 along a dimension. Follows `torch.nn.CosineSimilarity`. */
export class CosineSimilarity extends Module<[Tensor, Tensor], Tensor> {
  readonly dim: number;
  readonly eps: number;

  constructor(dim = 1, options: CosineSimilarityOptions = {}) {
    super();
    this.dim = dim;
    this.eps = options.eps ?? 1e-8;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return cosineSimilarity(x1, x2, this.dim, this);
  }
}

/** The p-norm of the difference along the last dimension. Follows `torch.nn.PairwiseDistance`. */
export class PairwiseDistance extends Module<[Tensor, Tensor], Tensor> {
  /** The p of the norm. */
  readonly p: number;
  readonly eps: number;
  readonly keepdim: boolean;

  constructor(options: PairwiseDistanceOptions = {}) {
    super();
    this.p = options.p ?? 2;
    this.eps = options.eps ?? 1e-6;
    this.keepdim = options.keepdim ?? false;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return pairwiseDistance(x1, x2, this);
  }
}
