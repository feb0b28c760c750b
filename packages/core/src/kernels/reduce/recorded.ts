/** Reductions as kernels of a program. */

import { type DType, laneOf, type TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import {
  copyStrided,
  ElementwiseKernel,
  fillStrided,
  runElementwise,
  runElementwiseMany,
} from '../elementwise/index.ts';
import { div, param, sqrt } from '../expression/index.ts';
import { placeOf, type Recorder, recordCall } from '../recording/index.ts';
import { denseOver, narrowKernel, type Strided, stridedOver } from '../strided/index.ts';
import type { ValueType } from '../wasm/index.ts';
import { scratchOfRowsApart } from './apart-kernels.ts';
import { accumulatorOf, identityOf, type ReduceKind, type ReduceOptions } from './kinds.ts';
import type { ReduceLayout } from './layout.ts';
import { reduceKernels } from './reduce-kernels.ts';

/** Elements behind results, which kernels may overwrite. */
const slack = 16;

const types = {
  rows: Array<ValueType>(6).fill('i32'),
  columns: Array<ValueType>(7).fill('i32'),
  rowsApart: Array<ValueType>(9).fill('i32'),
};

/** Columns that are reduced side by side at least. */
const lanesOfColumns = 4;

/** Elements of a piece of a row that are worth the steps from one to the next. */
const leastPiece = 8;

/** Rows whose pieces lie apart, all strides in elements. */
interface Pieces {
  /** How many a row has, and of how many elements each. */
  readonly pieces: number;
  readonly length: number;
  /** From one row, and from one piece, to the next. */
  readonly leap: number;
  readonly pitch: number;
}

/** Some dimensions of an operand, neighbours joined where one step does for both. */
function joined({ shape, strides }: Strided, first: number, end: number): { size: number; stride: number }[] {
  const dims: { size: number; stride: number }[] = [];
  for (let d = first; d < end; d++) {
    const [size, stride] = [shape[d] ?? 1, strides[d] ?? 0];
    const last = dims.at(-1);
    if (last?.stride === stride * size) Object.assign(last, { size: last.size * size, stride });
    else dims.push({ size, stride });
  }
  return dims;
}

/** How the rows of a layout come in pieces of neighbours; `null` where they do not, or lie in one piece. */
function piecesOf({ outer, inner, x }: ReduceLayout): Pieces | null {
  if (inner !== 1 || x.dense) return null;
  let gone = 0;
  for (let rows = 1; rows < outer; gone++) rows *= x.shape[gone] ?? 1;
  const [row = { size: 1, stride: 0 }, ...otherRows] = joined(x, 0, gone);
  const [piece, element, ...more] = joined(x, gone, x.shape.length);
  if (piece === undefined || element?.stride !== 1 || element.size < leastPiece) return null;
  if (otherRows.length + more.length > 0) return null;
  return { pieces: piece.size, length: element.size, leap: row.stride, pitch: piece.stride };
}

type Callee = (...args: number[]) => unknown;

/** Takes down what `reduce` does with a layout. */
export function recordReduction(
  recorder: Recorder,
  kind: ReduceKind,
  layout: ReduceLayout,
  out: TypedArray,
  outOffset: number,
  { divisor, root = false, center }: ReduceOptions,
): void {
  const { outer, n, inner, x } = layout;
  const lane = laneOf(x.dtype);
  const count = outer * inner;
  const result = stridedOver(out, placeOf(out).area.dtype, [count], outOffset);
  if (n === 0) {
    const quotient = identityOf(lane, kind) / (divisor ?? 1);
    fillStrided(result, root ? Math.sqrt(quotient) : quotient);
    return;
  }
  const accumulator = accumulatorOf(lane, kind);
  const kernels = reduceKernels(lane, kind);
  const isNarrow = lane === 'i32' && x.dtype !== 'int32';
  const pieces = isNarrow ? null : piecesOf(layout);
  const elements = isNarrow
    ? asInt32(x)
    : pieces === null
      ? recorder.elements(x)
      : x.storage.array.subarray(x.offset);
  const centers = center === undefined ? 0 : recorder.address(center);
  const reads = center === undefined ? [elements] : [elements, center];
  // Those of float64 may be made float32 where they lie.
  const wide = accumulator === 'f64' && lane === 'f32';
  const own = allocateArray(
    lane === 'f32' ? 'float32' : accumulator === 'i32' ? 'int32' : 'float64',
    (wide ? 2 : 1) * count + slack,
  );
  const at = recorder.address(own);
  const writes = [own];
  const from = recorder.address(elements);
  const bytes = accumulator === 'f64' || accumulator === 'i64' ? 8 : 4;
  /** With the argument that is the operand's address; what follows are those of results and centres. */
  const call = (
    name: keyof typeof types,
    args: Parameters<Recorder['call']>[3],
    operand: number,
    exact: boolean,
    { leap, scratch }: { leap: number; scratch: number | null } = { leap: n * inner, scratch: null },
  ): void => {
    const steps = [
      [operand, leap * elements.BYTES_PER_ELEMENT],
      [operand + 1, inner * bytes],
      [operand + 2, center === undefined ? 0 : inner * bytes],
    ] as const;
    const rows = { count: 0, steps, scratch, together: 1, work: n * inner };
    const effects = { reads, writes, ofSizes: true };
    recorder.call(kind, kernels[name] as Callee, types[name], args, exact ? { ...effects, rows } : effects);
  };
  if (pieces !== null) {
    const bytes = elements.BYTES_PER_ELEMENT;
    const { leap, pitch, length } = pieces;
    const scratch = recorder.temporary(x.dtype, scratchOfRowsApart);
    writes.push(scratch);
    const args = [outer, pieces.pieces, length, leap * bytes, pitch * bytes, from, at, centers];
    call('rowsApart', [...args, recorder.address(scratch)], 5, true, { leap, scratch: args.length });
  } else if (inner === 1) call('rows', [outer, n, from, at, centers, 0], 2, true);
  // What comes after whole vectors of results is written too: the results of the next matrix.
  else call('columns', [outer, n, inner, from, at, centers, 0], 3, inner % lanesOfColumns === 0);
  if (lane === 'i32') {
    const numbers = accumulator === 'i64' ? asFloat64(own, count) : own;
    const type = accumulator === 'i32' ? 'int32' : 'float64';
    copyStrided(viewOf(numbers, type, count), out, outOffset, result.dtype);
    return;
  }
  if (accumulator !== 'f64') copyStrided(viewOf(own, x.dtype, count), out, outOffset, result.dtype);
  else finish(viewOf(own, 'float64', count), divisor, root, result);
}

/** Results of a dtype at the beginning of an array, whatever that was made for. */
const viewOf = (array: TypedArray, dtype: DType, count: number): Strided =>
  denseOver(array, dtype, [count], 0, count);

const quotient = new ElementwiseKernel('quotient', 1, (x) => div(x, param(0)));
const rootOfQuotient = new ElementwiseKernel('root', 1, (x) => sqrt(div(x, param(0))));

/** What becomes of sums of float64 in one pass: other kernels may join it. */
export function finish(sums: Strided, divisor: number | undefined, root: boolean, out: Strided): void {
  if (root) runElementwise(rootOfQuotient, 'f64', [sums], [divisor ?? 1], out);
  else if (divisor !== undefined) runElementwise(quotient, 'f64', [sums], [divisor], out);
  else copyStrided(sums, out.storage.array, out.offset, out.dtype);
}

/** Of integers of 64 bits. */
function asFloat64(integers: TypedArray, count: number): TypedArray {
  const numbers = allocateArray('float64', count);
  recordCall('widen', narrowKernel().widen, [count, integers, numbers]);
  return numbers;
}

function asInt32(x: Strided): TypedArray {
  const array = allocateArray('int32', x.count);
  copyStrided(x, array, 0, 'int32');
  return array;
}

/** What `sumElementwise` takes, in order. */
export type ElementwiseSum = [
  kernel: ElementwiseKernel,
  dtype: DType,
  inputs: readonly Strided[],
  params: readonly number[],
  divisor: number,
  out: TypedArray,
  at: number,
  stored?: readonly Strided[],
];

/** Takes down what `sumElementwise` does: the values lie in memory of their own until they are summed up. */
export function recordSum(
  recorder: Recorder,
  ...[kernel, dtype, inputs, params, divisor, out, at, stored = []]: ElementwiseSum
): void {
  const { shape, count } = inputs[0]!;
  const lane = laneOf(dtype);
  const values = stridedOver(allocateArray(dtype, count), dtype, shape);
  runElementwiseMany(kernel, lane, inputs, params, [values, ...stored]);
  const flat = { outer: 1, n: count, inner: 1, x: values };
  recordReduction(recorder, 'sum', flat, out, at, { divisor });
}
