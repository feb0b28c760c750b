import { K } from '@kindling/core';
import { Metric } from '../metric.ts';
import { type Average, averageKind } from './averages.ts';
import { type Task, type TaskOptions, taskKinds, taskOf } from './tasks.ts';

/** What metrics of classes or labels take, which are each counted for itself. */
export interface ByClassOptions extends TaskOptions {
  /** How classes or labels become one number. Default: `'micro'`. */
  readonly average?: Average;
  /** From where on a probability says yes: beyond it. Default: 0.5. */
  readonly threshold?: number;
}

export const byClassKinds: K.Kinds<ByClassOptions> = {
  ...taskKinds,
  average: averageKind,
  threshold: K.probability,
};

/** A metric that counts for each class or label. */
export abstract class ByClass extends Metric {
  protected readonly task: Task;
  protected readonly average: Average;
  protected readonly threshold: number;

  constructor(name: string, options: ByClassOptions, more: object = {}) {
    const task = taskOf(name, options);
    const { average = 'micro', threshold = 0.5 } = options;
    super({ ...task, average, threshold, ...more });
    this.task = task;
    this.average = average;
    this.threshold = threshold;
  }

  /** A count of each class, or of each label. */
  protected sumOfEach(): Float64Array {
    return new Float64Array(this.task.columns);
  }
}
