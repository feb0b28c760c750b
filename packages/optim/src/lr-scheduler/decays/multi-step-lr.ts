import { checkArguments, K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import type { Optimizer } from '../../base/optimizer.ts';
import { scheduleTakes } from '../schedule-class.ts';
import { LRScheduler, type SchedulerOptions } from '../scheduler.ts';

/** Options of {@link MultiStepLR}. */
export interface MultiStepLROptions extends SchedulerOptions {
  /** Factor of each decay. Default: 0.1. */
  readonly gamma?: number;
}

const kinds = {
  milestones: /* @__PURE__ */ K.kind(
    'an object with the number of decays at each epoch',
    (x) =>
      K.isOptions(x) &&
      Object.entries(x).every(([epoch, times]) => K.integer.accepts(Number(epoch)) && K.count.accepts(times)),
  ),
  gamma: K.finite,
};
const takes = /* @__PURE__ */ scheduleTakes<MultiStepLROptions>(
  { milestones: /* @__PURE__ */ K.listOf(K.integer) },
  { gamma: kinds.gamma },
);

/**
 * Multiplies the learning rate by `gamma` at each milestone, n times at one that is named n times. Follows
 * `torch.optim.lr_scheduler.MultiStepLR`.
 * @throws ValueError unless the milestones are integers and gamma is finite
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new lrScheduler.MultiStepLR(optimizer, [2, 3], { gamma: 0.5 });
 * const rates = [];
 * for (let epoch = 0; epoch < 5; epoch++) {
 *   optimizer.step();
 *   rates.push(...scheduler.getLastLr());
 *   scheduler.step();
 * }
 * rates; // [ 1, 1, 0.5, 0.25, 0.25 ]
 * ```
 */
export class MultiStepLR extends LRScheduler {
  /** How often the rate decays at each epoch that is a milestone. */
  milestones: Readonly<Record<number, number>>;
  /** Factor of each decay. */
  gamma: number;

  constructor(optimizer: Optimizer, milestones: readonly number[], options: MultiStepLROptions = {}) {
    checkArguments(new.target.name, takes, arguments);
    super(optimizer, options);
    const times: Record<number, number> = {};
    for (const epoch of milestones) times[epoch] = (times[epoch] ?? 0) + 1;
    this.milestones = times;
    this.gamma = options.gamma ?? 0.1;
    this.start();
  }

  protected override nextRate({ lr }: ParamGroup<{ lr: number }>): number {
    const times = this.milestones[this.lastEpoch];
    return times === undefined ? lr : lr * this.gamma ** times;
  }

  protected override closedRate(baseLr: number): number {
    let passed = 0;
    for (const [epoch, times] of Object.entries(this.milestones))
      if (Number(epoch) <= this.lastEpoch) passed += times;
    return baseLr * this.gamma ** passed;
  }

  protected override stateKinds(): Readonly<Record<string, K.Kind>> {
    return kinds;
  }
}
