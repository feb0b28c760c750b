import { K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { nonNegative } from '../../base/kinds.ts';
import { scheduleClass } from '../schedule-class.ts';
import type { SchedulerOptions } from '../scheduler.ts';

/** Options of {@link ConstantLR}. */
export interface ConstantLROptions extends SchedulerOptions {
  /** What the rate is multiplied by at first. Default: 1/3. */
  readonly factor?: number;
  /** The epoch at which that ends. Default: 5. */
  readonly totalIters?: number;
}

/**
 * Multiplies the learning rate by `factor`, and undoes that at epoch `totalIters`. Follows
 * `torch.optim.lr_scheduler.ConstantLR`.
 * @throws ValueError unless factor lies in [0, 1] and totalIters is at least 0; also at epoch `totalIters` after a
 * factor of 0, which cannot be undone
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 2 });
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   optimizer.step();
 *   rates.push(...scheduler.getLastLr());
 *   scheduler.step();
 * }
 * rates; // [ 0.5, 0.5, 1, 1 ]
 * ```
 */
export class ConstantLR extends /* @__PURE__ */ scheduleClass<ConstantLROptions>(
  { factor: 1 / 3, totalIters: 5 },
  { factor: K.probability, totalIters: nonNegative },
) {
  protected override nextRate({ lr }: ParamGroup<{ lr: number }>): number {
    if (this.lastEpoch === 0) return lr * this.factor;
    return this.lastEpoch === this.totalIters ? lr * (1 / this.factor) : lr;
  }

  protected override closedRate(baseLr: number): number {
    return baseLr * (this.factor + (this.lastEpoch >= this.totalIters ? 1 : 0) * (1 - this.factor));
  }
}
