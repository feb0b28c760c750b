import { checkArguments, E, K, ValueError, withoutUndefined } from '@kindling/core';
import type { ParamGroup, Params } from '../../base/groups.ts';
import {
  type CapturableOptions,
  capturableKinds,
  type FusedOptions,
  fusedKinds,
} from '../../base/implementation.ts';
import { nonNegative } from '../../base/kinds.ts';
import { optimizerClass } from '../../base/optimizer-class.ts';
import { type Betas, betas, type Rate, rate, rateNumber } from '../../base/rate.ts';
import type { OptimizerStateDict, ParamState } from '../../base/state-dict.ts';
import { fusedUpdate, type Update, updatesByFeatures } from '../../base/update.ts';
import { forgets, penalised } from '../arithmetic.ts';
import { addsDecay, decayNumber, shrinks, signOf } from '../common.ts';
import { nextStep } from '../counts.ts';
import * as moments from './moments.ts';

/** Options of {@link AdamW}. */
export interface AdamWOptions extends Omit<moments.MomentOptions, 'betas'>, CapturableOptions, FusedOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: Rate;
  /**
   * Decay of the running averages of the gradient and of its square: numbers, or tensors of one. Default: [0.9, 0.999].
   */
  betas?: Betas;
  /** Adam: L2 penalty, default 0. AdamW: decoupled weight decay, default 0.01. */
  weightDecay?: number;
  /** Divide by the greatest second moment so far. Default: false. */
  amsgrad?: boolean;
  /** Ascend instead of descend. Default: false. */
  maximize?: boolean;
}

/** Options of {@link Adam}. */
export interface AdamOptions extends AdamWOptions {
  /** Shrink the weights by the decay directly, as {@link AdamW} does. Default: false. */
  decoupledWeightDecay?: boolean;
}

const defaults: Required<AdamOptions> = {
  lr: 1e-3,
  ...moments.defaults,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
  foreach: null,
  capturable: false,
  differentiable: false,
  fused: null,
  decoupledWeightDecay: false,
};
const kindsW: K.Kinds<AdamWOptions> = {
  lr: rate,
  ...moments.kinds,
  betas,
  weightDecay: nonNegative,
  amsgrad: K.flag,
  maximize: K.flag,
  ...capturableKinds,
  ...fusedKinds,
};
const kinds: K.Kinds<AdamOptions> = { ...kindsW, decoupledWeightDecay: K.flag };
const takesW = { params: K.anything, options: /* @__PURE__ */ K.options<AdamWOptions>(kindsW) };

/** What a step takes beside tensors: 1 - β₁, β₂, 1 - β₂, lr / (1 - β₁ᵗ), √(1 - β₂ᵗ), ε, the sign, and the decay. */
type Numbers<T> = [...moments.MomentNumbers<T>, stepSize: T, root2: T, eps: T, sign: T, decay: T];

const updates = updatesByFeatures((amsgrad: boolean, l2: boolean, decoupled: boolean, nearsG: boolean) =>
  fusedUpdate(
    'adam',
    amsgrad ? ['expAvg', 'expAvgSq', 'maxExpAvgSq'] : ['expAvg', 'expAvgSq'],
    ['step'],
    (w, grad, state, [fresh1, beta2, fresh2, stepSize, root2, eps, sign, decay]: Numbers<E.Expr>) => {
      const g = penalised(w, grad, sign, l2 ? decay : null);
      const { expAvg, expAvgSq } = moments.moved(state, g, [fresh1, beta2, fresh2], nearsG);
      const maxExpAvgSq = amsgrad ? E.max(state.maxExpAvgSq, expAvgSq) : expAvgSq;
      const denominator = E.add(E.div(E.sqrt(maxExpAvgSq), root2), eps);
      const kept = decoupled ? E.mul(w, decay) : w;
      return {
        w: E.sub(kept, E.div(E.mul(stepSize, expAvg), denominator)),
        expAvg,
        expAvgSq,
        maxExpAvgSq,
      };
    },
  ),
);

/**
 * Adam: m = β₁ m + (1 - β₁) g, v = β₂ v + (1 - β₂) g², w = w - lr m̂ / (√v̂ + ε), with m̂ = m / (1 - β₁ᵗ) and
 * v̂ = v / (1 - β₂ᵗ). Follows `torch.optim.Adam`; Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2014.
 * @throws ValueError for options that are negative or not finite, or betas that are no pair in [0, 1)
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.Adam([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([ 1.0000, -1.5000], requires_grad=True)
 * ```
 */
export class Adam extends /* @__PURE__ */ optimizerClass<AdamOptions>(defaults, kinds) {
  protected override check({ lr, betas, foreach }: ParamGroup<Required<AdamOptions>>): void {
    if (foreach !== true) return;
    const options = { lr, 'betas[0]': betas[0], 'betas[1]': betas[1] };
    const held = Object.entries(options).find(([, value]) => typeof value !== 'number');
    if (held === undefined) return;
    throw new ValueError(
      `${this.constructor.name}: ${held[0]} as a Tensor is not supported for capturable=False and foreach=True; leave foreach out`,
    );
  }

  protected override updateOf(group: ParamGroup<Required<AdamOptions>>): Update {
    return updates(group.amsgrad, addsDecay(group), shrinks(group), forgets(rateNumber(group.betas[0])));
  }

  protected override numbers(group: ParamGroup<Required<AdamOptions>>, state: ParamState): Numbers<number> {
    const { lr, betas, eps } = group;
    const [beta1, beta2] = betas;
    const step = nextStep(state);
    // Written out, where others ask for `moments`: lists made on the way are a twentieth of a small net's step.
    return [
      1 - beta1,
      beta2,
      1 - beta2,
      lr / (1 - beta1 ** step),
      Math.sqrt(1 - beta2 ** step),
      eps,
      signOf(group),
      decayNumber(group),
    ];
  }
}

/**
 * Adam whose weight decay shrinks the weights directly, w = (1 - lr λ) w, instead of adding to the gradient. Follows
 * `torch.optim.AdamW`; Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2017.
 * @throws ValueError as {@link Adam}
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.AdamW([w], { lr: 0.5, weightDecay: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([ 0.9250, -1.4000], requires_grad=True)
 * ```
 */
export class AdamW extends Adam {
  constructor(params: Params<AdamWOptions>, options: AdamWOptions = {}) {
    checkArguments(new.target.name, takesW, arguments);
    super(params, { weightDecay: 0.01, ...withoutUndefined(options), decoupledWeightDecay: true });
  }

  /** {@link Optimizer.loadStateDict}; the decay stays decoupled, whatever the dict says. */
  override loadStateDict(dict: OptimizerStateDict): void {
    super.loadStateDict(dict);
    for (const group of this.paramGroups) group.decoupledWeightDecay = true;
  }
}
