/** Cross-entropy of logits against class indices, forward and backward, without the log-softmax in between. */

import type { TypedArray } from '../dtype.ts';
import { IndexError } from '../errors.ts';
import { f64 } from './memory.ts';
import type { FloatArray } from './runs.ts';
import { softmaxKernels } from './softmax-kernels.ts';
import { extentOf, forEachRows } from './softmax-rows.ts';
import type { Strided } from './strided.ts';

export interface CrossEntropyOptions {
  /** A weight for each class, as an array of C numbers. */
  readonly weight?: TypedArray;
  /** Samples with this target count for nothing; -100 by default. */
  readonly ignoreIndex?: number;
  /** The share of the target that is spread evenly over all classes; 0 by default. */
  readonly labelSmoothing?: number;
}

/** Byte address of the numbers that belong to each row: in front of the operands. */
const rowNumbers = 0;

/** The target distribution of each sample: `onTarget(t)` at its class, `everywhere(c)` at every class. */
class Target {
  readonly ignoreIndex: number;
  readonly smoothing: number;
  private readonly weight: TypedArray | undefined;
  private readonly classes: number;
  /** The sum of `everywhere` over all classes. */
  readonly spread: number;

  constructor(classes: number, options: CrossEntropyOptions) {
    this.ignoreIndex = options.ignoreIndex ?? -100;
    this.smoothing = options.labelSmoothing ?? 0;
    this.weight = options.weight;
    this.classes = classes;
    let spread = 0;
    if (this.smoothing > 0) for (let c = 0; c < classes; c++) spread += this.everywhere(c);
    this.spread = spread;
  }

  onTarget(t: number): number {
    return (1 - this.smoothing) * (this.weight === undefined ? 1 : this.weight[t]!);
  }

  everywhere(c: number): number {
    return (this.smoothing / this.classes) * (this.weight === undefined ? 1 : this.weight[c]!);
  }

  /** Whether sample number `i` counts; throws PyTorch's error for a class that there is not. */
  counts(t: number, i: number): boolean {
    if (t === this.ignoreIndex) return false;
    if (t >= 0 && t < this.classes) return true;
    throw new IndexError(
      `crossEntropy: Target ${t} is out of bounds (sample ${i}): the input has ${this.classes} classes, ` +
        `so that a target lies in [0, ${this.classes - 1}] or is ignoreIndex (${this.ignoreIndex})`,
    );
  }
}

const laneOfFloat = (x: Strided): 'f32' | 'f64' => (x.dtype === 'float64' ? 'f64' : 'f32');

/**
 * The unreduced loss of each sample, into `out`: weight[t] * -logSoftmax(x)[t], t being the sample's target, and the
 * label smoothing of PyTorch. `x` holds the logits, classes along `dim`; `target` and `out` have one element for each of
 * x's rows along it, in row-major order of the other dimensions. Ignored samples give 0.
 */
export function crossEntropyForward(
  x: Strided,
  dim: number,
  target: TypedArray,
  targetOffset: number,
  out: TypedArray,
  outOffset: number,
  options: CrossEntropyOptions = {},
): void {
  const lane = laneOfFloat(x);
  const distribution = new Target(extentOf(x.shape, dim).n, options);
  const kernels = softmaxKernels(lane);
  forEachRows([x], dim, undefined, 0, (chunk) => {
    const { first, rows, n, scratch } = chunk;
    kernels.statistics(rows, n, chunk.inputs[0]!, rowNumbers, 0);
    const start = chunk.inputs[0]! / chunk.bytes;
    for (let r = 0; r < rows; r++) {
      const t = target[targetOffset + first + r]!;
      let loss = 0;
      if (distribution.counts(t, first + r)) {
        const row = start + r * n;
        const max = f64[2 * r]!;
        const logSum = f64[2 * r + 1]!;
        loss = distribution.onTarget(t) * (logSum - (scratch[row + t]! - max));
        if (distribution.smoothing > 0) {
          for (let c = 0; c < n; c++)
            loss += distribution.everywhere(c) * (logSum - (scratch[row + c]! - max));
        }
      }
      out[outOffset + first + r] = loss;
    }
  });
}

/**
 * The gradient of {@link crossEntropyForward} by its logits: g * (sum(q) * softmax(x) - q), q being the sample's target
 * distribution, weights included; 0 where the sample is ignored. `g` is the gradient by each sample's loss: an array
 * like `target`, or one number for all. `out` is laid out as a contiguous tensor of x's shape.
 */
export function crossEntropyBackward(
  x: Strided,
  dim: number,
  target: TypedArray,
  targetOffset: number,
  g: TypedArray | number,
  gOffset: number,
  out: TypedArray,
  outOffset: number,
  options: CrossEntropyOptions = {},
): void {
  const lane = laneOfFloat(x);
  const distribution = new Target(extentOf(x.shape, dim).n, options);
  const kernels = softmaxKernels(lane);
  forEachRows([x], dim, out as FloatArray, outOffset, (chunk) => {
    const { first, rows, n, scratch } = chunk;
    for (let r = 0; r < rows; r++) {
      const t = target[targetOffset + first + r]!;
      const upstream = typeof g === 'number' ? g : g[gOffset + first + r]!;
      const counts = distribution.counts(t, first + r);
      f64[rowNumbers / 8 + r] = counts ? upstream * (distribution.onTarget(t) + distribution.spread) : 0;
    }
    kernels.softmax(rows, n, chunk.inputs[0]!, chunk.out, rowNumbers, 1);
    const start = chunk.out / chunk.bytes;
    for (let r = 0; r < rows; r++) {
      const t = target[targetOffset + first + r]!;
      if (t === distribution.ignoreIndex) continue;
      const upstream = typeof g === 'number' ? g : g[gOffset + first + r]!;
      const row = start + r * n;
      scratch[row + t]! -= upstream * distribution.onTarget(t);
      if (distribution.smoothing > 0) {
        for (let c = 0; c < n; c++) scratch[row + c]! -= upstream * distribution.everywhere(c);
      }
    }
  });
}
