import { E, FusedUpdate, K, linalg, type Tensor } from '@kindling/core';
import type { ParamGroup } from '../base/groups.ts';
import { nonNegative } from '../base/kinds.ts';
import { optimizerClass } from '../base/optimizer-class.ts';
import { type Rate, rate } from '../base/rate.ts';
import type { ParamState } from '../base/state-dict.ts';
import { type Update, updatesByFeatures } from '../base/update.ts';
import * as moments from './adam/moments.ts';
import { forgets } from './arithmetic.ts';
import { signOf } from './common.ts';
import { nextStep } from './counts.ts';

/** Options of {@link Lamb}. */
export interface LambOptions extends moments.MomentOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: Rate;
  /** Added to the denominator. Default: 1e-6. */
  eps?: number;
  /** Decoupled weight decay, within the direction that is scaled. Default: 0.01. */
  weightDecay?: number;
  /** Ascend instead of descend. Default: false. */
  maximize?: boolean;
}

const defaults: Required<LambOptions> = {
  lr: 1e-3,
  ...moments.defaults,
  eps: 1e-6,
  weightDecay: 0.01,
  maximize: false,
};
const kinds: K.Kinds<LambOptions> = {
  lr: rate,
  ...moments.kinds,
  weightDecay: nonNegative,
  maximize: K.flag,
};

/**
 * What a step takes beside tensors: 1 - β₁, β₂, 1 - β₂, √(1 - β₂ᵗ) / (1 - β₁ᵗ), ε √(1 - β₂ᵗ), the sign, the decay, lr.
 * As the corrections stand in the factor there is one division an element, which would else take longer than memory
 * does.
 */
type Numbers<T> = [...moments.MomentNumbers<T>, correction: T, eps: T, sign: T, decay: T, lr: T];

/** The moments, and the direction before it is scaled. */
const directing = (nearsG: boolean): FusedUpdate =>
  new FusedUpdate('lamb_direction', 3, 2, (m, v, _direction, w, grad, ...numbers) => {
    const [fresh1, beta2, fresh2, correction, eps, sign, decay] = numbers as Numbers<E.Expr>;
    const g = E.mul(sign, grad);
    const { expAvg, expAvgSq } = moments.moved(
      { expAvg: m, expAvgSq: v },
      g,
      [fresh1, beta2, fresh2],
      nearsG,
    );
    const ratio = E.div(E.mul(expAvg, correction), E.add(E.sqrt(expAvgSq), eps));
    return [expAvg, expAvgSq, E.add(ratio, E.mul(decay, w))];
  });

const descending = new FusedUpdate('lamb', 1, 3, (w, direction, ofWeights, ofDirection, ...numbers) => {
  const [, , , , , , , lr] = numbers as Numbers<E.Expr>;
  const isKnown = E.and(E.gt(ofWeights, 0), E.gt(ofDirection, 0));
  const trust = E.select(isKnown, E.div(ofWeights, ofDirection), 1);
  return [E.sub(w, E.mul(E.mul(lr, trust), direction))];
});

const updates = updatesByFeatures((nearsG: boolean): Update => {
  const towards = directing(nearsG);
  return {
    state: ['expAvg', 'expAvgSq'],
    counts: ['step'],
    kernel: {
      run(tensors, numbers, spare) {
        const [p, m, v, grad] = tensors as [Tensor, Tensor, Tensor, Tensor];
        const direction = spare(m);
        towards.run([m, v, direction, p, grad], numbers);
        descending.run([p, direction, linalg.vectorNorm(p), linalg.vectorNorm(direction)], numbers);
      },
    },
  };
});

/**
 * Adam with a rate for each layer, for large batches: r = m̂ / (√v̂ + ε) + λ w with Adam's m̂ and v̂, and w = w - lr
 * ‖w‖ / ‖r‖ r, where the trust ratio ‖w‖ / ‖r‖ is 1 if either is 0. Kindling's own; You, Li, Reddi et al., "Large Batch
 * Optimization for Deep Learning: Training BERT in 76 minutes", 2019, with φ(z) = z.
 * @throws ValueError for options that are negative or not finite, or betas that are no pair in [0, 1)
 * @example
 * ```ts
 * const w = tensor([3, -4], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.Lamb([w], { lr: 0.1, weightDecay: 0 });
 * w.square().sum().backward();
 * optimizer.step();
 * w; // tensor([ 2.6464, -3.6464], requires_grad=True)
 * ```
 */
export class Lamb extends /* @__PURE__ */ optimizerClass<LambOptions>(defaults, kinds) {
  protected override updateOf({ betas }: ParamGroup<Required<LambOptions>>): Update {
    return updates(forgets(betas[0]));
  }

  protected override numbers(group: ParamGroup<Required<LambOptions>>, state: ParamState): Numbers<number> {
    const { lr, betas, eps, weightDecay } = group;
    const [correction1, correction2] = moments.correctionsOf(betas, nextStep(state));
    const root2 = Math.sqrt(correction2);
    return [...moments.numbersOf(betas), root2 / correction1, eps * root2, signOf(group), weightDecay, lr];
  }
}
