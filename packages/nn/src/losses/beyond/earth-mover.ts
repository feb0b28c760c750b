import {
  composition,
  formatShape,
  isFloatingPoint,
  K,
  ShapeError,
  sameShape,
  softmax,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { classCount, oneHotTarget } from '../classes.ts';
import { lossClass } from '../loss-class.ts';
import { type LossOptions, lossParameters, reduced } from '../reduction.ts';

/** Options of {@link emdLoss} and {@link EMDLoss}. */
export interface EMDLossOptions extends LossOptions {
  /** The power of the differences, at least 1; 1 gives the earth mover's distance itself. Default: 2. */
  readonly power?: number;
}

const emdDefaults = { power: 2 };

/**
 * Squared earth mover's distance between the softmax of logits and a distribution over ordered classes (ages,
 * ratings, bins of a histogram): how far probability has to be moved, so that a near miss costs less than a
 * far one:
 *
 *     sum_{c < C} |CDF_p(c) - CDF_t(c)|^power,  p = softmax(x)
 *
 * `input` are logits (N, C) or (N, C, d1, ...); `target` is a distribution of the same shape (floating point,
 * sums to 1 over the classes), or the class itself (N) or (N, d1, ...). The unreduced loss has the shape of
 * the classes.
 *
 * Hou, Yu, Samaras: Squared earth mover's distance-based loss for training deep neural networks, 2016,
 * https://arxiv.org/abs/1611.05916; for label distributions, Talebi, Milanfar: NIMA, 2017,
 * https://arxiv.org/abs/1709.05424.
 * @throws ShapeError for shapes that do not fit, IndexError for a class that there is not, ValueError for a power below
 * 1 or an unknown reduction
 * @example
 * ```ts
 * // Two steps away.
 * F.emdLoss(tensor([[9.5, 0, 0]]), tensor([2])); // tensor(1.9996)
 * ```
 */
export const emdLoss = /* @__PURE__ */ composition(
  'emdLoss',
  () => lossParameters<EMDLossOptions>({ power: K.number }),
  (input: Tensor, target: Tensor, options: EMDLossOptions = {}): Tensor => {
    const { power = emdDefaults.power } = options;
    if (!(power >= 1)) throw new ValueError(`emdLoss: power must be at least 1, got ${power}`);
    if (input.ndim < 2) {
      throw new ShapeError(
        `emdLoss: expected logits (N, C) or (N, C, d1, ...), got shape ${formatShape(input.shape)}`,
      );
    }
    const p = softmax(input, 1);
    // At the last class both have summed up to 1: all that could stand there is rounding.
    const moved = p
      .sub(distribution(input, target))
      .cumsum(1)
      .narrow(1, 0, classCount(input) - 1);
    const cost = power === 1 ? moved.abs() : power === 2 ? moved.square() : moved.abs().pow(power);
    return reduced(cost.sum(1), options, 'emdLoss');
  },
);

function distribution(input: Tensor, target: Tensor): Tensor {
  if (sameShape(input.shape, target.shape) && isFloatingPoint(target.dtype)) return target;
  return oneHotTarget('emdLoss', input, target, null);
}

/** Earth mover's distance over ordered classes: {@link emdLoss} as a module. Kindling's own, after the paper there. */
export class EMDLoss extends /* @__PURE__ */ lossClass(emdLoss, emdDefaults) {}
