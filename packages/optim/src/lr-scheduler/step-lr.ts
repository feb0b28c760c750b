import { ValueError } from '@kindling/core';
import type { Optimizer, ParamGroup } from '../optimizer.ts';
import { LRScheduler, type SchedulerOptions } from './scheduler.ts';

/** Options of {@link StepLR}. */
export interface StepLROptions extends SchedulerOptions {
  /** Factor of the decay. Default: 0.1. */
  gamma?: number;
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
 * @throws ValueError unless stepSize is at least 1
 */
export class StepLR extends LRScheduler {
  /** Epochs between two reductions. */
  stepSize: number;
  /** Factor of the decay. */
  gamma: number;

  constructor(optimizer: Optimizer, stepSize: number, options: StepLROptions = {}) {
    super(optimizer, options);
    if (!(stepSize >= 1)) throw new ValueError(`StepLR: expected a stepSize of at least 1, got ${stepSize}`);
    this.stepSize = stepSize;
    this.gamma = options.gamma ?? 0.1;
    this.start();
  }

  protected override nextRate({ lr }: ParamGroup<{ lr: number }>): number {
    return this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0 ? lr : lr * this.gamma;
  }
}
