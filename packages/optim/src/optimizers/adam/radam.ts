import { E } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { optimizerClass } from '../../base/optimizer-class.ts';
import type { Rate } from '../../base/rate.ts';
import type { ParamState } from '../../base/state-dict.ts';
import { fusedUpdate, type Update, updatesByFeatures } from '../../base/update.ts';
import { penalised } from '../arithmetic.ts';
import { decayNumber, signOf } from '../common.ts';
import { nextStep } from '../counts.ts';
import * as kin from './kin.ts';
import * as moments from './moments.ts';

/** Options of {@link RAdam}. */
export interface RAdamOptions extends kin.KinOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: Rate;
}

const defaults: Required<RAdamOptions> = {
  lr: 1e-3,
  ...moments.defaults,
  weightDecay: 0,
  maximize: false,
  foreach: null,
  capturable: false,
  decoupledWeightDecay: false,
  differentiable: false,
};

/**
 * What a step takes beside tensors: 1 - β₁, β₂, 1 - β₂, 1 - β₁ᵗ, lr, √(1 - β₂ᵗ), ε, the rectification (0 while the
 * variance is not known), the sign, and the decay.
 */
type Numbers<T> = [
  ...moments.MomentNumbers<T>,
  correction1: T,
  lr: T,
  root2: T,
  eps: T,
  rect: T,
  sign: T,
  decay: T,
];

const updates = updatesByFeatures((l2: boolean, decoupled: boolean, nearsG: boolean) =>
  fusedUpdate('radam', ['expAvg', 'expAvgSq'], ['step'], (w, grad, state, numbers: Numbers<E.Expr>) => {
    const [fresh1, beta2, fresh2, correction1, lr, root2, eps, rect, sign, decay] = numbers;
    const g = penalised(w, grad, sign, l2 ? decay : null);
    const { expAvg, expAvgSq } = moments.moved(state, g, [fresh1, beta2, fresh2], nearsG);
    const plain = E.mul(E.div(expAvg, correction1), lr);
    const adapted = E.mul(plain, E.mul(E.reciprocal(E.add(E.sqrt(expAvgSq), eps)), root2));
    const kept = decoupled ? E.mul(w, decay) : w;
    return { w: E.sub(kept, E.select(E.gt(rect, 0), E.mul(adapted, rect), plain)), expAvg, expAvgSq };
  }),
);

/**
 * √((ρₜ - 4)(ρₜ - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρₜ)), by which the variance of the adaptive rate is rectified; 0 where ρₜ
 * <= 5.
 */
function rectification(beta2: number, step: number): number {
  const limit = 2 / (1 - beta2) - 1;
  const length = limit - (2 * step * beta2 ** step) / (1 - beta2 ** step);
  if (!(length > 5)) return 0;
  return Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
}

/**
 * Adam whose adaptive rate is rectified by r, and left out in the first steps, whose variance is not known: w = w - lr
 * r m̂ / (√v̂ + ε), and w = w - lr m̂ where ρₜ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ) <= 5, ρ∞ = 2 / (1 - β₂) - 1. Follows
 * `torch.optim.RAdam`; Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2019.
 * @throws ValueError for options that are negative or not finite, or betas that are no pair in [0, 1)
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.RAdam([w], { lr: 0.25 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([ 0.7500, -1.0000], requires_grad=True)
 * ```
 */
export class RAdam extends /* @__PURE__ */ optimizerClass<RAdamOptions>(defaults, kin.kinds) {
  protected override updateOf(group: ParamGroup<Required<RAdamOptions>>): Update {
    return updates(...kin.featuresOf(group));
  }

  protected override numbers(group: ParamGroup<Required<RAdamOptions>>, state: ParamState): Numbers<number> {
    const { lr, betas, eps } = group;
    const step = nextStep(state);
    const [correction1, correction2] = moments.correctionsOf(betas, step);
    return [
      ...moments.numbersOf(betas),
      correction1,
      lr,
      Math.sqrt(correction2),
      eps,
      rectification(betas[1], step),
      signOf(group),
      decayNumber(group),
    ];
  }
}
