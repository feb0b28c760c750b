import {
  applyUnary,
  classShares,
  E,
  ElementwiseOp,
  ElementwiseReduction,
  fusedNll,
  isFloatingPoint,
  K,
  logSoftmax,
  sameShape,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { checkLogits, requireSameSize } from '../checks.ts';
import {
  alongClasses,
  classDim,
  requireClassTarget,
  requireClassWeight,
  requireFloating,
} from '../classes.ts';
import { elementwiseLoss } from '../elementwise-loss.ts';
import { lossClass } from '../loss-class.ts';
import { type LossOptions, lossSignature, reduced } from '../reduction.ts';
import { logistic } from './logistic.ts';

/** Options of {@link sigmoidFocalLoss} and {@link SigmoidFocalLoss}. */
export interface SigmoidFocalLossOptions extends LossOptions {
  /** The weight of positives, in [0, 1]; negatives have 1 - alpha. `null`: all have 1. Default: 0.25. */
  readonly alpha?: number | null;
  /** How much easy examples are discounted; 0 gives the binary cross-entropy. Default: 2. */
  readonly gamma?: number;
}

const sigmoidFocalDefaults = { alpha: 0.25, gamma: 2 };

/** Beyond this |x|, e^-|x| is nothing beside 1: the logarithm of a sum may be taken term by term. */
const farOut = 30;

const sigmoidFocal = /* @__PURE__ */ new ElementwiseReduction({
  name: 'sigmoid_focal_loss',
  arity: 2,
  expression(x, t, gamma, positive, negative) {
    const { up, size, decay, tail } = logistic(x);
    // The part of the target that lies on the side to which the logit points.
    const agreed = E.select(up, t, E.sub(1, t));
    const missed = E.sub(1, agreed);
    const entropy = E.add(E.mul(size, missed), tail);
    // log(1 - p_t): raising 1 - p_t itself to a power loses its gradient where it underflows.
    const sum = E.log(E.add(missed, E.mul(decay, agreed)));
    const sure = E.and(E.eq(missed, 0), E.gt(size, farOut));
    const logMiss = E.sub(E.select(sure, E.neg(size), sum), tail);
    const balance = E.add(E.mul(positive, t), E.mul(negative, E.sub(1, t)));
    return E.mul(E.mul(balance, entropy), E.exp(E.mul(gamma, logMiss)));
  },
});

function checkGamma(caller: string, gamma: number): void {
  if (!(gamma >= 0)) throw new ValueError(`${caller}: gamma must not be negative, got ${gamma}`);
}

const sigmoidFocalLossTakes = /* @__PURE__ */ lossSignature<SigmoidFocalLossOptions>(
  'sigmoidFocalLoss',
  () => ({ alpha: K.nullable(K.number), gamma: K.number }),
);

/**
 * Focal loss of logits, each an independent yes or no: binary cross-entropy, discounted by how sure the model
 * is already.
 *
 *     alpha_t (1 - p_t)^gamma (-log p_t),  p_t = p t + (1 - p) (1 - t),  p = sigmoid(x)
 *
 * `input` (logits x) and `target` (t in [0, 1]) have one shape, that of the unreduced loss. Follows
 * `torchvision.ops.sigmoid_focal_loss`, computed from the logit so that neither extreme gives NaN. With gamma
 * 0 and alpha `null` it is `binaryCrossEntropyWithLogits`.
 *
 * Lin, Goyal, Girshick, He, Dollar: Focal Loss for Dense Object Detection, 2017,
 * https://arxiv.org/abs/1708.02002.
 * @throws ShapeError if the shapes differ, ValueError for a negative gamma, an alpha outside [0, 1] or an unknown
 *   reduction
 * @example F.sigmoidFocalLoss(tensor([2.5, -1]), tensor([1, 0]), { gamma: 2 }); // tensor(0.0086)
 */
export function sigmoidFocalLoss(
  input: Tensor,
  target: Tensor,
  options: SigmoidFocalLossOptions = {},
): Tensor {
  sigmoidFocalLossTakes(arguments);
  const { alpha = sigmoidFocalDefaults.alpha, gamma = sigmoidFocalDefaults.gamma } = options;
  checkGamma('sigmoidFocalLoss', gamma);
  if (alpha !== null && !(alpha >= 0 && alpha <= 1)) {
    throw new ValueError(
      `sigmoidFocalLoss: alpha must lie in [0, 1], or be null for no balance, got ${alpha}`,
    );
  }
  requireSameSize('sigmoidFocalLoss', input, target);
  const params = [gamma, alpha ?? 1, alpha === null ? 1 : 1 - alpha];
  return elementwiseLoss(sigmoidFocal, [input, target], 'sigmoidFocalLoss', options, params);
}

/**
 * Focal loss of independent yeses and noes: {@link sigmoidFocalLoss} as a module. Kindling's own, after the paper
 * there.
 */
export class SigmoidFocalLoss extends /* @__PURE__ */ lossClass(
  sigmoidFocalLoss,
  sigmoidFocalDefaults,
  [],
  undefined,
  () => ({ alpha: K.nullable(K.number) }),
) {}

/** Options of {@link focalLoss} and {@link FocalLoss}. */
export interface FocalLossOptions extends LossOptions {
  /** A weight for each class, shape (C,): the paper's alpha. Default: 1 for each. */
  readonly weight?: Tensor | null;
  /** How much easy examples are discounted; 0 gives the cross-entropy. Default: 2. */
  readonly gamma?: number;
  /** Targets of this class count for nothing. Default: -100. */
  readonly ignoreIndex?: number;
}

const focalDefaults = { gamma: 2, ignoreIndex: -100 };

/** -(1 - p)^gamma log p, as a function of log p. */
const focalTerm = /* @__PURE__ */ new ElementwiseOp({
  name: 'focal_loss',
  arity: 1,
  expression: (logp, gamma) => E.neg(E.mul(logp, E.pow(E.neg(E.expm1(logp)), gamma))),
  gradient({ g }, logp, gamma) {
    const p = E.exp(logp);
    const miss = E.neg(E.expm1(logp));
    // p log(p) / (1 - p), whose limits are -1 at p = 1 and 0 at p = 0.
    const ratio = E.select(E.eq(miss, 0), -1, E.select(E.eq(p, 0), 0, E.div(E.mul(p, logp), miss)));
    return [E.mul(g, E.mul(E.pow(miss, gamma), E.sub(E.mul(gamma, ratio), 1)))];
  },
});

const focalLossTakes = /* @__PURE__ */ lossSignature<FocalLossOptions>('focalLoss', () => ({
  weight: K.nullable(K.tensor),
  gamma: K.number,
  ignoreIndex: K.integer,
}));

/**
 * Focal loss of the softmax of logits: cross-entropy, discounted by how sure the model is already.
 *
 *     w_t (1 - p_t)^gamma (-log p_t),  p = softmax(x)
 *
 * `input` are logits (N, C) or (N, C, d1, ...), or (C) for a single sample; `target` are class indices (N) or
 * (N, d1, ...), or probabilities of `input`'s shape. The unreduced loss has the shape of the class indices.
 * As in `crossEntropy`, which this is for gamma 0, a mean over class indices divides by the sum of the class
 * weights.
 *
 * Lin, Goyal, Girshick, He, Dollar: Focal Loss for Dense Object Detection, 2017,
 * https://arxiv.org/abs/1708.02002.
 * @throws ShapeError, DTypeError for targets that do not fit, IndexError for a class that there is not, ValueError for
 * a negative gamma or an unknown reduction
 * @example F.focalLoss(tensor([[2.5, 0, -1]]), tensor([0]), { gamma: 2 }); // tensor(0.0011)
 */
export function focalLoss(input: Tensor, target: Tensor, options: FocalLossOptions = {}): Tensor {
  focalLossTakes(arguments);
  const { weight = null, gamma = focalDefaults.gamma, ignoreIndex = focalDefaults.ignoreIndex } = options;
  const caller = 'focalLoss';
  checkGamma(caller, gamma);
  requireFloating(caller, input);
  const dim = classDim(input);
  const ofProbabilities = sameShape(input.shape, target.shape) && isFloatingPoint(target.dtype);
  if (!ofProbabilities) requireClassTarget(caller, input, target);
  requireClassWeight(caller, input, weight);
  checkLogits(caller, input, dim);

  const logp = logSoftmax(input, dim);
  if (ofProbabilities) {
    const terms = applyUnary(focalTerm, logp, [gamma]).mul(target);
    const weighted = weight === null ? terms : terms.mul(alongClasses(weight, input));
    return reduced(weighted.sum(dim), options, 'focalLoss');
  }
  // An ignored target has log-probability 0 here, and so no loss.
  const own = fusedNll(logp, target, null, { dim, ignoreIndex, reduction: 'none', caller }).neg();
  const denominator = classShares(target, weight, ignoreIndex, own.dtype);
  return reduced(
    applyUnary(focalTerm, own, [gamma]).mul(denominator),
    { ...options, denominator },
    'focalLoss',
  );
}

/** {@link focalLoss} as a module, whose `weight` is a buffer. Kindling's own, after the paper there. */
export class FocalLoss extends /* @__PURE__ */ lossClass(focalLoss, focalDefaults, ['weight']) {}
