import { checkArguments, K, ValueError } from '@kindling/core';
import type { ParamGroup } from '../groups.ts';
import type { Optimizer } from '../optimizer.ts';
import { anOptimizer, LRScheduler, type SchedulerOptions, schedulerOptions } from './scheduler.ts';
import type { SchedulerStateDict } from './state.ts';

/** A factor of the first learning rate, by epoch. */
export type LrLambda = (epoch: number) => number;

const takes = {
  optimizer: anOptimizer,
  lrLambda: /* @__PURE__ */ K.either(
    K.callable,
    /* @__PURE__ */ K.listOf(K.callable, 'an array with a function for each group'),
  ),
  options: /* @__PURE__ */ K.options<SchedulerOptions>(schedulerOptions),
};

/**
 * Sets each group's learning rate to its first one times a function of the epoch: one function for all groups, or one for
 * each. The functions are not part of the state dict. Follows `torch.optim.lr_scheduler.LambdaLR`.
 * @throws ValueError for a list with another number of functions than there are groups, and for a function that returns
 * anything but a finite number
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
  /** The one function of all groups. */
  readonly #shared: LrLambda | undefined;

  constructor(
    optimizer: Optimizer,
    lrLambda: LrLambda | readonly LrLambda[],
    options: SchedulerOptions = {},
  ) {
    checkArguments(new.target.name, takes, arguments);
    const groups = optimizer.paramGroups.length;
    const shared = typeof lrLambda === 'function' ? lrLambda : undefined;
    const lambdas =
      typeof lrLambda === 'function' ? new Array<LrLambda>(groups).fill(lrLambda) : [...lrLambda];
    if (lambdas.length !== groups) {
      throw new ValueError(
        `${new.target.name}: expected ${groups} functions, one for each group, got ${lambdas.length}`,
      );
    }
    super(optimizer, options);
    this.#shared = shared;
    this.lrLambdas = lambdas;
    this.start();
  }

  protected override nextRate(_group: ParamGroup<{ lr: number }>, baseLr: number, i: number): number {
    const factor = this.lrLambdas[i]!(this.lastEpoch);
    if (typeof factor !== 'number') {
      const what = `what the function of group ${i} returned for epoch ${this.lastEpoch}`;
      checkArguments(this.constructor.name, { [what]: K.number }, [factor]);
    }
    return baseLr * factor;
  }

  protected override admit(group: ParamGroup<{ lr: number }>, i: number): number {
    if (this.lrLambdas.length <= i) {
      if (this.#shared === undefined) {
        throw new ValueError(
          `${this.constructor.name}: the optimizer has a parameter group ${i} now, and no function was given for it; push ` +
            'one to lrLambdas',
        );
      }
      this.lrLambdas.push(this.#shared);
    }
    return super.admit(group, i);
  }

  /** As of every scheduler; `null` stands for each function, as in PyTorch. */
  override stateDict(): SchedulerStateDict {
    const state = super.stateDict();
    state.lr_lambdas = this.lrLambdas.map(() => null);
    return state;
  }

  /** As of every scheduler; the functions stay as they are. */
  override loadStateDict(dict: SchedulerStateDict): void {
    const { lrLambdas } = this;
    super.loadStateDict(dict);
    Object.assign(this, { lrLambdas });
  }
}
