/** Norms of what elementwise kernels work out, which is not stored. */

import { type DType, laneOf, type TypedArray } from '../../dtype.ts';
import { numelOf, type Shape } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import type { ElementwiseSink } from '../elementwise/elementwise.ts';
import {
  ElementwiseKernel,
  runElementwise,
  runElementwiseMany,
  scatterStrided,
} from '../elementwise/index.ts';
import { ensureSlots, slotBase } from '../elementwise/slots.ts';
import { sqrt } from '../expression/index.ts';
import { type Recorder, recorder } from '../recording/index.ts';
import { denseOver, type Strided, stridedOver } from '../strided/index.ts';
import { f64 } from '../wasm/index.ts';
import { reduce } from './reduce.ts';
import { reduceKernels } from './reduce-kernels.ts';
import { BLOCK, sumInGroups } from './row-kernels.ts';
import { specOf } from './steps.ts';

const root = new ElementwiseKernel('root', 1, sqrt);
const toSlots: ElementwiseSink = { results: Number.POSITIVE_INFINITY, take() {} };
const nowhere = new Float32Array(0);

/**
 * The norms of a kernel's results, over operands that are broadcast to the shape of the first: the root of the sum of
 * squares of each goes to its place in `outs`. Squares are added up as `reduce` adds up the rows of the last dimension,
 * the sums of rows as it adds up float64; values stay in the cache.
 */
export function normsOfElementwise(
  kernel: ElementwiseKernel,
  dtype: DType,
  inputs: readonly Strided[],
  params: readonly number[],
  outs: readonly Strided[],
): void {
  const { shape, count } = inputs[0] as Strided;
  const length = shape.at(-1) ?? 1;
  const rows = length === 0 ? 0 : count / length;
  const sums = outs.map(() => allocateArray('float64', rows));
  if (count > 0) {
    if (recorder === null) sumRows(kernel, dtype, inputs.map(inRows(shape)), params, sums);
    else recordRows(recorder, kernel, dtype, inputs, params, sums);
  }
  for (const [i, out] of outs.entries()) {
    const total = allocateArray('float64', 1);
    reduce('sum', stridedOver(sums[i] as TypedArray, 'float64', [rows]), [0], total);
    runElementwise(root, 'f64', [stridedOver(total, 'float64', [])], [], out);
  }
}

/** Takes down what {@link sumRows} does. */
function recordRows(
  recorder: Recorder,
  { name, expressions }: ElementwiseKernel,
  dtype: DType,
  inputs: readonly Strided[],
  params: readonly number[],
  sums: readonly TypedArray[],
): void {
  const lane = laneOf(dtype);
  const { shape } = inputs[0] as Strided;
  const callee = reduceKernels(lane, 'sumSquares').rows as (...args: number[]) => unknown;
  const length = Math.min(shape.at(-1) ?? 1, BLOCK) + slack;
  const grouped = lane === 'f32' ? { grouped: sumInGroups(specOf(lane, 'sumSquares')) } : {};
  recorder.elementwise(
    name,
    lane,
    expressions,
    inputs,
    params,
    sums.map((sum) => stridedOver(sum, 'float64', [sum.length])),
    { shape, of: sums.map(() => ({ callee, values: { dtype, length }, ...grouped })) },
  );
}

/** Elements behind values, which kernels may read and overwrite. */
const slack = 16;

/** An operand as rows of elements: of each element, of each row one, the same row for all, or one element. */
interface Rows {
  readonly x: Strided;
  readonly ofRow: number;
  readonly ofElement: number;
}

const inRows =
  (shape: Shape) =>
  (x: Strided): Rows => {
    const length = shape.at(-1) ?? 1;
    const ofElement = (x.shape.at(-1) ?? 1) === length ? 1 : 0;
    const own = x.count / (ofElement === 1 ? length : 1);
    const isCrosswise = own !== 1 && own !== numelOf(shape) / length;
    const dense = x.dense && !isCrosswise ? x : spread(x, isCrosswise ? shape : x.shape);
    if (isCrosswise) return { x: dense, ofRow: length, ofElement: 1 };
    return { x: dense, ofRow: own === 1 ? 0 : ofElement === 1 ? length : 1, ofElement };
  };

/** A copy that is dense. */
function spread(x: Strided, shape: Shape): Strided {
  const copy = stridedOver(allocateArray(x.dtype, numelOf(shape)), x.dtype, shape);
  scatterStrided(x, copy);
  return copy;
}

/** The sums of squares of each row, some rows at a time, or parts of one. */
function sumRows(
  kernel: ElementwiseKernel,
  dtype: DType,
  inputs: readonly Rows[],
  params: readonly number[],
  sums: readonly TypedArray[],
): void {
  const lane = laneOf(dtype);
  const kernels = reduceKernels(lane, 'sumSquares');
  const [{ x: first }] = inputs as readonly [Rows];
  const length = first.shape.at(-1) ?? 1;
  const rows = first.count / length;
  const resultsAt = sums.length + inputs.length;
  ensureSlots(resultsAt + 1);
  const together = Math.max(1, Math.floor(BLOCK / length));
  for (let r = 0; r < rows; r += together) {
    const height = Math.min(together, rows - r);
    for (let c = 0; c < length; c += BLOCK) {
      const width = Math.min(BLOCK, length - c);
      const shape = [height, width];
      const part = ({ x, ofRow, ofElement }: Rows): Strided => {
        const own = [ofRow === 0 ? 1 : height, ofElement === 0 ? 1 : width];
        const strides = [ofRow, ofElement];
        return stridedOver(x.storage.array, x.dtype, own, x.offset + r * ofRow + c * ofElement, strides);
      };
      const outs = sums.map(() => denseOver(nowhere, dtype, shape, 0, height * width));
      runElementwiseMany(kernel, lane, inputs.map(part), params, outs, toSlots);
      const out = slotBase(resultsAt);
      for (const [k, sum] of sums.entries()) {
        if (c > 0) f64[out / 8] = sum[r] as number;
        kernels.rows(height, width, slotBase(k), out, 0, c > 0 ? 1 : 0);
        for (let i = 0; i < height; i++) sum[r + i] = f64[out / 8 + i] as number;
      }
    }
  }
}
