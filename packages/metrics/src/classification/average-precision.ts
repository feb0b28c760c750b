import type { Tensor } from '@kindling/core';
import { metricFunction } from '../metric.ts';
import { ratio } from '../ratio.ts';
import { type Curve, increments, Ranking, type RankingOptions, rankingKinds } from './ranking.ts';

/**
 * The area under the curve of precision over recall, as a sum of steps: sum of (R_n - R_(n-1)) P_n over the scores that
 * occur, from the greatest down. Scores are what {@link AUROC} takes, and all of them are kept. Where nothing is true
 * it is 0. Follows `torchmetrics.AveragePrecision`, with the numbers of `sklearn.metrics.average_precision_score`.
 * @throws ValueError for options that cannot be
 * @example
 * ```ts
 * const area = new AveragePrecision();
 * area.update(tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1]));
 * area.compute(); // tensor(0.8333, dtype=torch.float64)
 * ```
 */
export class AveragePrecision extends Ranking {
  constructor(options: RankingOptions = {}) {
    super(new.target.name, arguments, options);
  }

  protected override area({ tps, fps }: Curve): Tensor {
    const precision = ratio(tps, tps.add(fps), 0);
    return ratio(increments(tps).mul(precision).sum(), tps.select(0, -1), 0);
  }
}

/**
 * {@link AveragePrecision} of one batch. Follows `torchmetrics.functional.average_precision`.
 * @throws ShapeError, DTypeError, ValueError as {@link AveragePrecision}
 * @example averagePrecision(tensor([0.1, 0.4, 0.4, 0.8]), tensor([0, 0, 1, 1])); // tensor(0.8333, dtype=torch.float64)
 */
export const averagePrecision = /* @__PURE__ */ metricFunction(
  'averagePrecision',
  AveragePrecision,
  rankingKinds,
);
