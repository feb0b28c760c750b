import {
  E,
  ElementwiseReduction,
  formatShape,
  minimum,
  ShapeError,
  type Tensor,
  ValueError,
  where,
  zerosLike,
} from '@kindling/core';
import { checkSameSize } from '../../losses/checks.ts';
import { pairwiseDistance } from '../distance.ts';
import { checkReduction, elementwiseLoss, type LossOptions, reduceLoss } from './reduction.ts';

/** Losses of how near or far things are from each other. */

/** Options of the losses that ask for a margin. */
export interface MarginLossOptions extends LossOptions {
  /** What is enough of a difference. */
  readonly margin?: number;
}

const marginRanking = new ElementwiseReduction({
  name: 'margin_ranking_loss',
  arity: 3,
  expression: (a, b, y, margin) => E.max(E.add(E.mul(E.neg(y), E.sub(a, b)), margin), 0),
  // At the kink there is no gradient, as in PyTorch.
  gradient({ g }, a, b, y, margin) {
    const d = E.sub(a, b);
    const slope = E.select(E.gt(E.add(E.mul(E.neg(y), d), margin), 0), g, 0);
    const along = E.mul(slope, y);
    return [E.neg(along), along, E.neg(E.mul(slope, d))];
  },
});

/**
 * max(0, -y (x1 - x2) + margin), elementwise: for y = 1 the first input is to rank higher, for y = -1 the second. The three
 * tensors have one shape, or broadcast with as many dimensions. `margin` is 0 by default.
 * Follows `torch.nn.functional.margin_ranking_loss`.
 *
 * @throws ShapeError where the numbers of dimensions differ
 * @example F.marginRankingLoss(tensor([1.5, 2]), tensor([0.5, 3]), tensor([1, 1]), { margin: 0.5 }); // (0 + 1.5) / 2
 */
export function marginRankingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options: MarginLossOptions = {},
): Tensor {
  if (input1.ndim !== input2.ndim || input1.ndim !== target.ndim) {
    throw new ShapeError(
      'marginRankingLoss: All input tensors should have same dimension but got sizes: ' +
        `input1: ${formatShape(input1.shape)}, input2: ${formatShape(input2.shape)}, target: ${formatShape(target.shape)}`,
    );
  }
  const operands = [input1, input2, target];
  return elementwiseLoss(marginRanking, operands, 'marginRankingLoss', options, [options.margin ?? 0]);
}

const hingeEmbedding = new ElementwiseReduction({
  name: 'hinge_embedding_loss',
  arity: 2,
  expression: (x, y, margin) =>
    E.add(E.select(E.ne(y, 1), E.max(E.sub(margin, x), 0), 0), E.select(E.ne(y, -1), x, 0)),
  gradient: ({ g }, x, y, margin) => [
    E.sub(E.select(E.ne(y, -1), g, 0), E.select(E.and(E.ne(y, 1), E.lt(x, margin)), g, 0)),
    null,
  ],
});

/**
 * x for targets of 1, max(0, margin - x) for targets of -1, elementwise: x is a distance, to be small between what is
 * alike and at least `margin` (1 by default) between what is not. `input` x and `target` have one shape.
 * Follows `torch.nn.functional.hinge_embedding_loss`.
 *
 * @example F.hingeEmbeddingLoss(tensor([0.3, 0.3]), tensor([1, -1])); // (0.3 + 0.7) / 2
 */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, options: MarginLossOptions = {}): Tensor {
  checkSameSize('hingeEmbeddingLoss', input, target);
  return elementwiseLoss(hingeEmbedding, [input, target], 'hingeEmbeddingLoss', options, [
    options.margin ?? 1,
  ]);
}

/** PyTorch's least square of a norm: a float32, in float64 too. */
const leastSquare = Math.fround(1e-12);

/**
 * 1 - cos(x1, x2) for targets of 1, max(0, cos(x1, x2) - margin) for targets of -1. Shapes: both inputs (N, D) or (D,), `target`
 * (N,) or (), which is also that of the unreduced loss. `margin` is 0 by default.
 * Follows `torch.nn.functional.cosine_embedding_loss`.
 *
 * @throws ShapeError for other shapes
 * @example F.cosineEmbeddingLoss(randn([3, 5]), randn([3, 5]), tensor([1, -1, 1]));
 */
export function cosineEmbeddingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options: MarginLossOptions = {},
): Tensor {
  const { margin = 0 } = options;
  const caller = 'cosineEmbeddingLoss';
  checkReduction(caller, options.reduction ?? 'mean');
  if (target.ndim > 1) {
    throw new ShapeError(
      `${caller}: 0D or 1D target tensor expected, multi-target not supported, got ${formatShape(target.shape)}`,
    );
  }
  if (input1.ndim !== target.ndim + 1 || input2.ndim !== target.ndim + 1) {
    throw new ShapeError(
      `${caller}: ${target.ndim}D target tensor expects ${target.ndim + 1}D input tensors, but found inputs with sizes ` +
        `${formatShape(input1.shape)} and ${formatShape(input2.shape)}`,
    );
  }
  const dim = target.ndim;
  const square = (x: Tensor): Tensor => x.mul(x).sum(dim).add(leastSquare);
  const cos = input1
    .mul(input2)
    .sum(dim)
    .div(square(input1).mul(square(input2)).sqrt());
  const nothing = zerosLike(cos);
  const alike = where(target.eq(1), cos.neg().add(1), nothing);
  const apart = where(target.eq(-1), cos.sub(margin).relu(), nothing);
  return reduceLoss(alike.add(apart), options);
}

/** A distance between the rows of two tensors. */
export type DistanceFunction = (a: Tensor, b: Tensor) => Tensor;

/** Options of {@link tripletMarginWithDistanceLoss}. */
export interface TripletMarginWithDistanceLossOptions extends MarginLossOptions {
  /** Default: {@link pairwiseDistance}. */
  readonly distanceFunction?: DistanceFunction | null;
  /** Measures the distance to the negative from the positive, where that is nearer to it. Default: false. */
  readonly swap?: boolean;
}

/** Options of {@link tripletMarginLoss}. */
export interface TripletMarginLossOptions extends MarginLossOptions {
  /** The p of the norm. Default: 2. */
  readonly p?: number;
  /** Added to each difference. Default: 1e-6. */
  readonly eps?: number;
  /** Measures the distance to the negative from the positive, where that is nearer to it. Default: false. */
  readonly swap?: boolean;
}

function triplet(
  caller: string,
  points: readonly [Tensor, Tensor, Tensor],
  distance: DistanceFunction,
  options: TripletMarginWithDistanceLossOptions,
): Tensor {
  const { margin = 1, swap = false } = options;
  const [anchor, positive, negative] = points;
  checkReduction(caller, options.reduction ?? 'mean');
  if (!(margin > 0)) throw new ValueError(`${caller}: margin must be greater than 0, got ${margin}`);
  if (anchor.ndim !== positive.ndim || positive.ndim !== negative.ndim) {
    throw new ShapeError(
      `${caller}: The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: ` +
        `anchor ${anchor.ndim}D, positive ${positive.ndim}D, and negative ${negative.ndim}D inputs`,
    );
  }
  const near = distance(anchor, positive);
  let far = distance(anchor, negative);
  if (swap) far = minimum(far, distance(positive, negative));
  return reduceLoss(near.add(margin).sub(far).relu(), options);
}

/**
 * max(0, d(a, p) - d(a, n) + margin): the anchor a is to be nearer to the positive p than to the negative n, by `margin` (1 by
 * default), in the p-norm of the differences. Shapes: all (N, D) or (D,); the unreduced loss (N,) or ().
 * Follows `torch.nn.functional.triplet_margin_loss`.
 *
 * @throws ShapeError where the numbers of dimensions differ, ValueError unless the margin is positive
 * @example F.tripletMarginLoss(randn([3, 5]), randn([3, 5]), randn([3, 5]), { p: 1, swap: true });
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginLossOptions = {},
): Tensor {
  const { p = 2, eps = 1e-6 } = options;
  const distance: DistanceFunction = (a, b) => pairwiseDistance(a, b, { p, eps });
  return triplet('tripletMarginLoss', [anchor, positive, negative], distance, options);
}

/**
 * {@link tripletMarginLoss} with a distance of your own: any function of two tensors that gives a distance for each sample.
 * Follows `torch.nn.functional.triplet_margin_with_distance_loss`.
 *
 * @throws ShapeError where the numbers of dimensions differ, ValueError unless the margin is positive
 * @example
 * ```ts
 * const distanceFunction = (a: Tensor, b: Tensor) => F.cosineSimilarity(a, b).neg().add(1);
 * F.tripletMarginWithDistanceLoss(randn([3, 5]), randn([3, 5]), randn([3, 5]), { distanceFunction });
 * ```
 */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginWithDistanceLossOptions = {},
): Tensor {
  const distance = options.distanceFunction ?? ((a: Tensor, b: Tensor) => pairwiseDistance(a, b));
  return triplet('tripletMarginWithDistanceLoss', [anchor, positive, negative], distance, options);
}
