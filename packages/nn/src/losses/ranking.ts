import {
  clampMin,
  composition,
  DTypeError,
  E,
  ElementwiseReduction,
  formatShape,
  K,
  minimum,
  pairwiseDistance,
  refuseExcess,
  ShapeError,
  signature,
  Tensor,
  ValueError,
  where,
  zerosLike,
} from '@kindling/core';
import { asFloatsOf, checkReduction, checkSameSize } from './checks.ts';
import { elementwiseLoss } from './elementwise-loss.ts';
import { type BoundOptions, lossClass } from './loss-class.ts';
import { type LossOptions, lossKinds, lossSignature, reduced } from './reduction.ts';

/** Losses of how near or far things are from each other. */

/** Options of the losses that ask for a margin. */
export interface MarginLossOptions extends LossOptions {
  /** What is enough of a difference. Default: 0, of {@link hingeEmbeddingLoss} 1. */
  readonly margin?: number;
}

const noMargin = { margin: 0 };
const unitMargin = { margin: 1 };

const marginRanking = /* @__PURE__ */ new ElementwiseReduction({
  name: 'margin_ranking_loss',
  arity: 3,
  comparesApart: true,
  expression: (a, b, y, margin) => E.max(E.add(E.mul(E.neg(y), E.sub(a, b)), margin), 0),
  // At the kink there is no gradient, as in PyTorch.
  gradient({ g }, a, b, y, margin) {
    const d = E.sub(a, b);
    const slope = E.select(E.gt(E.add(E.mul(E.neg(y), d), margin), 0), g, 0);
    const along = E.mul(slope, y);
    return [E.neg(along), along, E.neg(E.mul(slope, d))];
  },
});

const marginRankingLossParameters = () => ({
  input1: K.tensor,
  input2: K.tensor,
  target: K.tensor,
  options: K.options<MarginLossOptions>({ ...lossKinds, margin: K.number }),
});
const marginRankingLossTakes = /* @__PURE__ */ signature('marginRankingLoss', marginRankingLossParameters);

/**
 * max(0, -y (x1 - x2) + margin), elementwise: for y = 1 the first input is to rank higher, for y = -1 the second. The
 * three tensors have one shape, or broadcast with as many dimensions. `margin` is 0 by default. Follows
 * `torch.nn.functional.margin_ranking_loss`.
 * @throws ShapeError where the numbers of dimensions differ, ValueError for an unknown reduction
 * @example F.marginRankingLoss(tensor([1.5, 2]), tensor([0.5, 3]), tensor([1, 1]), { margin: 0.5 }); // tensor(0.7500)
 */
export function marginRankingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options: MarginLossOptions = {},
): Tensor {
  marginRankingLossTakes(arguments);
  if (input1.ndim !== input2.ndim || input1.ndim !== target.ndim) {
    throw new ShapeError(
      'marginRankingLoss: All input tensors should have same dimension but got sizes: ' +
        `input1: ${formatShape(input1.shape)}, input2: ${formatShape(input2.shape)}, target: ${formatShape(target.shape)}`,
    );
  }
  const { margin = noMargin.margin } = options;
  return elementwiseLoss(marginRanking, [input1, input2, target], 'marginRankingLoss', options, [margin]);
}

/**
 * Which of two inputs is to rank higher: {@link marginRankingLoss} as a module. Follows `torch.nn.MarginRankingLoss`.
 */
export class MarginRankingLoss extends /* @__PURE__ */ lossClass(marginRankingLoss, noMargin) {}

const hingeEmbedding = /* @__PURE__ */ new ElementwiseReduction({
  name: 'hinge_embedding_loss',
  arity: 2,
  comparesApart: true,
  expression: (x, y, margin) =>
    E.add(E.select(E.ne(y, 1), E.max(E.sub(margin, x), 0), 0), E.select(E.ne(y, -1), x, 0)),
  gradient: ({ g }, x, y, margin) => [
    E.sub(E.select(E.ne(y, -1), g, 0), E.select(E.and(E.ne(y, 1), E.lt(x, margin)), g, 0)),
    null,
  ],
});

const hingeEmbeddingLossTakes = /* @__PURE__ */ lossSignature<MarginLossOptions>(
  'hingeEmbeddingLoss',
  () => ({ margin: K.number }),
);

/**
 * x for targets of 1, max(0, margin - x) for targets of -1, elementwise: x is a distance, to be small between what is
 * alike and at least `margin` (1 by default) between what is not. `input` x and `target` have one shape.
 * Follows `torch.nn.functional.hinge_embedding_loss`.
 * @throws ValueError for an unknown reduction
 * @example F.hingeEmbeddingLoss(tensor([0.3, 0.3]), tensor([1, -1])); // tensor(0.5000)
 */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, options: MarginLossOptions = {}): Tensor {
  hingeEmbeddingLossTakes(arguments);
  const { margin = unitMargin.margin } = options;
  checkSameSize('hingeEmbeddingLoss', input, target);
  return elementwiseLoss(hingeEmbedding, [input, asFloatsOf(target, input)], 'hingeEmbeddingLoss', options, [
    margin,
  ]);
}

/**
 * Distances, small or beyond a margin: {@link hingeEmbeddingLoss} as a module. Follows `torch.nn.HingeEmbeddingLoss`.
 */
export class HingeEmbeddingLoss extends /* @__PURE__ */ lossClass(hingeEmbeddingLoss, unitMargin) {}

/** PyTorch's least square of a norm: a float32, in float64 too. */
const leastSquare = Math.fround(1e-12);

/**
 * 1 - cos(x1, x2) for targets of 1, max(0, cos(x1, x2) - margin) for targets of -1. Shapes: both inputs (N, D) or (D,),
 * `target` (N,) or (), which is also that of the unreduced loss. `margin` is 0 by default. Follows
 * `torch.nn.functional.cosine_embedding_loss`.
 * @throws ShapeError for other shapes, ValueError for an unknown reduction
 * @example F.cosineEmbeddingLoss(tensor([[1, 0], [1, 1]]).float(), tensor([[1, 1], [1, 1]]).float(), tensor([1, -1])); // tensor(0.6464)
 */
export const cosineEmbeddingLoss = /* @__PURE__ */ composition(
  'cosineEmbeddingLoss',
  marginRankingLossParameters,
  (input1: Tensor, input2: Tensor, target: Tensor, options: MarginLossOptions = {}): Tensor => {
    const { margin = noMargin.margin } = options;
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
    const apart = where(target.eq(-1), clampMin(cos.sub(margin), 0), nothing);
    return reduced(alike.add(apart), options, 'cosineEmbeddingLoss');
  },
);

/** The cosine of two embeddings: {@link cosineEmbeddingLoss} as a module. Follows `torch.nn.CosineEmbeddingLoss`. */
export class CosineEmbeddingLoss extends /* @__PURE__ */ lossClass(cosineEmbeddingLoss, noMargin) {}

/** What the triplet losses take. */
interface TripletLossOptions extends MarginLossOptions {
  /** By how much the positive is to be nearer than the negative, more than 0. Default: 1. */
  readonly margin?: number;
  /** Measures the distance to the negative from the positive, where that is nearer to it. Default: false. */
  readonly swap?: boolean;
}

/** Options of {@link tripletMarginLoss} and {@link TripletMarginLoss}. */
export interface TripletMarginLossOptions extends TripletLossOptions {
  /** The p of the norm. Default: 2. */
  readonly p?: number;
  /** Added to each difference. Default: 1e-6. */
  readonly eps?: number;
}

/** A distance between the rows of two tensors. */
export type DistanceFunction = (a: Tensor, b: Tensor) => Tensor;

/** Options of {@link tripletMarginWithDistanceLoss} and {@link TripletMarginWithDistanceLoss}. */
export interface TripletMarginWithDistanceLossOptions extends TripletLossOptions {
  /** Default: {@link pairwiseDistance}, the Euclidean distance. */
  readonly distanceFunction?: DistanceFunction | null;
}

const tripletDefaults = { ...unitMargin, swap: false };
const normDefaults = { p: 2, eps: 1e-6 };

function triplet(
  caller: string,
  points: readonly [Tensor, Tensor, Tensor],
  distance: DistanceFunction,
  options: TripletLossOptions,
): Tensor {
  const { margin = tripletDefaults.margin, swap = tripletDefaults.swap } = options;
  const [anchor, positive, negative] = points;
  checkReduction(caller, options.reduction ?? 'mean');
  if (!(margin > 0)) throw new ValueError(`${caller}: margin must be greater than 0, got ${margin}`);
  if (anchor.ndim !== positive.ndim || positive.ndim !== negative.ndim) {
    throw new ShapeError(
      `${caller}: The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: ` +
        `anchor ${anchor.ndim}D, positive ${positive.ndim}D, and negative ${negative.ndim}D inputs`,
    );
  }
  const measured = (a: Tensor, b: Tensor): Tensor => {
    const apart: unknown = distance(a, b);
    if (apart instanceof Tensor) return apart;
    throw new DTypeError(`${caller}: distanceFunction: expected it to return a Tensor, got ${typeof apart}`);
  };
  const near = measured(anchor, positive);
  let far = measured(anchor, negative);
  if (swap) far = minimum(far, measured(positive, negative));
  return reduced(clampMin(near.add(margin).sub(far), 0), options, caller);
}

/**
 * max(0, d(a, p) - d(a, n) + margin): the anchor a is to be nearer to the positive p than to the negative n, by
 * `margin` (1 by default), in the p-norm of the differences. Shapes: all (N, D) or (D,); the unreduced loss (N,) or ().
 * Follows `torch.nn.functional.triplet_margin_loss`.
 * @throws ShapeError where the numbers of dimensions differ, ValueError unless the margin is positive, or for an
 *   unknown reduction
 * @example F.tripletMarginLoss(tensor([[0, 0.5]]), tensor([[0, 1.5]]), tensor([[0, 2.25]])); // tensor(0.2500)
 */
export const tripletMarginLoss = /* @__PURE__ */ composition(
  'tripletMarginLoss',
  () => ({
    anchor: K.tensor,
    positive: K.tensor,
    negative: K.tensor,
    options: K.options<TripletMarginLossOptions>({
      ...lossKinds,
      margin: K.number,
      p: K.number,
      eps: K.number,
      swap: K.flag,
    }),
  }),
  (anchor: Tensor, positive: Tensor, negative: Tensor, options: TripletMarginLossOptions = {}): Tensor => {
    const { p = normDefaults.p, eps = normDefaults.eps } = options;
    const distance: DistanceFunction = (a, b) => pairwiseDistance(a, b, { p, eps });
    return triplet('tripletMarginLoss', [anchor, positive, negative], distance, options);
  },
);

/** An anchor, a positive, a negative: {@link tripletMarginLoss} as a module. Follows `torch.nn.TripletMarginLoss`. */
export class TripletMarginLoss extends /* @__PURE__ */ lossClass(tripletMarginLoss, {
  ...tripletDefaults,
  ...normDefaults,
}) {}

/**
 * {@link tripletMarginLoss} with a distance of your own: any function of two tensors that gives a distance for each
 * sample. Follows `torch.nn.functional.triplet_margin_with_distance_loss`.
 * @throws ShapeError where the numbers of dimensions differ, ValueError unless the margin is positive, or for an
 *   unknown reduction
 * @example
 * ```ts
 * const distanceFunction = (a: Tensor, b: Tensor) => a.sub(b).abs().amax(1);
 * const [anchor, positive, negative] = [tensor([[0, 0.5]]), tensor([[0, 1.5]]), tensor([[0, 2.25]])];
 * F.tripletMarginWithDistanceLoss(anchor, positive, negative, { distanceFunction }); // tensor(0.2500)
 * ```
 */
export const tripletMarginWithDistanceLoss = /* @__PURE__ */ composition(
  'tripletMarginWithDistanceLoss',
  () => ({
    anchor: K.tensor,
    positive: K.tensor,
    negative: K.tensor,
    options: K.options<TripletMarginWithDistanceLossOptions>({
      ...lossKinds,
      distanceFunction: K.nullable(K.callable),
      swap: K.flag,
      margin: K.number,
    }),
  }),
  (
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    options: TripletMarginWithDistanceLossOptions = {},
  ): Tensor => {
    const distance = options.distanceFunction ?? ((a: Tensor, b: Tensor) => pairwiseDistance(a, b));
    return triplet('tripletMarginWithDistanceLoss', [anchor, positive, negative], distance, options);
  },
);

/**
 * {@link tripletMarginWithDistanceLoss} as a module; the distance may be a module too. Follows
 * `torch.nn.TripletMarginWithDistanceLoss`.
 * @throws ValueError unless the margin is positive
 * @example
 * ```ts
 * const lossFn = new nn.TripletMarginWithDistanceLoss({ distanceFunction: new nn.PairwiseDistance({ p: 1 }) });
 * lossFn(tensor([[0, 0.5]]), tensor([[0, 1.5]]), tensor([[0, 2.25]])); // tensor(0.2500)
 * ```
 */
export class TripletMarginWithDistanceLoss extends /* @__PURE__ */ lossClass(tripletMarginWithDistanceLoss, {
  ...tripletDefaults,
  distanceFunction: null,
}) {
  constructor(
    options: BoundOptions<
      TripletMarginWithDistanceLossOptions,
      'distanceFunction' | keyof typeof tripletDefaults
    > = {},
  ) {
    if (arguments.length > 1) refuseExcess(new.target.name, ['options'], arguments);
    super(options);
    if (!(this.margin > 0)) {
      throw new ValueError(
        `TripletMarginWithDistanceLoss: expected margin to be greater than 0, got ${this.margin} instead`,
      );
    }
  }
}
