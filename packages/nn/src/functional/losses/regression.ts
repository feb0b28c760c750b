import {
  E,
  ElementwiseReduction,
  formatShape,
  ShapeError,
  sameShape,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { checkSameSize } from '../../losses/checks.ts';
import { checkReduction, elementwiseLoss, type LossOptions, reduceLoss } from './reduction.ts';

/** Options of {@link mseLoss} and {@link l1Loss}. */
export interface WeightedLossOptions extends LossOptions {
  /** A weight for each element, of the input's shape; the mean divides by their sum. */
  readonly weight?: Tensor | null;
}

/** Options of {@link smoothL1Loss}. */
export interface SmoothL1LossOptions extends LossOptions {
  /** Where the square becomes a line; 0 gives the L1 loss. Default: 1. */
  readonly beta?: number;
}

/** Options of {@link huberLoss}. */
export interface HuberLossOptions extends LossOptions {
  /** Where the square becomes a line; greater than 0. Default: 1. */
  readonly delta?: number;
  /** A weight for each element, of the input's shape; the mean divides by the number of elements all the same. */
  readonly weight?: Tensor | null;
}

const l1 = new ElementwiseReduction({
  name: 'l1_loss',
  arity: 2,
  expression: (x, y) => E.abs(E.sub(x, y)),
});

const mse = new ElementwiseReduction({
  name: 'mse_loss',
  arity: 2,
  expression: (x, y) => E.square(E.sub(x, y)),
});

const smoothL1 = new ElementwiseReduction({
  name: 'smooth_l1_loss',
  arity: 2,
  expression(x, y, beta) {
    const d = E.sub(x, y);
    const z = E.abs(d);
    return E.select(E.lt(z, beta), E.div(E.mul(E.mul(0.5, d), d), beta), E.sub(z, E.mul(0.5, beta)));
  },
});

const huber = new ElementwiseReduction({
  name: 'huber_loss',
  arity: 2,
  expression(x, y, delta) {
    const d = E.sub(x, y);
    const z = E.abs(d);
    const line = E.mul(delta, E.sub(z, E.mul(0.5, delta)));
    return E.select(E.le(z, delta), E.mul(E.mul(0.5, d), d), line);
  },
});

/** A loss of input and target with a weight for each element. */
function weighted(
  op: ElementwiseReduction,
  input: Tensor,
  target: Tensor,
  caller: string,
  options: WeightedLossOptions,
  params: readonly number[],
  sharesCount: boolean,
): Tensor {
  checkSameSize(caller, input, target);
  const { weight = null } = options;
  if (weight === null) return elementwiseLoss(op, [input, target], caller, options, params);
  checkReduction(caller, options.reduction ?? 'mean');
  if (!sameShape(weight.shape, input.shape)) {
    throw new ShapeError(
      `${caller}: Weights and input must have the same size, got ${formatShape(weight.shape)} and ${formatShape(input.shape)}`,
    );
  }
  const loss = op.apply([input, target], 'none', params).mul(weight);
  return reduceLoss(loss, { ...options, ...(sharesCount ? { denominator: weight } : {}) });
}

/**
 * |x - y|, elementwise. `input` x and `target` y have one shape (others broadcast, with a warning), which is that of the
 * unreduced loss. The gradient where x = y is 0. Follows `torch.nn.functional.l1_loss`.
 *
 * @example F.l1Loss(tensor([0.5, 2]), tensor([0, 4])); // 1.25
 */
export const l1Loss = (input: Tensor, target: Tensor, options: WeightedLossOptions = {}): Tensor =>
  weighted(l1, input, target, 'l1Loss', options, [], true);

/**
 * (x - y)^2, elementwise. `input` x and `target` y have one shape (others broadcast, with a warning), which is that of the
 * unreduced loss. Follows `torch.nn.functional.mse_loss`.
 *
 * @example F.mseLoss(tensor([0.5, 2]), tensor([0, 4])); // 2.125
 */
export const mseLoss = (input: Tensor, target: Tensor, options: WeightedLossOptions = {}): Tensor =>
  weighted(mse, input, target, 'mseLoss', options, [], true);

/**
 * (x - y)^2 / (2 beta) where |x - y| < beta, else |x - y| - beta / 2. Shapes as for {@link mseLoss}.
 * Follows `torch.nn.functional.smooth_l1_loss`.
 *
 * @throws ValueError for a negative beta
 * @example F.smoothL1Loss(tensor([0.5, 3]), tensor([0, 0])); // (0.125 + 2.5) / 2
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  const { beta = 1 } = options;
  if (!(beta >= 0)) {
    throw new ValueError(`smoothL1Loss does not support negative values for beta, got ${beta}`);
  }
  checkSameSize('smoothL1Loss', input, target);
  return beta === 0
    ? elementwiseLoss(l1, [input, target], 'smoothL1Loss', options)
    : elementwiseLoss(smoothL1, [input, target], 'smoothL1Loss', options, [beta]);
}

/**
 * (x - y)^2 / 2 where |x - y| <= delta, else delta (|x - y| - delta / 2). Shapes as for {@link mseLoss}.
 * Follows `torch.nn.functional.huber_loss`.
 *
 * @throws ValueError unless delta is positive
 * @example F.huberLoss(tensor([0.5, 3]), tensor([0, 0]), { delta: 2 }); // (0.125 + 4) / 2
 */
export function huberLoss(input: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  const { delta = 1 } = options;
  if (!(delta > 0))
    throw new ValueError(`huberLoss does not support non-positive values for delta, got ${delta}`);
  return weighted(huber, input, target, 'huberLoss', options, [delta], false);
}
