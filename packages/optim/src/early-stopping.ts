import { CompileError, checkArguments, isCompiling, K, Shown, Tensor, ValueError } from '@kindling/core';
import { aBest, aMetric, metricNumber } from './base/kinds.ts';
import { copiedState } from './base/state-dict.ts';
import { textOf } from './lr-scheduler/scheduler.ts';
import { asJSON, readState, requireOpen, type SchedulerStateDict, writeState } from './lr-scheduler/state.ts';

/** What is watched over: a model, whose state is tensors by name. */
export interface Restorable {
  /** Its parameters and buffers by name. */
  stateDict(): Record<string, Tensor>;
  /** Takes over what {@link stateDict} gave. */
  loadStateDict(state: Record<string, Tensor>): unknown;
}

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions {
  /** Epochs in a row without improvement after which it stops. Default: 10. */
  readonly patience?: number;
  /** What counts as better: by more than this. Default: 0. */
  readonly minDelta?: number;
  /** Whether less or more is better. Default: 'min'. */
  readonly mode?: 'min' | 'max';
  /** A model of which a copy is kept at each improvement, and put back where it stops. */
  readonly restoreBest?: Restorable;
}

const kinds = {
  patience: K.positiveCount,
  minDelta: /* @__PURE__ */ K.kind('a finite number >= 0', (x) => Number.isFinite(x) && (x as number) >= 0),
  mode: /* @__PURE__ */ K.oneOf('min', 'max'),
};
const takes = {
  options: /* @__PURE__ */ K.options<EarlyStoppingOptions>({
    ...kinds,
    restoreBest: /* @__PURE__ */ K.kind(
      'a model, with stateDict() and loadStateDict()',
      (x) =>
        (typeof x === 'object' || typeof x === 'function') &&
        typeof (x as Partial<Restorable> | null)?.stateDict === 'function' &&
        typeof (x as Partial<Restorable>).loadStateDict === 'function',
    ),
  }),
};
const stateKinds = {
  ...kinds,
  best: aBest,
  bestEpoch: K.integer,
  lastEpoch: K.integer,
  numBadEpochs: K.count,
  stopped: K.flag,
};
/** Whether something is nested in no more than so many levels: in itself it is in any number. */
const endsWithin = (levels: number, x: unknown): boolean =>
  typeof x !== 'object' ||
  x === null ||
  Tensor.is(x) ||
  ArrayBuffer.isView(x) ||
  (levels > 0 && Object.values(x).every((value) => endsWithin(levels - 1, value)));

const savedModel = /* @__PURE__ */ K.nullable(
  /* @__PURE__ */ K.kind('what stateDict() of the model gives', (x) => K.isOptions(x) && endsWithin(100, x)),
);

/**
 * Says when to stop: once a metric has not improved by more than `minDelta` for `patience` epochs in a row. NaN is no
 * improvement. With `restoreBest` the model is then what it was at its best. Kindling's own; Prechelt, "Early Stopping
 * - But When?", 1998.
 * @throws ValueError for a patience that is no integer of at least 1, a minDelta that is negative or not finite, an
 * unknown mode, or a model without a state
 * @example
 * ```ts
 * const stopping = new optim.EarlyStopping({ patience: 2 });
 * const losses = [3, 2, 2.5, 2.1, 1];
 * losses.findIndex((loss) => stopping.step(loss)); // 3
 * [stopping.best, stopping.bestEpoch]; // [ 2, 1 ]
 * ```
 */
export class EarlyStopping extends Shown {
  /** Epochs in a row without improvement after which it stops. */
  patience: number;
  /** What counts as better: by more than this. */
  minDelta: number;
  /** Whether less or more is better. */
  mode: 'min' | 'max';
  /** The best metric so far. */
  best: number;
  /** The number of the epoch that had it, from 0; -1 where there was none. */
  bestEpoch = -1;
  /** The number of the last epoch. */
  lastEpoch = -1;
  /** Epochs in a row without improvement. */
  numBadEpochs = 0;
  /** Whether it has said to stop. */
  stopped = false;
  readonly #model: Restorable | undefined;
  #bestState: Record<string, Tensor> | null = null;

  constructor(options: EarlyStoppingOptions = {}) {
    checkArguments(new.target.name, takes, arguments);
    super();
    const { patience = 10, minDelta = 0, mode = 'min', restoreBest } = options;
    this.patience = patience;
    this.minDelta = minDelta;
    this.mode = mode;
    this.best = mode === 'min' ? Infinity : -Infinity;
    this.#model = restoreBest;
  }

  /**
   * Takes the epoch's metric, and says whether to stop; once it has said so, it goes on saying it, and counts no more.
   * @throws ValueError for a metric that is no number
   */
  step(metric: number | Tensor): boolean {
    checkArguments(`${this.constructor.name}.step`, { metric: aMetric }, arguments);
    if (isCompiling())
      throw new CompileError(
        `compile: ${this.constructor.name}.step decides by the values of a call; call it outside of the compiled function`,
      );
    requireOpen(`${this.constructor.name}.step`, this as object);
    if (this.stopped) return true;
    const value = metricNumber(metric);
    this.lastEpoch++;
    if (this.isBetter(value)) {
      this.best = value;
      this.bestEpoch = this.lastEpoch;
      this.numBadEpochs = 0;
      if (this.#model !== undefined) this.#bestState = copiedState(this.#model.stateDict());
    } else this.numBadEpochs++;
    this.stopped = this.numBadEpochs >= this.patience;
    if (this.stopped) this.restore();
    return this.stopped;
  }

  /**
   * Whether `value` beats the best by more than minDelta.
   * @throws ValueError for what is no number
   */
  isBetter(value: number): boolean {
    checkArguments(`${this.constructor.name}.isBetter`, { value: K.number }, arguments);
    const { best, minDelta } = this;
    return this.mode === 'min' ? value < best - minDelta : value > best + minDelta;
  }

  /**
   * Puts the model back to its best, where a copy was kept: where training ends otherwise, say. Says whether there was
   * one.
   */
  restore(): boolean {
    if (this.#model === undefined || this.#bestState === null) return false;
    this.#model.loadStateDict(copiedState(this.#bestState));
    return true;
  }

  /** The class and what was counted, on one line. */
  override toString(): string {
    return textOf(this);
  }

  /** Everything but the model: what was counted, and the copy of the model at its best. */
  stateDict(): SchedulerStateDict {
    return writeState(this, { best_state: this.#bestState });
  }

  /** What `JSON.stringify` writes: the {@link stateDict}, which `loadStateDict` takes. Kindling's own. */
  toJSON(): SchedulerStateDict {
    return asJSON(this.stateDict());
  }

  /**
   * Takes over what {@link stateDict} gave, also by way of JSON.
   * @throws ValueError where something is missing or cannot be; nothing is changed then
   */
  loadStateDict(dict: SchedulerStateDict): void {
    const caller = `${this.constructor.name}.loadStateDict`;
    const own = readState(caller, this, dict, stateKinds);
    const { best_state: saved = null } = dict;
    checkArguments(caller, { best_state: savedModel }, [saved]);
    if (saved === null && this.#model !== undefined && own.bestEpoch !== -1)
      throw new ValueError(`${caller}: the state holds no copy of a model, and restoreBest was given one`);
    Object.assign(this, own);
    // The caller's tensors go on being the caller's: those of a model in training, say.
    this.#bestState = copiedState(saved as Record<string, Tensor> | null);
  }
}
