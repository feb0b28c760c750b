import { E, K, ValueError } from '@kindling/core';
import type { ParamGroup } from '../base/groups.ts';
import { type FusedOptions, fusedKinds } from '../base/implementation.ts';
import { nonNegative } from '../base/kinds.ts';
import { optimizerClass } from '../base/optimizer-class.ts';
import type { Rate } from '../base/rate.ts';
import type { ParamState } from '../base/state-dict.ts';
import { fusedUpdate, type Update, updatesByFeatures } from '../base/update.ts';
import { penalised } from './arithmetic.ts';
import { type CommonOptions, commonKinds, signOf } from './common.ts';

/** Options of {@link SGD}. */
export interface SGDOptions extends CommonOptions, FusedOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: Rate;
  /** Momentum factor. Default: 0. */
  momentum?: number;
  /** Dampening of the momentum. Default: 0. */
  dampening?: number;
  /** Nesterov momentum; needs momentum and no dampening. Default: false. */
  nesterov?: boolean;
}

const defaults: Required<SGDOptions> = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
  foreach: null,
  differentiable: false,
  fused: null,
};
const kinds: K.Kinds<SGDOptions> = {
  ...commonKinds,
  momentum: nonNegative,
  dampening: K.finite,
  nesterov: K.flag,
  ...fusedKinds,
};

/**
 * What a step takes beside tensors: lr, the sign, the decay; with momentum μ and 1 - τ, which is 1 at the first step.
 */
type Numbers<T> = [lr: T, sign: T, decay: T, mu: T, fresh: T];

/** So that plain SGD reads and writes nothing but the parameter. */
const updates = updatesByFeatures((momentum: boolean, nesterov: boolean, decays: boolean) =>
  fusedUpdate(
    'sgd',
    momentum ? ['momentumBuffer'] : [],
    [],
    (w, grad, { momentumBuffer }, [lr, sign, decay, mu, fresh]: Numbers<E.Expr>) => {
      const g = penalised(w, grad, sign, decays ? decay : null);
      if (!momentum) return { w: E.sub(w, E.mul(lr, g)) };
      const v = E.add(E.mul(mu, momentumBuffer), E.mul(fresh, g));
      return { w: E.sub(w, E.mul(lr, nesterov ? E.add(g, E.mul(mu, v)) : v)), momentumBuffer: v };
    },
  ),
);

/**
 * Stochastic gradient descent, with momentum: v = μ v + (1 - τ) g, w = w - lr v; with Nesterov momentum
 * w = w - lr (g + μ v). The first step sets v to g. Follows `torch.optim.SGD`.
 * @throws ValueError for options that are negative or not finite, or nesterov without momentum
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.SGD([w], { lr: 0.25, momentum: 0.9 });
 * for (let i = 0; i < 2; i++) {
 *   optimizer.zeroGrad();
 *   w.square().sum().backward();
 *   optimizer.step();
 * }
 * w; // tensor([-0.3000,  0.4000], requires_grad=True)
 * ```
 */
export class SGD extends /* @__PURE__ */ optimizerClass<SGDOptions>(defaults, kinds) {
  protected override check({ momentum, nesterov, dampening }: Required<SGDOptions>): void {
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new ValueError(
        `${this.constructor.name}: Nesterov momentum requires a momentum and zero dampening`,
      );
    }
  }

  protected override updateOf({ momentum, nesterov, weightDecay }: ParamGroup<Required<SGDOptions>>): Update {
    return updates(momentum !== 0, nesterov, weightDecay !== 0);
  }

  protected override numbers(group: ParamGroup<Required<SGDOptions>>, state: ParamState): number[] {
    const { lr, momentum, dampening, weightDecay } = group;
    const sign = signOf(group);
    if (momentum === 0) return [lr, sign, weightDecay];
    return [lr, sign, weightDecay, momentum, state.momentumBuffer === undefined ? 1 : 1 - dampening];
  }
}
