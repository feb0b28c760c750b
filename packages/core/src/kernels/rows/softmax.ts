/** Softmax, log-softmax and log-sum-exp along one dimension, forward and backward. */

import type { TypedArray } from '../../dtype.ts';
import { fillStrided } from '../elementwise/index.ts';
import { recorder } from '../recording/index.ts';
import { denseOver, extentOf, type Strided } from '../strided/index.ts';
import type { FloatLane } from '../wasm/index.ts';
import { forEachRows, recordRows, runRows } from './chunks.ts';
import { FEW_COLUMNS, runColumns } from './columns.ts';
import {
  isLong,
  type LongBackward,
  longLogSoftmax,
  longLogSoftmaxBackward,
  longLogsumexp,
  longSoftmax,
  longSoftmaxBackward,
} from './long-rows.ts';
import { softmaxColumnKernels } from './softmax-column-kernels.ts';
import { softmaxKernels } from './softmax-kernels.ts';

const laneOfFloat = (x: Strided): FloatLane => (x.dtype === 'float64' ? 'f64' : 'f32');

/** Whether what lies along `dim` is worked on as columns side by side. */
const areColumns = (x: Strided, dim: number): boolean => extentOf(x.shape, dim).inner >= FEW_COLUMNS;

/** A kernel of rows along `dim`, or the one of columns. */
function runAlong(
  name: string,
  of: 'softmax' | 'logSoftmax' | 'softmaxBackward' | 'logSoftmaxBackward',
  operands: readonly [Strided, ...Strided[]],
  dim: number,
  out: TypedArray,
  outOffset: number,
): void {
  const [x] = operands;
  const lane = laneOfFloat(x);
  if (areColumns(x, dim)) runColumns(name, softmaxColumnKernels(lane)[of], operands, dim, out, outOffset);
  else runRows(name, softmaxKernels(lane)[of], operands, dim, out, outOffset);
}

/** A function of rows along `dim`. */
type Rows = (x: Strided, dim: number, out: TypedArray, outOffset?: number) => void;

const rowsOf =
  (name: string, of: 'softmax' | 'logSoftmax', long: typeof longSoftmax): Rows =>
  (x, dim, out, outOffset = 0) => {
    if (isLong(x, dim)) long(x, dim, out, outOffset);
    else runAlong(name, of, [x], dim, out, outOffset);
  };

/**
 * out = exp(x - max) / sum(exp(x - max)) along `dim` (normalised), for a float tensor of any layout. `out` is laid out
 * as a contiguous tensor of the same shape and dtype, from `outOffset` on. A row that is -Infinity throughout gives
 * NaN.
 */
export const softmaxRows: Rows = rowsOf('softmax', 'softmax', longSoftmax);

/** out = x - max - log(sum(exp(x - max))) along `dim`; otherwise as {@link softmaxRows}. */
export const logSoftmaxRows: Rows = rowsOf('log_softmax', 'logSoftmax', longLogSoftmax);

/**
 * A derivative along `dim` of a function of rows, for its result y and the gradient g by it, into `out` as
 * {@link softmaxRows}.
 */
type RowsBackward = (y: Strided, g: Strided, dim: number, out: TypedArray, outOffset?: number) => void;

const rowsBackward =
  (name: string, of: 'softmaxBackward' | 'logSoftmaxBackward', long: LongBackward): RowsBackward =>
  (y, g, dim, out, outOffset = 0) => {
    if (isLong(y, dim)) long(y, g, dim, out, outOffset);
    else runAlong(name, of, [y, g], dim, out, outOffset);
  };

/** The derivative of softmax: out = y * (g - sum(g * y)), for its result y and the gradient g by it. */
export const softmaxRowsBackward: RowsBackward = rowsBackward(
  'softmax_backward',
  'softmaxBackward',
  longSoftmaxBackward,
);

/** The derivative of logSoftmax: out = g - exp(y) * sum(g), for its result y and the gradient g by it. */
export const logSoftmaxRowsBackward: RowsBackward = rowsBackward(
  'log_softmax_backward',
  'logSoftmaxBackward',
  longLogSoftmaxBackward,
);

/**
 * log(sum(exp(x))) along `dim` into `out`, one result for each row along it, in row-major order of the other
 * dimensions. -Infinity throughout gives -Infinity; a row with +Infinity gives it. An empty row gives -Infinity.
 */
export function logsumexpRows(x: Strided, dim: number, out: TypedArray, outOffset = 0): void {
  if (x.count === 0) {
    const count = out.length - outOffset;
    fillStrided(denseOver(out, x.dtype, [count], outOffset, count), Number.NEGATIVE_INFINITY);
    return;
  }
  if (isLong(x, dim)) {
    longLogsumexp(x, dim, out, outOffset);
    return;
  }
  if (areColumns(x, dim)) {
    const { logsumexp } = softmaxColumnKernels(laneOfFloat(x));
    runColumns('logsumexp', logsumexp, [x], dim, out, outOffset, 'one');
    return;
  }
  const { logsumexp } = softmaxKernels(laneOfFloat(x));
  if (recorder !== null) {
    recordRows('logsumexp', logsumexp, [x], dim, outOffset === 0 ? out : out.subarray(outOffset));
    return;
  }
  // The results stand in front of the operands.
  forEachRows([x], dim, undefined, 0, ({ first, rows, n, inputs, scratch }) => {
    logsumexp(rows, n, inputs[0], 0);
    for (let r = 0; r < rows; r++) out[outOffset + first + r] = scratch[r]!;
  });
}
