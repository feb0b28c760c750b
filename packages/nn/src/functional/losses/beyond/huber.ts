import {
  bucketize,
  E,
  ElementwiseReduction,
  formatShape,
  noGrad,
  ShapeError,
  sameShape,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { checkSameSize } from '../../../losses/checks.ts';
import { elementwiseLoss, type LossOptions } from '../reduction.ts';

/** Options of {@link fractionalHuberLoss}. */
export interface FractionalHuberLossOptions extends LossOptions {
  /** Where the square becomes a line, as a fraction of the target. Default: 1. */
  readonly delta?: number;
}

/** Options of {@link binnedHuberLoss}. */
export interface BinnedHuberLossOptions extends LossOptions {
  /** Whether residuals, and so thresholds, are fractions of the target: x / y - 1. Default: false. */
  readonly fractional?: boolean;
}

const huberOf = (r: E.Expr, delta: E.Expr): E.Expr => {
  const size = E.abs(r);
  return E.select(E.le(size, delta), E.mul(E.mul(0.5, r), r), E.mul(delta, E.sub(size, E.mul(0.5, delta))));
};
const fraction = (x: E.Expr, y: E.Expr): E.Expr => E.div(E.sub(x, y), y);

const fractional = new ElementwiseReduction({
  name: 'fractional_huber_loss',
  arity: 2,
  expression: (x, y, delta) => huberOf(fraction(x, y), delta),
});

const binned = new ElementwiseReduction({
  name: 'binned_huber_loss',
  arity: 3,
  expression: (x, y, threshold) => huberOf(E.sub(x, y), threshold),
});

const binnedFractional = new ElementwiseReduction({
  name: 'binned_huber_loss',
  arity: 3,
  expression: (x, y, threshold) => huberOf(fraction(x, y), threshold),
});

/**
 * The Huber loss of the response x / y against 1, elementwise: with r = x / y - 1,
 *
 *     r^2 / 2  where |r| <= delta,  else delta (|r| - delta / 2)
 *
 * What matters is the error as a fraction of the target, as for the energies of jets and taus, which span
 * orders of magnitude. `input` x and `target` y, nowhere 0, have one shape, that of the unreduced loss.
 *
 * Huber: Robust estimation of a location parameter, 1964, https://doi.org/10.1214/aoms/1177703732; as a
 * regression target in high-energy physics, CMS Collaboration: A deep neural network for simultaneous
 * estimation of b jet energy and resolution, 2019, https://arxiv.org/abs/1912.06046.
 *
 * @throws ValueError unless delta is positive
 * @example F.fractionalHuberLoss(tensor([90.5, 400]), tensor([100, 200])); // (0.0045 + 0.5) / 2
 */
export function fractionalHuberLoss(
  input: Tensor,
  target: Tensor,
  options: FractionalHuberLossOptions = {},
): Tensor {
  const { delta = 1 } = options;
  if (!(delta > 0)) throw new ValueError(`fractionalHuberLoss: delta must be positive, got ${delta}`);
  checkSameSize('fractionalHuberLoss', input, target);
  return elementwiseLoss(fractional, [input, target], 'fractionalHuberLoss', options, [delta]);
}

/**
 * The number of the bin between ascending `edges` in which each target lies: 0 below the first edge, E from
 * the last on.
 */
export const binsOf = (target: Tensor, edges: Tensor): Tensor =>
  noGrad(() => bucketize(target.detach(), edges, { right: true }));

/**
 * The Huber loss with a threshold for each bin of the target: with r = x - y, or x / y - 1 if `fractional`,
 * and delta the threshold of y's bin,
 *
 *     r^2 / 2  where |r| <= delta,  else delta (|r| - delta / 2)
 *
 * `input` x and `target` y have one shape, that of the unreduced loss. `edges`, (E), ascend and separate E +
 * 1 bins: below the first, [edge, next edge), from the last on. `thresholds` are (E + 1). The class
 * `BinnedHuberLoss` finds the thresholds itself.
 *
 * Follows `lumin.nn.losses.hep_losses`-style regression losses (Strong: LUMIN,
 * https://doi.org/10.5281/zenodo.2601857), whose value is twice this one.
 *
 * @throws ShapeError for thresholds that do not fit the edges
 * @example
 * ```ts
 * // Below 100 residuals count linearly beyond 5, above beyond 20.
 * F.binnedHuberLoss(tensor([60, 310.5]), tensor([50, 300]), tensor([100]), tensor([5, 20])); // (37.5 + 55.125) / 2
 * ```
 */
export function binnedHuberLoss(
  input: Tensor,
  target: Tensor,
  edges: Tensor,
  thresholds: Tensor,
  options: BinnedHuberLossOptions = {},
): Tensor {
  if (edges.ndim !== 1 || !sameShape(thresholds.shape, [edges.shape[0]! + 1])) {
    throw new ShapeError(
      `binnedHuberLoss: expected edges (E) and thresholds (E + 1), got ${formatShape(edges.shape)} and ` +
        formatShape(thresholds.shape),
    );
  }
  checkSameSize('binnedHuberLoss', input, target);
  const delta = thresholds.to(target.dtype).take(binsOf(target, edges));
  const op = options.fractional === true ? binnedFractional : binned;
  return elementwiseLoss(op, [input, target, delta], 'binnedHuberLoss', options);
}
