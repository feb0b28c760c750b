import { checkArguments, K, type Tensor, tensor, ValueError } from '@kindling/core';
import { metricFunction } from '../metric.ts';
import { ratio } from '../ratio.ts';
import { addTo } from '../samples.ts';
import { averaged } from './averages.ts';
import { ByClass, type ByClassOptions, byClassKinds } from './by-class.ts';
import { isAmong, labelsOf, readEntries, requireScores, sumsByColumn } from './entries.ts';

/** Options of {@link Accuracy}. */
export interface AccuracyOptions extends ByClassOptions {
  /** Of classes: right is who has the true class among so many of the greatest scores. Default: 1. */
  readonly topK?: number;
}

const kinds: K.Kinds<AccuracyOptions> = { ...byClassKinds, topK: K.positiveCount };
const takes = { options: /* @__PURE__ */ K.options(kinds) };

/**
 * The part of samples that is classified right. Averaged `'micro'`, of classes it is the part of all samples, of labels
 * that of all labels of all samples (1 less the Hamming loss). By class it is the part of a class's samples that was
 * found, so that `'macro'` is balanced accuracy, which leaves out classes that never occurred. Of scores that are the
 * same the first class counts as the greatest. Follows `torchmetrics.Accuracy`, with the numbers of
 * `sklearn.metrics.accuracy_score`.
 * @throws ValueError for options that cannot be
 * @example
 * ```ts
 * const accuracy = new Accuracy({ numClasses: 3 });
 * accuracy.update(tensor([[0.1, 2.5, 0.3], [1.5, 0.2, 0.1]]), tensor([1, 2]));
 * accuracy.compute(); // tensor(0.5000, dtype=torch.float64)
 * new Accuracy({ logits: true }).update(tensor([1.5, -2, 3]), tensor([1, 0, 1])).compute(); // tensor(1., dtype=torch.float64)
 * ```
 */
export class Accuracy extends ByClass {
  protected readonly sums: { correct: Float64Array; total: Float64Array; support: Float64Array };
  private readonly topK: number;

  constructor(options: AccuracyOptions = {}) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    const { topK = 1 } = options;
    super(name, options, { topK });
    const { task } = this;
    this.topK = topK;
    if (topK > 1 && (task.kind !== 'multiclass' || topK > task.columns)) {
      const got = task.kind === 'multiclass' ? `numClasses ${task.columns}` : 'no numClasses';
      throw new ValueError(`${name}: topK ${topK} wants as many classes, got ${got}`);
    }
    this.sums = { correct: this.sumOfEach(), total: this.sumOfEach(), support: this.sumOfEach() };
  }

  protected override add(caller: string, input: Tensor, target: Tensor, weight: number | Tensor): number {
    const { task, sums, threshold, topK } = this;
    const entries = readEntries(caller, task, task.kind !== 'multiclass', [input, target, weight]);
    const { scores, actual, weights } = entries;
    const right =
      topK > 1
        ? isAmong(requireScores(caller, task, scores), actual, topK)
        : actual.eq(labelsOf(task, entries, threshold));
    const isTrue = task.kind === 'multiclass' ? weights : weights.mul(actual);
    addTo(sums.correct, sumsByColumn(task, actual, weights.mul(right)));
    addTo(sums.total, sumsByColumn(task, actual, weights));
    addTo(sums.support, sumsByColumn(task, actual, isTrue));
    return weights.sum().item();
  }

  protected override result(): Tensor {
    const correct = tensor(this.sums.correct);
    const total = tensor(this.sums.total);
    if (this.average === 'micro') return correct.sum().div(total.sum());
    return averaged(ratio(correct, total, Number.NaN), this.average, tensor(this.sums.support));
  }
}

/**
 * {@link Accuracy} of one batch. Follows `torchmetrics.functional.accuracy`.
 * @throws ShapeError, DTypeError, ValueError as {@link Accuracy}
 * @example accuracy(tensor([[0.1, 2.5], [1.5, 0.2]]), tensor([1, 1]), { numClasses: 2 }); // tensor(0.5000, dtype=torch.float64)
 */
export const accuracy = /* @__PURE__ */ metricFunction('accuracy', Accuracy, kinds);
