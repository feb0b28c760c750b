import { E, ElementwiseReduction, K, type Tensor } from '@kindling/core';
import { withDefaults } from '../../module/options.ts';
import { checkPositive, checkSameSize } from '../checks.ts';
import { elementwiseLoss } from '../elementwise-loss.ts';
import { lossClass } from '../loss-class.ts';
import type { LossOptions } from '../reduction.ts';
import { lossSignature } from '../reduction.ts';

/** Options of {@link wingLoss} and {@link WingLoss}. */
export interface WingLossOptions extends LossOptions {
  /** Where the logarithm becomes a line. Default: 10. */
  readonly omega?: number;
  /** How sharply the logarithm bends. Default: 2. */
  readonly epsilon?: number;
}

const wingDefaults = { omega: 10, epsilon: 2 };

const wing = /* @__PURE__ */ new ElementwiseReduction({
  name: 'wing_loss',
  arity: 2,
  expression(x, y, omega, epsilon, gap) {
    const d = E.abs(E.sub(x, y));
    return E.select(E.lt(d, omega), E.mul(omega, E.log1p(E.div(d, epsilon))), E.sub(d, gap));
  },
});

const wingLossTakes = /* @__PURE__ */ lossSignature<WingLossOptions>('wingLoss', () => ({
  omega: K.number,
  epsilon: K.number,
}));

/**
 * A logarithm for small residuals, whose gradient grows as they shrink, and the L1 loss for large ones: with
 * d = |x - y|,
 *
 *     omega log(1 + d / epsilon)  where d < omega,  else d - omega + omega log(1 + omega / epsilon)
 *
 * `input` x and `target` y have one shape, that of the unreduced loss. The gradient where x = y is 0.
 *
 * Feng, Kittler, Awais, Huber, Wu: Wing loss for robust facial landmark localisation with convolutional
 * neural networks, 2018, https://arxiv.org/abs/1711.06753.
 * @throws ValueError unless omega and epsilon are positive, or for an unknown reduction
 * @example F.wingLoss(tensor([1.5, 20]), tensor([2.5, 0])); // tensor(15.9861)
 */
export function wingLoss(input: Tensor, target: Tensor, options: WingLossOptions = {}): Tensor {
  wingLossTakes(arguments);
  const { omega = wingDefaults.omega, epsilon = wingDefaults.epsilon } = options;
  checkPositive('wingLoss', { omega, epsilon });
  checkSameSize('wingLoss', input, target);
  const gap = omega - omega * Math.log1p(omega / epsilon);
  return elementwiseLoss(wing, [input, target], 'wingLoss', options, [omega, epsilon, gap]);
}

/** A loss for the positions of landmarks: {@link wingLoss} as a module. Kindling's own, after the paper there. */
export class WingLoss extends /* @__PURE__ */ lossClass(wingLoss, wingDefaults) {}

/** Options of {@link adaptiveWingLoss} and {@link AdaptiveWingLoss}. */
export interface AdaptiveWingLossOptions extends WingLossOptions {
  /** Scales the loss. Default: 14. */
  readonly omega?: number;
  /** How sharply the logarithm bends. Default: 1. */
  readonly epsilon?: number;
  /** Where the logarithm becomes a line. Default: 0.5. */
  readonly theta?: number;
  /**
   * The power of small residuals is this less the target: above 2, so that it exceeds 1 for targets up to 1. Default:
   * 2.1.
   */
  readonly alpha?: number;
}

const adaptiveWingDefaults = { omega: 14, epsilon: 1, theta: 0.5, alpha: 2.1 };

const adaptiveWing = /* @__PURE__ */ new ElementwiseReduction({
  name: 'adaptive_wing_loss',
  arity: 2,
  expression(x, y, omega, epsilon, theta, alpha, logBend) {
    const d = E.abs(E.sub(x, y));
    const power = E.sub(alpha, y);
    const bend = E.exp(E.mul(power, logBend));
    // The line that goes on where the logarithm ends, with its slope.
    const steepness = E.exp(E.mul(E.sub(power, 1), logBend));
    const slope = E.div(E.mul(E.mul(omega, power), steepness), E.mul(E.add(1, bend), epsilon));
    const line = E.add(E.mul(slope, E.sub(d, theta)), E.mul(omega, E.log1p(bend)));
    return E.select(E.lt(d, theta), E.mul(omega, E.log1p(E.pow(E.div(d, epsilon), power))), line);
  },
});

const adaptiveWingLossTakes = /* @__PURE__ */ lossSignature<AdaptiveWingLossOptions>(
  'adaptiveWingLoss',
  () => ({ omega: K.number, epsilon: K.number, theta: K.number, alpha: K.number }),
);

/**
 * The wing loss for heatmaps: its curve adapts to the target, so that foreground (y near 1) is fitted
 * sharply, and background tolerantly. With d = |x - y|,
 *
 *     omega log(1 + (d / epsilon)^(alpha - y))  where d < theta,  else the line that continues it
 *
 * `input` x and `target` y, in [0, 1], have one shape, that of the unreduced loss.
 *
 * Wang, Bo, Fuxin: Adaptive wing loss for robust face alignment via heatmap regression, 2019,
 * https://arxiv.org/abs/1904.07399.
 * @throws ValueError unless omega, epsilon, theta and alpha are positive, or for an unknown reduction
 * @example F.adaptiveWingLoss(tensor([0.9, 0.3]), tensor([1, 0])); // tensor(1.0724)
 */
export function adaptiveWingLoss(
  input: Tensor,
  target: Tensor,
  options: AdaptiveWingLossOptions = {},
): Tensor {
  adaptiveWingLossTakes(arguments);
  const { omega, epsilon, theta, alpha } = withDefaults(adaptiveWingDefaults, options);
  checkPositive('adaptiveWingLoss', { omega, epsilon, theta, alpha });
  checkSameSize('adaptiveWingLoss', input, target);
  const params = [omega, epsilon, theta, alpha, Math.log(theta / epsilon)];
  return elementwiseLoss(adaptiveWing, [input, target], 'adaptiveWingLoss', options, params);
}

/** The wing loss for heatmaps: {@link adaptiveWingLoss} as a module. Kindling's own, after the paper there. */
export class AdaptiveWingLoss extends /* @__PURE__ */ lossClass(adaptiveWingLoss, adaptiveWingDefaults) {}
