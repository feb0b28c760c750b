import { checkArguments, K, onHost, ValueError } from '@kindling/core';
import type { Optimizer } from '../../base/optimizer.ts';
import { rateNumber, setRate } from '../../base/rate.ts';
import { anOptimizer, LRScheduler, type SchedulerOptions, schedulerOptions } from '../scheduler.ts';
import { requireOpen, type SchedulerStateDict } from '../state.ts';
import { ComposedScheduler, checkSchedulers } from './composed.ts';

const kinds = {
  milestones: /* @__PURE__ */ K.kind(
    'an array of integers, each at least the one before',
    (x) =>
      Array.isArray(x) && x.every((m, i) => K.integer.accepts(m) && (i === 0 || m >= (x[i - 1] as number))),
  ),
};
const takes = {
  optimizer: anOptimizer,
  schedulers: K.anything,
  milestones: kinds.milestones,
  options: /* @__PURE__ */ K.options<SchedulerOptions>(schedulerOptions),
};

/**
 * Schedules one after the other: the next one begins at each milestone. Follows
 * `torch.optim.lr_scheduler.SequentialLR`.
 * @throws ValueError of no schedulers, another number of milestones than one less than there are schedulers, milestones
 * that are no integers in order, a ReduceLROnPlateau, schedulers of another optimizer, and one that is made of others
 * where a milestone above 0 is its beginning
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const warmup = new lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 10 });
 * const decay = new lrScheduler.ExponentialLR(optimizer, 0.5);
 * const scheduler = new lrScheduler.SequentialLR(optimizer, [warmup, decay], [2]);
 * const rates = [];
 * for (let epoch = 0; epoch < 5; epoch++) {
 *   optimizer.step();
 *   rates.push(...scheduler.getLastLr());
 *   scheduler.step();
 * }
 * rates; // [ 0.5, 0.5, 1, 0.5, 0.25 ]
 * ```
 */
export class SequentialLR extends ComposedScheduler {
  /** The epochs at which the next schedule begins. */
  milestones: readonly number[];

  constructor(
    optimizer: Optimizer,
    schedulers: readonly LRScheduler[],
    milestones: readonly number[],
    options: SchedulerOptions = {},
  ) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    checkSchedulers(name, optimizer, schedulers);
    if (milestones.length !== schedulers.length - 1)
      throw new ValueError(
        `${name}: expects number of schedulers to be one more than the number of milestones, but got ${schedulers.length} ` +
          `schedulers and ${milestones.length} milestones`,
      );
    const atStart = numberAt(milestones, 0);
    const late = schedulers.findIndex(
      (scheduler, i) => i > atStart && scheduler instanceof ComposedScheduler,
    );
    if (late > 0)
      throw new ValueError(
        `${name}: a scheduler made of others cannot begin at a milestone, but at epoch 0 only, with number ${atStart} here: got one ` +
          `at index ${late}`,
      );
    super(optimizer, schedulers, options);
    this.milestones = [...milestones];
    this.lastEpoch++;
    for (const group of optimizer.paramGroups) setRate(group, group.initialLr ?? rateNumber(group.lr));
    for (const scheduler of schedulers) undo(scheduler);
    const first = this.#schedulerAt(0);
    LRScheduler.beginAnew(first);
    this.setLastLr(first.getLastLr());
  }

  #schedulerAt(epoch: number): LRScheduler {
    const scheduler = this.schedulers[numberAt(this.milestones, epoch)];
    if (scheduler !== undefined) return scheduler;
    throw new ValueError(`${this.constructor.name}: there is no scheduler for epoch ${epoch}`);
  }

  /** Steps the schedule whose turn it is, or begins the next one. Follows `SequentialLR.step`. */
  override step(): void {
    checkArguments(`${this.constructor.name}.step`, {}, arguments);
    onHost(() => this.#moveOn());
  }

  #moveOn(): void {
    requireOpen(`${this.constructor.name}.step`, this);
    this.lastEpoch++;
    const scheduler = this.#schedulerAt(this.lastEpoch);
    if (this.milestones[numberAt(this.milestones, this.lastEpoch) - 1] === this.lastEpoch)
      LRScheduler.moveTo(scheduler, 0);
    else scheduler.step();
    this.setLastLr(scheduler.getLastLr());
  }

  protected override ownState(): SchedulerStateDict {
    return { last_epoch: this.lastEpoch, _milestones: [...this.milestones] };
  }

  protected override readOwnState(caller: string, dict: SchedulerStateDict): () => void {
    const { last_epoch: lastEpoch, _milestones: milestones } = dict;
    checkArguments(caller, { last_epoch: K.finite, _milestones: kinds.milestones }, [lastEpoch, milestones]);
    if ((milestones as number[]).length !== this.milestones.length)
      throw new ValueError(
        `${caller}: the state has ${(milestones as number[]).length} milestones, expected ${this.milestones.length}`,
      );
    return () => {
      this.lastEpoch = lastEpoch as number;
      this.milestones = [...(milestones as number[])];
    };
  }
}

/** The number of the schedule at an epoch. */
const numberAt = (milestones: readonly number[], epoch: number): number =>
  milestones.filter((milestone) => milestone <= epoch).length;

/** Takes back the step that a schedule made when it was built. */
function undo(scheduler: LRScheduler): void {
  if (scheduler instanceof ComposedScheduler) for (const inner of scheduler.schedulers) undo(inner);
  else scheduler.lastEpoch--;
}
