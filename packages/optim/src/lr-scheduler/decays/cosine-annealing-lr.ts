import { K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { scheduleClass } from '../schedule-class.ts';
import type { SchedulerOptions } from '../scheduler.ts';

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions extends SchedulerOptions {
  /** The least learning rate. Default: 0. */
  readonly etaMin?: number;
}

/**
 * Half a cosine from the first learning rate to `etaMin` in `tMax` epochs, then back: η = η_min + (η_0 - η_min)
 * (1 + cos(π t / t_max)) / 2, computed step from step, so that changes of the rate by others are kept. Follows
 * `torch.optim.lr_scheduler.CosineAnnealingLR`; Loshchilov and Hutter, "SGDR", 2016.
 * @throws ValueError unless tMax is positive and etaMin finite
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new lrScheduler.CosineAnnealingLR(optimizer, 2);
 * scheduler.getLastLr(); // [ 1 ]
 * ```
 */
export class CosineAnnealingLR extends /* @__PURE__ */ scheduleClass<
  CosineAnnealingLROptions,
  [tMax: number]
>(
  { etaMin: 0 },
  { etaMin: K.finite },
  { tMax: /* @__PURE__ */ K.kind('a number > 0', (x) => typeof x === 'number' && x > 0) },
) {
  /** Epochs from the first rate to the least. */
  declare tMax: number;

  protected override nextRate({ lr }: ParamGroup<{ lr: number }>, baseLr: number): number {
    const { lastEpoch: t, tMax, etaMin } = this;
    if (this.isInitial) return lr;
    if ((t - 1 - tMax) % (2 * tMax) === 0)
      return lr + ((baseLr - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
    return (
      ((1 + Math.cos((Math.PI * t) / tMax)) / (1 + Math.cos((Math.PI * (t - 1)) / tMax))) * (lr - etaMin) +
      etaMin
    );
  }

  protected override closedRate(baseLr: number): number {
    const { lastEpoch, tMax, etaMin } = this;
    return etaMin + ((baseLr - etaMin) * (1 + Math.cos((Math.PI * lastEpoch) / tMax))) / 2;
  }
}
