import { full, noGrad, quantile, Tensor, tensor, ValueError, zeros } from '@kindling/core';
import { binnedHuberLoss, binsOf, fractionalHuberLoss } from '../../functional/losses/beyond/huber.ts';
import type { SampleWeightOptions } from '../../functional/losses/reduction.ts';
import type { LayerOptions } from '../../layers/factory.ts';
import { Loss, type LossModuleOptions } from '../loss.ts';

/** Input and target. */
type Pair = [input: Tensor, target: Tensor];

/** Options of {@link FractionalHuberLoss}. */
export interface FractionalHuberOptions extends LossModuleOptions {
  /** Where the square becomes a line, as a fraction of the target. Default: 1. */
  readonly delta?: number;
}

/**
 * The Huber loss of the response x / y against 1: errors count as fractions of the target; see
 * {@link fractionalHuberLoss}.
 *
 * Huber: Robust estimation of a location parameter, 1964, https://doi.org/10.1214/aoms/1177703732; as a
 * regression target in high-energy physics, CMS Collaboration, 2019, https://arxiv.org/abs/1912.06046.
 *
 * @example new nn.FractionalHuberLoss({ delta: 0.2 })(tensor([90.5, 400]), tensor([100, 200]));
 */
export class FractionalHuberLoss extends Loss<Pair> {
  delta: number;

  constructor(options: FractionalHuberOptions = {}) {
    super(options);
    this.delta = options.delta ?? 1;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return fractionalHuberLoss(input, target, this.bound({ delta: this.delta }, options));
  }
}

/** Options of {@link BinnedHuberLoss}. */
export interface BinnedHuberOptions extends LossModuleOptions, LayerOptions {
  /** The share of the residuals in a bin that lie below its threshold, in (0, 1). Default: 0.68. */
  readonly percentile?: number;
  /** How much of a threshold each batch replaces, in (0, 1]. Default: 0.1. */
  readonly momentum?: number;
  /** The threshold of a bin of which no sample has been seen yet. Default: 1. */
  readonly delta?: number;
  /** Whether residuals, and so thresholds, are fractions of the target: |1 - x / y|. Default: false. */
  readonly fractional?: boolean;
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
 *
 * @throws ValueError for edges that do not ascend, a percentile or momentum out of range, or a delta that is not positive
 * @example
 * ```ts
 * const lossFn = new nn.BinnedHuberLoss([20, 50, 100], { fractional: true });
 * lossFn(tensor([18.5, 61, 140]), tensor([20, 55, 120]));
 * lossFn.thresholds; // four; the first bin has seen nothing yet
 * ```
 */
export class BinnedHuberLoss extends Loss<Pair> {
  static override readonly stateNames = { batchesSeen: 'batches_seen' };

  percentile: number;
  momentum: number;
  fractional: boolean;
  edges: Tensor;
  thresholds: Tensor;
  batchesSeen: Tensor;

  constructor(edges: readonly number[] | Tensor, options: BinnedHuberOptions = {}) {
    super(options);
    const { percentile = 0.68, momentum = 0.1, delta = 1, fractional = false, dtype = 'float32' } = options;
    const list: readonly number[] = edges instanceof Tensor ? Array.from(edges.data) : edges;
    if (list.some((edge, i) => !(i === 0 ? !Number.isNaN(edge) : edge > list[i - 1]!))) {
      throw new ValueError(`BinnedHuberLoss: edges must ascend, got [${list.join(', ')}]`);
    }
    if (!(percentile > 0 && percentile < 1)) {
      throw new ValueError(`BinnedHuberLoss: percentile must lie in (0, 1), got ${percentile}`);
    }
    if (!(momentum > 0 && momentum <= 1)) {
      throw new ValueError(`BinnedHuberLoss: momentum must lie in (0, 1], got ${momentum}`);
    }
    if (!(delta > 0)) throw new ValueError(`BinnedHuberLoss: delta must be positive, got ${delta}`);
    this.percentile = percentile;
    this.momentum = momentum;
    this.fractional = fractional;
    const bins = list.length + 1;
    this.edges = this.registerBuffer('edges', tensor([...list], { dtype }));
    this.thresholds = this.registerBuffer('thresholds', full([bins], delta, { dtype }));
    this.batchesSeen = this.registerBuffer('batchesSeen', zeros([bins], { dtype: 'int32' }));
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    if (this.training) noGrad(() => this.follow(input.detach(), target.detach()));
    const { edges, thresholds, fractional } = this;
    return binnedHuberLoss(input, target, edges, thresholds, this.bound({ fractional }, options));
  }

  /** Moves the thresholds toward the percentiles of a batch. */
  private follow(input: Tensor, target: Tensor): void {
    const difference = input.sub(target);
    const residuals = (this.fractional ? difference.div(target) : difference).abs();
    const bins = binsOf(target, this.edges).expandAs(residuals);
    const thresholds = Array.from(this.thresholds.data);
    const seen = Array.from(this.batchesSeen.data);
    for (let bin = 0; bin < thresholds.length; bin++) {
      const inBin = residuals.maskedSelect(bins.eq(bin));
      if (inBin.count === 0) continue;
      const found = quantile(inBin, this.percentile).item();
      if (!Number.isFinite(found)) continue;
      const old = thresholds[bin]!;
      thresholds[bin] = seen[bin] === 0 ? found : (1 - this.momentum) * old + this.momentum * found;
      seen[bin]!++;
    }
    this.thresholds.copy_(tensor(thresholds, { dtype: this.thresholds.dtype }));
    this.batchesSeen.copy_(tensor(seen, { dtype: 'int32' }));
  }

  override extraRepr(): string {
    const { percentile, momentum, edges } = this;
    return `${edges.count + 1} bins, percentile=${percentile}, momentum=${momentum}`;
  }
}
