import { K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { scheduleClass } from '../schedule-class.ts';
import type { SchedulerOptions } from '../scheduler.ts';

/** Options of {@link StepLR}. */
export interface StepLROptions extends SchedulerOptions {
  /** Factor of the decay. Default: 0.1. */
  readonly gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` every `stepSize` epochs. Follows `torch.optim.lr_scheduler.StepLR`.
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new lrScheduler.StepLR(optimizer, 2, { gamma: 0.5 });
 * const rates = [];
 * for (let epoch = 0; epoch < 5; epoch++) {
 *   optimizer.step();
 *   rates.push(...scheduler.getLastLr());
 *   scheduler.step();
 * }
 * rates; // [ 1, 1, 0.5, 0.5, 0.25 ]
 * ```
 * @throws ValueError unless stepSize is at least 1 and gamma finite
 */
export class StepLR extends /* @__PURE__ */ scheduleClass<StepLROptions, [stepSize: number]>(
  { gamma: 0.1 },
  { gamma: K.finite },
  { stepSize: /* @__PURE__ */ K.kind('a number >= 1', (x) => typeof x === 'number' && x >= 1) },
) {
  /** Epochs between two reductions. */
  declare stepSize: number;

  protected override nextRate({ lr }: ParamGroup<{ lr: number }>): number {
    return this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0 ? lr : lr * this.gamma;
  }

  protected override closedRate(baseLr: number): number {
    return baseLr * this.gamma ** Math.floor(this.lastEpoch / this.stepSize);
  }
}
