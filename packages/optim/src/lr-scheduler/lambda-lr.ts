import { ValueError } from '@kindling/core';
import type { Optimizer, ParamGroup } from '../optimizer.ts';
import { LRScheduler, type SchedulerOptions } from './scheduler.ts';

/** A factor of the first learning rate, by epoch. */
export type LrLambda = (epoch: number) => number;

/**
 * Sets each group's learning rate to its first one times a function of the epoch: one function for all groups, or one for
 * each. The functions are not part of the state dict. Follows `torch.optim.lr_scheduler.LambdaLR`.
 * @throws ValueError for a list with another number of functions than there are groups
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const warmup = new lrScheduler.LambdaLR(optimizer, (epoch) => Math.min(1, (epoch + 1) / 10));
 * warmup.getLastLr(); // [ 0.1 ]
 * ```
 */
export class LambdaLR extends LRScheduler {
  /** The function of each group. */
  readonly lrLambdas: LrLambda[];

  constructor(
    optimizer: Optimizer,
    lrLambda: LrLambda | readonly LrLambda[],
    options: SchedulerOptions = {},
  ) {
    super(optimizer, options);
    const groups = optimizer.paramGroups.length;
    this.lrLambdas =
      typeof lrLambda === 'function' ? new Array<LrLambda>(groups).fill(lrLambda) : [...lrLambda];
    if (this.lrLambdas.length !== groups) {
      throw new ValueError(
        `LambdaLR: expected ${groups} functions, one for each group, got ${this.lrLambdas.length}`,
      );
    }
    this.start();
  }

  protected override nextRate(_group: ParamGroup<{ lr: number }>, base: number, i: number): number {
    return base * this.lrLambdas[i]!(this.lastEpoch);
  }

  /** As of every scheduler, without the functions. */
  override stateDict(): Record<string, unknown> {
    const { lr_lambdas: _, ...state } = super.stateDict();
    return state;
  }
}
