import { ValueError } from '@kindling/core';
import { camelCase, snakeCase } from '../naming.ts';
import type { Optimizer, ParamGroup } from '../optimizer.ts';

/** Options that every scheduler takes. */
export interface SchedulerOptions {
  /** The number of the last epoch; -1 starts anew. Default: -1. */
  lastEpoch?: number;
}

/** A scheduler's numbers, under PyTorch's names. */
export type SchedulerStateDict = Record<string, unknown>;

/**
 * The base of schedulers that set each group's learning rate, once at the start and then at each {@link step}. A new
 * scheduler is a class that defines {@link nextRate}; it starts with {@link start} at the end of its constructor.
 * Follows `torch.optim.lr_scheduler.LRScheduler`.
 * @throws ValueError where it resumes groups that have no `initialLr`
 */
export abstract class LRScheduler {
  /** The optimizer whose groups get their learning rates here. */
  readonly optimizer: Optimizer;
  /** The number of the epoch (or batch) that the rates stand for. */
  lastEpoch: number;
  /** The first learning rate of each group. */
  baseLrs: number[];
  #lastLr: number[] = [];
  #stepCount = 0;

  constructor(optimizer: Optimizer, options: SchedulerOptions = {}) {
    this.optimizer = optimizer;
    this.lastEpoch = options.lastEpoch ?? -1;
    const fresh = this.lastEpoch === -1;
    this.baseLrs = optimizer.paramGroups.map((group, i) => {
      if (fresh) group.initialLr = group.lr;
      else if (group.initialLr === undefined) {
        throw new ValueError(
          `param 'initialLr' is not specified in paramGroups[${i}] when resuming ${this.constructor.name} with ` +
            `lastEpoch ${this.lastEpoch}`,
        );
      }
      return group.initialLr as number;
    });
  }

  /** The learning rate of group `i` for {@link lastEpoch}; `group.lr` still holds the one before, `baseLr` is the first. */
  protected abstract nextRate(group: ParamGroup<{ lr: number }>, baseLr: number, i: number): number;

  /** Sets the first learning rates; the last act of a scheduler's constructor. */
  protected start(): void {
    this.step();
  }

  /** Goes on to the next epoch (or batch, as you call it) and sets the learning rates. Follows `LRScheduler.step`. */
  step(): void {
    this.#stepCount++;
    if (this.#stepCount === 2 && this.optimizer.stepCount === 0) {
      console.warn(
        'Detected call of `lrScheduler.step()` before `optimizer.step()`: call them in the opposite order, or the first ' +
          'value of the schedule is skipped',
      );
    }
    this.lastEpoch++;
    const { paramGroups } = this.optimizer;
    const rates = paramGroups.map((group, i) => [group, this.nextRate(group, this.baseLrs[i]!, i)] as const);
    for (const [group, lr] of rates) group.lr = lr;
    this.#lastLr = rates.map(([, lr]) => lr);
  }

  /** The learning rates that the last {@link step} set, one for each group. */
  getLastLr(): number[] {
    return this.#lastLr.slice();
  }

  /** Everything but the optimizer and functions. */
  stateDict(): SchedulerStateDict {
    const own = Object.entries(this)
      .filter(([key, value]) => key !== 'optimizer' && typeof value !== 'function')
      .map(([key, value]) => [snakeCase(key), value]);
    return { ...Object.fromEntries(own), _last_lr: this.getLastLr(), _step_count: this.#stepCount };
  }

  /** Takes over what {@link stateDict} gave. */
  loadStateDict({ _last_lr, _step_count, ...own }: SchedulerStateDict): void {
    for (const [key, value] of Object.entries(own)) {
      if (!key.startsWith('_')) (this as unknown as Record<string, unknown>)[camelCase(key)] = value;
    }
    if (Array.isArray(_last_lr)) this.#lastLr = _last_lr.slice();
    if (typeof _step_count === 'number') this.#stepCount = _step_count;
  }
}
