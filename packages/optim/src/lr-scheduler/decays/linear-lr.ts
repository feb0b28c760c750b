import { K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { nonNegative } from '../../base/kinds.ts';
import { scheduleClass } from '../schedule-class.ts';
import type { SchedulerOptions } from '../scheduler.ts';

/** Options of {@link LinearLR}. */
export interface LinearLROptions extends SchedulerOptions {
  /** What the rate is multiplied by at first. Default: 1/3. */
  readonly startFactor?: number;
  /** What it is multiplied by at the end. Default: 1. */
  readonly endFactor?: number;
  /** The epoch at which the end is reached. Default: 5. */
  readonly totalIters?: number;
}

/**
 * Multiplies the learning rate by a factor that goes in equal steps from `startFactor` to `endFactor`, and stays there:
 * η_0 (s + (e - s) t / T), computed step from step, so that changes of the rate by others are kept. Follows
 * `torch.optim.lr_scheduler.LinearLR`.
 * @throws ValueError unless startFactor lies in (0, 1], endFactor in [0, 1] and totalIters is at least 0
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const warmup = new lrScheduler.LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 });
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   optimizer.step();
 *   rates.push(...warmup.getLastLr());
 *   warmup.step();
 * }
 * rates; // [ 0.5, 0.75, 1, 1 ]
 * ```
 */
export class LinearLR extends /* @__PURE__ */ scheduleClass<LinearLROptions>(
  { startFactor: 1 / 3, endFactor: 1, totalIters: 5 },
  {
    startFactor: /* @__PURE__ */ K.kind(
      'a number in (0, 1]',
      (x) => typeof x === 'number' && x > 0 && x <= 1,
    ),
    endFactor: K.probability,
    totalIters: nonNegative,
  },
) {
  protected override nextRate({ lr }: ParamGroup<{ lr: number }>): number {
    const { lastEpoch, startFactor, endFactor, totalIters } = this;
    if (lastEpoch === 0) return lr * startFactor;
    if (this.isInitial || lastEpoch > totalIters) return lr;
    const rise = endFactor - startFactor;
    return lr * (1 + rise / (totalIters * startFactor + (lastEpoch - 1) * rise));
  }

  protected override closedRate(baseLr: number): number {
    const { lastEpoch, startFactor, endFactor, totalIters } = this;
    return (
      baseLr * (startFactor + ((endFactor - startFactor) * Math.min(totalIters, lastEpoch)) / totalIters)
    );
  }
}
