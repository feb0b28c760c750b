import { arange, bincount, bucketize, checkArguments, K, type Tensor, tensor } from '@kindling/core';
import { Metric, metricFunction, numbersOf } from '../metric.ts';
import { ratio } from '../ratio.ts';
import { addTo } from '../samples.ts';
import { meanOf } from './averages.ts';
import { probabilitiesOf, readEntries } from './entries.ts';
import { type Task, type TaskOptions, taskKinds, taskOf } from './tasks.ts';

/** Options of {@link CalibrationError}. */
export interface CalibrationErrorOptions extends Omit<TaskOptions, 'numLabels'> {
  /** Into how many bins of one width [0, 1] is cut. Default: 15. */
  readonly nBins?: number;
  /**
   * What is made of the differences in the bins: `'l1'` their mean (the expected calibration error), `'l2'` the root of
   * the mean of their squares, `'max'` the greatest. Default: `'l1'`.
   */
  readonly norm?: 'l1' | 'l2' | 'max';
}

const { numLabels: _, ...ownTaskKinds } = taskKinds;
const kinds: K.Kinds<CalibrationErrorOptions> = {
  ...ownTaskKinds,
  nBins: K.positiveCount,
  norm: /* @__PURE__ */ K.oneOf('l1', 'l2', 'max'),
};
const takes = { options: /* @__PURE__ */ K.options(kinds) };

/**
 * How far confidence is from being right: samples are put into bins by their confidence, and in each bin its mean is
 * held against the part that is right, bins counting for the samples they hold. Of yes and no the confidence is the
 * probability of yes, and right is who is true; of classes it is the greatest probability, and right is who has that
 * class. Bins are (a, b], the first with 0, as in `sklearn.calibration.calibration_curve` and Guo et al. (2017); in
 * torchmetrics they are [a, b). Follows `torchmetrics.CalibrationError`.
 * @throws ValueError for options that cannot be
 * @example
 * ```ts
 * const error = new CalibrationError({ nBins: 2 });
 * error.update(tensor([0.25, 0.25, 0.75, 0.75]), tensor([0, 1, 1, 1]));
 * error.compute(); // tensor(0.2500, dtype=torch.float64)
 * ```
 */
export class CalibrationError extends Metric {
  protected readonly sums: { weight: Float64Array; confidence: Float64Array; correct: Float64Array };
  private readonly task: Task;
  private readonly nBins: number;
  private readonly norm: 'l1' | 'l2' | 'max';

  constructor(options: CalibrationErrorOptions = {}) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    const task = taskOf(name, options);
    const { nBins = 15, norm = 'l1' } = options;
    super({ ...task, nBins, norm });
    this.task = task;
    this.nBins = nBins;
    this.norm = norm;
    const sum = (): Float64Array => new Float64Array(nBins);
    this.sums = { weight: sum(), confidence: sum(), correct: sum() };
  }

  protected override add(caller: string, input: Tensor, target: Tensor, weight: number | Tensor): number {
    const { task, sums, nBins } = this;
    const entries = readEntries(caller, task, true, [input, target, weight]);
    const probabilities = probabilitiesOf(caller, task, entries);
    const ofClasses = task.kind === 'multiclass';
    const confidence = ofClasses ? probabilities.amax(1) : probabilities.flatten();
    const actual = entries.actual.flatten();
    const correct = ofClasses ? probabilities.argmax(1).eq(actual) : actual;
    const weights = entries.weights.flatten();
    // numpy's linspace.
    const edges = arange(1, nBins, { dtype: 'float64' }).mul(1 / nBins);
    const bins = bucketize(confidence, edges);
    const inBins = (w: Tensor): ArrayLike<number> =>
      numbersOf(bincount(bins, { weights: w, minlength: nBins }));
    addTo(sums.weight, inBins(weights));
    addTo(sums.confidence, inBins(weights.mul(confidence)));
    addTo(sums.correct, inBins(weights.mul(correct)));
    return weights.sum().item();
  }

  protected override result(): Tensor {
    const weight = tensor(this.sums.weight);
    const gap = ratio(tensor(this.sums.confidence).sub(tensor(this.sums.correct)), weight, 0).abs();
    if (this.norm === 'max') return gap.max();
    return this.norm === 'l1' ? meanOf(gap, weight) : meanOf(gap.square(), weight).sqrt();
  }
}

/**
 * {@link CalibrationError} of one batch. Follows `torchmetrics.functional.calibration_error`.
 * @throws ShapeError, DTypeError, ValueError as {@link CalibrationError}
 * @example calibrationError(tensor([[0.75, 0.25], [0.5, 0.5]]), tensor([0, 1]), { numClasses: 2, norm: 'max' }); // tensor(0.5000, dtype=torch.float64)
 */
export const calibrationError = /* @__PURE__ */ metricFunction('calibrationError', CalibrationError, kinds);
