import { E, K } from '@kindling/core';
import type { ParamGroup } from '../base/groups.ts';
import { type CapturableOptions, capturableKinds } from '../base/implementation.ts';
import { nonNegative } from '../base/kinds.ts';
import { optimizerClass } from '../base/optimizer-class.ts';
import type { Rate } from '../base/rate.ts';
import type { ParamState } from '../base/state-dict.ts';
import { fusedUpdate, type Update, updatesByFeatures } from '../base/update.ts';
import { penalised } from './arithmetic.ts';
import { type CommonOptions, commonKinds, signOf } from './common.ts';
import { nextStep, numberOf } from './counts.ts';

/** Options of {@link ASGD}. */
export interface ASGDOptions extends CommonOptions, CapturableOptions {
  /** Learning rate. Default: 1e-2. */
  lr?: Rate;
  /** Decay of the weights, and of the rate. Default: 1e-4. */
  lambd?: number;
  /** The power by which the rate falls. Default: 0.75. */
  alpha?: number;
  /** The step at which averaging starts. Default: 1e6. */
  t0?: number;
}

const defaults: Required<ASGDOptions> = {
  lr: 1e-2,
  lambd: 1e-4,
  alpha: 0.75,
  t0: 1e6,
  weightDecay: 0,
  foreach: null,
  maximize: false,
  differentiable: false,
  capturable: false,
};
const kinds: K.Kinds<ASGDOptions> = {
  ...commonKinds,
  lambd: nonNegative,
  alpha: nonNegative,
  t0: K.finite,
  ...capturableKinds,
};

/** What a step takes beside tensors: 1 - λ η, η, μ, the sign, and the decay. */
type Numbers<T> = [shrink: T, eta: T, mu: T, sign: T, decay: T];

const updates = updatesByFeatures((decays: boolean) =>
  fusedUpdate(
    'asgd',
    ['ax'],
    ['step', 'eta', 'mu'],
    (w, grad, state, [shrink, eta, mu, sign, decay]: Numbers<E.Expr>) => {
      const g = penalised(w, grad, sign, decays ? decay : null);
      const next = E.sub(E.mul(w, shrink), E.mul(eta, g));
      const moved = E.add(state.ax, E.mul(E.sub(next, state.ax), mu));
      return { w: next, ax: E.select(E.eq(mu, 1), next, moved) };
    },
  ),
);

/**
 * Averaged SGD: w = (1 - λ η) w - η g with η = lr / (1 + λ lr t)^α, and beside it, in the state, the average ax of the
 * weights since the step t0: ax = ax + μ (w - ax), μ = 1 / max(1, t - t0). Follows `torch.optim.ASGD`; Polyak and
 * Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.
 * @throws ValueError for options that are negative or not finite
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.ASGD([w], { lr: 0.25, t0: 0 });
 * for (let i = 0; i < 3; i++) {
 *   optimizer.zeroGrad();
 *   w.square().sum().backward();
 *   optimizer.step();
 * }
 * optimizer.state.get(w)?.ax; // tensor([ 0.2812, -0.3750])
 * ```
 */
export class ASGD extends /* @__PURE__ */ optimizerClass<ASGDOptions>(defaults, kinds) {
  protected override updateOf({ weightDecay }: ParamGroup<Required<ASGDOptions>>): Update {
    return updates(weightDecay !== 0);
  }

  protected override numbers(group: ParamGroup<Required<ASGDOptions>>, state: ParamState): Numbers<number> {
    const { lr, lambd, alpha, t0, weightDecay } = group;
    const step = nextStep(state);
    // Those of the step before; PyTorch keeps both in float32.
    const [eta, mu] = [numberOf(state, 'eta', Math.fround(lr)), numberOf(state, 'mu', 1)];
    state.eta = Math.fround(lr / (1 + lambd * lr * step) ** alpha);
    state.mu = Math.fround(1 / Math.max(1, step - t0));
    return [1 - lambd * eta, eta, mu, signOf(group), weightDecay];
  }
}
