/** Metrics of how scores rank samples: they keep the scores of all of them. */
import { cat, checkArguments, K, ones, stack, type Tensor, tensor } from '@kindling/core';
import { Metric, numbersOf } from '../metric.ts';
import { ratio } from '../ratio.ts';
import { Samples } from '../samples.ts';
import { type Average, averageKind } from './averages.ts';
import { probabilitiesOf, readEntries, requireScores } from './entries.ts';
import { type Task, type TaskOptions, taskKinds, taskOf } from './tasks.ts';

/** Options of {@link AUROC} and {@link AveragePrecision}. */
export interface RankingOptions extends TaskOptions {
  /**
   * How classes (one against the rest) or labels become one number. Default: `'macro'`. `'micro'` ranks the scores of
   * all classes together.
   */
  readonly average?: Average;
}

export const rankingKinds: K.Kinds<RankingOptions> = { ...taskKinds, average: averageKind };
const takes = { options: /* @__PURE__ */ K.options(rankingKinds) };

/**
 * The weights of what is true (tps) and false (fps) with a score of at least each one that occurs, from the greatest
 * down.
 */
export interface Curve {
  readonly tps: Tensor;
  readonly fps: Tensor;
}

/** The curve of scores, true where `actual` is 1; all of them vectors, float64. Samples of one score come at once. */
function curveOf(scores: Tensor, actual: Tensor, weights: Tensor): Curve {
  const { values, indices } = scores.sort(0, { descending: true });
  const positive = weights.mul(actual);
  const upTo = (w: Tensor): Tensor => w.gather(0, indices).cumsum(0);
  const n = values.count;
  const differs = values.narrow(0, 0, n - 1).ne(values.narrow(0, 1, n - 1));
  const last = cat([differs, ones([1], { dtype: 'bool' })]);
  return {
    tps: upTo(positive).maskedSelect(last),
    fps: upTo(weights.sub(positive)).maskedSelect(last),
  };
}

/** What comes from one value of a running total to the next. */
export const increments = (totals: Tensor): Tensor =>
  cat([
    totals.narrow(0, 0, 1),
    totals.narrow(0, 1, totals.count - 1).sub(totals.narrow(0, 0, totals.count - 1)),
  ]);

/**
 * The areas of classes as `average` wants them. One that is NaN makes the mean NaN, unless its class never occurs and
 * counts nothing.
 */
function meanOver(areas: Tensor, average: Average, support: Tensor): Tensor {
  if (average === 'none') return areas;
  if (average === 'macro') return areas.mean();
  const occurs = support.gt(0);
  return ratio(areas.mul(support).maskedSelect(occurs).sum(), support.sum(), 0);
}

/** The base of what is computed of a {@link Curve}. Kindling's own. */
export abstract class Ranking extends Metric {
  protected readonly sums = {};
  protected override readonly samples: { scores: Samples; actual: Samples; weights: Samples };
  private readonly task: Task;
  private readonly average: Average;

  constructor(name: string, given: ArrayLike<unknown>, options: RankingOptions) {
    checkArguments(name, takes, given);
    const task = taskOf(name, options);
    const { average = 'macro' } = options;
    super({ ...task, average });
    this.task = task;
    this.average = average;
    const { columns } = task;
    const rows = task.kind === 'multiclass' ? 1 : columns;
    this.samples = { scores: new Samples(columns), actual: new Samples(rows), weights: new Samples(rows) };
  }

  protected override add(caller: string, input: Tensor, target: Tensor, weight: number | Tensor): number {
    const { task, samples } = this;
    const ofClasses = task.kind === 'multiclass';
    const entries = readEntries(caller, task, ofClasses, [input, target, weight]);
    // Of yes and no the order alone counts, which logits and probabilities have in common.
    const scores = ofClasses
      ? probabilitiesOf(caller, task, entries)
      : requireScores(caller, task, entries.scores ?? entries.labels).to('float64');
    const total = entries.weights.sum().item();
    samples.scores.push(numbersOf(scores));
    samples.actual.push(numbersOf(entries.actual));
    samples.weights.push(numbersOf(entries.weights));
    return total;
  }

  protected override result(): Tensor {
    const { task, samples, average } = this;
    const matrix = ({ values, width }: Samples): Tensor =>
      tensor(values).reshape([values.length / width, width]);
    const scores = matrix(samples.scores);
    const ofClasses = task.kind === 'multiclass';
    const classes = tensor(
      Array.from({ length: task.columns }, (_, i) => i),
      { dtype: 'float64' },
    );
    const actual = ofClasses ? matrix(samples.actual).eq(classes).to('float64') : matrix(samples.actual);
    const weights = matrix(samples.weights).expandAs(actual);
    if (task.kind === 'binary' || average === 'micro')
      return this.area(curveOf(scores.flatten(), actual.flatten(), weights.flatten()));
    const values = Array.from({ length: task.columns }, (_, i) =>
      this.area(curveOf(scores.select(1, i), actual.select(1, i), weights.select(1, i))),
    );
    return meanOver(stack(values), average, weights.mul(actual).sum(0));
  }

  /** The metric of one curve, 0-dimensional. */
  protected abstract area(curve: Curve): Tensor;
}
