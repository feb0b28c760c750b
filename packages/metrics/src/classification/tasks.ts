import { K, ValueError } from '@kindling/core';

/**
 * What is classified. Without `numClasses` and `numLabels` it is yes or no for each element (binary); with `numClasses`
 * one of so many classes (multiclass); with `numLabels` yes or no for each of so many labels (multilabel).
 */
export interface TaskOptions {
  /**
   * Classes, of which each sample has one. `target` then has shape (N, ...) with classes from 0, and `input` (N, C,
   * ...) with a score for each class, or the shape of `target` with the class that was predicted.
   */
  readonly numClasses?: number;
  /** Labels, of which each sample has any number. `input` and `target` then have shape (N, L, ...). */
  readonly numLabels?: number;
  /** Whether scores are logits and not probabilities. Default: false. */
  readonly logits?: boolean;
  /** What is left out: elements of `target` of this value. Default: null, nothing is. */
  readonly ignoreIndex?: number | null;
}

export const taskKinds: K.Kinds<TaskOptions> = {
  numClasses: /* @__PURE__ */ K.kind('an integer >= 2', (x) => K.count.accepts(x) && (x as number) > 1),
  numLabels: K.positiveCount,
  logits: K.flag,
  ignoreIndex: /* @__PURE__ */ K.nullable(K.integer),
};

/** What is classified, all of it stated. */
export interface Task {
  readonly kind: 'binary' | 'multiclass' | 'multilabel';
  /** Scores a sample. */
  readonly columns: number;
  readonly logits: boolean;
  readonly ignoreIndex: number | null;
}

/** @throws ValueError where both classes and labels are told */
export function taskOf(caller: string, options: TaskOptions): Task {
  const { numClasses, numLabels, logits = false, ignoreIndex = null } = options;
  if (numClasses !== undefined && numLabels !== undefined) {
    throw new ValueError(
      `${caller}: expected numClasses (one class a sample) or numLabels (any number of labels a sample), got both`,
    );
  }
  const kind = numClasses !== undefined ? 'multiclass' : numLabels !== undefined ? 'multilabel' : 'binary';
  return { kind, columns: numClasses ?? numLabels ?? 1, logits, ignoreIndex };
}
