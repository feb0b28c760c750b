import {
  assumes,
  checkArguments,
  checkOnHost,
  E,
  K,
  noGrad,
  onHost,
  type Tensor,
  tellsOnce,
  ValueError,
  withoutUndefined,
} from '@kindling/core';

import { type ParamGroup, type Params, requireOpenGroups } from '../../base/groups.ts';
import { nonNegative } from '../../base/kinds.ts';
import { Optimizer } from '../../base/optimizer.ts';
import type { Rate } from '../../base/rate.ts';
import { lerpBy } from '../arithmetic.ts';

/** Options that both schedule-free optimizers take. */
export interface ScheduleFreeOptions {
  /** Weight decay, at the point where the gradient is taken. Default: 0. */
  weightDecay?: number;
  /** Steps in which the learning rate rises to `lr`. Default: 0. */
  warmupSteps?: number;
  /** Weigh the t-th point of the average by t^r. Default: 0. */
  r?: number;
  /** Weigh a point by the greatest learning rate so far to this power. Default: 2. */
  weightLrPower?: number;
}

/** What a group counts, under the names that the reference implementation gives it. */
export interface Progress {
  k: number;
  trainMode: boolean;
  weightSum: number;
  lrMax: number;
  scheduledLr: number;
}

const sharedDefaults: Required<ScheduleFreeOptions> = {
  weightDecay: 0,
  warmupSteps: 0,
  r: 0,
  weightLrPower: 2,
};
const sharedKinds: K.Kinds<ScheduleFreeOptions> = {
  weightDecay: nonNegative,
  warmupSteps: K.count,
  r: K.finite,
  weightLrPower: K.finite,
};
const progressDefaults: Progress = { k: 0, trainMode: false, weightSum: 0, lrMax: -1, scheduledLr: 0 };
const progressKinds: K.Kinds<Progress> = {
  k: K.count,
  trainMode: K.flag,
  weightSum: nonNegative,
  lrMax: K.finite,
  scheduledLr: K.finite,
};

/** The options of a group, and its progress. */
export type ScheduleFreeGroup<O> = Required<O> & Required<ScheduleFreeOptions> & Progress & { lr: Rate };

const weightOf = ({ k, r, lrMax, weightLrPower }: ScheduleFreeGroup<object>): number =>
  k ** r * lrMax ** weightLrPower;

/**
 * The point y at which the next gradient is taken, and the base point z, after a step along `direction`: y goes towards
 * z by `share`, then along the direction by `rate`; z goes against it by `lr`.
 */
export function stepped(
  y: E.Expr,
  z: E.Expr,
  direction: E.Expr,
  { share, rate, lr }: { share: E.Expr; rate: E.Expr; lr: E.Expr },
): { w: E.Expr; z: E.Expr } {
  return { w: E.add(lerpBy(y, z, share), E.mul(rate, direction)), z: E.sub(z, E.mul(lr, direction)) };
}

/** @internal What the schedule-free optimizers share: the average, and the two places at which the parameters stand. */
export abstract class ScheduleFree<O> extends Optimizer<ScheduleFreeGroup<O>> {
  /** How far the point y lies from z on the way to the average x. */
  protected abstract interpolation(group: ScheduleFreeGroup<O>): number;

  /** Puts the parameters at the point y, at which gradients are to be taken: call it before training. */
  train(): void {
    this.#stand(true);
  }

  /**
   * Puts the parameters at the average x, which is the result: call it before evaluating and before saving the model.
   */
  eval(): void {
    this.#stand(false);
  }

  #stand(training: boolean): void {
    // A call takes the mode for given as it is when it is met first.
    if (tellsOnce(this)) {
      const modes = this.paramGroups.map(({ trainMode }) => trainMode);
      assumes(`the mode of ${this.constructor.name}`, () =>
        this.paramGroups.every(({ trainMode }, i) => trainMode === modes[i]),
      );
    }
    requireOpenGroups(`${this.constructor.name}.${training ? 'train' : 'eval'}`, this.paramGroups);
    for (const group of this.paramGroups) {
      if (group.trainMode === training) continue;
      const beta = this.interpolation(group);
      for (const p of group.params) {
        const z = this.state.get(p)?.z as Tensor | undefined;
        if (z !== undefined) noGrad(() => p.lerp_(z, training ? 1 - beta : 1 - 1 / beta));
      }
      onHost(() => {
        group.trainMode = training;
      });
    }
  }

  protected override perform(closure: (() => Tensor) | undefined): Tensor | undefined {
    checkOnHost(`the mode of ${this.constructor.name}`, () => this.#requireTraining());
    return super.perform(closure);
  }

  #requireTraining(): void {
    requireOpenGroups(`${this.constructor.name}.step`, this.paramGroups);
    if (this.paramGroups.every(({ trainMode }) => trainMode)) return;
    throw new ValueError(
      `${this.constructor.name}.step: the optimizer was not in train mode when step was called; call optimizer.train() before ` +
        'training, also after adding a group, and optimizer.eval() before evaluating and saving',
    );
  }

  protected override firstState(p: Tensor, name: string, group: ParamGroup<ScheduleFreeGroup<O>>): Tensor {
    return name === 'z' ? p.detach().clone() : super.firstState(p, name, group);
  }

  protected override advance(group: ParamGroup<ScheduleFreeGroup<O>>): void {
    const { warmupSteps, k } = group;
    const lr = group.lr * (k < warmupSteps ? (k + 1) / warmupSteps : 1);
    group.scheduledLr = lr;
    group.lrMax = Math.max(lr, group.lrMax);
    group.k = k + 1;
    group.weightSum += weightOf(group);
  }

  /** What moves y and z in this step: the share of z, the rate of y, and the learning rate. */
  protected moves(group: ParamGroup<ScheduleFreeGroup<O>>): [share: number, rate: number, lr: number] {
    const { weightSum, scheduledLr } = group;
    const share = weightSum === 0 ? 0 : weightOf(group) / weightSum;
    return [share, scheduledLr * (this.interpolation(group) * (1 - share) - 1), scheduledLr];
  }
}

/**
 * What an optimizer extends whose options are those that all of them take, and others of these defaults and kinds:
 *
 *     export class SGDScheduleFree extends scheduleFreeClass<SGDScheduleFreeOptions>(defaults, kinds) { ... }
 */
export function scheduleFreeClass<O extends ScheduleFreeOptions>(
  defaults: Required<Omit<O, keyof ScheduleFreeOptions>>,
  kinds: K.Kinds<Omit<O, keyof ScheduleFreeOptions>>,
): abstract new (
  params: Params<O>,
  options?: O,
) => ScheduleFree<O> {
  const allKinds = { ...kinds, ...sharedKinds };
  const takes = { params: K.anything, options: K.options(allKinds) };
  abstract class WithOptions extends ScheduleFree<O> {
    constructor(params: Params<O>, options?: O) {
      checkArguments(new.target.name, takes, arguments);
      const own = { ...sharedDefaults, ...defaults, ...withoutUndefined(options ?? {}), ...progressDefaults };
      super(params as Params<ScheduleFreeGroup<O>>, own as ScheduleFreeGroup<O>, {
        ...allKinds,
        ...progressKinds,
      });
    }
  }
  return WithOptions;
}
