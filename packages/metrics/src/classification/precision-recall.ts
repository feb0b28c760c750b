import { checkArguments, K, type Tensor, tensor } from '@kindling/core';
import { metricFunction } from '../metric.ts';
import { ratio } from '../ratio.ts';
import { addTo } from '../samples.ts';
import { type Average, averaged } from './averages.ts';
import { ByClass, type ByClassOptions, byClassKinds } from './by-class.ts';
import { readLabels, sumsByColumn } from './entries.ts';

/** Options of {@link Precision} and {@link Recall}. */
export interface PrecisionOptions extends ByClassOptions {
  /**
   * How classes or labels become one number. Default: `'micro'`, which for classes is accuracy; of yes and no there is
   * nothing to average. `'macro'` is over all classes, those too that never occur: scikit-learn's with
   * `labels=range(numClasses)`.
   */
  readonly average?: Average;
  /** What 0 / 0 is: 0, 1, or NaN, which means leave out. Default: 0. */
  readonly zeroDivision?: number;
}

/** Options of {@link FBetaScore}. */
export interface FBetaOptions extends PrecisionOptions {
  /** How many times recall counts for precision. Default: 1. */
  readonly beta?: number;
}

const kinds: K.Kinds<PrecisionOptions> = {
  ...byClassKinds,
  zeroDivision: /* @__PURE__ */ K.kind('0, 1 or NaN', (x) => x === 0 || x === 1 || Number.isNaN(x)),
};
const takes = { options: /* @__PURE__ */ K.options(kinds) };
const betaKinds: K.Kinds<FBetaOptions> = { ...kinds, beta: K.nonNegative };
const betaTakes = { options: /* @__PURE__ */ K.options(betaKinds) };

/** What is counted for each class or label: found rightly, predicted, true. */
abstract class Found extends ByClass {
  protected readonly sums: { found: Float64Array; predicted: Float64Array; support: Float64Array };
  protected readonly zeroDivision: number;

  constructor(name: string, options: PrecisionOptions, more: object = {}) {
    const { zeroDivision = 0 } = options;
    super(name, options, { zeroDivision: String(zeroDivision), ...more });
    this.zeroDivision = zeroDivision;
    this.sums = { found: this.sumOfEach(), predicted: this.sumOfEach(), support: this.sumOfEach() };
  }

  protected override add(caller: string, input: Tensor, target: Tensor, weight: number | Tensor): number {
    const { task, sums } = this;
    const ofClasses = task.kind === 'multiclass';
    const { labels, actual, weights } = readLabels(caller, task, [input, target, weight], this.threshold);
    const right = ofClasses ? actual.eq(labels) : actual.mul(labels);
    addTo(sums.found, sumsByColumn(task, actual, weights.mul(right)));
    addTo(sums.predicted, sumsByColumn(task, labels, ofClasses ? weights : weights.mul(labels)));
    addTo(sums.support, sumsByColumn(task, actual, ofClasses ? weights : weights.mul(actual)));
    return weights.sum().item();
  }

  protected override result(): Tensor {
    const { average } = this;
    const counts = [this.sums.found, this.sums.predicted, this.sums.support].map((sums) => tensor(sums));
    const [found, predicted, support] = counts as [Tensor, Tensor, Tensor];
    if (this.task.kind === 'binary') return this.value(found, predicted, support).squeeze();
    if (average === 'micro') return this.value(found.sum(), predicted.sum(), support.sum());
    return averaged(this.value(found, predicted, support), average, support);
  }

  /** The value of each class, of what was found of it, predicted as it, and is of it. */
  protected abstract value(found: Tensor, predicted: Tensor, support: Tensor): Tensor;
}

/**
 * Of what was predicted, the part that is true. Follows `torchmetrics.Precision`, with the numbers of
 * `sklearn.metrics.precision_score`.
 * @throws ValueError for options that cannot be
 * @example
 * ```ts
 * const precision = new Precision();
 * precision.update(tensor([0.9, 0.8, 0.2, 0.7]), tensor([1, 0, 1, 1]));
 * precision.compute(); // tensor(0.6667, dtype=torch.float64)
 * ```
 */
export class Precision extends Found {
  constructor(options: PrecisionOptions = {}) {
    checkArguments(new.target.name, takes, arguments);
    super(new.target.name, options);
  }

  protected override value(found: Tensor, predicted: Tensor): Tensor {
    return ratio(found, predicted, this.zeroDivision);
  }
}

/**
 * Of what is true, the part that was predicted. Follows `torchmetrics.Recall`, with the numbers of
 * `sklearn.metrics.recall_score`.
 * @throws ValueError for options that cannot be
 * @example
 * ```ts
 * const recall = new Recall({ numClasses: 3, average: 'none' });
 * recall.update(tensor([0, 1, 2, 2]), tensor([0, 1, 1, 2]));
 * recall.compute(); // tensor([1.0000, 0.5000, 1.0000], dtype=torch.float64)
 * ```
 */
export class Recall extends Found {
  constructor(options: PrecisionOptions = {}) {
    checkArguments(new.target.name, takes, arguments);
    super(new.target.name, options);
  }

  protected override value(found: Tensor, _predicted: Tensor, support: Tensor): Tensor {
    return ratio(found, support, this.zeroDivision);
  }
}

/**
 * The harmonic mean of precision and recall, in which recall counts beta times as much: (1 + beta^2) P R / (beta^2 P +
 * R). Follows `torchmetrics.FBetaScore`, with the numbers of `sklearn.metrics.fbeta_score`.
 * @throws ValueError for options that cannot be
 * @example
 * ```ts
 * const score = new FBetaScore({ beta: 2 });
 * score.update(tensor([0.9, 0.8, 0.2, 0.7]), tensor([1, 0, 1, 0]));
 * score.compute(); // tensor(0.4545, dtype=torch.float64)
 * ```
 */
export class FBetaScore extends Found {
  private readonly beta: number;

  constructor(options: FBetaOptions = {}) {
    checkArguments(new.target.name, betaTakes, arguments);
    const { beta = 1 } = options;
    super(new.target.name, options, { beta: String(beta) });
    this.beta = beta;
  }

  protected override value(found: Tensor, predicted: Tensor, support: Tensor): Tensor {
    if (this.beta === Infinity) return ratio(found, support, this.zeroDivision);
    const square = this.beta ** 2;
    return ratio(found.mul(1 + square), support.mul(square).add(predicted), this.zeroDivision);
  }
}

/**
 * The harmonic mean of precision and recall, {@link FBetaScore} of 1. Follows `torchmetrics.F1Score`, with the numbers
 * of `sklearn.metrics.f1_score`.
 * @throws ValueError for options that cannot be
 * @example
 * ```ts
 * const score = new F1Score({ numLabels: 2, average: 'macro' });
 * score.update(tensor([[0.9, 0.2], [0.4, 0.8]]), tensor([[1, 0], [1, 1]]));
 * score.compute(); // tensor(0.8333, dtype=torch.float64)
 * ```
 */
export class F1Score extends FBetaScore {
  constructor(options: PrecisionOptions = {}) {
    checkArguments(new.target.name, takes, arguments);
    super(options);
  }
}

/**
 * {@link Precision} of one batch. Follows `torchmetrics.functional.precision`.
 * @throws ShapeError, DTypeError, ValueError as {@link Precision}
 * @example precision(tensor([0.9, 0.8, 0.2]), tensor([1, 0, 1])); // tensor(0.5000, dtype=torch.float64)
 */
export const precision = /* @__PURE__ */ metricFunction('precision', Precision, kinds);

/**
 * {@link Recall} of one batch. Follows `torchmetrics.functional.recall`.
 * @throws ShapeError, DTypeError, ValueError as {@link Recall}
 * @example recall(tensor([0.9, 0.8, 0.2]), tensor([1, 0, 1]), { weight: tensor([3, 1, 1]) }); // tensor(0.7500, dtype=torch.float64)
 */
export const recall = /* @__PURE__ */ metricFunction('recall', Recall, kinds);

/**
 * {@link FBetaScore} of one batch. Follows `torchmetrics.functional.fbeta_score`.
 * @throws ShapeError, DTypeError, ValueError as {@link FBetaScore}
 * @example fbetaScore(tensor([0.9, 0.8, 0.2]), tensor([1, 0, 1]), { beta: 0.5 }); // tensor(0.5000, dtype=torch.float64)
 */
export const fbetaScore = /* @__PURE__ */ metricFunction('fbetaScore', FBetaScore, betaKinds);

/**
 * {@link F1Score} of one batch. Follows `torchmetrics.functional.f1_score`.
 * @throws ShapeError, DTypeError, ValueError as {@link F1Score}
 * @example f1Score(tensor([0.9, 0.8, 0.2]), tensor([1, 0, 1])); // tensor(0.5000, dtype=torch.float64)
 */
export const f1Score = /* @__PURE__ */ metricFunction('f1Score', F1Score, kinds);
