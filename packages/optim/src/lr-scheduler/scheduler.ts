import { checkArguments, K, onHost, Shown, ValueError } from '@kindling/core';
import { type ParamGroup, requireExtensible } from '../base/groups.ts';
import { requireMethod } from '../base/kinds.ts';
import type { Optimizer } from '../base/optimizer.ts';
import { anOptimizer } from '../base/optimizer-class.ts';
import { rateNumber, ratesOf, withNumber } from '../base/rate.ts';
import { setRates } from './rates.ts';
import { asJSON, readState, requireOpen, type SchedulerStateDict, writeState } from './state.ts';

/** Options that every scheduler takes. */
export interface SchedulerOptions {
  /** The number of the last epoch, which may be broken, to go on after it; -1 starts anew. Default: -1. */
  readonly lastEpoch?: number;
}

export { anOptimizer };

/** What {@link SchedulerOptions} take. */
export const schedulerOptions: K.Kinds<SchedulerOptions> = {
  lastEpoch: /* @__PURE__ */ K.kind(
    'a finite number >= -1',
    (x) => Number.isFinite(x) && (x as number) >= -1,
  ),
};

/**
 * The first rate of a group that was added later, which the first of several schedules took in: those behind it meet
 * the rate that it has set.
 */
const admittedAt = /* @__PURE__ */ new WeakMap<object, number>();

/** Those of a scheduler that extends the base are its own. */
const anyOptions = /* @__PURE__ */ K.kind('an options object', K.isOptions);
const rateList = /* @__PURE__ */ K.listOf(K.finite);
/** What dicts of PyTorch's earlier versions lack. */
const countKinds = {
  _last_lr: /* @__PURE__ */ K.optional(rateList),
  _step_count: /* @__PURE__ */ K.optional(K.count),
};

function shown(x: unknown): string {
  if (Array.isArray(x)) return `[${x.map(shown).join(', ')}]`;
  return typeof x === 'function' ? x.name || 'function' : `${x}`;
}

/** @internal The class and the state of a schedule, or of what else goes by epochs, on one line. */
export const textOf = (schedule: object, rates?: readonly number[]): string => {
  const own = Object.entries(schedule).filter(([name]) => name !== 'optimizer');
  const state = rates === undefined ? own : [...own, ['lastLr', rates]];
  return `${schedule.constructor.name}(${state.map(([name, x]) => `${name}=${shown(x)}`).join(', ')})`;
};

/**
 * The base of schedulers that set each group's learning rate, once at the start and then at each {@link step}. A new
 * scheduler is a class that defines {@link nextRate}; it starts with {@link start} at the end of its constructor.
 *
 * Several may act on one optimizer, each on the rates that the others left; the first one's `initialLr` stays the first
 * rate for all. A group that is added later takes part from the next step on. Follows
 * `torch.optim.lr_scheduler.LRScheduler`.
 * @throws ValueError where it resumes groups that have no `initialLr`, or a rate is not finite
 * @example
 * ```ts
 * class InverseRoot extends lrScheduler.LRScheduler {
 *   constructor(optimizer: optim.Optimizer) {
 *     super(optimizer);
 *     this.start();
 *   }
 *   protected override nextRate(_group: unknown, baseLr: number) {
 *     return baseLr / Math.sqrt(1 + this.lastEpoch);
 *   }
 * }
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new InverseRoot(optimizer);
 * for (let epoch = 0; epoch < 3; epoch++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * scheduler.getLastLr(); // [ 0.5 ]
 * ```
 */
export abstract class LRScheduler extends Shown {
  /** The optimizer whose groups get their learning rates here. */
  readonly optimizer: Optimizer;
  /** The number of the epoch (or batch) that the rates stand for. */
  lastEpoch: number;
  /** The first learning rate of each group. */
  baseLrs: number[];
  #lastLr: number[] = [];
  #stepCount = 0;
  #isInitial = false;
  /** Whether it goes on where another left off, whose optimizer made the steps. */
  #isResumed = false;

  constructor(optimizer: Optimizer, options: SchedulerOptions = {}) {
    checkArguments(new.target.name, { optimizer: anOptimizer, options: K.optional(anyOptions) }, arguments);
    super();
    const { lastEpoch } = options;
    checkArguments(new.target.name, { options: K.options(schedulerOptions) }, [{ lastEpoch }]);
    this.optimizer = optimizer;
    this.lastEpoch = lastEpoch ?? -1;
    const groups = optimizer.paramGroups;
    requireExtensible(new.target.name, groups);
    const without = groups.findIndex((group) => group.initialLr === undefined);
    if (this.lastEpoch !== -1 && without >= 0) {
      throw new ValueError(
        `${new.target.name}: param 'initialLr' is not specified in paramGroups[${without}] when resuming with lastEpoch ` +
          `${this.lastEpoch}; load the optimizer's state dict first`,
      );
    }
    this.baseLrs = groups.map((group) => (group.initialLr ??= rateNumber(group.lr)));
  }

  /**
   * The class and the state, without the optimizer: `StepLR(lastEpoch=0, baseLrs=[0.1], stepSize=2, gamma=0.1,
   * lastLr=[0.1])`.
   */
  override toString(): string {
    return textOf(this, this.getLastLr());
  }

  /**
   * The learning rate of group `i` for {@link lastEpoch}; `group.lr` still holds the one before, as a number, `baseLr`
   * is the first.
   */
  protected abstract nextRate(group: ParamGroup<{ lr: number }>, baseLr: number, i: number): number;

  /** The learning rate for {@link lastEpoch} from the first one alone, where there is a formula for it. */
  protected closedRate?(baseLr: number): number;

  /** Whether the rates are set for the first time, in the constructor. */
  protected get isInitial(): boolean {
    return this.#isInitial;
  }

  /** Takes in a group that was added since, number `i`: returns its first learning rate. */
  protected admit(group: ParamGroup<{ lr: number }>, _i: number): number {
    return group.initialLr ?? admittedAt.get(group) ?? group.lr;
  }

  /** What the fields of the state dict take, beside what {@link LRScheduler} states of its own. */
  protected stateKinds(): Readonly<Record<string, K.Kind>> {
    return {};
  }

  /** How often {@link step} was called, the first time by the constructor. */
  protected get stepCount(): number {
    return this.#stepCount;
  }

  /** Has a scheduler set its first rates once more, for those that are made of others. */
  protected static beginAnew(scheduler: LRScheduler): void {
    scheduler.#stepCount = 0;
    scheduler.start();
  }

  /** Has a scheduler set the rates of an epoch, for those that are made of others. */
  protected static moveTo(scheduler: LRScheduler, epoch: number): void {
    scheduler.moveTo(epoch);
  }

  /** Sets the first learning rates; the last act of a scheduler's constructor. */
  protected start(): void {
    this.#isInitial = true;
    this.step();
    this.#isInitial = false;
  }

  /** Vue makes no Proxy of it in its reactive state: see that of Tensor. @internal */
  get __v_skip(): true {
    return true;
  }

  /**
   * Goes on to the next epoch (or batch, as you call it) and sets the learning rates; with `epoch` to that one, which
   * may be broken, by the closed form where the schedule has one. Follows `LRScheduler.step`.
   * @throws ValueError for a rate that is not finite; none is changed then
   */
  step(epoch?: number): void {
    if (epoch !== undefined) checkArguments(`${this.constructor.name}.step`, { epoch: K.finite }, arguments);
    onHost(() => this.#countAndMove(epoch));
  }

  #countAndMove(epoch: number | undefined): void {
    requireOpen(`${this.constructor.name}.step`, this);
    this.#stepCount++;
    if (this.#stepCount === 2 && this.optimizer.stepCount === 0 && !this.#isResumed) {
      console.warn(
        'Detected call of `lrScheduler.step()` before `optimizer.step()`: call them in the opposite order, or the first ' +
          'value of the schedule is skipped',
      );
    }
    this.moveTo(epoch);
  }

  /** Sets the rates of the next epoch, or of `epoch`: what {@link step} does beside counting. */
  protected moveTo(epoch?: number): void {
    requireMethod(this, 'nextRate');
    const { paramGroups } = this.optimizer;
    for (let i = this.baseLrs.length; i < paramGroups.length; i++) {
      const group = paramGroups[i]!;
      const rate = withNumber(group, (g) => this.admit(g, i));
      if (!admittedAt.has(group)) admittedAt.set(group, rate);
      this.baseLrs.push(rate);
    }
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    const rates = paramGroups.map((group, i) =>
      epoch !== undefined && this.closedRate
        ? this.closedRate(this.baseLrs[i]!)
        : withNumber(group, (g) => this.nextRate(g, this.baseLrs[i]!, i)),
    );
    setRates(this, rates);
    this.#lastLr = ratesOf(paramGroups);
  }

  /** The learning rates that the last {@link step} set, one for each group. Follows `LRScheduler.get_last_lr`. */
  getLastLr(): number[] {
    return this.#lastLr.slice();
  }

  /** Everything but the optimizer and functions, under PyTorch's names. Follows `LRScheduler.state_dict`. */
  stateDict(): SchedulerStateDict {
    return writeState(this, {
      _step_count: this.#stepCount,
      _is_initial: false,
      _get_lr_called_within_step: false,
      _last_lr: this.getLastLr(),
    });
  }

  /** What `JSON.stringify` writes: the {@link stateDict}, which `loadStateDict` takes. Kindling's own. */
  toJSON(): SchedulerStateDict {
    return asJSON(this.stateDict());
  }

  /**
   * Takes over what {@link stateDict} gave, here or in PyTorch, also by way of JSON. The optimizer's learning rates are
   * part of its own state dict. Follows `LRScheduler.load_state_dict`.
   * @throws ValueError where something is missing or cannot be; nothing is changed then
   */
  loadStateDict(dict: SchedulerStateDict): void {
    const caller = `${this.constructor.name}.loadStateDict`;
    const kinds = { lastEpoch: K.finite, baseLrs: rateList, ...this.stateKinds() };
    const own = readState(caller, this, dict, kinds);
    const { _last_lr: rates, _step_count: count } = dict;
    checkArguments(caller, countKinds, [rates, count]);
    const groups = this.optimizer.paramGroups.length;
    const known = (own.baseLrs as number[]).length;
    if (known > groups) {
      throw new ValueError(
        `${caller}: base_lrs has ${known} rates, the optimizer has ${groups} parameter groups`,
      );
    }
    Object.assign(this, own);
    this.#isResumed = true;
    if (rates !== undefined) this.#lastLr = (rates as number[]).slice();
    if (count !== undefined) this.#stepCount = count as number;
  }
}
