import { E, K } from '@kindling/core';
import type { ParamGroup } from '../base/groups.ts';
import { nonNegative, twoFractions } from '../base/kinds.ts';
import { optimizerClass } from '../base/optimizer-class.ts';
import { type Rate, rate } from '../base/rate.ts';
import { fusedUpdate, type Update, updatesByFeatures } from '../base/update.ts';
import { signOf } from './common.ts';

/** Options of {@link Lion}. */
export interface LionOptions {
  /** Learning rate: a third to a tenth of AdamW's. Default: 1e-4. */
  lr?: Rate;
  /** Decay of the average whose sign is followed, and of the one that is kept. Default: [0.9, 0.99]. */
  betas?: readonly [number, number];
  /** Decoupled weight decay: three to ten times AdamW's. Default: 0. */
  weightDecay?: number;
  /** Ascend instead of descend. Default: false. */
  maximize?: boolean;
}

const defaults: Required<LionOptions> = { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0, maximize: false };
const kinds: K.Kinds<LionOptions> = {
  lr: rate,
  betas: twoFractions,
  weightDecay: nonNegative,
  maximize: K.flag,
};

/** What a step takes beside tensors: lr, β₁, 1 - β₁, β₂, 1 - β₂, the sign, and 1 - lr λ. */
type Numbers<T> = [lr: T, beta1: T, fresh1: T, beta2: T, fresh2: T, sign: T, shrink: T];

const updates = updatesByFeatures((decays: boolean) =>
  fusedUpdate(
    'lion',
    ['expAvg'],
    [],
    (w, grad, state, [lr, beta1, fresh1, beta2, fresh2, sign, shrink]: Numbers<E.Expr>) => {
      // A factor of the sign leaves all bits, and is one with `fresh` before the elements come.
      const average = (beta: E.Expr, fresh: E.Expr): E.Expr =>
        E.add(E.mul(state.expAvg, beta), E.mul(E.mul(fresh, sign), grad));
      const kept = decays ? E.mul(w, shrink) : w;
      const direction = average(beta1, fresh1);
      const falling = E.select(E.lt(direction, 0), E.neg(lr), 0);
      return {
        w: E.sub(kept, E.select(E.gt(direction, 0), lr, falling)),
        expAvg: average(beta2, fresh2),
      };
    },
  ),
);

/**
 * Lion, which follows the sign of an average: w = (1 - lr λ) w - lr sign(β₁ m + (1 - β₁) g), m = β₂ m + (1 - β₂) g. Its
 * state is half of Adam's. Kindling's own; Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023.
 * @throws ValueError for options that are negative or not finite, or betas that are no pair in [0, 1)
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.Lion([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([ 1.0000, -1.5000], requires_grad=True)
 * ```
 */
export class Lion extends /* @__PURE__ */ optimizerClass<LionOptions>(defaults, kinds) {
  protected override updateOf({ weightDecay }: ParamGroup<Required<LionOptions>>): Update {
    return updates(weightDecay !== 0);
  }

  protected override numbers(group: ParamGroup<Required<LionOptions>>): Numbers<number> {
    const { lr, betas, weightDecay } = group;
    const [beta1, beta2] = betas;
    return [lr, beta1, 1 - beta1, beta2, 1 - beta2, signOf(group), 1 - lr * weightDecay];
  }
}
