import { checkArguments, K, onHost } from '@kindling/core';
import type { Optimizer } from '../../base/optimizer.ts';
import { ratesOf } from '../../base/rate.ts';
import { anOptimizer, type LRScheduler } from '../scheduler.ts';
import { requireOpen, type SchedulerStateDict } from '../state.ts';
import { ComposedScheduler, checkSchedulers } from './composed.ts';

/** Options of {@link ChainedScheduler}. */
export interface ChainedSchedulerOptions {
  /** The optimizer, to which all must belong. Default: that of the first. */
  readonly optimizer?: Optimizer;
}

const takes = {
  schedulers: K.anything,
  options: /* @__PURE__ */ K.options<ChainedSchedulerOptions>({ optimizer: anOptimizer }),
};

/**
 * Several schedules in one: each step steps all of them, each on the rates that the one before it left. Follows
 * `torch.optim.lr_scheduler.ChainedScheduler`.
 * @throws ValueError of no schedulers, a ReduceLROnPlateau among them, and schedulers of several optimizers
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new lrScheduler.ChainedScheduler([
 *   new lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 2 }),
 *   new lrScheduler.ExponentialLR(optimizer, 0.5),
 * ]);
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   optimizer.step();
 *   rates.push(...scheduler.getLastLr());
 *   scheduler.step();
 * }
 * rates; // [ 0.5, 0.25, 0.25, 0.125 ]
 * ```
 */
export class ChainedScheduler extends ComposedScheduler {
  constructor(schedulers: readonly LRScheduler[], options: ChainedSchedulerOptions = {}) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    checkSchedulers(name, options.optimizer, schedulers);
    super((options.optimizer ?? schedulers[0]?.optimizer) as Optimizer, schedulers);
    this.lastEpoch = 0;
    this.#noteRates();
  }

  #noteRates(): void {
    this.setLastLr(ratesOf(this.optimizer.paramGroups));
  }

  /** Steps all. Follows `ChainedScheduler.step`. */
  override step(): void {
    checkArguments(`${this.constructor.name}.step`, {}, arguments);
    onHost(() => {
      requireOpen(`${this.constructor.name}.step`, this);
      for (const scheduler of this.schedulers) scheduler.step();
      this.lastEpoch++;
      this.#noteRates();
    });
  }

  protected override ownState(): SchedulerStateDict {
    return {};
  }

  protected override readOwnState(): () => void {
    return () => {};
  }
}
