import { broadcastTensors, getDefaultDtype, isFloatingPoint, type Tensor } from '@kindling/core';

/** Options of {@link cosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** The least norm that is divided by. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * x1 . x2 / (max(|x1|, eps) * max(|x2|, eps)) along `dim`; the shapes broadcast.
 * Follows `torch.nn.functional.cosine_similarity`.
 */
export function cosineSimilarity(
  x1: Tensor,
  x2: Tensor,
  dim = 1,
  options: CosineSimilarityOptions = {},
): Tensor {
  const { eps = 1e-8 } = options;
  // Expanded first: a stretched dimension counts as often as it is repeated.
  const [a, b] = broadcastTensors(x1, x2) as [Tensor, Tensor];
  const unit = (x: Tensor): Tensor => x.div(x.norm(2, dim, { keepdim: true }).clampMin(eps));
  return unit(a).mul(unit(b)).sum(dim);
}

/** Options of {@link pairwiseDistance}. */
export interface PairwiseDistanceOptions {
  /** The p of the norm. Default: 2. */
  readonly p?: number;
  /** Added to each difference. Default: 1e-6. */
  readonly eps?: number;
  /** Default: false. */
  readonly keepdim?: boolean;
}

/** The p-norm of x1 - x2 + eps along the last dimension. Follows `torch.nn.functional.pairwise_distance`. */
export function pairwiseDistance(x1: Tensor, x2: Tensor, options: PairwiseDistanceOptions = {}): Tensor {
  const { p = 2, eps = 1e-6, keepdim = false } = options;
  const difference = x1.sub(x2);
  const floats = isFloatingPoint(difference.dtype) ? difference : difference.to(getDefaultDtype());
  return floats.add(eps).norm(p, -1, { keepdim });
}
