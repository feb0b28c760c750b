import {
  apply,
  definePrimitive,
  E,
  ElementwiseReduction,
  formatShape,
  gather,
  INPUT,
  IndexError,
  type Primitive,
  ShapeError,
  sameShape,
  type Tensor,
  ValueError,
  zeros,
} from '@kindling/core';
import { requireClassDType, requireFloating } from './classes.ts';
import { checkReduction, type LossOptions, reduceLoss } from './reduction.ts';

/** Losses of scores for several classes that ask for a margin between the right ones and the others. */

/** Options of {@link multiMarginLoss}. */
export interface MultiMarginLossOptions extends LossOptions {
  /** The power of each violation, 1 or 2. Default: 1. */
  readonly p?: number;
  /** Default: 1. */
  readonly margin?: number;
  /** A weight for each class, shape (C,). */
  readonly weight?: Tensor | null;
}

/** factor * max(0, margin - best + x)^p. */
const hinge = (p: 1 | 2): ElementwiseReduction =>
  new ElementwiseReduction({
    name: 'multi_margin_loss',
    arity: 3,
    expression(x, best, factor, margin) {
      const z = E.max(E.add(E.sub(margin, best), x), 0);
      return E.mul(factor, p === 1 ? z : E.square(z));
    },
    // At the kink there is no gradient, as in PyTorch.
    gradient({ g }, x, best, factor, margin) {
      const z = E.add(E.sub(margin, best), x);
      const slope = E.select(E.gt(z, 0), E.mul(g, E.mul(factor, p === 1 ? 1 : E.mul(2, z))), 0);
      return [slope, E.neg(slope), null];
    },
  });

const hinges = { 1: hinge(1), 2: hinge(2) };

/**
 * sum over the classes i other than the target t of w[t] max(0, margin - x[t] + x[i])^p / C. Shapes: `input` (N, C) or (C,), `target`
 * (N,) or () of class indices, the unreduced loss (N,) or (). Follows `torch.nn.functional.multi_margin_loss`.
 *
 * @throws ValueError unless p is 1 or 2, ShapeError, DTypeError, IndexError for targets that do not fit
 * @example F.multiMarginLoss(tensor([[0.1, 0.2, 0.8]]), tensor([2]));
 */
export function multiMarginLoss(input: Tensor, target: Tensor, options: MultiMarginLossOptions = {}): Tensor {
  const { p = 1, margin = 1, weight = null, sampleWeight = null } = options;
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
  const x = input.ndim === 2 ? input : input.reshape([rows, n]);
  const index = target.ndim === 1 ? target : target.reshape([rows]);
  const mean = sampleWeight === null && (reduction === 'mean' || reduction === 'weightedMean');
  // The mean over all elements divides by C besides N.
  const factor = others(index, rows, n, weight, mean ? 1 : 1 / n, x.dtype, caller);
  const operands = [x, gather(x, 1, index.reshape([rows, 1])), factor];
  const op = hinges[p];
  if (mean) return op.apply(operands, 'mean', [margin]);
  if (sampleWeight === null && reduction === 'sum') return op.apply(operands, 'sum', [margin]);
  const loss = op.apply(operands, 'none', [margin]).sum(1);
  return reduceLoss(target.ndim === 0 ? loss.reshape([]) : loss, options);
}

/** (N, C): for each sample its target's weight times `scale`, and 0 at the target itself. */
function others(
  target: Tensor,
  rows: number,
  n: number,
  weight: Tensor | null,
  scale: number,
  dtype: Tensor['dtype'],
  caller: string,
): Tensor {
  const factor = zeros([rows, n], { dtype });
  const { data } = factor;
  const classes = target.data;
  const weights = weight === null ? null : weight.detach().data;
  for (let r = 0; r < rows; r++) {
    const t = classes[r]!;
    if (t < 0 || t >= n) {
      throw new IndexError(`${caller}: target out of range: ${t} at position [${r}], expected 0 to ${n - 1}`);
    }
    data.fill(scale * (weights === null ? 1 : weights[t]!), r * n, (r + 1) * n);
    data[r * n + t] = 0;
  }
  return factor;
}

/** Sizes of scores (N, C) or (C,). */
function requireScores(caller: string, input: Tensor): { rows: number; n: number } {
  if (input.ndim < 1 || input.ndim > 2 || input.shape[input.ndim - 1] === 0) {
    throw new ShapeError(
      `${caller}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: ${formatShape(input.shape)}`,
    );
  }
  return { rows: input.ndim === 2 ? input.shape[0]! : 1, n: input.shape[input.ndim - 1]! };
}

/** Calls `visit` for each target j and other class i of a row whose margin 1 - (x[j] - x[i]) is positive. */
function eachViolation(
  x: Tensor,
  target: Tensor,
  visit: (row: number, j: number, i: number, z: number) => void,
): void {
  const n = x.shape[x.ndim - 1]!;
  const scores = x.data;
  const classes = target.data;
  const isTarget = new Uint8Array(n);
  for (let start = 0; start < scores.length; start += n) {
    isTarget.fill(0);
    let count = 0;
    for (; count < n && classes[start + count]! >= 0; count++) isTarget[classes[start + count]!] = 1;
    for (let k = 0; k < count; k++) {
      const j = start + classes[start + k]!;
      for (let c = 0; c < n; c++) {
        if (isTarget[c] === 1) continue;
        const z = 1 - scores[j]! + scores[start + c]!;
        if (!(z <= 0)) visit(start / n, j, start + c, z / n);
      }
    }
  }
}

/** The unreduced loss, (N,) or (); inputs: scores and targets. */
const multilabelMargin: Primitive<undefined, [Tensor, Tensor]> = definePrimitive({
  name: 'multilabel_margin_loss',
  saves: INPUT(0) | INPUT(1),
  infer: ([x]) => ({ shape: x.shape.slice(0, -1), dtype: x.dtype }),
  kernel([x, target], _, out) {
    const losses = new Float64Array(out.count);
    eachViolation(x, target, (row, _j, _i, z) => {
      losses[row]! += z;
    });
    out.data.set(losses);
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
    const upstream = g.data;
    const n = x.shape[x.ndim - 1]!;
    const gradient = new Float64Array(out.count);
    eachViolation(x, target, (row, j, i) => {
      gradient[j]! -= upstream[row]! / n;
      gradient[i]! += upstream[row]! / n;
    });
    out.data.set(gradient);
  },
  derivative(h, node) {
    if (!node.needs(0)) return [null, null, null];
    const x = node.input(1);
    const ones = zeros(x.shape.slice(0, -1), { dtype: x.dtype }).add(1);
    const unit = apply(multilabelMarginBackward, [ones, x.detach(), node.input(2)], undefined);
    return [h.mul(unit).sum(-1), null, null];
  },
});

/**
 * sum over the target classes j and all other classes i of max(0, 1 - (x[j] - x[i])) / C, for samples to which several
 * classes may apply. Shapes: `input` (N, C) or (C,); `target` the same, its rows the indices of the target classes, ended by
 * -1 where there are fewer than C; the unreduced loss (N,) or (). Follows `torch.nn.functional.multilabel_margin_loss`.
 *
 * @throws ShapeError, DTypeError, IndexError for targets that do not fit
 * @example F.multilabelMarginLoss(tensor([[0.1, 0.2, 0.4, 0.8]]), tensor([[3, 0, -1, 1]])); // 0.85
 */
export function multilabelMarginLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const caller = 'multilabelMarginLoss';
  checkReduction(caller, options.reduction ?? 'mean');
  requireFloating(caller, input);
  const x = input.ndim === 0 ? input.reshape([1]) : input;
  const { n } = requireScores(caller, x);
  const y = target.ndim === 0 ? target.reshape([1]) : target;
  if (!sameShape(x.shape, y.shape)) {
    throw new ShapeError(
      `${caller}: inconsistent target size: ${formatShape(target.shape)} for input of size: ${formatShape(input.shape)}`,
    );
  }
  requireClassDType(caller, target);
  y.data.forEach((t: number, i: number) => {
    if (t < -1 || t >= n) {
      throw new IndexError(
        `${caller}: argument #2 'target' is out of range: ${t} at position ${i}, expected -1 to ${n - 1}`,
      );
    }
  });
  return reduceLoss(apply(multilabelMargin, [x, y], undefined), options);
}
