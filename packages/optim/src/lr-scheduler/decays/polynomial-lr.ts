import { K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { nonNegative } from '../../base/kinds.ts';
import { scheduleClass } from '../schedule-class.ts';
import type { SchedulerOptions } from '../scheduler.ts';

/** Options of {@link PolynomialLR}. */
export interface PolynomialLROptions extends SchedulerOptions {
  /** The epoch at which the rate is 0. Default: 5. */
  readonly totalIters?: number;
  /** The power of the polynomial. Default: 1. */
  readonly power?: number;
}

/**
 * Lowers the learning rate to 0 at epoch `totalIters`: η_0 (1 - t / T)^p, computed step from step, so that changes of
 * the rate by others are kept. Follows `torch.optim.lr_scheduler.PolynomialLR`.
 * @throws ValueError unless totalIters is at least 0 and power finite
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new lrScheduler.PolynomialLR(optimizer, { totalIters: 4 });
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr(); // [ 0.75 ]
 * ```
 */
export class PolynomialLR extends /* @__PURE__ */ scheduleClass<PolynomialLROptions>(
  { totalIters: 5, power: 1 },
  { totalIters: nonNegative, power: K.finite },
) {
  protected override nextRate({ lr }: ParamGroup<{ lr: number }>): number {
    const { lastEpoch, totalIters, power } = this;
    if (this.isInitial || lastEpoch > totalIters) return lr;
    return lr * ((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters)) ** power;
  }

  protected override closedRate(baseLr: number): number {
    const { lastEpoch, totalIters, power } = this;
    return baseLr * (1 - Math.min(totalIters, lastEpoch) / totalIters) ** power;
  }
}
