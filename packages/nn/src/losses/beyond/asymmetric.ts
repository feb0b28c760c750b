import { E, ElementwiseReduction, K, type Tensor, ValueError } from '@kindling/core';
import { withDefaults } from '../../module/options.ts';
import { requireSameSize } from '../checks.ts';
import { elementwiseLoss } from '../elementwise-loss.ts';
import { lossClass } from '../loss-class.ts';
import type { LossOptions } from '../reduction.ts';
import { lossSignature } from '../reduction.ts';
import { logistic, minusLogSigmoid, softplus } from './logistic.ts';

/** Options of {@link asymmetricLoss} and {@link AsymmetricLoss}. */
export interface AsymmetricLossOptions extends LossOptions {
  /** How much easy negatives are discounted. Default: 4. */
  readonly gammaNeg?: number;
  /** How much easy positives are discounted. Default: 1. */
  readonly gammaPos?: number;
  /** What is taken off the probability of negatives: those below it count for nothing. In [0, 1). Default: 0.05. */
  readonly clip?: number;
}

const asymmetricDefaults = { gammaNeg: 4, gammaPos: 1, clip: 0.05 };

const asymmetric = /* @__PURE__ */ new ElementwiseReduction({
  name: 'asymmetric_loss',
  arity: 2,
  expression(x, t, gammaNeg, gammaPos, clip) {
    const parts = logistic(x);
    const minusLogP = minusLogSigmoid(parts);
    const minusLogMiss = softplus(parts);
    const positive = E.mul(minusLogP, E.exp(E.neg(E.mul(gammaPos, minusLogMiss))));
    // With a clip the arguments of logarithm and power stay away from 0; without, only the logit's own forms do not
    // saturate.
    const plain = E.eq(clip, 0);
    const shifted = E.sub(E.sigmoid(x), clip);
    const cost = E.select(plain, minusLogMiss, E.neg(E.log(E.add(E.sigmoid(E.neg(x)), clip))));
    const discount = E.select(plain, E.exp(E.neg(E.mul(gammaNeg, minusLogP))), E.pow(shifted, gammaNeg));
    const negative = E.select(E.gt(shifted, 0), E.mul(discount, cost), 0);
    return E.add(E.mul(t, positive), E.mul(E.sub(1, t), negative));
  },
});

const asymmetricLossTakes = /* @__PURE__ */ lossSignature<AsymmetricLossOptions>('asymmetricLoss', () => ({
  gammaNeg: K.number,
  gammaPos: K.number,
  clip: K.number,
}));

/**
 * Asymmetric loss of multi-label classification, where most labels are negative: negatives are discounted
 * more than positives, and sure ones are dropped. With p = sigmoid(x) and p_m = max(p - clip, 0),
 *
 *     -t (1 - p)^gammaPos log p - (1 - t) p_m^gammaNeg log(1 - p_m)
 *
 * `input` (logits x) and `target` (t in [0, 1]) have one shape, that of the unreduced loss. Gradients flow
 * through the discounts. With both gammas and the clip 0 it is `binaryCrossEntropyWithLogits`.
 *
 * Ridnik, Ben-Baruch, Zamir, Noy, Friedman, Protter, Zelnik-Manor: Asymmetric loss for multi-label
 * classification, 2021, https://arxiv.org/abs/2009.14119.
 * @throws ShapeError if the shapes differ, ValueError for a negative gamma, a clip outside [0, 1) or an unknown
 *   reduction
 * @example F.asymmetricLoss(tensor([[2.5, -1]]), tensor([[1, 0]])); // tensor(0.0033)
 */
export function asymmetricLoss(input: Tensor, target: Tensor, options: AsymmetricLossOptions = {}): Tensor {
  asymmetricLossTakes(arguments);
  const { gammaNeg, gammaPos, clip } = withDefaults(asymmetricDefaults, options);
  if (!(gammaNeg >= 0 && gammaPos >= 0)) {
    throw new ValueError(
      `asymmetricLoss: gammas must not be negative, got gammaNeg ${gammaNeg}, gammaPos ${gammaPos}`,
    );
  }
  if (!(clip >= 0 && clip < 1)) throw new ValueError(`asymmetricLoss: clip must lie in [0, 1), got ${clip}`);
  requireSameSize('asymmetricLoss', input, target);
  return elementwiseLoss(asymmetric, [input, target], 'asymmetricLoss', options, [gammaNeg, gammaPos, clip]);
}

/**
 * Multi-label loss, easy negatives discounted: {@link asymmetricLoss} as a module. Kindling's own, after the paper
 * there.
 */
export class AsymmetricLoss extends /* @__PURE__ */ lossClass(asymmetricLoss, asymmetricDefaults) {}
