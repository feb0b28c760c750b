/** Batches of classifications, checked, as matrices: a row for each sample, whatever the shape they came in. */
import {
  arange,
  bincount,
  DTypeError,
  formatShape,
  isFloatingPoint,
  type Shape,
  ShapeError,
  sameShape,
  type Tensor,
} from '@kindling/core';
import { refuseWhere, weightsOf } from '../checks.ts';
import { numbersOf } from '../metric.ts';
import type { Task } from './tasks.ts';

/** A batch: of E samples and as many columns as the task has. */
interface Entries {
  /** (E, columns), as they came, but 0 where they are ignored; null where labels came. */
  readonly scores: Tensor | null;
  /** (E,) of a class for each sample, (E, columns) of 0 and 1; null where scores came. int32. */
  readonly labels: Tensor | null;
  /** What is true: as `labels`, int32. 0 where it is ignored. */
  readonly actual: Tensor;
  /** Of the shape of `actual`, float64. 0 where it is ignored. */
  readonly weights: Tensor;
}

const scoresShape = ({ kind, columns }: Task): string =>
  ({
    binary: 'input and target of one shape',
    multiclass: `input of shape (N, ${columns}, ...) with scores or (N, ...) with classes, and target of shape (N, ...)`,
    multilabel: `input and target of shape (N, ${columns}, ...)`,
  })[kind];

function checkShapes(caller: string, task: Task, input: Shape, target: Shape): void {
  const { kind, columns } = task;
  const [n, c, ...inner] = input;
  const fits =
    kind === 'multiclass'
      ? sameShape(input, target) || (c === columns && sameShape([n ?? 0, ...inner], target))
      : sameShape(input, target) && (kind === 'binary' || c === columns);
  if (fits && (kind === 'binary' || target.length > 0)) return;
  const areClasses = kind === 'binary' && c !== undefined && sameShape([n ?? 0, ...inner], target);
  const hint = areClasses ? `; of classes give { numClasses: ${c} }` : '';
  throw new ShapeError(
    `${caller}: expected ${scoresShape(task)}, got ${formatShape(input)} and ${formatShape(target)}${hint}`,
  );
}

const notLabels = (x: Tensor, classes: number): Tensor => {
  const outside = x.lt(0).logicalOr(x.ge(classes));
  return isFloatingPoint(x.dtype) ? outside.logicalOr(x.ne(x.floor())) : outside;
};

/**
 * @param areProbabilities whether scores that are no logits must lie in [0, 1]
 * @throws ShapeError, ValueError
 */
export function readEntries(
  caller: string,
  task: Task,
  areProbabilities: boolean,
  [input, target, weight]: readonly [Tensor, Tensor, number | Tensor],
): Entries {
  const { kind, columns, ignoreIndex, logits } = task;
  checkShapes(caller, task, input.shape, target.shape);
  const [x, y] = [input.detach(), target.detach()];
  const classes = kind === 'multiclass' ? columns : 2;
  const known = classes === 2 ? '0 or 1' : `a class from 0 to ${classes - 1}`;
  const kept = ignoreIndex === null ? null : y.ne(ignoreIndex);
  const keptOf = (t: Tensor): Tensor | null =>
    kept !== null && t.ndim > kept.ndim ? kept.unsqueeze(1) : kept;
  const ofKept = (bad: Tensor): Tensor => {
    const those = keptOf(bad);
    return those === null ? bad : bad.logicalAnd(those);
  };
  refuseWhere(
    caller,
    'target',
    y,
    ofKept(notLabels(y, classes)),
    ignoreIndex === null ? known : `${known}, or ignoreIndex ${ignoreIndex}`,
  );

  const rows = (t: Tensor): Tensor =>
    kind === 'binary' ? t.reshape([t.count, 1]) : t.movedim(1, -1).reshape([t.count / columns, columns]);
  const flat = (t: Tensor): Tensor => (kind === 'multiclass' ? t.reshape([t.count]) : rows(t));
  const samples = kind === 'multilabel' ? y.shape.filter((_, i) => i !== 1) : y.shape;
  const each = weightsOf(caller, weight, samples);
  const spread = kind === 'multiclass' ? each : each.unsqueeze(1).expand([each.count, columns]);
  const weights = kept === null ? spread : spread.mul(flat(kept));
  const asLabels = (t: Tensor): Tensor => {
    const all = flat(t).to('int32');
    return kept === null ? all : all.mul(flat(kept));
  };
  const actual = asLabels(kept === null ? y : y.where(kept, 0));

  const hasScores = kind === 'multiclass' ? x.ndim > y.ndim : isFloatingPoint(x.dtype);
  if (!hasScores) {
    refuseWhere(caller, 'input', x, ofKept(notLabels(x, classes)), known);
    return { scores: null, labels: asLabels(x), actual, weights };
  }
  refuseWhere(caller, 'input', x, ofKept(x.isnan()), 'scores that are numbers');
  if (areProbabilities && !logits) {
    const hint = '; for logits give { logits: true }';
    const outside = ofKept(x.lt(0).logicalOr(x.gt(1)));
    refuseWhere(caller, 'input', x, outside, 'probabilities in [0, 1]', hint);
  }
  // What is ignored may be NaN, which no weight of 0 takes out of a sum.
  const those = keptOf(x);
  return { scores: rows(those === null ? x : x.where(those, 0)), labels: null, actual, weights };
}

/** What is predicted, int32: by scores the class of the greatest, of several the first, and labels by a threshold. */
export function labelsOf(
  { kind, logits }: Task,
  { scores, labels, actual }: Entries,
  threshold = 0.5,
): Tensor {
  if (scores === null) return labels ?? actual;
  if (kind === 'multiclass') return scores.argmax(1).to('int32');
  return scores.gt(logits ? Math.log(threshold / (1 - threshold)) : threshold).to('int32');
}

/** As {@link readEntries}, of which labels are wanted alone. */
export function readLabels(
  caller: string,
  task: Task,
  given: readonly [Tensor, Tensor, number | Tensor],
  threshold: number,
): { readonly labels: Tensor; readonly actual: Tensor; readonly weights: Tensor } {
  const entries = readEntries(caller, task, task.kind !== 'multiclass', given);
  return { ...entries, labels: labelsOf(task, entries, threshold) };
}

/** The sums of weights by class, or by label. */
export const sumsByColumn = ({ kind, columns }: Task, classes: Tensor, weights: Tensor): ArrayLike<number> =>
  numbersOf(kind === 'multiclass' ? bincount(classes, { weights, minlength: columns }) : weights.sum(0));

/** Whether a class is among the k that have the greatest scores, of those that have the same the first. bool, (E,). */
export function isAmong(scores: Tensor, classes: Tensor, k: number): Tensor {
  const at = classes.unsqueeze(1);
  const own = scores.gather(1, at);
  const before = arange(0, scores.shape[1] ?? 0).lt(at);
  const ahead = scores.gt(own).logicalOr(scores.eq(own).logicalAnd(before));
  return ahead.sum(1).lt(k);
}

/** Of others the softmax is NaN. */
const FINITE_GREATEST = 'logits of classes of which the greatest is finite';

/**
 * Scores as probabilities, float64, (E, columns): logits by the sigmoid, or the softmax of classes.
 * @throws DTypeError where there are labels in the place of scores; ValueError where classes do not add up to 1, or their
 *   logits have no softmax
 */
export function probabilitiesOf(caller: string, task: Task, { scores, weights }: Entries): Tensor {
  const x = requireScores(caller, task, scores).to('float64');
  if (task.logits && task.kind !== 'multiclass') return x.sigmoid();
  if (task.logits) {
    const greatest = x.amax(1);
    refuseWhere(caller, 'input', greatest, greatest.isfinite().logicalNot(), FINITE_GREATEST);
    return x.softmax(1);
  }
  if (task.kind === 'multiclass') {
    const sums = x.sum(1);
    const hint = '; for logits give { logits: true }';
    const off = sums.sub(1).abs().gt(1e-3).logicalAnd(weights.gt(0));
    refuseWhere(caller, 'input', sums, off, 'probabilities of classes that add up to 1', hint);
  }
  return x;
}

/** @throws DTypeError where there are labels in the place of scores */
export function requireScores(caller: string, { kind, columns }: Task, scores: Tensor | null): Tensor {
  if (scores !== null) return scores;
  const fits = kind === 'multiclass' ? `of shape (N, ${columns}, ...)` : 'of float32 or float64';
  throw new DTypeError(`${caller}: input: expected scores ${fits}, got labels`);
}
