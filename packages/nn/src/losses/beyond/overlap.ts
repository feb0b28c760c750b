import {
  composition,
  formatShape,
  K,
  ShapeError,
  sameShape,
  sigmoid,
  softmax,
  type Tensor,
} from '@kindling/core';
import { withDefaults } from '../../module/options.ts';
import { checkPositive } from '../checks.ts';
import { oneHotTarget } from '../classes.ts';
import { lossClass } from '../loss-class.ts';
import { type LossOptions, lossParameters, reduced } from '../reduction.ts';

/** What the losses that measure the overlap of regions have in common. */
export interface OverlapLossOptions extends LossOptions {
  /** Added to both sides of the quotient: an empty region that is predicted empty counts as right. Default: 1. */
  readonly smooth?: number;
  /**
   * What makes probabilities of the input: `'sigmoid'` for masks that may overlap, `'softmax'` over the
   * channels for classes that exclude each other, `'none'` for an input that is probabilities. Default, `null`: by
   * the target, `'softmax'` for class indices and `'sigmoid'` for masks.
   */
  readonly activation?: 'sigmoid' | 'softmax' | 'none' | null;
  /** Class indices equal to it are left out of the regions. Default: none. */
  readonly ignoreIndex?: number | null;
  /** Whether the regions of all items of the batch are one: the unreduced loss is (C) then. Default: false. */
  readonly batch?: boolean;
}

/** Options of {@link diceLoss} and {@link DiceLoss}. */
export interface DiceLossOptions extends OverlapLossOptions {
  /** Sums the squares of probabilities and targets below the line, as the paper does. Default: false. */
  readonly squared?: boolean;
}

/** Options of {@link tverskyLoss} and {@link TverskyLoss}. */
export interface TverskyLossOptions extends OverlapLossOptions {
  /** What false positives cost. Default: 0.3. */
  readonly alpha?: number;
  /** What false negatives cost. Default: 0.7. */
  readonly beta?: number;
}

/** Options of {@link focalTverskyLoss} and {@link FocalTverskyLoss}. */
export interface FocalTverskyLossOptions extends TverskyLossOptions {
  /** The loss is raised to 1 / gamma: above 1 the regions that are hard to find count more. Default: 4/3. */
  readonly gamma?: number;
}

const overlapDefaults = { smooth: 1, activation: null, ignoreIndex: null, batch: false };
/** What they take in common. */
const overlapKinds = () => ({
  smooth: K.number,
  activation: K.nullable(K.oneOf('sigmoid', 'softmax', 'none')),
  ignoreIndex: K.nullable(K.integer),
  batch: K.flag,
});
const diceDefaults = { ...overlapDefaults, squared: false };
const tverskyDefaults = { ...overlapDefaults, alpha: 0.3, beta: 0.7 };
const focalTverskyDefaults = { ...tverskyDefaults, gamma: 4 / 3 };

interface Regions {
  readonly p: Tensor;
  readonly t: Tensor;
  /** The sum over each region: over the pixels, and the items if they are one. */
  total(x: Tensor): Tensor;
}

/** Probabilities and targets as (N, C, ...), and how to sum them. */
function regionsOf(caller: string, input: Tensor, target: Tensor, options: OverlapLossOptions): Regions {
  const { batch = overlapDefaults.batch, ignoreIndex = overlapDefaults.ignoreIndex } = options;
  if (input.ndim < 2) {
    throw new ShapeError(
      `${caller}: expected an input (N, C, d1, ...), got shape ${formatShape(input.shape)}`,
    );
  }
  const isMask = sameShape(input.shape, target.shape);
  const p = probabilities(input, options.activation ?? (isMask ? 'sigmoid' : 'softmax'));
  const dims = input.shape.map((_, d) => d).filter((d) => d > 1 || (d === 0 && batch));
  const total = (x: Tensor): Tensor => (dims.length === 0 ? x : x.sum(dims));
  if (isMask) return { p, t: target.to(input.dtype), total };
  if (target.ndim !== input.ndim - 1) {
    throw new ShapeError(
      `${caller}: expected a mask of the input's shape ${formatShape(input.shape)}, or class indices of shape ` +
        `${formatShape(input.shape.filter((_, d) => d !== 1))}, got ${formatShape(target.shape)}`,
    );
  }
  const t = oneHotTarget(caller, input, target, ignoreIndex);
  if (ignoreIndex === null) return { p, t, total };
  const mask = target.ne(ignoreIndex).unsqueeze(1).to(input.dtype);
  return { p, t, total: (x) => total(x.mul(mask)) };
}

function probabilities(input: Tensor, activation: 'sigmoid' | 'softmax' | 'none'): Tensor {
  if (activation === 'none') return input;
  return activation === 'sigmoid' ? sigmoid(input) : softmax(input, 1);
}

/** 1 - T P / (T P + alpha F P + beta F N), written so that a perfect overlap loses no digits. */
function tversky(
  caller: string,
  input: Tensor,
  target: Tensor,
  options: OverlapLossOptions,
  alpha: number,
  beta: number,
): Tensor {
  const { smooth = overlapDefaults.smooth } = options;
  const { p, t, total } = regionsOf(caller, input, target, options);
  const right = total(p.mul(t)).add(smooth);
  const extra = total(p.mul(t.rsub(1))).mul(alpha);
  const missed = total(p.rsub(1).mul(t)).mul(beta);
  const wrong = extra.add(missed);
  return wrong.div(right.add(wrong));
}

/**
 * One minus the soft Dice coefficient of each region:
 *
 *     1 - (2 sum(p t) + smooth) / (sum(p) + sum(t) + smooth)
 *
 * `input` are logits (N, C, d1, ...); `target` is a mask of the same shape with values in [0, 1], or class
 * indices (N, d1, ...). p is the sigmoid of the logits for masks and their softmax over the channels for
 * class indices. The sums run over the pixels; the unreduced loss is (N, C), or (C) with `batch`.
 *
 * Milletari, Navab, Ahmadi: V-Net, 2016, https://arxiv.org/abs/1606.04797 (with `squared: true`).
 * @throws ShapeError for shapes that do not fit, IndexError for a class that there is not, ValueError for an unknown
 * activation or reduction
 * @example F.diceLoss(tensor([[[4.5, -4, 4]]]), tensor([[[1, 0, 1]]])); // tensor(0.0094)
 */
export const diceLoss = /* @__PURE__ */ composition(
  'diceLoss',
  () => lossParameters<DiceLossOptions>({ ...overlapKinds(), squared: K.flag }),
  (input: Tensor, target: Tensor, options: DiceLossOptions = {}): Tensor => {
    const { smooth = diceDefaults.smooth, squared = diceDefaults.squared } = options;
    // Halving above and below the line turns Dice into Tversky.
    if (!squared) {
      const halved = { ...options, smooth: smooth / 2 };
      return reduced(tversky('diceLoss', input, target, halved, 0.5, 0.5), options, 'diceLoss');
    }
    const { p, t, total } = regionsOf('diceLoss', input, target, options);
    const sizes = total(p.square()).add(total(t.square()));
    // The squared difference is what the two sizes have more than twice the overlap.
    return reduced(total(p.sub(t).square()).div(sizes.add(smooth)), options, 'diceLoss');
  },
);

/**
 * One minus the soft Dice coefficient of each region: {@link diceLoss} as a module. Kindling's own, after the paper
 * there.
 */
export class DiceLoss extends /* @__PURE__ */ lossClass(diceLoss, diceDefaults) {}

/**
 * One minus the Tversky index of each region, which weighs false positives and false negatives apart:
 *
 *     1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth),  TP = sum(p t), FP = sum(p (1 - t)), FN = sum((1 - p) t)
 *
 * Shapes as for {@link diceLoss}. alpha = beta = 1/2 is the Dice loss with twice the `smooth`, alpha = beta =
 * 1 the Jaccard loss.
 *
 * Salehi, Erdogmus, Gholipour: Tversky loss function for image segmentation using 3D fully convolutional deep
 * networks, 2017, https://arxiv.org/abs/1706.05721.
 * @throws ShapeError for shapes that do not fit, IndexError for a class that there is not, ValueError for an unknown
 * activation or reduction
 * @example F.tverskyLoss(tensor([[[4.5, -4, 4]]]), tensor([[[1, 0, 1]]])); // tensor(0.0086)
 */
export const tverskyLoss = /* @__PURE__ */ composition(
  'tverskyLoss',
  () => lossParameters<TverskyLossOptions>({ ...overlapKinds(), alpha: K.number, beta: K.number }),
  (input: Tensor, target: Tensor, options: TverskyLossOptions = {}): Tensor => {
    const { alpha = tverskyDefaults.alpha, beta = tverskyDefaults.beta } = options;
    return reduced(tversky('tverskyLoss', input, target, options, alpha, beta), options, 'tverskyLoss');
  },
);

/**
 * One minus the Tversky index of each region: {@link tverskyLoss} as a module. Kindling's own, after the paper there.
 */
export class TverskyLoss extends /* @__PURE__ */ lossClass(tverskyLoss, tverskyDefaults) {}

/** The least loss that is raised to a power: below it, the power's slope would grow without bound. */
const nearlyPerfect = 1e-12;

/**
 * The Tversky loss of each region to the power 1 / gamma: (1 - TI)^(1 / gamma). Shapes as for
 * {@link diceLoss}.
 *
 * Abraham, Khan: A novel focal Tversky loss function with improved attention U-Net for lesion segmentation,
 * 2018, https://arxiv.org/abs/1810.07842. For gamma above 1 the slope grows without bound toward a perfect
 * overlap; below a Tversky loss of 1e-12 it is 0.
 * @throws ShapeError for shapes that do not fit, IndexError for a class that there is not, ValueError unless gamma is
 * positive, or for an unknown activation or reduction
 * @example F.focalTverskyLoss(tensor([[[4.5, -4, 4]]]), tensor([[[1, 0, 1]]])); // tensor(0.0282)
 */
export const focalTverskyLoss = /* @__PURE__ */ composition(
  'focalTverskyLoss',
  () =>
    lossParameters<FocalTverskyLossOptions>({
      ...overlapKinds(),
      gamma: K.number,
      alpha: K.number,
      beta: K.number,
    }),
  (input: Tensor, target: Tensor, options: FocalTverskyLossOptions = {}): Tensor => {
    const { alpha, beta, gamma } = withDefaults(focalTverskyDefaults, options);
    checkPositive('focalTverskyLoss', { gamma });
    const loss = tversky('focalTverskyLoss', input, target, options, alpha, beta);
    return reduced(loss.clampMin(nearlyPerfect).pow(1 / gamma), options, 'focalTverskyLoss');
  },
);

/**
 * The Tversky loss to the power 1 / `gamma`: {@link focalTverskyLoss} as a module. Kindling's own, after the paper
 * there.
 */
export class FocalTverskyLoss extends /* @__PURE__ */ lossClass(focalTverskyLoss, focalTverskyDefaults) {}

/**
 * One minus the soft intersection over union (Jaccard index) of each region:
 *
 *     1 - (sum(p t) + smooth) / (sum(p) + sum(t) - sum(p t) + smooth)
 *
 * Shapes as for {@link diceLoss}.
 *
 * Rahman, Wang: Optimizing intersection-over-union in deep neural networks for image segmentation, 2016,
 * https://doi.org/10.1007/978-3-319-50835-1_22.
 * @throws ShapeError for shapes that do not fit, IndexError for a class that there is not, ValueError for an unknown
 * activation or reduction
 * @example F.jaccardLoss(tensor([[[4.5, -4, 4]]]), tensor([[[1, 0, 1]]])); // tensor(0.0156)
 */
export const jaccardLoss = /* @__PURE__ */ composition(
  'jaccardLoss',
  () => lossParameters<OverlapLossOptions>(overlapKinds()),
  (input: Tensor, target: Tensor, options: OverlapLossOptions = {}): Tensor =>
    reduced(tversky('jaccardLoss', input, target, options, 1, 1), options, 'jaccardLoss'),
);

/** One minus the intersection over union: {@link jaccardLoss} as a module. Kindling's own, after the paper there. */
export class JaccardLoss extends /* @__PURE__ */ lossClass(jaccardLoss, overlapDefaults) {}
