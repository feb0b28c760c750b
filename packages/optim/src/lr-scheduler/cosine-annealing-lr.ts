import { ValueError } from '@kindling/core';
import type { Optimizer, ParamGroup } from '../optimizer.ts';
import { LRScheduler, type SchedulerOptions } from './scheduler.ts';

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions extends SchedulerOptions {
  /** The least learning rate. Default: 0. */
  etaMin?: number;
}

/**
 * Half a cosine from the first learning rate to `etaMin` in `tMax` epochs, then back: η = η_min + (η_0 - η_min)
 * (1 + cos(π t / t_max)) / 2, computed step from step, so that changes of the rate by others are kept. Follows
 * `torch.optim.lr_scheduler.CosineAnnealingLR`; Loshchilov and Hutter, "SGDR", 2016.
 * @throws ValueError unless tMax is positive
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new lrScheduler.CosineAnnealingLR(optimizer, 2);
 * scheduler.getLastLr(); // [ 1 ]
 * ```
 */
export class CosineAnnealingLR extends LRScheduler {
  /** Epochs from the first rate to the least. */
  tMax: number;
  /** The least learning rate. */
  etaMin: number;

  constructor(optimizer: Optimizer, tMax: number, options: CosineAnnealingLROptions = {}) {
    super(optimizer, options);
    if (!(tMax > 0)) throw new ValueError(`CosineAnnealingLR: expected a positive tMax, got ${tMax}`);
    this.tMax = tMax;
    this.etaMin = options.etaMin ?? 0;
    this.start();
  }

  protected override nextRate({ lr }: ParamGroup<{ lr: number }>, base: number): number {
    const { lastEpoch: t, tMax, etaMin } = this;
    if (t === 0) return lr;
    if ((t - 1 - tMax) % (2 * tMax) === 0) return lr + ((base - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
    return (
      ((1 + Math.cos((Math.PI * t) / tMax)) / (1 + Math.cos((Math.PI * (t - 1)) / tMax))) * (lr - etaMin) +
      etaMin
    );
  }
}
