import {
  AutogradError,
  alignmentLosses,
  alignmentsFit,
  apply,
  definePrimitive,
  elementsOf,
  formatShape,
  INPUT,
  IndexError,
  K,
  type Primitive,
  ShapeError,
  signature,
  Tensor,
  tensor,
  ValueError,
} from '@kindling/core';
import { checkReduction } from './checks.ts';
import { requireClassDType, requireFloating } from './classes.ts';
import { lossClass } from './loss-class.ts';
import { type LossOptions, lossKinds, reduced } from './reduction.ts';

/** Options of {@link ctcLoss} and {@link CTCLoss}. */
export interface CTCLossOptions extends LossOptions {
  /** The class that stands for no label. Default: 0. */
  readonly blank?: number;
  /**
   * Whether infinite losses, of targets too long for their input, become 0, and their gradients too. Default: false.
   */
  readonly zeroInfinity?: boolean;
}

const ctcDefaults = { blank: 0, zeroInfinity: false };

/** Lengths: a tensor, an array, or a number for a single sample. */
export type Lengths = Tensor | readonly number[] | number;

type Attributes = typeof ctcDefaults;
/** Log-probabilities (T, N, C), labels, and the lengths of input and target of each sample, (N,). */
type Inputs = [logProbs: Tensor, targets: Tensor, inputLengths: Tensor, targetLengths: Tensor];

/** The losses of all samples, (N,). */
const ctc: Primitive<Attributes, Inputs> = definePrimitive({
  name: 'ctc_loss',
  saves: INPUT(0) | INPUT(1) | INPUT(2) | INPUT(3),
  infer: ([x]) => ({ shape: x.shape.slice(1, 2), dtype: x.dtype }),
  kernel(inputs, rules, out) {
    if (!alignmentsFit(inputs)) refuseUnfitting(...inputs);
    alignmentLosses(inputs, rules, null, out);
  },
  derivative(g, node) {
    const inputs = [node.input(0), node.input(1), node.input(2), node.input(3)] as const;
    return [apply(ctcBackward, [g, ...inputs], node.attrs), null, null, null];
  },
});

/**
 * The gradient by the log-probabilities, as PyTorch has it: exp(x) less the probability of each class at each step
 * given the target, NaN where a class has a probability of 0. It is the gradient through a log-softmax before it, to
 * whose backward it makes no difference.
 */
const ctcBackward: Primitive<Attributes, [g: Tensor, ...Inputs]> = definePrimitive({
  name: 'ctc_loss_backward',
  saves: 0,
  infer: ([, x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel: ([g, ...inputs], rules, out) => alignmentLosses(inputs, rules, g, out),
  derivative() {
    throw new AutogradError(
      'ctcLoss: the second derivative is not implemented (nor is it in PyTorch): the derivative for ctc_loss_backward',
    );
  },
});

function requireLengths(what: string, lengths: Iterable<number>): void {
  for (const n of lengths) {
    if (!Number.isInteger(n) || n < 0) {
      throw new ValueError(`ctcLoss: Expected ${what} to have value at least 0, but got value ${n}`);
    }
  }
}

/** Says which length or label does not fit. */
function refuseUnfitting(x: Tensor, targets: Tensor, inputLengths: Tensor, targetLengths: Tensor): void {
  const [steps = 0, , classes = 0] = x.shape;
  const [total = 0, width] = targets.shape;
  const inputs = elementsOf(inputLengths);
  const lengths = elementsOf(targetLengths);
  requireLengths('inputLengths', inputs);
  requireLengths('targetLengths', lengths);
  for (const n of inputs) {
    if (n > steps) {
      throw new ValueError(
        `ctcLoss: Expected inputLengths to have value at most ${steps}, but got value ${n}`,
      );
    }
  }
  const labels = elementsOf(targets);
  let start = 0;
  lengths.forEach((length: number, n: number) => {
    if (width !== undefined && length > width) {
      throw new ShapeError(
        `ctcLoss: Expected tensor to have size at least ${length} at dimension 1, but got size ${width} for targets ` +
          `(sample ${n} has targetLength ${length})`,
      );
    }
    if (width !== undefined) start = n * width;
    labels.subarray(start, start + length).forEach((label: number, i: number) => {
      if (label >= 0 && label < classes) return;
      throw new IndexError(
        `ctcLoss: target ${label} of sample ${n} at position ${i} is out of range, expected 0 to ${classes - 1}`,
      );
    });
    start += length;
  });
  if (width === undefined && start !== total) {
    throw new ShapeError(
      `ctcLoss: the concatenated targets hold ${total} labels, but targetLengths sum to ${start}`,
    );
  }
}

/** Lengths as a tensor (N,). */
function lengthsOf(what: string, lengths: Lengths, batch: number): Tensor {
  if (lengths instanceof Tensor) requireClassDType(`ctcLoss (${what})`, lengths);
  const given = typeof lengths === 'number' ? [lengths] : lengths;
  const count = given instanceof Tensor ? given.count : given.length;
  if (count !== batch) {
    throw new ShapeError(
      `ctcLoss: ${what} must be of size batch_size: expected ${batch} lengths, got ${count}`,
    );
  }
  if (given instanceof Tensor) return given.reshape([batch]);
  requireLengths(what, given);
  return tensor([...given], { dtype: 'int32' });
}

const lengths = () => K.either(K.tensor, K.listOf(K.integer), K.integer);
const ctcLossTakes = /* @__PURE__ */ signature('ctcLoss', () => ({
  logProbs: K.tensor,
  targets: K.tensor,
  inputLengths: lengths(),
  targetLengths: lengths(),
  options: K.options<CTCLossOptions>({ ...lossKinds, blank: K.integer, zeroInfinity: K.flag }),
}));

/**
 * Connectionist temporal classification: -log of the probability of the target sequence, summed over all its alignments
 * with the input, with blanks between labels. Shapes: `logProbs` (T, N, C) or (T, C), log-probabilities; `targets` (N,
 * S), padded, or all labels in one row, (sum(targetLengths),); the lengths (N,), or numbers; the unreduced loss (N,) or
 * (). `'mean'` divides each loss by its target's length first. A target too long for its input has an infinite loss,
 * unless `zeroInfinity`. The gradient, like PyTorch's, is that through a log-softmax; there is no second one. Follows
 * `torch.nn.functional.ctc_loss`.
 * @throws ShapeError, ValueError, IndexError where lengths or labels do not fit; DTypeError for labels or lengths that
 * are no integers; ValueError for a `blank` that is no class, or an unknown reduction
 * @example
 * ```ts
 * const logProbs = F.logSoftmax(tensor([[[0.5, 2, 1]], [[0, 1, 3]], [[1, 0, 0]]]), 2);
 * F.ctcLoss(logProbs, tensor([[1, 2]]), [3], [2]); // tensor(0.4081)
 * ```
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
  options: CTCLossOptions = {},
): Tensor {
  ctcLossTakes(arguments);
  const { blank = ctcDefaults.blank, zeroInfinity = ctcDefaults.zeroInfinity } = options;
  const caller = 'ctcLoss';
  const reduction = checkReduction(caller, options.reduction ?? 'mean');
  requireFloating(caller, logProbs);
  requireClassDType(caller, targets);
  if (logProbs.ndim !== 2 && logProbs.ndim !== 3) {
    throw new ShapeError(
      `${caller}: expected log-probabilities of shape (T, N, C) or (T, C), got ${formatShape(logProbs.shape)}`,
    );
  }
  if (targets.ndim !== 1 && targets.ndim !== 2) {
    throw new ShapeError(`${caller}: targets should be 1D or 2D, got ${formatShape(targets.shape)}`);
  }
  const x = logProbs.ndim === 3 ? logProbs : logProbs.unsqueeze(1);
  const [, batch = 0, classes = 0] = x.shape;
  if (!(blank >= 0 && blank < classes)) {
    throw new ValueError(`${caller}: blank must be in label range, got ${blank} for ${classes} classes`);
  }
  const inputs = lengthsOf('inputLengths', inputLengths, batch);
  const wanted = lengthsOf('targetLengths', targetLengths, batch);
  // A single sample's padding counts for nothing.
  const labels = logProbs.ndim === 2 && targets.ndim === 1 ? targets.unsqueeze(0) : targets;
  const each = apply(ctc, [x, labels, inputs, wanted], { blank, zeroInfinity });
  const losses =
    reduction === 'none' || reduction === 'sum' ? each : each.div(wanted.clampMin(1).to(x.dtype));
  return reduced(logProbs.ndim === 3 ? losses : losses.reshape([]), options, 'ctcLoss');
}

/** Connectionist temporal classification: {@link ctcLoss} as a module. Follows `torch.nn.CTCLoss`. */
export class CTCLoss extends /* @__PURE__ */ lossClass(ctcLoss, ctcDefaults) {}
