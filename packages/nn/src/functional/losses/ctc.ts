import {
  AutogradError,
  apply,
  definePrimitive,
  formatShape,
  INPUT,
  IndexError,
  type Primitive,
  ShapeError,
  Tensor,
  tensor,
  ValueError,
} from '@kindling/core';
import { requireClassDType, requireFloating } from './classes.ts';
import { checkReduction, type LossOptions, reduceLoss } from './reduction.ts';

/** Options of {@link ctcLoss}. */
export interface CTCLossOptions extends LossOptions {
  /** The class that stands for no label. Default: 0. */
  readonly blank?: number;
  /** Whether infinite losses, of targets too long for their input, become 0, and their gradients too. Default: false. */
  readonly zeroInfinity?: boolean;
}

/** Lengths: a tensor, an array, or a number for a single sample. */
export type Lengths = Tensor | readonly number[] | number;

interface Attributes {
  readonly blank: number;
  readonly zeroInfinity: boolean;
  readonly inputLengths: readonly number[];
  readonly targetLengths: readonly number[];
  /** Where the labels of each sample start among the targets. */
  readonly starts: readonly number[];
}

function logAdd(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY) return b;
  if (b === Number.NEGATIVE_INFINITY) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

/** One sample: its log-probabilities, and its labels with blanks before, between and behind. */
class Alignment {
  readonly steps: number;
  readonly states: number;
  private readonly logs: ArrayLike<number>;
  private readonly labels: Int32Array;
  private readonly start: number;
  private readonly pitch: number;

  constructor(x: Tensor, targets: Tensor, sample: number, a: Attributes) {
    const [, batch, classes] = x.shape as [number, number, number];
    const length = a.targetLengths[sample]!;
    this.steps = a.inputLengths[sample]!;
    this.states = 2 * length + 1;
    this.logs = x.data;
    this.start = sample * classes;
    this.pitch = batch * classes;
    this.labels = new Int32Array(this.states).fill(a.blank);
    const labels = targets.data;
    for (let i = 0; i < length; i++) this.labels[2 * i + 1] = labels[a.starts[sample]! + i]!;
  }

  /** Position among the log-probabilities of class `c` at step `t`. */
  at(t: number, c: number): number {
    return this.start + t * this.pitch + c;
  }

  label(s: number): number {
    return this.labels[s]!;
  }

  /** Whether the blank before state s may be left out: its label is not that of two states before. */
  private skips(s: number): boolean {
    return s >= 2 && this.labels[s] !== this.labels[s - 2];
  }

  /** log of the probability of all ways to be in state s after step t, at t * states + s. */
  forward(): Float64Array {
    const { steps, states, logs } = this;
    const alpha = new Float64Array(steps * states).fill(Number.NEGATIVE_INFINITY);
    for (let s = 0; s < Math.min(2, states) && steps > 0; s++) alpha[s] = logs[this.at(0, this.label(s))]!;
    for (let t = 1; t < steps; t++) {
      const before = (t - 1) * states;
      for (let s = 0; s < states; s++) {
        let sum = alpha[before + s]!;
        if (s >= 1) sum = logAdd(sum, alpha[before + s - 1]!);
        if (this.skips(s)) sum = logAdd(sum, alpha[before + s - 2]!);
        alpha[t * states + s] = sum + logs[this.at(t, this.label(s))]!;
      }
    }
    return alpha;
  }

  /** log of the probability of all ways to go on from state s at step t, that step included. */
  backward(): Float64Array {
    const { steps, states, logs } = this;
    const beta = new Float64Array(steps * states).fill(Number.NEGATIVE_INFINITY);
    const last = (steps - 1) * states;
    for (let s = Math.max(0, states - 2); s < states; s++)
      beta[last + s] = logs[this.at(steps - 1, this.label(s))]!;
    for (let t = steps - 2; t >= 0; t--) {
      const after = (t + 1) * states;
      for (let s = 0; s < states; s++) {
        let sum = beta[after + s]!;
        if (s + 1 < states) sum = logAdd(sum, beta[after + s + 1]!);
        if (s + 2 < states && this.skips(s + 2)) sum = logAdd(sum, beta[after + s + 2]!);
        beta[t * states + s] = sum + logs[this.at(t, this.label(s))]!;
      }
    }
    return beta;
  }

  /** -log of the probability of the target. */
  loss(alpha: Float64Array): number {
    const { steps, states } = this;
    if (steps === 0) return states === 1 ? 0 : Number.POSITIVE_INFINITY;
    const end = steps * states;
    return -(states === 1 ? alpha[end - 1]! : logAdd(alpha[end - 1]!, alpha[end - 2]!));
  }
}

/** The losses of all samples, (N,); inputs: log-probabilities (T, N, C) and targets. */
const ctc: Primitive<Attributes, [Tensor, Tensor]> = definePrimitive({
  name: 'ctc_loss',
  saves: INPUT(0) | INPUT(1),
  infer: ([x]) => ({ shape: [x.shape[1]!], dtype: x.dtype }),
  kernel([x, targets], a, out) {
    const losses = out.data;
    for (let n = 0; n < losses.length; n++) {
      const alignment = new Alignment(x, targets, n, a);
      const loss = alignment.loss(alignment.forward());
      losses[n] = a.zeroInfinity && loss === Number.POSITIVE_INFINITY ? 0 : loss;
    }
  },
  derivative: (g, node) => [apply(ctcBackward, [g, node.input(0), node.input(1)], node.attrs), null],
});

/**
 * The gradient by the log-probabilities, as PyTorch has it: exp(x) less the probability of each class at each step given the
 * target. It is the gradient through a log-softmax before it, to whose backward it makes no difference.
 */
const ctcBackward: Primitive<Attributes, [Tensor, Tensor, Tensor]> = definePrimitive({
  name: 'ctc_loss_backward',
  saves: 0,
  infer: ([, x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel([g, x, targets], a, out) {
    const gradient = new Float64Array(out.count);
    const upstream = g.data;
    const logs = x.data;
    const classes = x.shape[2]!;
    const occupied = new Float64Array(classes);
    for (let n = 0; n < upstream.length; n++) {
      const alignment = new Alignment(x, targets, n, a);
      const { steps, states } = alignment;
      const alpha = alignment.forward();
      const loss = alignment.loss(alpha);
      if (steps === 0 || (a.zeroInfinity && loss === Number.POSITIVE_INFINITY)) continue;
      const beta = alignment.backward();
      for (let t = 0; t < steps; t++) {
        occupied.fill(Number.NEGATIVE_INFINITY);
        for (let s = 0; s < states; s++) {
          const c = alignment.label(s);
          occupied[c] = logAdd(occupied[c]!, alpha[t * states + s]! + beta[t * states + s]!);
        }
        for (let c = 0; c < classes; c++) {
          const at = alignment.at(t, c);
          const x = logs[at]!;
          const impossible = occupied[c] === Number.NEGATIVE_INFINITY && loss !== Number.POSITIVE_INFINITY;
          const share = impossible ? 0 : Math.exp(occupied[c]! + loss - x);
          gradient[at] = (Math.exp(x) - share) * upstream[n]!;
        }
      }
    }
    out.data.set(gradient);
  },
  derivative() {
    throw new AutogradError(
      'ctcLoss: the second derivative is not implemented (nor is it in PyTorch): the derivative for ctc_loss_backward',
    );
  },
});

function lengthsOf(caller: string, what: string, lengths: Lengths, batch: number): number[] {
  if (lengths instanceof Tensor) requireClassDType(`${caller} (${what})`, lengths);
  const list =
    lengths instanceof Tensor
      ? Array.from(lengths.data as ArrayLike<number>)
      : typeof lengths === 'number'
        ? [lengths]
        : [...lengths];
  if (list.length !== batch) {
    throw new ShapeError(
      `${caller}: ${what} must be of size batch_size: expected ${batch} lengths, got ${list.length}`,
    );
  }
  for (const n of list) {
    if (!Number.isInteger(n) || n < 0) {
      throw new ValueError(`${caller}: Expected ${what} to have value at least 0, but got value ${n}`);
    }
  }
  return list;
}

/** Checks the labels, and finds where those of each sample start: one after another, or a row of `width` for each. */
function startsOf(caller: string, targets: Tensor, lengths: readonly number[], classes: number): number[] {
  const concatenated = targets.ndim === 1;
  const width = concatenated ? 0 : targets.shape[1]!;
  const starts: number[] = [];
  const labels = targets.data;
  let start = 0;
  for (let n = 0; n < lengths.length; n++) {
    const length = lengths[n]!;
    if (!concatenated && length > width) {
      throw new ShapeError(
        `${caller}: Expected tensor to have size at least ${length} at dimension 1, but got size ${width} for targets ` +
          `(sample ${n} has targetLength ${length})`,
      );
    }
    starts.push(concatenated ? start : n * width);
    start += length;
    for (let i = starts[n]!; i < starts[n]! + length && i < labels.length; i++) {
      const label = labels[i]!;
      if (label >= 0 && label < classes) continue;
      throw new IndexError(
        `${caller}: target ${label} of sample ${n} at position ${i - starts[n]!} is out of range, expected 0 to ${classes - 1}`,
      );
    }
  }
  if (concatenated && start !== labels.length) {
    throw new ShapeError(
      `${caller}: the concatenated targets hold ${labels.length} labels, but targetLengths sum to ${start}`,
    );
  }
  return starts;
}

/**
 * Connectionist temporal classification: -log of the probability of the target sequence, summed over all its alignments with
 * the input, with blanks between labels. Shapes: `logProbs` (T, N, C) or (T, C), log-probabilities; `targets` (N, S), padded, or
 * all labels in one row, (sum(targetLengths),); the lengths (N,), or numbers; the unreduced loss (N,) or (). `'mean'` divides
 * each loss by its target's length first. A target too long for its input has an infinite loss, unless `zeroInfinity`.
 * The gradient, like PyTorch's, is that through a log-softmax; there is no second one.
 * Follows `torch.nn.functional.ctc_loss`.
 *
 * @throws ShapeError, ValueError, IndexError where lengths or labels do not fit
 * @example
 * ```ts
 * const logProbs = F.logSoftmax(randn([50, 2, 20]), 2);
 * F.ctcLoss(logProbs, tensor([[1, 2, 2], [5, 0, 0]]), [50, 40], [3, 1]);
 * ```
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
  options: CTCLossOptions = {},
): Tensor {
  const { blank = 0, zeroInfinity = false } = options;
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
  const [steps, batch, classes] = x.shape as [number, number, number];
  if (!(blank >= 0 && blank < classes)) {
    throw new ValueError(`${caller}: blank must be in label range, got ${blank} for ${classes} classes`);
  }
  const inputs = lengthsOf(caller, 'inputLengths', inputLengths, batch);
  const wanted = lengthsOf(caller, 'targetLengths', targetLengths, batch);
  for (const n of inputs) {
    if (n > steps) {
      throw new ValueError(
        `${caller}: Expected inputLengths to have value at most ${steps}, but got value ${n}`,
      );
    }
  }
  // A single sample's padding counts for nothing.
  const labels = logProbs.ndim === 2 && targets.ndim === 1 ? targets.unsqueeze(0) : targets;
  const starts = startsOf(caller, labels, wanted, classes);
  const attributes = { blank, zeroInfinity, inputLengths: inputs, targetLengths: wanted, starts };
  const each = apply(ctc, [x, labels], attributes);
  const loss = logProbs.ndim === 3 ? each : each.reshape([]);
  if (reduction === 'none' || reduction === 'sum') return reduceLoss(loss, options);
  const divisors = wanted.map((n) => Math.max(n, 1));
  const perLabel = tensor(logProbs.ndim === 3 ? divisors : divisors[0]!, { dtype: x.dtype });
  return reduceLoss(loss.div(perLabel), options);
}
