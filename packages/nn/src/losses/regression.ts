import { E, ElementwiseReduction, K, signature, type Tensor, ValueError } from '@kindling/core';
import { checkReduction, checkSameSize, requireSameSizeOfWeight } from './checks.ts';
import { elementwiseLoss, huberOf } from './elementwise-loss.ts';
import { lossClass } from './loss-class.ts';
import { type LossOptions, lossParameters, lossSignature, reduced } from './reduction.ts';

/** Options of {@link mseLoss} and {@link l1Loss}. */
export interface WeightedLossOptions extends LossOptions {
  /** Of the function: a weight for each element, of the input's shape; the mean divides by their sum. */
  readonly weight?: Tensor | null;
}

const l1 = /* @__PURE__ */ new ElementwiseReduction({
  name: 'l1_loss',
  arity: 2,
  expression: (x, y) => E.abs(E.sub(x, y)),
});

const mse = /* @__PURE__ */ new ElementwiseReduction({
  name: 'mse_loss',
  arity: 2,
  expression: (x, y) => E.square(E.sub(x, y)),
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
  isOfInputsDtype = false,
): Tensor {
  checkSameSize(caller, input, target);
  const { weight = null } = options;
  const isNarrowed = isOfInputsDtype && input.dtype === 'float32' && target.dtype === 'float64';
  if (weight === null && !isNarrowed) return elementwiseLoss(op, [input, target], caller, options, params);
  checkReduction(caller, options.reduction ?? 'mean');
  const wide = op.apply([input, target], 'none', params);
  const loss = isNarrowed ? wide.to(input.dtype) : wide;
  if (weight === null) return reduced(loss, options, caller);
  requireSameSizeOfWeight(caller, weight, input);
  return reduced(loss.mul(weight), { ...options, ...(sharesCount ? { denominator: weight } : {}) }, caller);
}

const l1LossParameters = () => lossParameters<WeightedLossOptions>({ weight: K.nullable(K.tensor) });
const l1LossTakes = /* @__PURE__ */ signature('l1Loss', l1LossParameters);

/**
 * |x - y|, elementwise. `input` x and `target` y have one shape (others broadcast, with a warning), which is that of
 * the unreduced loss. The gradient where x = y is 0. Follows `torch.nn.functional.l1_loss`.
 * @throws ShapeError for a `weight` of another shape, ValueError for an unknown reduction
 * @example F.l1Loss(tensor([0.5, 2]), tensor([0, 4])); // tensor(1.2500)
 */
export const l1Loss = function (input: Tensor, target: Tensor, options: WeightedLossOptions = {}): Tensor {
  l1LossTakes(arguments);
  return weighted(l1, input, target, 'l1Loss', options, [], true);
};

/** The mean absolute error: {@link l1Loss} as a module. Follows `torch.nn.L1Loss`. */
export class L1Loss extends /* @__PURE__ */ lossClass(l1Loss) {}

const mseLossTakes = /* @__PURE__ */ signature('mseLoss', l1LossParameters);

/**
 * (x - y)^2, elementwise. `input` x and `target` y have one shape (others broadcast, with a warning), which is that of
 * the unreduced loss. Follows `torch.nn.functional.mse_loss`.
 * @throws ShapeError for a `weight` of another shape, ValueError for an unknown reduction
 * @example F.mseLoss(tensor([0.5, 2]), tensor([0, 4])); // tensor(2.1250)
 */
export const mseLoss = function (input: Tensor, target: Tensor, options: WeightedLossOptions = {}): Tensor {
  mseLossTakes(arguments);
  return weighted(mse, input, target, 'mseLoss', options, [], true);
};

/**
 * The mean squared error: {@link mseLoss} as a module. Follows `torch.nn.MSELoss`.
 * @example
 * ```ts
 * const lossFn = new nn.MSELoss({ reduction: 'sum' });
 * lossFn(tensor([0.5, 2]), tensor([0, 4])); // tensor(4.2500)
 *
 * // A weight for each sample, with the call.
 * lossFn(tensor([0.5, 2]), tensor([0, 4]), { sampleWeight: tensor([1, 0]) }); // tensor(0.2500)
 * ```
 */
export class MSELoss extends /* @__PURE__ */ lossClass(mseLoss) {}

/** Options of {@link smoothL1Loss} and {@link SmoothL1Loss}. */
export interface SmoothL1LossOptions extends LossOptions {
  /** Where the square becomes a line; 0 gives the L1 loss. Default: 1. */
  readonly beta?: number;
}

const smoothL1Defaults = { beta: 1 };

/** r, but not beyond `limit` in either direction; NaN where r is. */
const clamped = (r: E.Expr, limit: E.Expr): E.Expr => E.pmax(E.pmin(r, limit), E.neg(limit));

/** The gradients by x and y of what depends on x - y. */
const opposite = (gx: E.Expr): readonly E.Expr[] => [gx, E.neg(gx)];

/**
 * The gradients of {@link opposite}, which is `slope` times g: `bend` where d lies within (-bound, bound), 0 beyond
 * and, as in PyTorch, where d is NaN.
 */
function bent(
  h: E.Expr,
  g: E.Expr,
  slope: E.Expr,
  d: E.Expr,
  bound: E.Expr,
  bend: E.Expr,
): readonly E.Expr[][] {
  const of = E.mul(h, slope);
  const byX = E.mul(E.mul(h, g), E.select(E.lt(E.abs(d), bound), bend, 0));
  return [
    [of, byX, E.neg(byX)],
    [E.neg(of), E.neg(byX), byX],
  ];
}

const smoothL1 = /* @__PURE__ */ new ElementwiseReduction({
  name: 'smooth_l1_loss',
  arity: 2,
  expression(x, y, beta) {
    const d = E.sub(x, y);
    const z = E.abs(d);
    return E.select(E.lt(z, beta), E.div(E.mul(E.mul(0.5, d), d), beta), E.sub(z, E.mul(0.5, beta)));
  },
  gradient({ g }, x, y, beta) {
    const d = E.sub(x, y);
    return opposite(E.mul(g, clamped(E.div(d, beta), E.constant(1))));
  },
  second({ h, g }, x, y, beta) {
    const d = E.sub(x, y);
    return bent(h, g, clamped(E.div(d, beta), E.constant(1)), d, beta, E.reciprocal(beta));
  },
});

const smoothL1LossTakes = /* @__PURE__ */ lossSignature<SmoothL1LossOptions>('smoothL1Loss', () => ({
  beta: K.number,
}));

/**
 * (x - y)^2 / (2 beta) where |x - y| < beta, else |x - y| - beta / 2. Shapes as for {@link mseLoss}.
 * Follows `torch.nn.functional.smooth_l1_loss`.
 * @throws ValueError for a negative beta or an unknown reduction
 * @example F.smoothL1Loss(tensor([0.5, 3]), tensor([0, 0])); // tensor(1.3125)
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  smoothL1LossTakes(arguments);
  const { beta = smoothL1Defaults.beta } = options;
  if (!(beta >= 0)) {
    throw new ValueError(`smoothL1Loss does not support negative values for beta, got ${beta}`);
  }
  checkSameSize('smoothL1Loss', input, target);
  return beta === 0
    ? elementwiseLoss(l1, [input, target], 'smoothL1Loss', options)
    : elementwiseLoss(smoothL1, [input, target], 'smoothL1Loss', options, [beta]);
}

/** A square below `beta` and a line above: {@link smoothL1Loss} as a module. Follows `torch.nn.SmoothL1Loss`. */
export class SmoothL1Loss extends /* @__PURE__ */ lossClass(smoothL1Loss, smoothL1Defaults) {}

/** Options of {@link huberLoss} and {@link HuberLoss}. */
export interface HuberLossOptions extends LossOptions {
  /** Where the square becomes a line; greater than 0. Default: 1. */
  readonly delta?: number;
  /**
   * Of the function: a weight for each element, of the input's shape; the mean divides by the number of elements all
   * the same.
   */
  readonly weight?: Tensor | null;
}

const huberDefaults = { delta: 1 };

const huber = /* @__PURE__ */ new ElementwiseReduction({
  name: 'huber_loss',
  arity: 2,
  expression: (x, y, delta) => huberOf(E.sub(x, y), delta),
  gradient({ g }, x, y, delta) {
    const d = E.sub(x, y);
    return opposite(E.mul(g, clamped(d, delta)));
  },
  second({ h, g }, x, y, delta) {
    const d = E.sub(x, y);
    return bent(h, g, clamped(d, delta), d, delta, E.constant(1));
  },
});

const huberLossTakes = /* @__PURE__ */ lossSignature<HuberLossOptions>('huberLoss', () => ({
  delta: K.number,
  weight: K.nullable(K.tensor),
}));

/**
 * (x - y)^2 / 2 where |x - y| <= delta, else delta (|x - y| - delta / 2). Shapes as for {@link mseLoss}; of a float32
 * input and a float64 target the loss is float32. Follows `torch.nn.functional.huber_loss`.
 * @throws ValueError unless delta is positive, or for an unknown reduction; ShapeError for a `weight` of another shape
 * @example F.huberLoss(tensor([0.5, 3]), tensor([0, 0]), { delta: 2 }); // tensor(2.0625)
 */
export function huberLoss(input: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  huberLossTakes(arguments);
  const { delta = huberDefaults.delta } = options;
  if (!(delta > 0))
    throw new ValueError(`huberLoss does not support non-positive values for delta, got ${delta}`);
  return weighted(huber, input, target, 'huberLoss', options, [delta], false, true);
}

/**
 * A square up to `delta` and a line of slope delta above: {@link huberLoss} as a module. Follows `torch.nn.HuberLoss`.
 */
export class HuberLoss extends /* @__PURE__ */ lossClass(huberLoss, huberDefaults) {}
