import { checkArguments, K } from '@kindling/core';
import type { ParamGroup } from '../../groups.ts';
import type { Optimizer } from '../../optimizer.ts';
import { anOptimizer, LRScheduler, type SchedulerOptions, schedulerOptions } from '../scheduler.ts';

/** Options of {@link StepLR}. */
export interface StepLROptions extends SchedulerOptions {
  /** Factor of the decay. Default: 0.1. */
  readonly gamma?: number;
}

const kinds = {
  stepSize: /* @__PURE__ */ K.kind('a number >= 1', (x) => typeof x === 'number' && x >= 1),
  gamma: K.finite,
};
const takes = {
  optimizer: anOptimizer,
  stepSize: kinds.stepSize,
  options: /* @__PURE__ */ K.options<StepLROptions>({ ...schedulerOptions, gamma: kinds.gamma }),
};

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
export class StepLR extends LRScheduler {
  /** Epochs between two reductions. */
  stepSize: number;
  /** Factor of the decay. */
  gamma: number;

  constructor(optimizer: Optimizer, stepSize: number, options: StepLROptions = {}) {
    checkArguments(new.target.name, takes, arguments);
    super(optimizer, options);
    this.stepSize = stepSize;
    this.gamma = options.gamma ?? 0.1;
    this.start();
  }

  protected override nextRate({ lr }: ParamGroup<{ lr: number }>): number {
    return this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0 ? lr : lr * this.gamma;
  }

  protected override closedRate(baseLr: number): number {
    return baseLr * this.gamma ** Math.floor(this.lastEpoch / this.stepSize);
  }

  protected override stateKinds(): Readonly<Record<string, K.Kind>> {
    return kinds;
  }
}
