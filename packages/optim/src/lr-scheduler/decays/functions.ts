import { checkArguments, K, ValueError } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import type { Optimizer } from '../../base/optimizer.ts';
import { scheduleTakes } from '../schedule-class.ts';
import { LRScheduler, type SchedulerOptions } from '../scheduler.ts';
import type { SchedulerStateDict } from '../state.ts';

/** A factor of a learning rate, by epoch. */
export type LrLambda = (epoch: number) => number;

const functions = /* @__PURE__ */ K.listOf(K.callable, 'an array with a function for each group');
const takes = /* @__PURE__ */ scheduleTakes<SchedulerOptions>(
  { lrLambda: /* @__PURE__ */ K.either(K.callable, functions) },
  {},
);

/** What schedules by a function of the epoch share: one function for all groups, or one for each. */
export abstract class FunctionLR extends LRScheduler {
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

  /** What the function of group i says of the present epoch. */
  protected factorOf(i: number): number {
    const factor = this.lrLambdas[i]?.(this.lastEpoch);
    if (typeof factor === 'number') return factor;
    const what = `what the function of group ${i} returned for epoch ${this.lastEpoch}`;
    checkArguments(this.constructor.name, { [what]: K.number }, [factor]);
    return Number.NaN;
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
