/**
 * Softmax, cross-entropy and their kin of rows that are too long to be in scratch at once: part by part, in two passes.
 * So the scratch memory, which never shrinks, stays small, and a row may be of any length.
 */

import type { TypedArray } from '../../dtype.ts';
import { contiguousStrides } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import { copyStrided, ElementwiseKernel, runElementwise } from '../elementwise/index.ts';
import { exp, mul, sub } from '../expression/index.ts';
import { recordCall, recorder } from '../recording/index.ts';
import { extentOf, type FloatArray, gather, type Strided, stridedOver } from '../strided/index.ts';
import { align16, ensureBytes, type FloatLane, f32, f64 } from '../wasm/index.ts';
import { type CrossEntropyTarget, isIgnored, scaleOf } from './cross-entropy-target.ts';
import { softmaxKernels } from './softmax-kernels.ts';

/** Lengths of rows, in elements; tests lower it. */
export const rowLimits = {
  /** Longer rows are worked on in parts of this length. */
  longest: 2 ** 18,
};

/** Whether the rows of `x` along `dim` are beyond what is in scratch at once. */
export const isLong = (x: Strided, dim: number): boolean => (x.shape[dim] ?? 1) > rowLimits.longest;

const laneOf = (x: Strided): FloatLane => (x.dtype === 'float64' ? 'f64' : 'f32');

/** One row of a tensor along a dimension, in place. */
export function rowOf(x: Strided, dim: number, row: number): Strided {
  const { shape, storage, dtype } = x;
  const strides = x.dense ? contiguousStrides(shape) : x.strides;
  let offset = x.offset;
  let rest = row;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (d === dim) continue;
    offset += (rest % shape[d]!) * strides[d]!;
    rest = Math.floor(rest / shape[d]!);
  }
  return stridedOver(storage.array, dtype, [shape[dim]!], offset, [strides[dim]!]);
}

/** Where the numbers lie that `statistics` writes, in front of the parts. */
const statisticsAt = 0;
const firstPart = 64;

/**
 * Brings the rows into scratch, part by part and side by side, and calls `run` for each: where they begin, in elements.
 */
function eachPart(
  rows: readonly Strided[],
  run: (scratch: FloatArray, at: readonly number[], count: number) => void,
): void {
  const [x] = rows as [Strided];
  const bytes = x.dtype === 'float64' ? 8 : 4;
  const pitch = align16(rowLimits.longest * bytes + 64);
  ensureBytes(firstPart + rows.length * pitch);
  const scratch = bytes === 8 ? f64 : f32;
  const at = rows.map((_, i) => (firstPart + i * pitch) / bytes);
  for (let start = 0; start < x.count; start += rowLimits.longest) {
    const count = Math.min(rowLimits.longest, x.count - start);
    rows.forEach((row, i) => {
      gather(row, row.shape, start, count, scratch, at[i]!);
    });
    run(scratch, at, count);
  }
}

function holdsNaN(array: FloatArray, start: number, count: number): boolean {
  for (let i = start; i < start + count; i++) if (Number.isNaN(array[i]!)) return true;
  return false;
}

/**
 * The maximum of a row, NaN left out, and sum(exp(x - max)), NaN where the maximum is infinite or the row has a NaN.
 */
interface Statistics {
  readonly max: number;
  readonly total: number;
  readonly nan: boolean;
}

function statisticsOf(row: Strided): Statistics {
  const kernels = softmaxKernels(laneOf(row));
  let max = Number.NEGATIVE_INFINITY;
  /** The sum of exp(x - max) so far. */
  let total = 0;
  let nan = false;
  eachPart([row], (scratch, [at], count) => {
    kernels.statistics(1, count, at! * scratch.BYTES_PER_ELEMENT, statisticsAt);
    const [partMax, partLogSum] = [f64[0]!, f64[1]!];
    const finite = Number.isFinite(partMax);
    nan ||= finite ? Number.isNaN(partLogSum) : holdsNaN(scratch, at!, count);
    if (partMax > max) {
      total *= kernels.exp(max - partMax);
      max = partMax;
    }
    if (finite) total += kernels.exp(partMax - max + partLogSum);
  });
  return { max, total: nan || !Number.isFinite(max) ? Number.NaN : total, nan };
}

/** Numbers of a row, float64, which kernels take as operands: they are not known where kernels are taken down. */
interface Scalars {
  readonly max: Strided;
  /** sum(exp(x - max)), its logarithm and its inverse. */
  readonly total: Strided;
  readonly logTotal: Strided;
  readonly inverse: Strided;
  /** log(sum(exp(x))). */
  readonly logsumexp: Strided;
}

export const scalarIn = (numbers: TypedArray, at: number): Strided => stridedOver(numbers, 'float64', [], at);

function scalarsOf(row: Strided): Scalars {
  const numbers = allocateArray('float64', 5);
  if (recorder !== null) {
    const { longStatistics } = softmaxKernels(laneOf(row));
    recordCall('row_statistics', longStatistics, [
      row.count,
      rowLimits.longest,
      recorder.elements(row),
      numbers,
    ]);
  } else {
    const { max, total, nan } = statisticsOf(row);
    const logTotal = softmaxKernels(laneOf(row)).log(total);
    // An infinite maximum is the logarithm itself.
    const logsumexp = nan ? Number.NaN : Number.isFinite(max) ? max + logTotal : max;
    numbers.set([max, total, logTotal, 1 / total, logsumexp]);
  }
  const [max, total, logTotal, inverse, logsumexp] = [0, 1, 2, 3, 4].map((at) => scalarIn(numbers, at));
  return { max, total, logTotal, inverse, logsumexp } as Scalars;
}

/** The sum of a row, or of the products of two, one after the other. */
function totalOf(rows: readonly [Strided, ...Strided[]]): Strided {
  const numbers = allocateArray('float64', 1);
  const [x, y] = rows;
  if (recorder !== null) {
    const given = [recorder.elements(x), y === undefined ? 0 : recorder.elements(y)];
    recordCall('row_total', softmaxKernels(laneOf(x)).longTotal, [x.count, ...given, numbers]);
  } else {
    let total = 0;
    eachPart(rows, (scratch, [xAt, yAt], count) => {
      for (let i = 0; i < count; i++) {
        const term = scratch[xAt! + i]!;
        total += yAt === undefined ? term : term * scratch[yAt + i]!;
      }
    });
    numbers[0] = total;
  }
  return scalarIn(numbers, 0);
}

const softmaxKernel = new ElementwiseKernel('softmax', 3, (x, max, factor) => mul(exp(sub(x, max)), factor));
const logSoftmaxKernel = new ElementwiseKernel('log_softmax', 3, (x, max, logSum) =>
  sub(sub(x, max), logSum),
);
const softmaxBackwardKernel = new ElementwiseKernel('softmax_backward', 3, (y, g, total) =>
  mul(y, sub(g, total)),
);
const logSoftmaxBackwardKernel = new ElementwiseKernel('log_softmax_backward', 3, (y, g, total) =>
  sub(g, mul(exp(y), total)),
);

/**
 * Calls `run` with each row along `dim` of the tensors, which have one shape, and of the array that takes the results.
 */
function eachRow<const T extends readonly [Strided, ...Strided[]]>(
  tensors: T,
  dim: number,
  out: TypedArray,
  outOffset: number,
  run: (rows: T, out: Strided) => void,
): void {
  const [x] = tensors;
  const { outer, inner } = extentOf(x.shape, dim);
  const results = stridedOver(out, x.dtype, x.shape, outOffset);
  for (let row = 0; row < outer * inner; row++) {
    run(tensors.map((t) => rowOf(t, dim, row)) as unknown as T, rowOf(results, dim, row));
  }
}

/** {@link softmaxRows} of long rows. */
export function longSoftmax(x: Strided, dim: number, out: TypedArray, outOffset: number): void {
  eachRow([x], dim, out, outOffset, (rows, result) => {
    const { max, inverse } = scalarsOf(rows[0]);
    runElementwise(softmaxKernel, laneOf(x), [...rows, max, inverse], [], result);
  });
}

/** {@link logSoftmaxRows} of long rows. */
export function longLogSoftmax(x: Strided, dim: number, out: TypedArray, outOffset: number): void {
  eachRow([x], dim, out, outOffset, (rows, result) => {
    const { max, logTotal } = scalarsOf(rows[0]);
    runElementwise(logSoftmaxKernel, laneOf(x), [...rows, max, logTotal], [], result);
  });
}

/** A derivative of long rows. */
export type LongBackward = (y: Strided, g: Strided, dim: number, out: TypedArray, outOffset: number) => void;

/** By a kernel that takes y, g and a total of both. */
const longBackward =
  (kernel: ElementwiseKernel, total: (y: Strided, g: Strided) => Strided): LongBackward =>
  (y, g, dim, out, outOffset) =>
    eachRow([y, g], dim, out, outOffset, (rows, result) =>
      runElementwise(kernel, laneOf(y), [...rows, total(...rows)], [], result),
    );

/** {@link softmaxRowsBackward} of long rows. */
export const longSoftmaxBackward: LongBackward = longBackward(softmaxBackwardKernel, (y, g) =>
  totalOf([y, g]),
);

/** {@link logSoftmaxRowsBackward} of long rows. */
export const longLogSoftmaxBackward: LongBackward = longBackward(logSoftmaxBackwardKernel, (_, g) =>
  totalOf([g]),
);

/** {@link logsumexpRows} of long rows. */
export function longLogsumexp(x: Strided, dim: number, out: TypedArray, outOffset: number): void {
  const { outer, inner } = extentOf(x.shape, dim);
  for (let row = 0; row < outer * inner; row++) {
    copyStrided(scalarsOf(rowOf(x, dim, row)).logsumexp, out, outOffset + row, x.dtype);
  }
}

const spreadGradientKernel = new ElementwiseKernel('cross_entropy_gradient', 2, (x, q, max, factor, unit) =>
  sub(mul(exp(sub(x, max)), factor), mul(q, unit)),
);

/** {@link crossEntropyRows} of long rows. */
export function longCrossEntropy(
  x: Strided,
  dim: number,
  target: CrossEntropyTarget,
  unit: number,
  grad: TypedArray | null,
  losses: TypedArray | null,
): number {
  const { outer, inner } = extentOf(x.shape, dim);
  const { spread } = target;
  const shared = spread !== null && spread.shape.length === 1 && x.shape.length !== 1;
  const gradients = grad === null ? null : stridedOver(grad, x.dtype, x.shape);
  let sum = 0;
  for (let row = 0; row < outer * inner; row++) {
    const result = gradients === null ? null : rowOf(gradients, dim, row);
    let loss = 0;
    if (isIgnored(target, row)) {
      if (result !== null) clear(result);
    } else {
      const logits = rowOf(x, dim, row);
      const share = spread === null ? null : rowOf(spread, shared ? 0 : dim, shared ? 0 : row);
      loss = lossOfRow(logits, share, target, row, unit, result);
    }
    if (losses !== null) losses[row] = loss;
    sum += loss;
  }
  return sum;
}

function clear({ storage, offset, strides, count }: Strided): void {
  for (let i = 0; i < count; i++) storage.array[offset + i * strides[0]!] = 0;
}

/** The loss of one row, and its gradient, times `unit`, into `grad`. */
function lossOfRow(
  logits: Strided,
  share: Strided | null,
  target: CrossEntropyTarget,
  row: number,
  unit: number,
  grad: Strided | null,
): number {
  const { max, total } = statisticsOf(logits);
  const logSum = softmaxKernels(laneOf(logits)).log(total);
  const scale = scaleOf(target, row);
  /** Index in its array of the element of the row's own class. */
  const own = (x: Strided): number => x.offset + (target.classes?.[row] ?? 0) * x.strides[0]!;
  let loss = 0;
  let mass = scale;
  // A scale of 0 leaves the class out, be its logit -Infinity.
  if (scale !== 0) loss = scale * (logSum - (logits.storage.array[own(logits)]! - max));
  if (share !== null) {
    eachPart([logits, share], (scratch, [xAt, qAt], count) => {
      for (let i = 0; i < count; i++) {
        const q = scratch[qAt! + i]!;
        loss += q * (logSum - (scratch[xAt! + i]! - max));
        mass += q;
      }
    });
  }
  if (grad !== null) {
    const factor = (unit * mass) / total;
    const numbers = Float64Array.of(max, factor);
    const scalars = [scalarIn(numbers, 0), scalarIn(numbers, 1)];
    if (share === null) runElementwise(softmaxKernel, laneOf(logits), [logits, ...scalars], [], grad);
    else runElementwise(spreadGradientKernel, laneOf(logits), [logits, share], [max, factor, unit], grad);
    if (scale !== 0) grad.storage.array[own(grad)]! -= unit * scale;
  }
  return loss;
}
