import { E, type K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { nonNegative } from '../../base/kinds.ts';
import { optimizerClass } from '../../base/optimizer-class.ts';
import type { Rate } from '../../base/rate.ts';
import type { ParamState } from '../../base/state-dict.ts';
import { fusedUpdate, type Update, updatesByFeatures } from '../../base/update.ts';
import { penalised } from '../arithmetic.ts';
import { decayNumber, signOf } from '../common.ts';
import { nextStep, numberOf } from '../counts.ts';
import * as kin from './kin.ts';
import * as moments from './moments.ts';

/** Options of {@link NAdam}. */
export interface NAdamOptions extends kin.KinOptions {
  /** Learning rate. Default: 2e-3. */
  lr?: Rate;
  /** How soon the momentum reaches its full strength. Default: 4e-3. */
  momentumDecay?: number;
}

const defaults: Required<NAdamOptions> = {
  lr: 2e-3,
  ...moments.defaults,
  weightDecay: 0,
  momentumDecay: 4e-3,
  decoupledWeightDecay: false,
  maximize: false,
  foreach: null,
  capturable: false,
  differentiable: false,
};
const kinds: K.Kinds<NAdamOptions> = { ...kin.kinds, momentumDecay: nonNegative };

/**
 * What a step takes beside tensors: 1 - β₁, β₂, 1 - β₂, 1 - β₂ᵗ, the weights of the gradient and of its average, ε, the
 * sign, and the decay.
 */
type Numbers<T> = [
  ...moments.MomentNumbers<T>,
  correction2: T,
  ofGrad: T,
  ofAvg: T,
  eps: T,
  sign: T,
  decay: T,
];

const updates = updatesByFeatures((l2: boolean, decoupled: boolean, nearsG: boolean) =>
  fusedUpdate(
    'nadam',
    ['expAvg', 'expAvgSq'],
    ['step', 'muProduct'],
    (w, grad, state, numbers: Numbers<E.Expr>) => {
      const [fresh1, beta2, fresh2, correction2, ofGrad, ofAvg, eps, sign, decay] = numbers;
      const g = penalised(w, grad, sign, l2 ? decay : null);
      const { expAvg, expAvgSq } = moments.moved(state, g, [fresh1, beta2, fresh2], nearsG);
      const denominator = E.add(E.sqrt(E.div(expAvgSq, correction2)), eps);
      const kept = decoupled ? E.mul(w, decay) : w;
      const half = E.sub(kept, E.div(E.mul(ofGrad, g), denominator));
      return { w: E.sub(half, E.div(E.mul(ofAvg, expAvg), denominator)), expAvg, expAvgSq };
    },
  ),
);

/**
 * Adam with Nesterov momentum that grows: with μₜ = β₁ (1 - 0.96^(t ψ) / 2) and Πₜ = μ₁ ⋯ μₜ, w = w - lr ((1 - μₜ) g /
 * (1 - Πₜ) + μₜ₊₁ m / (1 - Πₜ₊₁)) / (√v̂ + ε). Follows `torch.optim.NAdam`; Dozat, "Incorporating Nesterov Momentum
 * into Adam", 2016.
 * @throws ValueError for options that are negative or not finite, or betas that are no pair in [0, 1)
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.NAdam([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([ 0.9718, -1.4718], requires_grad=True)
 * ```
 */
export class NAdam extends /* @__PURE__ */ optimizerClass<NAdamOptions>(defaults, kinds) {
  protected override updateOf(group: ParamGroup<Required<NAdamOptions>>): Update {
    return updates(...kin.featuresOf(group));
  }

  protected override numbers(group: ParamGroup<Required<NAdamOptions>>, state: ParamState): Numbers<number> {
    const { lr, betas, eps, momentumDecay } = group;
    const [beta1] = betas;
    const step = nextStep(state);
    const [, correction2] = moments.correctionsOf(betas, step);
    const momentum = (t: number): number => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    const [mu, muNext] = [momentum(step), momentum(step + 1)];
    // PyTorch keeps the product in float32.
    const muProduct = Math.fround(numberOf(state, 'muProduct', 1) * Math.fround(mu));
    state.muProduct = muProduct;
    return [
      ...moments.numbersOf(betas),
      correction2,
      (lr * (1 - mu)) / (1 - muProduct),
      (lr * muNext) / (1 - muProduct * muNext),
      eps,
      signOf(group),
      decayNumber(group),
    ];
  }
}
