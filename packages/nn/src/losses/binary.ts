import { E, ElementwiseReduction, formatShape, K, ShapeError, signature, type Tensor } from '@kindling/core';
import {
  asFloatsOf,
  checkReduction,
  checkSameSize,
  requireBroadcast,
  requireProbabilities,
  requireSameFloats,
  requireSameSize,
} from './checks.ts';
import { elementwiseLoss, plainLoss } from './elementwise-loss.ts';
import { lossClass } from './loss-class.ts';
import { type LossOptions, lossParameters, lossSignature, reduced } from './reduction.ts';

type Expr = E.Expr;

/** Options of {@link binaryCrossEntropy}, {@link multilabelSoftMarginLoss} and their classes. */
export interface BCELossOptions extends LossOptions {
  /** A weight that broadcasts to the input. Default: none. */
  readonly weight?: Tensor | null;
}

/** log(x), and log(1 - x), not below -100: as PyTorch has it, so that the loss of a certain mistake is finite. */
const logOf = (x: Expr): Expr => E.max(E.log(x), -100);
const logOfRest = (x: Expr): Expr => E.max(E.log1p(E.neg(x)), -100);

const crossEntropyOf = (x: Expr, y: Expr): Expr =>
  E.sub(E.mul(E.sub(y, 1), logOfRest(x)), E.mul(y, logOf(x)));

/** PyTorch's least divisor x (1 - x) of the gradient: a float32, in float64 too. */
const leastVariance = Math.fround(1e-12);

/** What PyTorch adds to x and 1 - x in the gradient of the gradient. */
const nearlyNothing = 1e-12;

const bce = (weighted: boolean): ElementwiseReduction =>
  new ElementwiseReduction({
    name: 'binary_cross_entropy',
    arity: weighted ? 3 : 2,
    inspect([x, y]) {
      requireProbabilities('binaryCrossEntropy', 'input', x as Tensor);
      requireProbabilities('binaryCrossEntropy', 'target', y as Tensor);
    },
    expression(x, y, w) {
      const loss = crossEntropyOf(x, y);
      return weighted ? E.mul(loss, w) : loss;
    },
    gradient({ g }, x, y, w) {
      const gw = weighted ? E.mul(g, w) : g;
      const scale = E.max(E.mul(E.sub(1, x), x), leastVariance);
      return [
        E.div(E.mul(gw, E.sub(x, y)), scale),
        E.mul(gw, E.sub(E.log1p(E.neg(x)), E.log(x))),
        ...(weighted ? [E.mul(g, crossEntropyOf(x, y))] : []),
      ];
    },
    second({ h, g }, x, y, w) {
      const weigh = (z: Expr): Expr => (weighted ? E.mul(z, w) : z);
      const [hw, hg] = [weigh(h), E.mul(h, g)];
      const variance = E.mul(E.add(x, nearlyNothing), E.add(E.sub(1, x), nearlyNothing));
      const bend = E.div(E.add(E.sub(E.square(x), E.mul(E.mul(2, x), y)), y), E.square(variance));
      const slope = E.div(E.sub(x, y), variance);
      const least = E.max(E.mul(E.sub(1, x), x), nearlyNothing);
      return [
        [E.mul(slope, hw), E.mul(bend, weigh(hg)), E.neg(E.div(weigh(hg), least)), E.mul(slope, hg)],
        [
          E.mul(hw, E.sub(E.log1p(E.neg(x)), E.log(x))),
          E.sub(E.neg(E.div(weigh(hg), E.sub(1, x))), E.div(weigh(hg), x)),
          null,
          E.mul(hg, E.sub(E.log1p(E.neg(x)), E.log(x))),
        ],
        null,
      ];
    },
  });

const plainBce = /* @__PURE__ */ bce(false);
const weightedBce = /* @__PURE__ */ bce(true);

const binaryCrossEntropyParameters = () => lossParameters<BCELossOptions>({ weight: K.nullable(K.tensor) });
const binaryCrossEntropyTakes = /* @__PURE__ */ signature('binaryCrossEntropy', binaryCrossEntropyParameters);

/**
 * -(y log(x) + (1 - y) log(1 - x)), elementwise, times `weight`: binary cross-entropy of probabilities. The logarithms
 * stop at -100. `input` x and `target` y, of one shape, lie in [0, 1]. Where x comes from a sigmoid,
 * {@link binaryCrossEntropyWithLogits} is more accurate. Follows `torch.nn.functional.binary_cross_entropy`.
 * @throws ShapeError where the shapes differ or the weight's does not broadcast to them, DTypeError for floats of
 * different dtypes, ValueError for a number outside [0, 1] or an unknown reduction
 * @example
 * ```ts
 * F.binaryCrossEntropy(tensor([0.9, 0.2]), tensor([1, 0])); // tensor(0.1643)
 * F.binaryCrossEntropy(tensor([1.5]), tensor([1])); // throws ValueError: binaryCrossEntropy: all elements of input should be between 0 and 1
 * ```
 */
export function binaryCrossEntropy(input: Tensor, target: Tensor, options: BCELossOptions = {}): Tensor {
  binaryCrossEntropyTakes(arguments);
  const { weight = null } = options;
  requireSameSize('binaryCrossEntropy', input, target);
  requireSameFloats('binaryCrossEntropy', input, target);
  requireBroadcast('binaryCrossEntropy', 'weight', weight, input);
  return weight === null
    ? elementwiseLoss(plainBce, [input, target], 'binaryCrossEntropy', options)
    : elementwiseLoss(weightedBce, [input, target, asFloatsOf(weight, input)], 'binaryCrossEntropy', options);
}

/**
 * {@link binaryCrossEntropy}, of probabilities, as a module, whose `weight` is a buffer. Follows `torch.nn.BCELoss`.
 */
export class BCELoss extends /* @__PURE__ */ lossClass(binaryCrossEntropy, {}, ['weight']) {}

/** Options of {@link binaryCrossEntropyWithLogits} and {@link BCEWithLogitsLoss}. */
export interface BCEWithLogitsLossOptions extends BCELossOptions {
  /** A weight of the positive examples, for each class: it broadcasts to the target. Default: none. */
  readonly posWeight?: Tensor | null;
}

/** exp(-|x|), of which both the loss and its slope are made; with the slope of x > 0 at 0. */
const decay = (x: Expr): Expr => E.exp(E.select(E.lt(x, 0), x, E.neg(x)));
/** log(1 + exp(-|x|)). */
const softplusOfNegative = (x: Expr): Expr => E.log1pOfUnit(decay(x));
/** 1 / (1 + exp(-x)). */
const sigmoid = (x: Expr): Expr => E.div(E.select(E.lt(x, 0), decay(x), 1), E.add(decay(x), 1));
/** log(1 + exp(-x)), whose parts have one slope together at 0, of which the second derivatives are made. */
const softplusOfMinus = (x: Expr): Expr => E.add(softplusOfNegative(x), E.max(0, E.neg(x)));

/** log(1 + exp(x)). */
const softplusOf = (x: Expr): Expr => E.add(softplusOfNegative(x), E.max(x, 0));

/** Operands: x, y, then posWeight and weight as far as there are any. */
function bceWithLogits(hasPosWeight: boolean, hasWeight: boolean): ElementwiseReduction {
  const weightsOf = (rest: readonly Expr[]) => {
    const [first = null, second = null] = rest;
    return hasPosWeight
      ? { p: first, w: hasWeight ? second : null }
      : { p: null, w: hasWeight ? first : null };
  };
  const unweighted = (x: Expr, y: Expr, p: Expr | null): Expr => {
    const rest = softplusOfMinus(x);
    const factor = p === null ? null : E.add(1, E.mul(E.sub(p, 1), y));
    return E.add(E.mul(E.sub(1, y), x), factor === null ? rest : E.mul(factor, rest));
  };
  return new ElementwiseReduction({
    name: 'binary_cross_entropy_with_logits',
    arity: 2 + Number(hasPosWeight) + Number(hasWeight),
    expression(x, y, ...rest) {
      const { p, w } = weightsOf(rest);
      const loss = unweighted(x, y, p);
      return w === null ? loss : E.mul(loss, w);
    },
    gradient({ g }, x, y, ...rest) {
      const { p, w } = weightsOf(rest);
      const gw = w === null ? g : E.mul(g, w);
      const s = sigmoid(x);
      const gradients = [];
      if (p === null) {
        gradients.push(E.mul(gw, E.sub(s, y)), E.mul(gw, E.neg(x)));
      } else {
        const t = E.mul(p, y);
        gradients.push(
          E.mul(gw, E.sub(E.mul(E.sub(E.add(t, 1), y), s), t)),
          E.mul(gw, E.sub(E.mul(p, softplusOfMinus(x)), softplusOf(x))),
          E.mul(gw, E.mul(y, softplusOfMinus(x))),
        );
      }
      if (w !== null) gradients.push(E.mul(g, unweighted(x, y, p)));
      return gradients;
    },
  });
}

/** One for each set of weights. */
const logitOps = {
  plain: bceWithLogits(false, false),
  weighted: bceWithLogits(false, true),
  positives: bceWithLogits(true, false),
  both: bceWithLogits(true, true),
};

/** The operation and its operands. */
function logitLoss(input: Tensor, target: Tensor, weight: Tensor | null, posWeight: Tensor | null) {
  if (posWeight === null) {
    return weight === null
      ? { op: logitOps.plain, operands: [input, target] }
      : { op: logitOps.weighted, operands: [input, target, weight] };
  }
  return weight === null
    ? { op: logitOps.positives, operands: [input, target, posWeight] }
    : { op: logitOps.both, operands: [input, target, posWeight, weight] };
}

const binaryCrossEntropyWithLogitsTakes = /* @__PURE__ */ lossSignature<BCEWithLogitsLossOptions>(
  'binaryCrossEntropyWithLogits',
  () => ({ posWeight: K.nullable(K.tensor), weight: K.nullable(K.tensor) }),
);

/**
 * Binary cross-entropy of sigmoid(x), from the logits x: l = w ((1 - y) x + (1 + (p - 1) y) log(1 + exp(-x))),
 * elementwise, with `posWeight` p and `weight` w. `input` x and `target` y, in [0, 1], have one shape, to which the
 * weights broadcast. Follows `torch.nn.functional.binary_cross_entropy_with_logits`.
 * @throws ShapeError where the shapes of input and target differ or a weight's does not broadcast to them, ValueError
 *   for an unknown reduction
 * @example F.binaryCrossEntropyWithLogits(tensor([80.5, -80.5]), tensor([1, 1])); // tensor(40.2500)
 */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  options: BCEWithLogitsLossOptions = {},
): Tensor {
  binaryCrossEntropyWithLogitsTakes(arguments);
  const { weight = null, posWeight = null } = options;
  requireSameSize('binaryCrossEntropyWithLogits', input, target);
  requireBroadcast('binaryCrossEntropyWithLogits', 'weight', weight, input);
  requireBroadcast('binaryCrossEntropyWithLogits', 'posWeight', posWeight, input);
  const { op, operands } = logitLoss(input, target, weight, posWeight);
  // In the memory of 1 - target, as PyTorch.
  const alike = operands.map((x) => asFloatsOf(x, target));
  return elementwiseLoss(op, alike, 'binaryCrossEntropyWithLogits', options);
}

/**
 * Binary cross-entropy of the sigmoid of logits: {@link binaryCrossEntropyWithLogits} as a module, whose `weight` and
 * `posWeight` are buffers. Follows `torch.nn.BCEWithLogitsLoss`.
 * @example
 * ```ts
 * const lossFn = new nn.BCEWithLogitsLoss({ posWeight: tensor([3]) });
 * lossFn(tensor([0.5, -1]), tensor([1, 0])); // tensor(0.8677)
 * Object.keys(lossFn.stateDict()); // [ 'pos_weight' ]
 * ```
 */
export class BCEWithLogitsLoss extends /* @__PURE__ */ lossClass(binaryCrossEntropyWithLogits, {}, [
  'weight',
  'posWeight',
]) {
  static override readonly stateNames = { posWeight: 'pos_weight' };
}

/**
 * PyTorch's form of {@link binaryCrossEntropyWithLogits} here, y log(1 + exp(-x)) + (1 - y) log(1 + exp(x)), bears
 * infinities.
 */
const multilabel = (weighted: boolean): ElementwiseReduction => {
  const unweighted = (x: Expr, y: Expr): Expr => {
    return E.add(E.mul(y, softplusOfMinus(x)), E.mul(E.sub(1, y), softplusOf(x)));
  };
  return new ElementwiseReduction({
    name: 'multilabel_soft_margin_loss',
    arity: weighted ? 3 : 2,
    expression: (x, y, w) => (weighted ? E.mul(unweighted(x, y), w) : unweighted(x, y)),
    gradient({ g }, x, y, w) {
      const gw = weighted ? E.mul(g, w) : g;
      const hit = sigmoid(x);
      return [
        // Both terms apart, as PyTorch has them: an infinite gradient meets that which is 0.
        E.sub(E.mul(E.mul(gw, E.sub(1, y)), hit), E.mul(E.mul(gw, y), E.sub(1, hit))),
        E.sub(E.mul(gw, softplusOfMinus(x)), E.mul(gw, softplusOf(x))),
        ...(weighted ? [E.mul(g, unweighted(x, y))] : []),
      ];
    },
  });
};

const plainMultilabel = /* @__PURE__ */ multilabel(false);
const weightedMultilabel = /* @__PURE__ */ multilabel(true);

const multilabelSoftMarginLossTakes = /* @__PURE__ */ signature(
  'multilabelSoftMarginLoss',
  binaryCrossEntropyParameters,
);

/**
 * For each sample the mean over its C classes of the binary cross-entropy of sigmoid(x): any number of classes may
 * apply. `input` x and `target` y, in {0, 1}, have shape (N, C) or (C,); `weight` broadcasts to it; the unreduced loss
 * has shape (N,). Follows `torch.nn.functional.multilabel_soft_margin_loss`.
 * @throws ShapeError for an input that is a number, ValueError for an unknown reduction
 * @example F.multilabelSoftMarginLoss(tensor([[0.5, -1, 3]]), tensor([[1, 0, 1]])); // tensor(0.2786)
 */
export function multilabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  options: BCELossOptions = {},
): Tensor {
  multilabelSoftMarginLossTakes(arguments);
  const { weight = null, sampleWeight = null } = options;
  const caller = 'multilabelSoftMarginLoss';
  const reduction = checkReduction(caller, options.reduction ?? 'mean');
  if (input.ndim === 0) {
    throw new ShapeError(
      `${caller}: expected an input of shape (N, C) or (C,), got ${formatShape(input.shape)}`,
    );
  }
  checkSameSize(caller, input, target);
  const op = weight === null ? plainMultilabel : weightedMultilabel;
  const operands = weight === null ? [input, target] : [input, target, weight];
  // All samples have as many classes: the mean of their means is the mean of all.
  if (sampleWeight === null && (reduction === 'mean' || reduction === 'weightedMean')) {
    return op.apply(operands, 'mean');
  }
  return reduced(op.apply(operands, 'none').mean(-1), options, 'multilabelSoftMarginLoss');
}

/**
 * {@link multilabelSoftMarginLoss} as a module, whose `weight` is a buffer. Follows
 * `torch.nn.MultiLabelSoftMarginLoss`.
 */
export class MultiLabelSoftMarginLoss extends /* @__PURE__ */ lossClass(multilabelSoftMarginLoss, {}, [
  'weight',
]) {}

const softMargin = /* @__PURE__ */ new ElementwiseReduction({
  name: 'soft_margin_loss',
  arity: 2,
  expression: (x, y) => softplusOfMinus(E.mul(x, y)),
  gradient({ g }, x, y) {
    const slope = E.mul(g, E.neg(sigmoid(E.neg(E.mul(x, y)))));
    return [E.mul(slope, y), E.mul(slope, x)];
  },
});

/**
 * log(1 + exp(-y x)), elementwise, for targets y of 1 or -1. `input` x and `target` y have one shape. Where PyTorch
 * overflows (-y x above 88 in float32) this gives -y x, and a gradient. Follows `torch.nn.functional.soft_margin_loss`.
 * @throws ValueError for an unknown reduction
 * @example F.softMarginLoss(tensor([0.5, -1]), tensor([1, -1])); // tensor(0.3937)
 */
export const softMarginLoss = /* @__PURE__ */ plainLoss('softMarginLoss', softMargin);

/**
 * log(1 + exp(-y x)) for targets y of 1 or -1: {@link softMarginLoss} as a module. Follows `torch.nn.SoftMarginLoss`.
 */
export class SoftMarginLoss extends /* @__PURE__ */ lossClass(softMarginLoss) {}
