import { type DType, laneOf } from '../../dtype.ts';
import { type ElementwiseKernel, runElementwiseMany } from '../elementwise/elementwise.ts';
import { slotBase } from '../elementwise/slots.ts';
import { denseOver, type Strided } from '../strided/index.ts';
import { f32, f64 } from '../wasm/index.ts';
import { reduceKernels } from './reduce-kernels.ts';

/** An address in scratch behind the parameters that any kernel has, and in front of the slots. */
const totalAt = 504;
/** Up to this many values a loop in JavaScript beats the call. */
const few = 24;

/** What `runElementwiseMany` asks of a result that is not stored. */
const nowhere = new Float32Array(0);

/**
 * The sum of the values of an elementwise kernel over operands of one shape, which are not stored: they stay in the cache
 * and are added up in float64.
 */
export function sumElementwise(
  kernel: ElementwiseKernel,
  dtype: DType,
  inputs: readonly Strided[],
  params: readonly number[],
): number {
  const { shape, count } = inputs[0]!;
  const lane = laneOf(dtype);
  const slot = slotBase(0);
  let total = 0;
  const values = denseOver(nowhere, dtype, shape, 0, count);
  runElementwiseMany(kernel, lane, inputs, params, [values], (_, n) => {
    if (n <= few) {
      const array = dtype === 'float64' ? f64 : f32;
      const from = dtype === 'float64' ? slot >>> 3 : slot >>> 2;
      for (let i = 0; i < n; i++) total += array[from + i]!;
      return;
    }
    reduceKernels(lane, 'sum').rows(1, n, slot, totalAt, 0, 0);
    total += f64[totalAt / 8]!;
  });
  return total;
}
