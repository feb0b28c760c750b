import { checkArguments, K } from '@kindling/core';
import type { ParamGroup } from '../base/groups.ts';
import type { Optimizer } from '../base/optimizer.ts';
import { forGroups, orEach } from '../lr-scheduler/each-group.ts';
import { scheduleTakes } from '../lr-scheduler/schedule-class.ts';
import { LRScheduler, type SchedulerOptions } from '../lr-scheduler/scheduler.ts';
import { checkState, type SchedulerStateDict } from '../lr-scheduler/state.ts';

/** Options of {@link SWALR}. */
export interface SWALROptions extends SchedulerOptions {
  /** How many steps it takes to get there. Default: 10. */
  readonly annealEpochs?: number;
  /** How it moves. Default: 'cos'. */
  readonly annealStrategy?: 'cos' | 'linear';
}

const anneal = {
  cos: (t: number): number => (1 - Math.cos(Math.PI * t)) / 2,
  linear: (t: number): number => t,
};
const strategy = /* @__PURE__ */ K.oneOf('cos', 'linear');
const kinds = { annealEpochs: K.count };
const takes = /* @__PURE__ */ scheduleTakes<SWALROptions>(
  { swaLr: /* @__PURE__ */ orEach(K.finite) },
  { ...kinds, annealStrategy: strategy },
);

type AnnealedGroup = ParamGroup<{ lr: number }> & { swaLr?: number };

/**
 * Moves each learning rate from what it is to `swaLr`, of all groups or of each, and holds it there while weights are
 * averaged. It begins at its first step. Follows `torch.optim.swa_utils.SWALR`; Izmailov et al., "Averaging Weights
 * Leads to Wider Optima and Better Generalization", 2018.
 * @throws ValueError for another number of rates than there are groups, annealEpochs that are no integer of at least 0,
 * or an unknown strategy
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new optim.swaUtils.SWALR(optimizer, 0.5, { annealEpochs: 2, annealStrategy: 'linear' });
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   optimizer.step();
 *   rates.push(...scheduler.getLastLr());
 *   scheduler.step();
 * }
 * rates; // [ 1, 0.75, 0.5, 0.5 ]
 * ```
 */
export class SWALR extends LRScheduler {
  /** How many steps it takes to get to the rates for averaging. */
  annealEpochs: number;
  /** The rate to get to, by the number of a group. */
  readonly #rateOf: (i: number) => number;
  #strategy: keyof typeof anneal;

  constructor(optimizer: Optimizer, swaLr: number | readonly number[], options: SWALROptions = {}) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    const rateOf = forGroups(name, optimizer, 'swaLr', swaLr, 'give the new group a swaLr of its own');
    super(optimizer, options);
    this.annealEpochs = options.annealEpochs ?? 10;
    this.#strategy = options.annealStrategy ?? 'cos';
    this.#rateOf = rateOf;
    for (const [i, group] of (optimizer.paramGroups as AnnealedGroup[]).entries()) group.swaLr = rateOf(i);
    this.start();
  }

  protected override admit(group: AnnealedGroup, i: number): number {
    group.swaLr ??= this.#rateOf(i);
    return super.admit(group, i);
  }

  protected override nextRate(group: AnnealedGroup, _baseLr: number, i: number): number {
    const { annealEpochs } = this;
    const of = anneal[this.#strategy];
    const swaLr = (group.swaLr ??= this.#rateOf(i));
    const step = Math.max(annealEpochs === 0 ? 1 : 0, this.stepCount - 1);
    const part = (steps: number): number => of(Math.max(0, Math.min(1, steps / Math.max(1, annealEpochs))));
    const before = part(step - 1);
    // Where it began follows from where it is.
    const from = before === 1 ? swaLr : (group.lr - before * swaLr) / (1 - before);
    const now = part(step);
    return swaLr * now + from * (1 - now);
  }

  protected override stateKinds(): Readonly<Record<string, K.Kind>> {
    return kinds;
  }

  /** As of every scheduler, with the strategy. */
  override stateDict(): SchedulerStateDict {
    const state = super.stateDict();
    state._anneal_strategy = this.#strategy;
    return state;
  }

  /** As of every scheduler, with the strategy. */
  override loadStateDict(dict: SchedulerStateDict): void {
    const caller = `${this.constructor.name}.loadStateDict`;
    checkState(caller, dict);
    const { _anneal_strategy: given } = dict;
    checkArguments(caller, { _anneal_strategy: strategy }, [given]);
    super.loadStateDict(dict);
    this.#strategy = given as keyof typeof anneal;
  }
}
