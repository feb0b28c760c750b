import {
  apply,
  applyElementwise,
  type DType,
  definePrimitive,
  E,
  ElementwiseOp,
  ElementwiseReduction,
  elementsOf,
  formatShape,
  gather,
  INPUT,
  IndexError,
  K,
  KindlingError,
  multilabelMargins,
  ones,
  type Primitive,
  refuseExcess,
  ShapeError,
  sameShape,
  type Tensor,
  ValueError,
  weighClasses,
} from '@kindling/core';
import { withDefaults } from '../module/options.ts';
import { checkReduction } from './checks.ts';
import { requireClassDType, requireFloating, requireWeightDType } from './classes.ts';
import { type BoundOptions, lossClass } from './loss-class.ts';
import { type LossOptions, lossSignature, reduced } from './reduction.ts';

/** Losses of scores for several classes that ask for a margin between the right ones and the others. */

/** Options of {@link multiMarginLoss} and {@link MultiMarginLoss}. */
export interface MultiMarginLossOptions extends LossOptions {
  /** The power of each violation, 1 or 2. Default: 1. */
  readonly p?: number;
  /** By how much the score of the target is to exceed the others. Default: 1. */
  readonly margin?: number;
  /** A weight for each class, shape (C,). Default: 1 for each. */
  readonly weight?: Tensor | null;
}

const multiMarginDefaults = { p: 1, margin: 1 };

/** factor * max(0, margin - best + x)^p, 0 of NaN, as in PyTorch. */
const hinge = (p: 1 | 2): ElementwiseReduction =>
  new ElementwiseReduction({
    name: 'multi_margin_loss',
    arity: 4,
    expression(x, best, factor, _others, margin) {
      const z = E.add(E.sub(margin, best), x);
      return E.select(E.gt(z, 0), E.mul(factor, p === 1 ? z : E.square(z)), 0);
    },
    // At the kink there is no gradient, as in PyTorch; that of the target's score comes by `ofTarget`, and its own
    // place has no part.
    gradient({ g }, x, best, factor, others, margin) {
      const slope = E.mul(g, slopeOf(p, E.add(E.sub(margin, best), x), factor));
      return [E.select(E.eq(others, 0), 0, slope), null, null, null];
    },
  });

const slopeOf = (p: 1 | 2, z: E.Expr, factor: E.Expr): E.Expr =>
  E.select(E.gt(z, 0), E.mul(factor, p === 1 ? 1 : E.mul(2, z)), 0);

const slopes = (p: 1 | 2): ElementwiseOp =>
  new ElementwiseOp({
    name: 'multi_margin_slope',
    arity: 3,
    expression: (x, best, factor, margin) => slopeOf(p, E.add(E.sub(margin, best), x), factor),
  });

/**
 * Nothing, of which the gradient to the targets' scores is less the sum of the others' slopes: summed up before the
 * gradient of the loss comes to it, as in PyTorch, which is another number where that is not finite.
 */
const ofTarget = new ElementwiseReduction({
  name: 'multi_margin_loss',
  arity: 2,
  expression: () => E.constant(0),
  gradient: ({ g }, _, total) => [E.neg(E.mul(g, total)), null],
});

const kernels = { 1: { loss: hinge(1), slope: slopes(1) }, 2: { loss: hinge(2), slope: slopes(2) } };

interface FactorAttributes {
  readonly classes: number;
  readonly scale: number;
  readonly dtype: DType;
}

/**
 * (N, C): for each sample its target's weight times `scale`, and 0 at the target itself. Inputs: targets, and weights
 * if any.
 */
const multiMarginFactor: Primitive<FactorAttributes, [target: Tensor, ...weight: Tensor[]]> = definePrimitive(
  {
    name: 'multi_margin_factor',
    saves: 0,
    infer: ([target], { classes, dtype }) => ({ shape: [target.count, classes], dtype }),
    kernel([target, weight], { classes, scale }, out) {
      const bad = weighClasses(target, weight ?? null, { classes, scale }, out);
      if (bad < 0) return;
      throw new IndexError(
        `multiMarginLoss: target out of range: ${elementsOf(target)[bad]} at position [${bad}], expected 0 to ${classes - 1}`,
      );
    },
  },
);

const multiMarginLossTakes = /* @__PURE__ */ lossSignature<MultiMarginLossOptions>('multiMarginLoss', () => ({
  p: K.number,
  margin: K.number,
  weight: K.nullable(K.tensor),
}));

/**
 * sum over the classes i other than the target t of w[t] max(0, margin - x[t] + x[i])^p / C. Shapes: `input` (N, C) or
 * (C,), `target` (N,) or () of class indices, the unreduced loss (N,) or (). Follows
 * `torch.nn.functional.multi_margin_loss`.
 * @throws ValueError unless p is 1 or 2, or for an unknown reduction; ShapeError, DTypeError, IndexError for targets
 *   that do not fit
 * @example F.multiMarginLoss(tensor([[0.1, 0.2, 0.8]]), tensor([2])); // tensor(0.2333)
 */
export function multiMarginLoss(input: Tensor, target: Tensor, options: MultiMarginLossOptions = {}): Tensor {
  multiMarginLossTakes(arguments);
  const { weight = null, sampleWeight = null } = options;
  const { p, margin } = withDefaults(multiMarginDefaults, options);
  const caller = 'multiMarginLoss';
  const reduction = checkReduction(caller, options.reduction ?? 'mean');
  if (p !== 1 && p !== 2) throw new ValueError(`${caller}: only p == 1 and p == 2 supported, got ${p}`);
  requireFloating(caller, input);
  const { rows, n } = requireScores(caller, input.ndim === 0 ? input.reshape([1]) : input);
  if (target.count !== rows || target.ndim > 1) {
    throw new ShapeError(
      `${caller}: inconsistent target size, expected [${rows}] but got ${formatShape(target.shape)}`,
    );
  }
  requireClassDType(caller, target);
  if (weight !== null && (weight.ndim !== 1 || weight.shape[0] !== n)) {
    throw new ShapeError(
      `${caller}: inconsistent weight size, expected ${n} but got ${formatShape(weight.shape)}`,
    );
  }
  requireWeightDType(caller, input, weight);
  const x = input.ndim === 2 ? input : input.reshape([rows, n]);
  const index = target.ndim === 1 ? target : target.reshape([rows]);
  const mean = sampleWeight === null && (reduction === 'mean' || reduction === 'weightedMean');
  // The mean over all elements divides by C besides N.
  const factorBy = (...weights: Tensor[]): Tensor =>
    apply(multiMarginFactor, [index, ...weights], { classes: n, scale: mean ? 1 : 1 / n, dtype: x.dtype });
  const others = factorBy();
  const factor = weight === null ? others : factorBy(weight);
  const best = gather(x, 1, index.reshape([rows, 1]));
  const operands = [x, best, factor];
  const { loss, slope } = kernels[p];
  const of = mean ? 'mean' : sampleWeight === null && reduction === 'sum' ? 'sum' : 'none';
  const violations = loss.apply([...operands, others], of, [margin]);
  const own = (): Tensor => {
    const along = applyElementwise(slope, operands, [margin]);
    return ofTarget.apply(
      [best, of === 'mean' ? along.mean(1, { keepdim: true }) : along.sum(1, { keepdim: true })],
      of,
    );
  };
  const parts = x.requiresGrad ? [violations, own()] : [violations];
  const all = (of === 'none' ? parts.map((part) => part.sum(1)) : parts).reduce((a, b) => a.add(b));
  if (of !== 'none') return all;
  return reduced(target.ndim === 0 ? all.reshape([]) : all, options, 'multiMarginLoss');
}

/**
 * A margin between the score of the target class and all others: {@link multiMarginLoss} as a module, whose `weight` is
 * a buffer. Follows `torch.nn.MultiMarginLoss`.
 * @throws ValueError unless p is 1 or 2, KindlingError for a weight that is not one-dimensional
 */
export class MultiMarginLoss extends /* @__PURE__ */ lossClass(multiMarginLoss, multiMarginDefaults, [
  'weight',
]) {
  constructor(options: BoundOptions<MultiMarginLossOptions, 'p' | 'margin' | 'weight'> = {}) {
    if (arguments.length > 1) refuseExcess(new.target.name, ['options'], arguments);
    super(options);
    const { p, weight } = this;
    if (p !== 1 && p !== 2)
      throw new ValueError(`MultiMarginLoss: only p == 1 and p == 2 supported, got ${p}`);
    if (weight !== null && weight.ndim !== 1) {
      throw new KindlingError(
        `MultiMarginLoss: weight must be one-dimensional, got ${formatShape(weight.shape)}`,
      );
    }
  }
}

/** Sizes of scores (N, C) or (C,). */
function requireScores(caller: string, input: Tensor): { rows: number; n: number } {
  const { ndim, shape } = input;
  const n = shape.at(-1);
  if (ndim < 1 || ndim > 2 || !n) {
    throw new ShapeError(
      `${caller}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: ${formatShape(shape)}`,
    );
  }
  return { rows: input.count / n, n };
}

/** The unreduced loss, (N,) or (); inputs: scores and targets. */
const multilabelMargin: Primitive<undefined, [Tensor, Tensor]> = definePrimitive({
  name: 'multilabel_margin_loss',
  saves: INPUT(0) | INPUT(1),
  infer: ([x]) => ({ shape: x.shape.slice(0, -1), dtype: x.dtype }),
  kernel([x, target], _, out) {
    const bad = multilabelMargins(x, target, null, out);
    if (bad < 0) return;
    throw new IndexError(
      `multilabelMarginLoss: argument #2 'target' is out of range: ${elementsOf(target)[bad]} at position ${bad}, expected -1 to ` +
        `${(x.shape.at(-1) ?? 1) - 1}`,
    );
  },
  derivative: (g, node) => [
    apply(multilabelMarginBackward, [g, node.input(0), node.input(1)], undefined),
    null,
  ],
});

/** Its gradient, linear in g and, but for the kinks, constant in the scores. */
const multilabelMarginBackward: Primitive<undefined, [Tensor, Tensor, Tensor]> = definePrimitive({
  name: 'multilabel_margin_loss_backward',
  saves: INPUT(1) | INPUT(2),
  infer: ([, x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel([g, x, target], _, out) {
    multilabelMargins(x, target, g, out);
  },
  derivative(h, node) {
    if (!node.needs(0)) return [null, null, null];
    const x = node.input(1).detach();
    const upstream = ones(x.shape.slice(0, -1), { dtype: x.dtype });
    const unit = apply(multilabelMarginBackward, [upstream, x, node.input(2)], undefined);
    return [h.mul(unit).sum(-1), null, null];
  },
});

const multilabelMarginLossTakes = /* @__PURE__ */ lossSignature<LossOptions>(
  'multilabelMarginLoss',
  () => ({}),
);

/**
 * sum over the target classes j and all other classes i of max(0, 1 - (x[j] - x[i])) / C, for samples to which several
 * classes may apply. Shapes: `input` (N, C) or (C,); `target` the same, its rows the indices of the target classes,
 * ended by -1 where there are fewer than C; the unreduced loss (N,) or (). Follows
 * `torch.nn.functional.multilabel_margin_loss`.
 * @throws ShapeError, DTypeError, IndexError for targets that do not fit, ValueError for an unknown reduction
 * @example F.multilabelMarginLoss(tensor([[0.1, 0.2, 0.4, 0.8]]), tensor([[3, 0, -1, 1]])); // tensor(0.8500)
 */
export function multilabelMarginLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  multilabelMarginLossTakes(arguments);
  const caller = 'multilabelMarginLoss';
  checkReduction(caller, options.reduction ?? 'mean');
  requireFloating(caller, input);
  const x = input.ndim === 0 ? input.reshape([1]) : input;
  requireScores(caller, x);
  const y = target.ndim === 0 ? target.reshape([1]) : target;
  if (!sameShape(x.shape, y.shape)) {
    throw new ShapeError(
      `${caller}: inconsistent target size: ${formatShape(target.shape)} for input of size: ${formatShape(input.shape)}`,
    );
  }
  requireClassDType(caller, target);
  return reduced(apply(multilabelMargin, [x, y], undefined), options, 'multilabelMarginLoss');
}

/**
 * A margin for several target classes: {@link multilabelMarginLoss} as a module. Follows
 * `torch.nn.MultiLabelMarginLoss`.
 */
export class MultiLabelMarginLoss extends /* @__PURE__ */ lossClass(multilabelMarginLoss) {}
