import type { Tensor } from '@kindling/core';
import { metricFunction } from '../metric.ts';
import { type Curve, increments, Ranking, type RankingOptions, rankingKinds } from './ranking.ts';

/**
 * The area under the ROC curve: how likely a sample that is true has a greater score than one that is not, of equal
 * scores half. Exact, with ties, by the trapezoidal rule; so the scores of all samples are kept. Of yes and no, and of
 * labels, scores may be any numbers; of classes they are probabilities or, with `logits`, logits, since each class is
 * ranked against the rest. Where all samples are true, or none is, it is NaN, and so is the mean over classes. Follows
 * `torchmetrics.AUROC`, with the numbers of `sklearn.metrics.roc_auc_score` (`multi_class='ovr'`).
 * @throws ValueError for options that cannot be
 * @example
 * ```ts
 * const area = new AUROC();
 * area.update(tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1]));
 * area.compute(); // tensor(0.7500, dtype=torch.float64)
 * ```
 */
export class AUROC extends Ranking {
  constructor(options: RankingOptions = {}) {
    super(new.target.name, arguments, options);
  }

  protected override area({ tps, fps }: Curve): Tensor {
    const above = tps.sub(increments(tps).div(2));
    return increments(fps)
      .mul(above)
      .sum()
      .div(tps.select(0, -1).mul(fps.select(0, -1)));
  }
}

/**
 * {@link AUROC} of one batch. Follows `torchmetrics.functional.auroc`.
 * @throws ShapeError, DTypeError, ValueError as {@link AUROC}
 * @example auroc(tensor([0.1, 0.4, 0.4, 0.8]), tensor([0, 0, 1, 1])); // tensor(0.8750, dtype=torch.float64)
 */
export const auroc = /* @__PURE__ */ metricFunction('auroc', AUROC, rankingKinds);
