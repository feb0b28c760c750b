import { laneOf } from '../../dtype.ts';
import { type ElementwiseSink, fitting, runElementwiseMany } from '../elementwise/elementwise.ts';
import { ensureSlots, slotBase } from '../elementwise/slots.ts';
import { recorder } from '../recording/index.ts';
import { denseOver } from '../strided/index.ts';
import { f32, f64, u8 } from '../wasm/index.ts';
import { type ElementwiseSum, recordSum } from './recorded.ts';
import { type ReduceKernels, reduceKernels } from './reduce-kernels.ts';
import { BLOCK } from './row-kernels.ts';

/** An address in scratch behind the parameters that any kernel has, and in front of the slots. */
const totalAt = 496;
/**
 * Up to this many values a loop in JavaScript beats the call. It adds them up as the kernel does, one after another.
 */
const few = 24;

/** What `runElementwiseMany` asks of a result that is not stored. */
const nowhere = new Float32Array(0);
const toSlot: ElementwiseSink = { results: 1, take() {} };

/**
 * Adds up the values of an elementwise kernel over operands of one shape, in the order in which `reduce` adds up a row,
 * divides the sum by `divisor`, and stores it in `out` at index `at`. The values are not stored: they stay in the
 * cache. `stored` are the further results of the kernel, if it has any.
 */
export const sumElementwise: (...sum: ElementwiseSum) => void = (
  kernel,
  dtype,
  inputs,
  params,
  divisor,
  out,
  at,
  stored = [],
) => {
  if (recorder !== null) {
    recordSum(recorder, kernel, dtype, inputs, params, divisor, out, at, stored);
    return;
  }
  const { shape, count } = inputs[0]!;
  const lane = laneOf(dtype);
  const outs = [denseOver(nowhere, dtype, shape, 0, count), ...stored];
  if (count <= few) {
    runElementwiseMany(kernel, lane, inputs, params, outs, toSlot);
    const array = dtype === 'float64' ? f64 : f32;
    const from = slotBase(0) / array.BYTES_PER_ELEMENT;
    let total = 0;
    for (let i = 0; i < count; i++) total += array[from + i]!;
    out[at] = total / divisor;
    return;
  }
  const kernels = reduceKernels(lane, 'sum');
  if (count <= fitting(inputs.some((x) => x.dtype === 'float64') || dtype === 'float64')) {
    runElementwiseMany(kernel, lane, inputs, params, outs, toSlot);
    kernels.rows(1, count, slotBase(0), totalAt, 0, 0);
  } else {
    // Behind the operands: what a block lacks waits there for the next chunk.
    const waiting = outs.length + inputs.length;
    ensureSlots(waiting + 2);
    const sink = sumOfChunks(kernels, dtype === 'float64' ? 8 : 4, count, slotBase(waiting));
    runElementwiseMany(kernel, lane, inputs, params, outs, sink);
  }
  const narrow = dtype !== 'float64';
  kernels.finish(1, totalAt, divisor, 0, narrow ? 1 : 0);
  out[at] = narrow ? f32[totalAt / 4]! : f64[totalAt / 8]!;
};

/** Adds up chunks of `count` values block by block, whatever the size of the chunks. */
function sumOfChunks(
  { rows }: ReduceKernels,
  bytes: number,
  count: number,
  waitingAt: number,
): ElementwiseSink {
  let waiting = 0;
  let begun = 0;
  const add = (n: number, address: number): void => {
    if (n === 0) return;
    rows(1, n, address, totalAt, 0, begun);
    begun = 1;
  };
  const take = (start: number, n: number): void => {
    const last = start + n === count;
    if (waiting === 0 && (last || n % BLOCK === 0)) {
      add(n, slotBase(0));
      return;
    }
    u8.copyWithin(waitingAt + waiting * bytes, slotBase(0), slotBase(0) + n * bytes);
    waiting += n;
    const rest = last ? 0 : waiting % BLOCK;
    add(waiting - rest, waitingAt);
    u8.copyWithin(waitingAt, waitingAt + (waiting - rest) * bytes, waitingAt + waiting * bytes);
    waiting = rest;
  };
  return { results: 1, take };
}
