import { E, K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { nonNegative, twoFractions } from '../../base/kinds.ts';
import { type Rate, rate } from '../../base/rate.ts';
import { fusedUpdate, type Update, updatesByFeatures } from '../../base/update.ts';
import { averageSquare } from '../arithmetic.ts';
import {
  type ScheduleFreeGroup,
  type ScheduleFreeOptions,
  scheduleFreeClass,
  stepped,
} from './schedule-free.ts';

/** Options of {@link AdamWScheduleFree}. */
export interface AdamWScheduleFreeOptions extends ScheduleFreeOptions {
  /** Learning rate. Default: 0.0025. */
  lr?: Rate;
  /** Where y lies between z and x, and the decay of the running average of squares. Default: [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default: 1e-8. */
  eps?: number;
}

const defaults = { lr: 0.0025, betas: [0.9, 0.999] as const, eps: 1e-8 };
const kinds: K.Kinds<Omit<AdamWScheduleFreeOptions, keyof ScheduleFreeOptions>> = {
  lr: rate,
  betas: /* @__PURE__ */ K.kind(
    'a pair of numbers in [0, 1), the first above 0',
    (x) => twoFractions.accepts(x) && (x as number[])[0] !== 0,
  ),
  eps: nonNegative,
};

type Group = ParamGroup<ScheduleFreeGroup<AdamWScheduleFreeOptions>>;

/** What a step takes beside tensors: β₂, 1 - β₂, 1 - β₂ᵗ, ε, the decay, the share of z, the rate of y, and lr. */
type Numbers<T> = [beta2: T, fresh2: T, correction2: T, eps: T, decay: T, share: T, rate: T, lr: T];

const updates = updatesByFeatures((decays: boolean) =>
  fusedUpdate(
    'adamw_schedule_free',
    ['z', 'expAvgSq'],
    [],
    (w, grad, state, [beta2, fresh2, correction2, eps, decay, share, rate, lr]: Numbers<E.Expr>) => {
      const expAvgSq = averageSquare(state.expAvgSq, grad, beta2, fresh2);
      const scaled = E.div(grad, E.add(E.sqrt(E.div(expAvgSq, correction2)), eps));
      const direction = decays ? E.add(scaled, E.mul(decay, w)) : scaled;
      return { ...stepped(w, state.z, direction, { share, rate, lr }), expAvgSq };
    },
  ),
);

/**
 * AdamW that needs no schedule and is told of no last step: the gradient is taken at y = (1 - β₁) z + β₁ x, Adam's step
 * without momentum leads z, and x is the average of all z, weighted by lr² (and tʳ). In training the parameters stand
 * at y, after {@link eval} at x, after {@link train} at y again; batch norms want their statistics taken anew at x.
 * Kindling's own, with the names of the reference package `schedulefree`; Defazio et al., "The Road Less Scheduled",
 * 2024.
 * @throws ValueError for options that are negative or not finite, betas that are no pair in [0, 1) or begin with 0, and
 * a step that is not preceded by `train()`
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.AdamWScheduleFree([w], { lr: 0.5 });
 * optimizer.train();
 * for (let i = 0; i < 3; i++) {
 *   optimizer.zeroGrad();
 *   w.square().sum().backward();
 *   optimizer.step();
 * }
 * optimizer.eval();
 * w; // tensor([ 0.6233, -1.0866], requires_grad=True)
 * ```
 */
export class AdamWScheduleFree extends /* @__PURE__ */ scheduleFreeClass<AdamWScheduleFreeOptions>(
  defaults,
  kinds,
) {
  protected override interpolation({ betas }: ScheduleFreeGroup<AdamWScheduleFreeOptions>): number {
    return betas[0];
  }

  protected override updateOf({ weightDecay }: Group): Update {
    return updates(weightDecay !== 0);
  }

  protected override numbers(group: Group & { lr: number }): Numbers<number> {
    const { betas, eps, weightDecay, k } = group;
    const beta2 = betas[1];
    return [beta2, 1 - beta2, 1 - beta2 ** k, eps, weightDecay, ...this.moves(group)];
  }
}
