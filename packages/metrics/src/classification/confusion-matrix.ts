import { arange, bincount, checkArguments, K, type Tensor, tensor } from '@kindling/core';
import { Metric, metricFunction, numbersOf } from '../metric.ts';
import { ratio } from '../ratio.ts';
import { addTo } from '../samples.ts';
import { readLabels } from './entries.ts';
import { type Task, type TaskOptions, taskKinds, taskOf } from './tasks.ts';

/** Options of {@link ConfusionMatrix}. */
export interface ConfusionMatrixOptions extends TaskOptions {
  /** From where on a probability says yes: beyond it. Default: 0.5. */
  readonly threshold?: number;
  /**
   * Divides by the sum of each row (`'true'`: what became of a class), of each column (`'pred'`), or of all. What has
   * nothing to divide by is 0. Default: null, counts.
   */
  readonly normalize?: 'true' | 'pred' | 'all' | null;
}

const kinds: K.Kinds<ConfusionMatrixOptions> = {
  ...taskKinds,
  threshold: K.probability,
  normalize: /* @__PURE__ */ K.nullable(/* @__PURE__ */ K.oneOf('true', 'pred', 'all')),
};
const takes = { options: /* @__PURE__ */ K.options(kinds) };

/**
 * How often each class (row) was taken for each (column): shape (C, C), (2, 2) for yes and no, and (L, 2, 2) for
 * labels. With weights their sums. Follows `torchmetrics.ConfusionMatrix`, with the numbers of
 * `sklearn.metrics.confusion_matrix` and `multilabel_confusion_matrix`.
 * @throws ValueError for options that cannot be
 * @example
 * ```ts
 * const matrix = new ConfusionMatrix({ numClasses: 2, normalize: 'true' });
 * matrix.update(tensor([0, 1, 1, 1]), tensor([0, 0, 1, 1]));
 * matrix.compute();
 * // tensor([[0.5000, 0.5000],
 * //         [0.0000, 1.0000]], dtype=torch.float64)
 * ```
 */
export class ConfusionMatrix extends Metric {
  protected readonly sums: { counts: Float64Array };
  private readonly task: Task;
  private readonly threshold: number;
  private readonly normalize: 'true' | 'pred' | 'all' | null;

  constructor(options: ConfusionMatrixOptions = {}) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    const task = taskOf(name, options);
    const { threshold = 0.5, normalize = null } = options;
    super({ ...task, threshold, normalize });
    this.task = task;
    this.threshold = threshold;
    this.normalize = normalize;
    this.sums = {
      counts: new Float64Array(task.kind === 'multiclass' ? task.columns ** 2 : 4 * task.columns),
    };
  }

  protected override add(caller: string, input: Tensor, target: Tensor, weight: number | Tensor): number {
    const { task, sums } = this;
    const ofClasses = task.kind === 'multiclass';
    const { labels, actual, weights } = readLabels(caller, task, [input, target, weight], this.threshold);
    // The place of each pair in the matrix, or in the matrices one behind the other.
    const pairs = actual.mul(ofClasses ? task.columns : 2).add(labels);
    const places = ofClasses ? pairs : pairs.add(arange(0, task.columns).mul(4));
    const counts = bincount(places.flatten(), { weights: weights.flatten(), minlength: sums.counts.length });
    addTo(sums.counts, numbersOf(counts));
    return weights.sum().item();
  }

  protected override result(): Tensor {
    const { kind, columns } = this.task;
    const size = kind === 'multiclass' ? columns : 2;
    const counts = tensor(this.sums.counts).reshape(kind === 'multilabel' ? [columns, 2, 2] : [size, size]);
    if (this.normalize === null) return counts;
    const over = { true: [-1], pred: [-2], all: [-2, -1] }[this.normalize];
    return ratio(counts, counts.sum(over, { keepdim: true }).expandAs(counts), 0);
  }
}

/**
 * {@link ConfusionMatrix} of one batch. Follows `torchmetrics.functional.confusion_matrix`.
 * @throws ShapeError, DTypeError, ValueError as {@link ConfusionMatrix}
 * @example
 * ```ts
 * confusionMatrix(tensor([0.9, 0.2, 0.8]), tensor([1, 1, 0]));
 * // tensor([[0., 1.],
 * //         [1., 1.]], dtype=torch.float64)
 * ```
 */
export const confusionMatrix = /* @__PURE__ */ metricFunction('confusionMatrix', ConfusionMatrix, kinds);
