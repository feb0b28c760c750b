import {
  checkArguments,
  E,
  ElementwiseReduction,
  formatShape,
  K,
  ShapeError,
  sameShape,
  signature,
  type Tensor,
  tensor,
  ValueError,
} from '@kindling/core';
import { checkPositive, checkSameSize } from '../checks.ts';
import { elementwiseLoss, plainLoss } from '../elementwise-loss.ts';
import { Loss, type LossModuleOptions } from '../loss.ts';
import { lossClass } from '../loss-class.ts';
import type { LossOptions, SampleWeightOptions } from '../reduction.ts';
import { lossKinds, lossSignature } from '../reduction.ts';

const logCosh = /* @__PURE__ */ new ElementwiseReduction({
  name: 'log_cosh_loss',
  arity: 2,
  expression(x, y) {
    const d = E.sub(x, y);
    const size = E.abs(d);
    // cosh d = 1 + 2 sinh^2(d / 2) keeps the digits of small residuals, the exponential form keeps large ones finite.
    const near = E.log1p(E.mul(2, E.square(E.sinh(E.mul(0.5, d)))));
    const far = E.sub(E.add(size, E.log1p(E.exp(E.mul(-2, size)))), Math.LN2);
    return E.select(E.lt(size, 1), near, far);
  },
  gradient({ g }, x, y) {
    const slope = E.mul(g, E.tanh(E.sub(x, y)));
    return [slope, E.neg(slope)];
  },
});

/**
 * log(cosh(x - y)), elementwise: half the square of small residuals, the size of large ones less log 2,
 * smooth between. `input` x and `target` y have one shape, that of the unreduced loss.
 *
 * Saleh, Saleh: Statistical properties of the log-cosh loss function used in machine learning, 2022,
 * https://arxiv.org/abs/2208.04564.
 * @throws ValueError for an unknown reduction
 * @example F.logCoshLoss(tensor([1.5, 2]), tensor([1, 5])); // tensor(1.2147)
 */
export const logCoshLoss = /* @__PURE__ */ plainLoss('logCoshLoss', logCosh);

/** log(cosh(x - y)), smooth everywhere: {@link logCoshLoss} as a module. Kindling's own, after the paper there. */
export class LogCoshLoss extends /* @__PURE__ */ lossClass(logCoshLoss) {}

/** Options of {@link charbonnierLoss} and {@link CharbonnierLoss}. */
export interface CharbonnierLossOptions extends LossOptions {
  /** The residual below which the loss is round. Default: 1e-3. */
  readonly epsilon?: number;
}

const charbonnierDefaults = { epsilon: 1e-3 };

const charbonnier = /* @__PURE__ */ new ElementwiseReduction({
  name: 'charbonnier_loss',
  arity: 2,
  expression(x, y, epsilon) {
    const d = E.sub(x, y);
    const size = E.abs(d);
    const root = E.sqrt(E.add(E.square(d), E.square(epsilon)));
    // Where epsilon is lost in the sum anyway, the square need not overflow.
    return E.select(E.gt(size, E.mul(epsilon, 1e8)), size, root);
  },
});

const charbonnierLossTakes = /* @__PURE__ */ lossSignature<CharbonnierLossOptions>('charbonnierLoss', () => ({
  epsilon: K.number,
}));

/**
 * sqrt((x - y)^2 + epsilon^2), elementwise: the L1 loss, made smooth at 0. `input` x and `target` y have one
 * shape, that of the unreduced loss.
 *
 * Charbonnier, Blanc-Feraud, Aubert, Barlaud: Two deterministic half-quadratic regularization algorithms for
 * computed imaging, 1994, https://doi.org/10.1109/ICIP.1994.413553.
 * @throws ValueError unless epsilon is positive, or for an unknown reduction
 * @example F.charbonnierLoss(tensor([1.5, 2]), tensor([1, 5])); // tensor(1.7500)
 */
export function charbonnierLoss(input: Tensor, target: Tensor, options: CharbonnierLossOptions = {}): Tensor {
  charbonnierLossTakes(arguments);
  const { epsilon = charbonnierDefaults.epsilon } = options;
  checkPositive('charbonnierLoss', { epsilon });
  checkSameSize('charbonnierLoss', input, target);
  return elementwiseLoss(charbonnier, [input, target], 'charbonnierLoss', options, [epsilon]);
}

/**
 * sqrt((x - y)^2 + epsilon^2), a smooth L1 loss: {@link charbonnierLoss} as a module. Kindling's own, after the paper
 * there.
 */
export class CharbonnierLoss extends /* @__PURE__ */ lossClass(charbonnierLoss, charbonnierDefaults) {}

const pinball = /* @__PURE__ */ new ElementwiseReduction({
  name: 'quantile_loss',
  arity: 3,
  expression(x, y, q) {
    const above = E.sub(y, x);
    return E.max(E.mul(q, above), E.mul(E.sub(q, 1), above));
  },
  gradient({ g }, x, y, q) {
    const above = E.sub(y, x);
    const slope = E.select(E.gt(above, 0), q, E.select(E.lt(above, 0), E.sub(q, 1), 0));
    return [E.neg(E.mul(g, slope)), E.mul(g, slope), null];
  },
});

/** Refuses what is no quantile. */
function checkQuantiles(caller: string, quantiles: number | readonly number[]): void {
  const list = typeof quantiles === 'number' ? [quantiles] : quantiles;
  if (list.length > 0 && list.every((q) => q > 0 && q < 1)) return;
  throw new ValueError(
    `${caller}: expected quantiles between 0 and 1 (exclusive), got ${JSON.stringify(quantiles)}`,
  );
}

const quantileLossTakes = /* @__PURE__ */ signature('quantileLoss', () => ({
  input: K.tensor,
  target: K.tensor,
  quantiles: K.either(K.number, K.listOf(K.number)),
  options: K.options<LossOptions>(lossKinds),
}));

/**
 * The pinball loss, whose minimum is a quantile of the target: with e = y - x,
 *
 *     max(q e, (q - 1) e)
 *
 * `quantiles` is one number q, and then `input` x and `target` y have one shape; or a list of Q numbers, and
 * then the input has one dimension more, (..., Q), of a prediction for each. The unreduced loss has the shape
 * of the input. The gradient where x = y is 0.
 *
 * Koenker, Bassett: Regression quantiles, 1978, https://doi.org/10.2307/1913643.
 * @throws ValueError for a quantile outside (0, 1) or an unknown reduction, ShapeError for an input without a dimension
 * for the quantiles
 * @example F.quantileLoss(tensor([1.5, 2]), tensor([3, 1]), 0.9); // tensor(0.7250)
 */
export function quantileLoss(
  input: Tensor,
  target: Tensor,
  quantiles: number | readonly number[],
  options: LossOptions = {},
): Tensor {
  quantileLossTakes(arguments);
  checkQuantiles('quantileLoss', quantiles);
  const q = tensor(typeof quantiles === 'number' ? quantiles : [...quantiles], { dtype: input.dtype });
  if (typeof quantiles === 'number') {
    checkSameSize('quantileLoss', input, target);
    return elementwiseLoss(pinball, [input, target, q], 'quantileLoss', options);
  }
  const expected = [...target.shape, quantiles.length];
  if (!sameShape(input.shape, expected)) {
    throw new ShapeError(
      `quantileLoss: expected an input of shape ${formatShape(expected)}, that of the target and one for the ` +
        `${quantiles.length} quantiles, got ${formatShape(input.shape)}`,
    );
  }
  return elementwiseLoss(pinball, [input, target.unsqueeze(-1), q], 'quantileLoss', options);
}

/**
 * The pinball loss, whose minimum is a quantile of the target, or several: {@link quantileLoss} as a module. Kindling's
 * own, after the paper there.
 * @throws ValueError for a quantile outside (0, 1) or an unknown reduction
 * @example new nn.QuantileLoss(0.9)(tensor([1.5, 2]), tensor([3, 1])); // tensor(0.7250)
 */
export class QuantileLoss extends Loss<[input: Tensor, target: Tensor]> {
  /** One quantile, or a list of them, one for each prediction along the last dimension of the input. */
  quantiles: number | readonly number[];

  constructor(quantiles: number | readonly number[], options: LossModuleOptions = {}) {
    checkArguments(
      new.target.name,
      {
        quantiles: K.either(K.number, K.listOf(K.number)),
        options: K.options<LossModuleOptions>({ reduction: K.text }),
      },
      arguments,
    );
    super(options);
    checkQuantiles('QuantileLoss', quantiles);
    this.quantiles = quantiles;
  }

  override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions): Tensor {
    return quantileLoss(input, target, this.quantiles, this.bound({}, options));
  }
}
