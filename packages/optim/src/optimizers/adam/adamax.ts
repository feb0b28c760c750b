import { E, type K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { type CapturableOptions, capturableKinds } from '../../base/implementation.ts';
import { nonNegative, twoFractions } from '../../base/kinds.ts';
import { optimizerClass } from '../../base/optimizer-class.ts';
import type { Rate } from '../../base/rate.ts';
import type { ParamState } from '../../base/state-dict.ts';
import { fusedUpdate, type Update, updatesByFeatures } from '../../base/update.ts';
import { forgets, lerp, penalised } from '../arithmetic.ts';
import { type CommonOptions, commonKinds, signOf } from '../common.ts';
import { nextStep } from '../counts.ts';

/** Options of {@link Adamax}. */
export interface AdamaxOptions extends CommonOptions, CapturableOptions {
  /** Learning rate. Default: 2e-3. */
  lr?: Rate;
  /** Decay of the running average of the gradient, and of the greatest size that it had. Default: [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the size of the gradient. Default: 1e-8. */
  eps?: number;
}

const defaults: Required<AdamaxOptions> = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  foreach: null,
  maximize: false,
  differentiable: false,
  capturable: false,
};
const kinds: K.Kinds<AdamaxOptions> = {
  ...commonKinds,
  betas: twoFractions,
  eps: nonNegative,
  ...capturableKinds,
};

/** What a step takes beside tensors: 1 - β₁, β₂, lr / (1 - β₁ᵗ), ε, the sign, and the decay. */
type Numbers<T> = [fresh1: T, beta2: T, stepSize: T, eps: T, sign: T, decay: T];

const updates = updatesByFeatures((decays: boolean, nearsG: boolean) =>
  fusedUpdate(
    'adamax',
    ['expAvg', 'expInf'],
    ['step'],
    (w, grad, state, [fresh1, beta2, stepSize, eps, sign, decay]: Numbers<E.Expr>) => {
      const g = penalised(w, grad, sign, decays ? decay : null);
      const expAvg = lerp(state.expAvg, g, fresh1, nearsG);
      const expInf = E.max(E.mul(state.expInf, beta2), E.add(E.abs(g), eps));
      return { w: E.sub(w, E.div(E.mul(stepSize, expAvg), expInf)), expAvg, expInf };
    },
  ),
);

/**
 * Adam with the infinity norm: m = β₁ m + (1 - β₁) g, u = max(β₂ u, |g| + ε), w = w - lr m / ((1 - β₁ᵗ) u). Follows
 * `torch.optim.Adamax`; Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2014, section 7.1.
 * @throws ValueError for options that are negative or not finite, or betas that are no pair in [0, 1)
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.Adamax([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([ 1.0000, -1.5000], requires_grad=True)
 * ```
 */
export class Adamax extends /* @__PURE__ */ optimizerClass<AdamaxOptions>(defaults, kinds) {
  protected override updateOf({ betas, weightDecay }: ParamGroup<Required<AdamaxOptions>>): Update {
    return updates(weightDecay !== 0, forgets(betas[0]));
  }

  protected override numbers(group: ParamGroup<Required<AdamaxOptions>>, state: ParamState): Numbers<number> {
    const { lr, betas, eps, weightDecay } = group;
    const [beta1, beta2] = betas;
    return [1 - beta1, beta2, lr / (1 - beta1 ** nextStep(state)), eps, signOf(group), weightDecay];
  }
}
