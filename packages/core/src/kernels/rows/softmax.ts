/** Softmax, log-softmax and log-sum-exp along one dimension, forward and backward. */

import type { TypedArray } from '../../dtype.ts';
import type { FloatArray, Strided } from '../strided/index.ts';
import { type FloatLane, f64 } from '../wasm/index.ts';
import { forEachRows } from './chunks.ts';
import {
  isLong,
  longLogSoftmax,
  longLogSoftmaxBackward,
  longLogsumexp,
  longSoftmax,
  longSoftmaxBackward,
} from './long-rows.ts';
import { softmaxKernels } from './softmax-kernels.ts';

/** Byte address of the statistics that `statistics` writes: in front of the operands. */
const rowNumbers = 0;

const laneOfFloat = (x: Strided): FloatLane => (x.dtype === 'float64' ? 'f64' : 'f32');

/**
 * out = exp(x - max) / sum(exp(x - max)) along `dim` (normalised), for a float tensor of any layout. `out` is laid out as
 * a contiguous tensor of the same shape and dtype, from `outOffset` on. A row that is -Infinity throughout gives NaN.
 */
export function softmaxRows(x: Strided, dim: number, out: TypedArray, outOffset = 0): void {
  if (isLong(x, dim)) {
    longSoftmax(x, dim, out, outOffset);
    return;
  }
  const kernels = softmaxKernels(laneOfFloat(x));
  forEachRows([x], dim, out as FloatArray, outOffset, ({ rows, n, inputs, out }) =>
    kernels.softmax(rows, n, inputs[0], out),
  );
}

/** out = x - max - log(sum(exp(x - max))) along `dim`; otherwise as {@link softmaxRows}. */
export function logSoftmaxRows(x: Strided, dim: number, out: TypedArray, outOffset = 0): void {
  if (isLong(x, dim)) {
    longLogSoftmax(x, dim, out, outOffset);
    return;
  }
  const kernels = softmaxKernels(laneOfFloat(x));
  forEachRows([x], dim, out as FloatArray, outOffset, ({ rows, n, inputs, out }) =>
    kernels.logSoftmax(rows, n, inputs[0], out),
  );
}

/** The derivative of softmax: out = y * (g - sum(g * y)), for its result y and the gradient g by it. */
export function softmaxRowsBackward(
  y: Strided,
  g: Strided,
  dim: number,
  out: TypedArray,
  outOffset = 0,
): void {
  if (isLong(y, dim)) {
    longSoftmaxBackward(y, g, dim, out, outOffset);
    return;
  }
  const kernels = softmaxKernels(laneOfFloat(y));
  forEachRows([y, g], dim, out as FloatArray, outOffset, ({ rows, n, inputs, out }) =>
    kernels.softmaxBackward(rows, n, inputs[0], inputs[1], out),
  );
}

/** The derivative of logSoftmax: out = g - exp(y) * sum(g), for its result y and the gradient g by it. */
export function logSoftmaxRowsBackward(
  y: Strided,
  g: Strided,
  dim: number,
  out: TypedArray,
  outOffset = 0,
): void {
  if (isLong(y, dim)) {
    longLogSoftmaxBackward(y, g, dim, out, outOffset);
    return;
  }
  const kernels = softmaxKernels(laneOfFloat(y));
  forEachRows([y, g], dim, out as FloatArray, outOffset, ({ rows, n, inputs, out }) =>
    kernels.logSoftmaxBackward(rows, n, inputs[0], inputs[1], out),
  );
}

/**
 * log(sum(exp(x))) along `dim` into `out`, one result for each row along it, in row-major order of the other
 * dimensions. -Infinity throughout gives -Infinity; a row with +Infinity gives it. An empty row gives -Infinity.
 */
export function logsumexpRows(x: Strided, dim: number, out: TypedArray, outOffset = 0): void {
  if (x.count === 0) {
    out.fill(Number.NEGATIVE_INFINITY, outOffset);
    return;
  }
  if (isLong(x, dim)) {
    longLogsumexp(x, dim, out, outOffset);
    return;
  }
  const kernels = softmaxKernels(laneOfFloat(x));
  forEachRows([x], dim, undefined, 0, ({ first, rows, n, inputs, scratch, bytes }) => {
    const xAt = inputs[0];
    kernels.statistics(rows, n, xAt, rowNumbers);
    for (let r = 0; r < rows; r++) {
      const max = f64[2 * r]!;
      const start = xAt / bytes + r * n;
      out[outOffset + first + r] = Number.isFinite(max)
        ? max + f64[2 * r + 1]!
        : maximumOrNaN(scratch.subarray(start, start + n));
    }
  });
}

/** What log(sum(exp(x))) is where the maximum is infinite: that maximum, or NaN where the row has one. */
function maximumOrNaN(row: FloatArray): number {
  let max = Number.NEGATIVE_INFINITY;
  for (const x of row) max = Math.max(max, x);
  return max;
}
