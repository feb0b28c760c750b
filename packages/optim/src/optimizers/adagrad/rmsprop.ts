import { E, K } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { type CapturableOptions, capturableKinds } from '../../base/implementation.ts';
import { nonNegative } from '../../base/kinds.ts';
import { optimizerClass } from '../../base/optimizer-class.ts';
import type { Rate } from '../../base/rate.ts';
import type { ParamState } from '../../base/state-dict.ts';
import { fusedUpdate, type Update, updatesByFeatures } from '../../base/update.ts';
import { averageSquare, forgets, fusedMultiplyAdd, penalised } from '../arithmetic.ts';
import { type CommonOptions, commonKinds, signOf } from '../common.ts';
import { nextStep } from '../counts.ts';

/** Options of {@link RMSprop}. */
export interface RMSpropOptions extends CommonOptions, CapturableOptions {
  /** Learning rate. Default: 1e-2. */
  lr?: Rate;
  /** Decay of the running average of squares. Default: 0.99. */
  alpha?: number;
  /** Added to the denominator. Default: 1e-8. */
  eps?: number;
  /** Momentum factor. Default: 0. */
  momentum?: number;
  /** Divide by the deviation of the gradient rather than by its size. Default: false. */
  centered?: boolean;
}

const defaults: Required<RMSpropOptions> = {
  lr: 1e-2,
  momentum: 0,
  alpha: 0.99,
  eps: 1e-8,
  centered: false,
  weightDecay: 0,
  capturable: false,
  foreach: null,
  maximize: false,
  differentiable: false,
};
const kinds: K.Kinds<RMSpropOptions> = {
  ...commonKinds,
  momentum: nonNegative,
  alpha: nonNegative,
  eps: nonNegative,
  centered: K.flag,
  ...capturableKinds,
};

/** What a step takes beside tensors: lr, α, 1 - α, ε, μ, the sign, the decay, and 1. */
type Numbers<T> = [lr: T, alpha: T, fresh: T, eps: T, mu: T, sign: T, decay: T, one: T];

type FMA = ReturnType<typeof fusedMultiplyAdd>;

const uncentred = (squareAvg: E.Expr) => ({ squareAvg, gradAvg: E.constant(0), variance: squareAvg });

/**
 * The averages of g and its square, and their variance: a small difference of large numbers, even below zero, of which
 * nothing is left but how each was rounded. So they are rounded as PyTorch's are.
 */
function moments(
  g: E.Expr,
  square: E.Expr,
  mean: E.Expr,
  { alpha, fresh, fma, nearsG }: { alpha: E.Expr; fresh: E.Expr; fma: FMA; nearsG: boolean },
): { squareAvg: E.Expr; gradAvg: E.Expr; variance: E.Expr } {
  const squareAvg = fma(E.mul(fresh, g), g, E.mul(square, alpha));
  const change = E.sub(g, mean);
  const gradAvg = nearsG ? fma(E.neg(E.sub(1, fresh)), change, g) : fma(fresh, change, mean);
  return { squareAvg, gradAvg, variance: fma(E.neg(gradAvg), gradAvg, squareAvg) };
}

const updates = updatesByFeatures((momentum: boolean, centered: boolean, decays: boolean, nearsG: boolean) =>
  fusedUpdate(
    'rmsprop',
    [
      'squareAvg',
      ...(momentum ? (['momentumBuffer'] as const) : []),
      ...(centered ? (['gradAvg'] as const) : []),
    ],
    ['step'],
    (w, grad, state, [lr, alpha, fresh, eps, mu, sign, decay, one]: Numbers<E.Expr>) => {
      const fma = fusedMultiplyAdd(one);
      const g =
        centered && decays
          ? fma(decay, w, E.mul(sign, grad))
          : penalised(w, grad, sign, decays ? decay : null);
      const { squareAvg, gradAvg, variance } = centered
        ? moments(g, state.squareAvg, state.gradAvg, { alpha, fresh, fma, nearsG })
        : uncentred(averageSquare(state.squareAvg, g, alpha, fresh));
      const denominator = E.add(E.sqrt(variance), eps);
      if (!momentum) return { w: E.sub(w, E.div(E.mul(lr, g), denominator)), squareAvg, gradAvg };
      const momentumBuffer = E.add(E.mul(state.momentumBuffer, mu), E.div(g, denominator));
      const next = centered ? fma(E.neg(lr), momentumBuffer, w) : E.sub(w, E.mul(lr, momentumBuffer));
      return { w: next, squareAvg, gradAvg, momentumBuffer };
    },
  ),
);

/**
 * RMSprop: v = α v + (1 - α) g², w = w - lr g / (√v + ε); centred, with m = α m + (1 - α) g, by √(v - m²) + ε; with
 * momentum, b = μ b + g / (√v + ε), w = w - lr b. Follows `torch.optim.RMSprop`; Hinton, lecture 6e of "Neural Networks
 * for Machine Learning", 2012; centred: Graves, "Generating Sequences With Recurrent Neural Networks", 2013.
 * @throws ValueError for options that are negative or not finite
 * @example
 * ```ts
 * const w = tensor([1.5, -2], { requiresGrad: true });
 * const optimizer = new optim.RMSprop([w], { lr: 0.05 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([ 1.0000, -1.5000], requires_grad=True)
 * ```
 */
export class RMSprop extends /* @__PURE__ */ optimizerClass<RMSpropOptions>(defaults, kinds) {
  protected override updateOf(group: ParamGroup<Required<RMSpropOptions>>): Update {
    const { momentum, centered, weightDecay, alpha } = group;
    return updates(momentum > 0, centered, weightDecay !== 0, centered && forgets(alpha));
  }

  protected override numbers(
    group: ParamGroup<Required<RMSpropOptions>>,
    state: ParamState,
  ): Numbers<number> {
    const { lr, alpha, eps, momentum, weightDecay } = group;
    nextStep(state);
    return [lr, alpha, 1 - alpha, eps, momentum, signOf(group), weightDecay, 1];
  }
}
