import {
  applyBinary,
  arange,
  bucketize,
  cat,
  checkArguments,
  diff,
  E,
  ElementwiseOp,
  ElementwiseReduction,
  elementsOf,
  formatShape,
  full,
  holdsOutside,
  K,
  nanquantile,
  noGrad,
  ones,
  ShapeError,
  sameShape,
  signature,
  Tensor,
  tensor,
  ValueError,
  where,
  zeros,
} from '@kindling/core';
import type { LayerOptions } from '../../layers/factory.ts';
import { checkInput } from '../../module/arguments.ts';
import { checkPositive, checkSameSize } from '../checks.ts';
import { elementwiseLoss, huberOf } from '../elementwise-loss.ts';
import { Loss } from '../loss.ts';
import { type BoundOptions, lossClass } from '../loss-class.ts';
import type { LossOptions, SampleWeightOptions } from '../reduction.ts';
import { lossKinds, lossSignature } from '../reduction.ts';

const fraction = (x: E.Expr, y: E.Expr): E.Expr => E.div(E.sub(x, y), y);

/** Options of {@link fractionalHuberLoss} and {@link FractionalHuberLoss}. */
export interface FractionalHuberLossOptions extends LossOptions {
  /** Where the square becomes a line, as a fraction of the target. Default: 1. */
  readonly delta?: number;
}

const fractionalHuberDefaults = { delta: 1 };

const fractional = /* @__PURE__ */ new ElementwiseReduction({
  name: 'fractional_huber_loss',
  arity: 2,
  expression: (x, y, delta) => huberOf(fraction(x, y), delta),
});

const fractionalHuberLossTakes = /* @__PURE__ */ lossSignature<FractionalHuberLossOptions>(
  'fractionalHuberLoss',
  () => ({ delta: K.number }),
);

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
 * @throws ValueError unless delta is positive, or for an unknown reduction
 * @example F.fractionalHuberLoss(tensor([90.5, 400]), tensor([100, 200])); // tensor(0.2523)
 */
export function fractionalHuberLoss(
  input: Tensor,
  target: Tensor,
  options: FractionalHuberLossOptions = {},
): Tensor {
  fractionalHuberLossTakes(arguments);
  const { delta = fractionalHuberDefaults.delta } = options;
  checkPositive('fractionalHuberLoss', { delta });
  checkSameSize('fractionalHuberLoss', input, target);
  return elementwiseLoss(fractional, [input, target], 'fractionalHuberLoss', options, [delta]);
}

/**
 * Huber loss of the response x / y: {@link fractionalHuberLoss} as a module. Kindling's own, after the papers there.
 */
export class FractionalHuberLoss extends /* @__PURE__ */ lossClass(
  fractionalHuberLoss,
  fractionalHuberDefaults,
) {}

/** Options of {@link binnedHuberLoss}. */
export interface BinnedHuberLossOptions extends LossOptions {
  /** Whether residuals, and so thresholds, are fractions of the target: x / y - 1. Default: false. */
  readonly fractional?: boolean;
}

const binned = (residual: (x: E.Expr, y: E.Expr) => E.Expr): ElementwiseReduction =>
  new ElementwiseReduction({
    name: 'binned_huber_loss',
    arity: 3,
    expression: (x, y, threshold) => huberOf(residual(x, y), threshold),
  });

const binnedAbsolute = binned(E.sub);
const binnedFractional = binned(fraction);

/**
 * The number of the bin between ascending `edges` in which each target lies: 0 below the first edge, E from the last
 * on.
 */
const binsOf = (target: Tensor, edges: Tensor): Tensor =>
  noGrad(() => bucketize(target.detach(), edges, { right: true }));

/** Edges, and how far each lies above the one before, of which the first has none: the edges. */
const checkedEdges = /* @__PURE__ */ new ElementwiseOp({
  name: 'ascending_edges',
  arity: 2,
  inspect([edges, steps]) {
    const [values, rises] = [edges as Tensor, steps as Tensor];
    const [least, most] = [Number.MIN_VALUE, Number.POSITIVE_INFINITY];
    if (holdsOutside(values, -most, most, true) || holdsOutside(rises, least, most, true)) {
      throw new ValueError(`BinnedHuberLoss: edges must ascend, got [${elementsOf(values).join(', ')}]`);
    }
  },
  expression: (edge) => edge,
});

/** Edges in one row, as float64 numbers of their own, which ascend. */
function ascending(edges: Tensor): Tensor {
  const row = edges.detach().double().flatten();
  if (row.count === 0) return row.clone();
  return applyBinary(checkedEdges, row, cat([ones([1], { dtype: 'float64' }), diff(row)]));
}

const binnedHuberLossTakes = /* @__PURE__ */ signature('binnedHuberLoss', () => ({
  input: K.tensor,
  target: K.tensor,
  edges: K.tensor,
  thresholds: K.tensor,
  options: K.options<BinnedHuberLossOptions>({ ...lossKinds, fractional: K.flag }),
}));

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
 * @throws ShapeError for thresholds that do not fit the edges, ValueError for an unknown reduction
 * @example
 * ```ts
 * // Below 100 residuals count linearly beyond 5, above beyond 20.
 * F.binnedHuberLoss(tensor([60, 310.5]), tensor([50, 300]), tensor([100]), tensor([5, 20])); // tensor(46.3125)
 * ```
 */
export function binnedHuberLoss(
  input: Tensor,
  target: Tensor,
  edges: Tensor,
  thresholds: Tensor,
  options: BinnedHuberLossOptions = {},
): Tensor {
  binnedHuberLossTakes(arguments);
  if (edges.ndim !== 1 || !sameShape(thresholds.shape, [edges.count + 1])) {
    throw new ShapeError(
      `binnedHuberLoss: expected edges (E) and thresholds (E + 1), got ${formatShape(edges.shape)} and ` +
        formatShape(thresholds.shape),
    );
  }
  checkSameSize('binnedHuberLoss', input, target);
  const delta = thresholds.to(target.dtype).take(binsOf(target, edges));
  const op = options.fractional === true ? binnedFractional : binnedAbsolute;
  return elementwiseLoss(op, [input, target, delta], 'binnedHuberLoss', options);
}

/** Options of {@link BinnedHuberLoss}. */
export interface BinnedHuberOptions extends BoundOptions<BinnedHuberLossOptions, 'fractional'>, LayerOptions {
  /** The share of the residuals in a bin that lie below its threshold, in (0, 1). Default: 0.68. */
  readonly percentile?: number;
  /** How much of a threshold each batch replaces, in (0, 1]. Default: 0.1. */
  readonly momentum?: number;
  /** The threshold of a bin of which no sample has been seen yet. Default: 1. */
  readonly delta?: number;
}

/**
 * The Huber loss whose thresholds adapt to the data, one for each bin of the target: where small and large
 * targets are measured with different precision, what counts as an outlier depends on the target. See
 * {@link binnedHuberLoss} for the loss, whose `edges` (E) separate E + 1 bins; without edges there is one running
 * threshold for all.
 *
 * In training mode each call first moves the thresholds. For each bin of which the batch has samples, T_batch
 * is the `percentile` of the residuals |x - y| (or |1 - x / y| if `fractional`) in the bin, interpolated
 * linearly; then
 *
 *     T <- T_batch on the bin's first batch,  else (1 - momentum) T + momentum T_batch
 *
 * and the loss of the same batch is computed with the new T. Sample weights do not enter. A bin without
 * samples, or whose percentile is not finite, keeps its threshold; in evaluation mode all do. No gradient
 * flows to thresholds or through them.
 *
 * State (`stateDict`): `edges` (E), `thresholds` (E + 1) and `batches_seen` (E + 1, int32), which counts the
 * batches that moved each threshold. A loss restored from it goes on exactly as the saved one would.
 *
 * The practice of high-energy physics, as in Strong: LUMIN, https://doi.org/10.5281/zenodo.2601857
 * (WeightedBinnedHuber, whose value is twice this one); Huber: Robust estimation of a location parameter,
 * 1964, https://doi.org/10.1214/aoms/1177703732.
 * @throws ValueError for edges that do not ascend, a percentile or momentum out of range, or a delta that is not
 *   positive
 * @example
 * ```ts
 * const lossFn = new nn.BinnedHuberLoss([20, 50, 100]);
 * lossFn(tensor([18.5, 61, 140]), tensor([20, 55, 120]).float()); // tensor(73.0417)
 *
 * // The first bin has seen nothing yet.
 * lossFn.thresholds; // tensor([ 1.0000,  1.5000,  6.0000, 20.0000])
 * ```
 */
export class BinnedHuberLoss extends Loss<[input: Tensor, target: Tensor]> {
  static override readonly stateNames = { batchesSeen: 'batches_seen' };

  /** The share of the residuals in a bin that lie below its threshold. */
  percentile: number;
  /** How much of a threshold each batch replaces. */
  momentum: number;
  /** Whether residuals, and so thresholds, are fractions of the target. */
  fractional: boolean;
  /** What separates the bins, (E). */
  edges: Tensor;
  /** The threshold of each bin, (E + 1). */
  thresholds: Tensor;
  /** How many batches moved each threshold, (E + 1). */
  batchesSeen: Tensor;

  constructor(edges: readonly number[] | Tensor, options: BinnedHuberOptions = {}) {
    checkArguments(
      new.target.name,
      {
        edges: K.either(K.tensor, K.listOf(K.number)),
        options: K.options<BinnedHuberOptions>({
          percentile: K.number,
          momentum: K.number,
          delta: K.number,
          fractional: K.flag,
          reduction: K.text,
          dtype: K.dtype,
        }),
      },
      arguments,
    );
    super(options);
    const { percentile = 0.68, momentum = 0.1, delta = 1, fractional = false, dtype = 'float32' } = options;
    if (!(percentile > 0 && percentile < 1)) {
      throw new ValueError(`BinnedHuberLoss: percentile must lie in (0, 1), got ${percentile}`);
    }
    if (!(momentum > 0 && momentum <= 1)) {
      throw new ValueError(`BinnedHuberLoss: momentum must lie in (0, 1], got ${momentum}`);
    }
    checkPositive('BinnedHuberLoss', { delta });
    this.percentile = percentile;
    this.momentum = momentum;
    this.fractional = fractional;
    const between = ascending(edges instanceof Tensor ? edges : tensor([...edges], { dtype: 'float64' }));
    const bins = between.count + 1;
    this.edges = this.registerBuffer('edges', between.to(dtype));
    this.thresholds = this.registerBuffer('thresholds', full([bins], delta, { dtype }));
    this.batchesSeen = this.registerBuffer('batchesSeen', zeros([bins], { dtype: 'int32' }));
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    checkInput(this, input);
    checkInput(this, target);
    const { edges, thresholds, fractional } = this;
    const bound = this.bound({ fractional }, options);
    if (this.training) noGrad(() => this.follow(input.detach(), target.detach()));
    return binnedHuberLoss(input, target, edges, thresholds, bound);
  }

  /** Moves the thresholds toward the percentiles of a batch. */
  private follow(input: Tensor, target: Tensor): void {
    const difference = input.sub(target);
    const residuals = (this.fractional ? difference.div(target) : difference).abs();
    const bins = binsOf(target, this.edges).expandAs(residuals);
    if (residuals.count === 0) return;
    // A row for each bin, in which the residuals of the others do not count.
    const inBin = bins.flatten().eq(arange(this.edges.count + 1, { dtype: 'int32' }).unsqueeze(1));
    const rows = where(inBin, residuals.flatten(), Number.NaN);
    const unclear = inBin.logicalAnd(residuals.flatten().isnan()).any(1);
    const found = nanquantile(rows, this.percentile, 1);
    const moves = found.isfinite().logicalAnd(unclear.logicalNot());
    const old = this.thresholds.double();
    const mixed = old.mul(1 - this.momentum).add(found.double().mul(this.momentum));
    const fresh = where(this.batchesSeen.eq(0), found.double(), mixed);
    this.thresholds.copy_(where(moves, fresh, old));
    this.batchesSeen.add_(moves.int());
  }

  override extraRepr(): string {
    const { percentile, momentum, edges } = this;
    return `${edges.count + 1} bins, percentile=${percentile}, momentum=${momentum}`;
  }
}
