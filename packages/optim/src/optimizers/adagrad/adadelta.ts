import { E, K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { type CapturableOptions, capturableKinds } from '../../base/implementation.ts';
import { nonNegative } from '../../base/kinds.ts';
import { optimizerClass } from '../../base/optimizer-class.ts';
import type { Rate } from '../../base/rate.ts';
import type { ParamState } from '../../base/state-dict.ts';
import { fusedUpdate, type Update, updatesByFeatures } from '../../base/update.ts';
import { averageSquare, penalised } from '../arithmetic.ts';
import { type CommonOptions, commonKinds, signOf } from '../common.ts';
import { nextStep } from '../counts.ts';

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions extends CommonOptions, CapturableOptions {
  /** What the update is multiplied by. Default: 1. */
  lr?: Rate;
  /** Decay of the running averages of squares. Default: 0.9. */
  rho?: number;
  /** Added below both roots. Default: 1e-6. */
  eps?: number;
}

const defaults: Required<AdadeltaOptions> = {
  lr: 1,
  rho: 0.9,
  eps: 1e-6,
  weightDecay: 0,
  maximize: false,
  capturable: false,
  foreach: null,
  differentiable: false,
};
const kinds: K.Kinds<AdadeltaOptions> = {
  ...commonKinds,
  rho: K.probability,
  eps: nonNegative,
  ...capturableKinds,
};

/** What a step takes beside tensors: lr, ρ, 1 - ρ, ε, the sign, and the decay. */
type Numbers<T> = [lr: T, rho: T, fresh: T, eps: T, sign: T, decay: T];

const updates = updatesByFeatures((decays: boolean) =>
  fusedUpdate(
    'adadelta',
    ['squareAvg', 'accDelta'],
    ['step'],
    (w, grad, state, [lr, rho, fresh, eps, sign, decay]: Numbers<E.Expr>) => {
      const g = penalised(w, grad, sign, decays ? decay : null);
      const squareAvg = averageSquare(state.squareAvg, g, rho, fresh);
      const root = (x: E.Expr): E.Expr => E.sqrt(E.add(x, eps));
      const delta = E.mul(E.div(root(state.accDelta), root(squareAvg)), g);
      return {
        w: E.sub(w, E.mul(lr, delta)),
        squareAvg,
        accDelta: averageSquare(state.accDelta, delta, rho, fresh),
      };
    },
  ),
);

/**
 * Adadelta, whose steps are as great as the last ones were: v = ρ v + (1 - ρ) g², Δ = √(u + ε) / √(v + ε) g, u = ρ u +
 * (1 - ρ) Δ², w = w - lr Δ. Follows `torch.optim.Adadelta`; Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.
 * @throws ValueError for options that are negative or not finite, or rho beyond 1
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.Adadelta([w], { lr: 100 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([ 1.1838, -1.6838], requires_grad=True)
 * ```
 */
export class Adadelta extends /* @__PURE__ */ optimizerClass<AdadeltaOptions>(defaults, kinds) {
  protected override updateOf({ weightDecay }: ParamGroup<Required<AdadeltaOptions>>): Update {
    return updates(weightDecay !== 0);
  }

  protected override numbers(
    group: ParamGroup<Required<AdadeltaOptions>>,
    state: ParamState,
  ): Numbers<number> {
    const { lr, rho, eps, weightDecay } = group;
    nextStep(state);
    return [lr, rho, 1 - rho, eps, signOf(group), weightDecay];
  }
}
