import { type Tensor, ValueError } from '@kindling/core';
import { camelCase, snakeCase } from '../naming.ts';
import type { Optimizer } from '../optimizer.ts';
import type { SchedulerStateDict } from './scheduler.ts';

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether less or more is better. Default: 'min'. */
  mode?: 'min' | 'max';
  /** New rate = rate * factor. Default: 0.1. */
  factor?: number;
  /** Epochs without improvement that are put up with. Default: 10. */
  patience?: number;
  /** What counts as better: by at least this much. Default: 1e-4. */
  threshold?: number;
  /** Whether the threshold is a fraction of the best value or a difference. Default: 'rel'. */
  thresholdMode?: 'rel' | 'abs';
  /** Epochs to wait after a reduction. Default: 0. */
  cooldown?: number;
  /** The least rate, of all groups or of each. Default: 0. */
  minLr?: number | readonly number[];
  /** Smaller changes of the rate are left out. Default: 1e-8. */
  eps?: number;
}

/**
 * Reduces the learning rates when a metric has stopped improving. Follows
 * `torch.optim.lr_scheduler.ReduceLROnPlateau`.
 * @throws ValueError for a factor of 1 or more, an unknown mode, or another number of minLr than there are groups
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new lrScheduler.ReduceLROnPlateau(optimizer, { patience: 1 });
 * for (const loss of [3, 2, 2, 2]) scheduler.step(loss);
 * scheduler.getLastLr(); // [ 0.1 ]
 * ```
 */
export class ReduceLROnPlateau {
  /** The optimizer whose rates are reduced. */
  readonly optimizer: Optimizer;
  /** Whether less or more is better. */
  mode: 'min' | 'max';
  /** New rate = rate * factor. */
  factor: number;
  /** Epochs without improvement that are put up with. */
  patience: number;
  /** What counts as better: by at least this much. */
  threshold: number;
  /** Whether the threshold is a fraction of the best value or a difference. */
  thresholdMode: 'rel' | 'abs';
  /** Epochs to wait after a reduction. */
  cooldown: number;
  /** The least rate of each group. */
  minLrs: number[];
  /** Smaller changes of the rate are left out. */
  eps: number;
  /** The best value of the metric so far. */
  best: number;
  /** Epochs since it was seen. */
  numBadEpochs = 0;
  /** Epochs left to wait. */
  cooldownCounter = 0;
  /** The number of steps so far. */
  lastEpoch = 0;
  #lastLr: number[];

  constructor(optimizer: Optimizer, options: ReduceLROnPlateauOptions = {}) {
    const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = 'rel' } = options;
    const { cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    if (factor >= 1) throw new ValueError(`ReduceLROnPlateau: factor should be < 1.0, got ${factor}`);
    if (mode !== 'min' && mode !== 'max') throw new ValueError(`ReduceLROnPlateau: mode ${mode} is unknown!`);
    if (thresholdMode !== 'rel' && thresholdMode !== 'abs') {
      throw new ValueError(`ReduceLROnPlateau: threshold mode ${thresholdMode} is unknown!`);
    }
    const groups = optimizer.paramGroups.length;
    this.minLrs = typeof minLr === 'number' ? new Array<number>(groups).fill(minLr) : [...minLr];
    if (this.minLrs.length !== groups) {
      throw new ValueError(
        `ReduceLROnPlateau: expected ${groups} values for minLr, got ${this.minLrs.length}`,
      );
    }
    this.optimizer = optimizer;
    this.mode = mode;
    this.factor = factor;
    this.patience = patience;
    this.threshold = threshold;
    this.thresholdMode = thresholdMode;
    this.cooldown = cooldown;
    this.eps = eps;
    this.best = mode === 'min' ? Infinity : -Infinity;
    this.#lastLr = optimizer.paramGroups.map((group) => group.lr);
  }

  /** Takes the epoch's metric, and reduces the rates after more than `patience` epochs without improvement. */
  step(metric: number | Tensor): void {
    const current = typeof metric === 'number' ? metric : metric.item();
    this.lastEpoch++;
    if (this.isBetter(current)) {
      this.best = current;
      this.numBadEpochs = 0;
    } else this.numBadEpochs++;
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      this.#reduce();
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    }
    this.#lastLr = this.optimizer.paramGroups.map((group) => group.lr);
  }

  #reduce(): void {
    for (const [i, group] of this.optimizer.paramGroups.entries()) {
      const next = Math.max(group.lr * this.factor, this.minLrs[i]!);
      if (group.lr - next > this.eps) group.lr = next;
    }
  }

  /** Whether `value` beats the best by the threshold. */
  isBetter(value: number): boolean {
    const { best, threshold, mode } = this;
    const sign = mode === 'min' ? -1 : 1;
    const bound = this.thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === 'min' ? value < bound : value > bound;
  }

  /** Whether a reduction is being waited out. */
  get inCooldown(): boolean {
    return this.cooldownCounter > 0;
  }

  /** The learning rates after the last step, one for each group. */
  getLastLr(): number[] {
    return this.#lastLr.slice();
  }

  /** Everything but the optimizer, under PyTorch's names. */
  stateDict(): SchedulerStateDict {
    const { optimizer: _, ...own } = this;
    return {
      ...Object.fromEntries(Object.entries(own).map(([key, value]) => [snakeCase(key), value])),
      _last_lr: this.getLastLr(),
    };
  }

  /** Takes over what {@link stateDict} gave. */
  loadStateDict({ _last_lr, ...own }: SchedulerStateDict): void {
    for (const [key, value] of Object.entries(own)) {
      (this as unknown as Record<string, unknown>)[camelCase(key)] = value;
    }
    if (Array.isArray(_last_lr)) this.#lastLr = _last_lr.slice();
  }
}
