import { E, fullLike, type K, type Tensor } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { type FusedOptions, fusedKinds } from '../../base/implementation.ts';
import { nonNegative } from '../../base/kinds.ts';
import { optimizerClass } from '../../base/optimizer-class.ts';
import type { Rate } from '../../base/rate.ts';
import type { ParamState } from '../../base/state-dict.ts';
import { fusedUpdate, type Update, updatesByFeatures } from '../../base/update.ts';
import { penalised } from '../arithmetic.ts';
import { type CommonOptions, commonKinds, signOf } from '../common.ts';
import { nextStep } from '../counts.ts';

/** Options of {@link Adagrad}. */
export interface AdagradOptions extends CommonOptions, FusedOptions {
  /** Learning rate. Default: 1e-2. */
  lr?: Rate;
  /** How the learning rate falls: lr / (1 + (t - 1) lrDecay). Default: 0. */
  lrDecay?: number;
  /** What the sum of squares begins with. Default: 0. */
  initialAccumulatorValue?: number;
  /** Added to the denominator. Default: 1e-10. */
  eps?: number;
}

const defaults: Required<AdagradOptions> = {
  lr: 1e-2,
  lrDecay: 0,
  eps: 1e-10,
  weightDecay: 0,
  initialAccumulatorValue: 0,
  foreach: null,
  maximize: false,
  differentiable: false,
  fused: null,
};
const kinds: K.Kinds<AdagradOptions> = {
  ...commonKinds,
  lrDecay: nonNegative,
  eps: nonNegative,
  initialAccumulatorValue: nonNegative,
  ...fusedKinds,
};

/** What a step takes beside tensors: the rate of this step, ε, the sign, and the decay. */
type Numbers<T> = [rate: T, eps: T, sign: T, decay: T];

const updates = updatesByFeatures((decays: boolean) =>
  fusedUpdate('adagrad', ['sum'], ['step'], (w, grad, state, [rate, eps, sign, decay]: Numbers<E.Expr>) => {
    const g = penalised(w, grad, sign, decays ? decay : null);
    const sum = E.add(state.sum, E.mul(g, g));
    return { w: E.sub(w, E.div(E.mul(rate, g), E.add(E.sqrt(sum), eps))), sum };
  }),
);

/**
 * Adagrad, whose rates fall where gradients were great: s = s + g², w = w - lr g / ((1 + (t - 1) lrDecay) (√s + ε)).
 * Follows `torch.optim.Adagrad`; Duchi, Hazan and Singer, "Adaptive Subgradient Methods", 2011. A group may have an
 * `initialAccumulatorValue` of its own, where PyTorch takes the optimizer's for all.
 * @throws ValueError for options that are negative or not finite
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.Adagrad([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([ 1.0000, -1.5000], requires_grad=True)
 * ```
 */
export class Adagrad extends /* @__PURE__ */ optimizerClass<AdagradOptions>(defaults, kinds) {
  /** A state dict holds the sums before the first step, as that of PyTorch does. */
  protected override begin(group: ParamGroup<Required<AdagradOptions>>): void {
    for (const p of group.params) this.state.set(p, { step: 0, sum: this.firstState(p, 'sum', group) });
  }

  protected override updateOf({ weightDecay }: ParamGroup<Required<AdagradOptions>>): Update {
    return updates(weightDecay !== 0);
  }

  protected override firstState(
    p: Tensor,
    _name: string,
    { initialAccumulatorValue }: ParamGroup<Required<AdagradOptions>>,
  ): Tensor {
    return fullLike(p, initialAccumulatorValue);
  }

  protected override numbers(
    group: ParamGroup<Required<AdagradOptions>>,
    state: ParamState,
  ): Numbers<number> {
    const { lr, lrDecay, eps, weightDecay } = group;
    return [lr / (1 + (nextStep(state) - 1) * lrDecay), eps, signOf(group), weightDecay];
  }
}
