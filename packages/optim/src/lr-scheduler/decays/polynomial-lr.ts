import { checkArguments, K } from '@kindling/core';
import type { ParamGroup } from '../../groups.ts';
import { nonNegative } from '../../kinds.ts';
import type { Optimizer } from '../../optimizer.ts';
import { anOptimizer, LRScheduler, type SchedulerOptions, schedulerOptions } from '../scheduler.ts';

/** Options of {@link PolynomialLR}. */
export interface PolynomialLROptions extends SchedulerOptions {
  /** The epoch at which the rate is 0. Default: 5. */
  readonly totalIters?: number;
  /** The power of the polynomial. Default: 1. */
  readonly power?: number;
}

const kinds = { totalIters: nonNegative, power: K.finite };
const takes = {
  optimizer: anOptimizer,
  options: /* @__PURE__ */ K.options<PolynomialLROptions>({ ...schedulerOptions, ...kinds }),
};

/**
 * Lowers the learning rate to 0 at epoch `totalIters`: η_0 (1 - t / T)^p, computed step from step, so that changes of the rate by
 * others are kept. Follows `torch.optim.lr_scheduler.PolynomialLR`.
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
export class PolynomialLR extends LRScheduler {
  /** The epoch at which the rate is 0. */
  totalIters: number;
  /** The power of the polynomial. */
  power: number;

  constructor(optimizer: Optimizer, options: PolynomialLROptions = {}) {
    checkArguments(new.target.name, takes, arguments);
    super(optimizer, options);
    this.totalIters = options.totalIters ?? 5;
    this.power = options.power ?? 1;
    this.start();
  }

  protected override nextRate({ lr }: ParamGroup<{ lr: number }>): number {
    const { lastEpoch, totalIters, power } = this;
    if (this.isInitial || lastEpoch > totalIters) return lr;
    return lr * ((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters)) ** power;
  }

  protected override closedRate(baseLr: number): number {
    const { lastEpoch, totalIters, power } = this;
    return baseLr * (1 - Math.min(totalIters, lastEpoch) / totalIters) ** power;
  }

  protected override stateKinds(): Readonly<Record<string, K.Kind>> {
    return kinds;
  }
}
