import { checkArguments, K, ValueError } from '@kindling/core';
import type { Optimizer } from '../../base/optimizer.ts';
import { ReduceLROnPlateau } from '../reduce-lr-on-plateau.ts';
import { LRScheduler, type SchedulerOptions } from '../scheduler.ts';
import { aState, checkState, requireOpen, type SchedulerStateDict } from '../state.ts';

const states = /* @__PURE__ */ K.listOf(aState);
const rates = /* @__PURE__ */ K.listOf(K.finite);

/** What schedules that are made of others share. */
export abstract class ComposedScheduler extends LRScheduler {
  /** The schedules, in their order. */
  readonly schedulers: readonly LRScheduler[];
  #lastLr: number[] = [];

  constructor(optimizer: Optimizer, schedulers: readonly LRScheduler[], options: SchedulerOptions = {}) {
    super(optimizer, options);
    this.schedulers = [...schedulers];
  }

  protected setLastLr(rates: readonly number[]): void {
    this.#lastLr = [...rates];
  }

  /** The rates that the last {@link step} left, one for each group. */
  override getLastLr(): number[] {
    return this.#lastLr.slice();
  }

  protected override nextRate({ lr }: { lr: number }): number {
    return lr;
  }

  /** What the state dict holds beside the states of the schedules. */
  protected abstract ownState(): SchedulerStateDict;

  /** Takes over what {@link ownState} gave, checked; returns what sets it. */
  protected abstract readOwnState(caller: string, dict: SchedulerStateDict): () => void;

  /** The states of the schedules, and of what puts them together, under PyTorch's names. */
  override stateDict(): SchedulerStateDict {
    const { schedulers } = this;
    return {
      ...this.ownState(),
      _last_lr: this.getLastLr(),
      _schedulers: schedulers.map((scheduler) => scheduler.stateDict()),
    };
  }

  /**
   * Takes over what {@link stateDict} gave, here or in PyTorch, also by way of JSON.
   * @throws ValueError where something is missing or cannot be; nothing is changed then
   */
  override loadStateDict(dict: SchedulerStateDict): void {
    const caller = `${this.constructor.name}.loadStateDict`;
    checkState(caller, dict);
    requireOpen(caller, this);
    const { schedulers } = this;
    const { _schedulers: saved, _last_lr: lastLr } = dict;
    checkArguments(caller, { _schedulers: states, _last_lr: rates }, [saved, lastLr]);
    const given = saved as SchedulerStateDict[];
    if (given.length !== schedulers.length)
      throw new ValueError(
        `${caller}: the state is of ${given.length} schedulers, expected ${schedulers.length}`,
      );
    const take = this.readOwnState(caller, dict);
    const before = schedulers.map((scheduler) => scheduler.stateDict());
    const load = (all: readonly SchedulerStateDict[]): void => {
      for (const [i, state] of all.entries()) schedulers[i]?.loadStateDict(state);
    };
    try {
      load(given);
    } catch (error) {
      load(before);
      throw error;
    }
    take();
    this.#lastLr = [...(lastLr as number[])];
  }
}

const someSchedulers = /* @__PURE__ */ K.kind(
  'a list of at least one scheduler',
  (x) => Array.isArray(x) && x.length > 0,
);
const aSchedule = /* @__PURE__ */ K.instanceOf(LRScheduler, 'a scheduler');
const aPlateau = /* @__PURE__ */ K.instanceOf(ReduceLROnPlateau);

/**
 * Refuses what cannot be put together: nothing at all, what is no schedule of the optimizer, or else of the first's,
 * and a plateau, which needs a metric.
 * @throws ValueError
 */
export function checkSchedulers(
  name: string,
  optimizer: Optimizer | undefined,
  schedulers: readonly LRScheduler[],
): void {
  checkArguments(name, { schedulers: someSchedulers }, [schedulers]);
  for (const [i, scheduler] of schedulers.entries()) {
    if (K.fits(aPlateau, scheduler))
      throw new ValueError(
        `${name}: does not support ReduceLROnPlateau, whose step needs a metric, but got one at index ${i}`,
      );
    checkArguments(name, { [`schedulers[${i}]`]: aSchedule }, [scheduler]);
    if (scheduler.optimizer !== (optimizer ?? schedulers[0]?.optimizer))
      throw new ValueError(
        `${name}: expects all schedulers to belong to the same optimizer, but ${scheduler.constructor.name} at index ${i} has ` +
          'another one',
      );
  }
}
