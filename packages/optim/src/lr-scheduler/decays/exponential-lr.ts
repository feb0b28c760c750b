import { K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { scheduleClass } from '../schedule-class.ts';
import type { SchedulerOptions } from '../scheduler.ts';

/**
 * Multiplies the learning rate by `gamma` at each epoch. Follows `torch.optim.lr_scheduler.ExponentialLR`.
 * @throws ValueError unless gamma is finite
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new lrScheduler.ExponentialLR(optimizer, 0.5);
 * for (let epoch = 0; epoch < 3; epoch++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * scheduler.getLastLr(); // [ 0.125 ]
 * ```
 */
export class ExponentialLR extends /* @__PURE__ */ scheduleClass<SchedulerOptions, [gamma: number]>(
  {},
  {},
  { gamma: K.finite },
) {
  /** Factor of each decay. */
  declare gamma: number;

  protected override nextRate({ lr }: ParamGroup<{ lr: number }>): number {
    return this.isInitial ? lr : lr * this.gamma;
  }

  protected override closedRate(baseLr: number): number {
    return baseLr * this.gamma ** this.lastEpoch;
  }
}
