import { checkArguments, K } from '@kindling/core';
import type { ParamGroup } from '../../groups.ts';
import type { Optimizer } from '../../optimizer.ts';
import { anOptimizer, LRScheduler, type SchedulerOptions, schedulerOptions } from '../scheduler.ts';

const kinds = { gamma: K.finite };
const takes = {
  optimizer: anOptimizer,
  gamma: kinds.gamma,
  options: /* @__PURE__ */ K.options<SchedulerOptions>(schedulerOptions),
};

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
export class ExponentialLR extends LRScheduler {
  /** Factor of each decay. */
  gamma: number;

  constructor(optimizer: Optimizer, gamma: number, options: SchedulerOptions = {}) {
    checkArguments(new.target.name, takes, arguments);
    super(optimizer, options);
    this.gamma = gamma;
    this.start();
  }

  protected override nextRate({ lr }: ParamGroup<{ lr: number }>): number {
    return this.isInitial ? lr : lr * this.gamma;
  }

  protected override closedRate(baseLr: number): number {
    return baseLr * this.gamma ** this.lastEpoch;
  }

  protected override stateKinds(): Readonly<Record<string, K.Kind>> {
    return kinds;
  }
}
