import { checkArguments, K, onHost, Shown, type Tensor, ValueError } from '@kindling/core';
import { aBest, aMetric, metricNumber, nonNegative } from '../base/kinds.ts';
import type { Optimizer } from '../base/optimizer.ts';
import { ratesOf } from '../base/rate.ts';
import { setRates } from './rates.ts';
import { anOptimizer, textOf } from './scheduler.ts';
import { asJSON, checkState, readState, requireOpen, type SchedulerStateDict, writeState } from './state.ts';

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether less or more is better. Default: 'min'. */
  readonly mode?: 'min' | 'max';
  /** New rate = rate * factor. Default: 0.1. */
  readonly factor?: number;
  /** Epochs without improvement that are put up with. Default: 10. */
  readonly patience?: number;
  /** What counts as better: by at least this much. Default: 1e-4. */
  readonly threshold?: number;
  /** Whether the threshold is a fraction of the best value or a difference. Default: 'rel'. */
  readonly thresholdMode?: 'rel' | 'abs';
  /** Epochs to wait after a reduction. Default: 0. */
  readonly cooldown?: number;
  /** The least rate, of all groups or of each. Default: 0. */
  readonly minLr?: number | readonly number[];
  /** Smaller changes of the rate are left out. Default: 1e-8. */
  readonly eps?: number;
}

const leastRates = /* @__PURE__ */ K.listOf(nonNegative);
const kinds = {
  mode: /* @__PURE__ */ K.oneOf('min', 'max'),
  factor: /* @__PURE__ */ K.kind('a number in [0, 1)', (x) => typeof x === 'number' && x >= 0 && x < 1),
  patience: K.nonNegative,
  threshold: K.finite,
  thresholdMode: /* @__PURE__ */ K.oneOf('rel', 'abs'),
  cooldown: K.nonNegative,
  eps: K.nonNegative,
};
const takes = {
  optimizer: anOptimizer,
  options: /* @__PURE__ */ K.options<ReduceLROnPlateauOptions>({
    ...kinds,
    minLr: /* @__PURE__ */ K.either(nonNegative, leastRates),
  }),
};
const stateKinds = {
  ...kinds,
  minLrs: leastRates,
  defaultMinLr: /* @__PURE__ */ K.nullable(nonNegative),
  best: aBest,
  lastEpoch: K.finite,
  numBadEpochs: K.count,
  cooldownCounter: K.nonNegative,
};

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
export class ReduceLROnPlateau extends Shown {
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
  /** The least rate of groups that are added later; `null` where each group was given its own. */
  defaultMinLr: number | null;
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
    checkArguments(new.target.name, takes, arguments);
    super();
    const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = 'rel' } = options;
    const { cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    const groups = optimizer.paramGroups.length;
    this.defaultMinLr = typeof minLr === 'number' ? minLr : null;
    this.minLrs = typeof minLr === 'number' ? new Array<number>(groups).fill(minLr) : [...minLr];
    if (this.minLrs.length !== groups) {
      throw new ValueError(
        `${new.target.name}: expected ${groups} values for minLr, got ${this.minLrs.length}`,
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
    this.best = this.#worst(mode);
    this.#lastLr = ratesOf(optimizer.paramGroups);
  }

  #worst(mode: 'min' | 'max'): number {
    return mode === 'min' ? Infinity : -Infinity;
  }

  /** The class and the state, without the optimizer. */
  override toString(): string {
    return textOf(this, this.getLastLr());
  }

  /**
   * Takes the epoch's metric, and reduces the rates after more than `patience` epochs without improvement; NaN is none.
   * The number of the epoch may be broken. Follows `ReduceLROnPlateau.step`.
   * @throws ValueError for a metric that is no number, and where groups were added to an optimizer whose groups each
   *   have a minLr
   */
  step(metric: number | Tensor, epoch?: number): void {
    checkArguments(
      `${this.constructor.name}.step`,
      { metric: aMetric, epoch: K.optional(K.finite) },
      arguments,
    );
    const current = metricNumber(metric);
    onHost(() => this.#take(current, epoch));
  }

  #take(current: number, epoch = this.lastEpoch + 1): void {
    requireOpen(`${this.constructor.name}.step`, this);
    this.lastEpoch = epoch;
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
    this.#lastLr = ratesOf(this.optimizer.paramGroups);
  }

  #reduce(): void {
    const { paramGroups } = this.optimizer;
    if (this.minLrs.length !== paramGroups.length) {
      if (this.defaultMinLr === null) {
        throw new ValueError(
          `${this.constructor.name}: the optimizer has ${paramGroups.length} parameter groups now, minLr was given for ` +
            `${this.minLrs.length}; give minLrs a value for each`,
        );
      }
      this.minLrs = new Array<number>(paramGroups.length).fill(this.defaultMinLr);
    }
    const rates = ratesOf(paramGroups).map((lr, i) => {
      const next = Math.max(lr * this.factor, this.minLrs[i]!);
      return lr - next > this.eps ? next : lr;
    });
    setRates(this, rates);
  }

  /**
   * Whether `value` beats the best by the threshold.
   * @throws ValueError for what is no number
   */
  isBetter(value: number): boolean {
    checkArguments(`${this.constructor.name}.isBetter`, { value: K.number }, arguments);
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

  /** Everything but the optimizer, under PyTorch's names. Follows `ReduceLROnPlateau.state_dict`. */
  stateDict(): SchedulerStateDict {
    return writeState(this, { mode_worse: this.#worst(this.mode), _last_lr: this.getLastLr() });
  }

  /** What `JSON.stringify` writes: the {@link stateDict}, which `loadStateDict` takes. Kindling's own. */
  toJSON(): SchedulerStateDict {
    return asJSON(this.stateDict());
  }

  /**
   * Takes over what {@link stateDict} gave, here or in PyTorch, also by way of JSON. Follows
   * `ReduceLROnPlateau.load_state_dict`.
   * @throws ValueError where something is missing or cannot be; nothing is changed then
   */
  loadStateDict(dict: SchedulerStateDict): void {
    const caller = `${this.constructor.name}.loadStateDict`;
    checkState(caller, dict);
    // Of a copy of the dict, JSON makes null of an infinite number: no value has been seen yet.
    const given = dict.best === null ? { ...dict, best: this.#worst(dict.mode as 'min' | 'max') } : dict;
    const own = readState(caller, this, given, stateKinds, ['defaultMinLr']);
    const { _last_lr: rates } = dict;
    Object.assign(this, own);
    if (K.fits(leastRates, rates)) this.#lastLr = (rates as number[]).slice();
  }
}
