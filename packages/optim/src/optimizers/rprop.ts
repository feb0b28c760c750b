import { E, fullLike, K, type Tensor, zerosLike } from '@kindling/core';
import type { ParamGroup } from '../base/groups.ts';
import { type CapturableOptions, capturableKinds } from '../base/implementation.ts';
import { optimizerClass } from '../base/optimizer-class.ts';
import { type Rate, rate } from '../base/rate.ts';
import type { ParamState } from '../base/state-dict.ts';
import { fusedUpdate, type Update } from '../base/update.ts';
import { signOf } from './common.ts';
import { nextStep } from './counts.ts';

/** Options of {@link Rprop}. */
export interface RpropOptions extends CapturableOptions {
  /** The first size of each step. Default: 1e-2. */
  lr?: Rate;
  /** By what a step shrinks where the gradient has turned, and grows where it has not. Default: [0.5, 1.2]. */
  etas?: readonly [number, number];
  /** The least and the greatest size of a step. Default: [1e-6, 50]. */
  stepSizes?: readonly [number, number];
  /** Ascend instead of descend. Default: false. */
  maximize?: boolean;
}

const defaults: Required<RpropOptions> = {
  lr: 1e-2,
  etas: [0.5, 1.2],
  stepSizes: [1e-6, 50],
  foreach: null,
  maximize: false,
  differentiable: false,
  capturable: false,
};
const isPair = (x: unknown): x is [number, number] =>
  Array.isArray(x) && x.length === 2 && x.every((n) => typeof n === 'number');
const kinds: K.Kinds<RpropOptions> = {
  lr: rate,
  etas: /* @__PURE__ */ K.kind(
    'a pair of numbers, 0 < etas[0] < 1 < etas[1]',
    (x) => isPair(x) && 0 < x[0] && x[0] < 1 && 1 < x[1] && x[1] < Number.POSITIVE_INFINITY,
  ),
  stepSizes: /* @__PURE__ */ K.kind(
    'a pair of numbers, 0 <= stepSizes[0] <= stepSizes[1]',
    (x) => isPair(x) && 0 <= x[0] && x[0] <= x[1],
  ),
  maximize: K.flag,
  ...capturableKinds,
};

/** What a step takes beside tensors: the factors, the bounds, and the sign. */
type Numbers<T> = [shrinks: T, grows: T, least: T, greatest: T, sign: T];

const update = /* @__PURE__ */ fusedUpdate(
  'rprop',
  ['prev', 'stepSize'],
  ['step'],
  (w, grad, state, [shrinks, grows, least, greatest, sign]: Numbers<E.Expr>) => {
    const g = E.mul(sign, grad);
    const along = E.mul(g, state.prev);
    const turned = E.lt(along, 0);
    const factor = E.select(turned, shrinks, E.select(E.gt(along, 0), grows, 1));
    const stepSize = E.min(E.max(E.mul(state.stepSize, factor), least), greatest);
    // Where the sign has turned the weight stays, and the next step begins as if there had been none.
    const prev = E.select(turned, 0, g);
    return { w: E.sub(w, E.mul(E.sign(prev), stepSize)), prev, stepSize };
  },
);

/**
 * Resilient propagation: each weight has a step size Δ of its own, of which only the sign of the gradient says where it
 * leads: w = w - sign(g) Δ. Δ grows by η⁺ where the gradient keeps its sign, and shrinks by η⁻ where it turns; there
 * the weight stays. Meant for whole batches. Follows `torch.optim.Rprop`; Riedmiller and Braun, "A direct adaptive
 * method for faster backpropagation learning: the RPROP algorithm", 1993.
 * @throws ValueError for a rate that is negative or not finite, for `etas` without 0 < η⁻ < 1 < η⁺, for bounds that are
 * no pair in order
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.Rprop([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([ 1.0000, -1.5000], requires_grad=True)
 * ```
 */
export class Rprop extends /* @__PURE__ */ optimizerClass<RpropOptions>(defaults, kinds) {
  protected override updateOf(): Update {
    return update;
  }

  protected override firstState(p: Tensor, name: string, { lr }: ParamGroup<Required<RpropOptions>>): Tensor {
    return name === 'stepSize' ? fullLike(p, lr) : zerosLike(p);
  }

  protected override numbers(group: ParamGroup<Required<RpropOptions>>, state: ParamState): Numbers<number> {
    nextStep(state);
    return [...group.etas, ...group.stepSizes, signOf(group)];
  }
}
