import type { DType, TypedArray } from '../../dtype.ts';
import { ValueError } from '../../errors.ts';
import type { KernelFunction } from '../compile/index.ts';
import type { Strided } from '../strided/index.ts';
import { dense } from '../strided/layouts.ts';
import { f32, f64 } from '../wasm/index.ts';
import { dtypeCode, type ElementwiseKernel, laneCode, maxInputs } from './kernel.ts';
import { paramsBase, slotBase } from './slots.ts';

/**
 * The same kernel over several lists of small operands, which lie side by side in the slots: one pass over all of them.
 */

/** Operands of a call: the first ones are the results too. */
export type Operands = readonly [Strided, ...Strided[]];

/** The most elements of a pass: beyond, the slots of an update's operands would not stay in the nearest cache. */
const most = 2048;
/** Up to this many a loop beats the call of a built-in. */
const fewElements = 16;
const allDense = new Uint8Array(maxInputs).fill(dense);

/**
 * Whether a list of operands can lie beside others: it is small, and all of it is dense, of one size and one float
 * dtype.
 */
export function isPackable(operands: Operands): boolean {
  const { dtype, count } = operands[0];
  if (count > most || count === 0 || (dtype !== 'float32' && dtype !== 'float64')) return false;
  for (const x of operands) if (!x.dense || x.count !== count || x.dtype !== dtype) return false;
  return true;
}

/**
 * Runs a kernel with the same numbers over lists of operands, of which the first `results` are overwritten by its
 * results. Every list {@link isPackable}, all are of one dtype, and none reads or writes what another writes.
 * @throws ValueError for fewer numbers than the kernel reads
 */
export function runElementwisePacked(
  kernel: ElementwiseKernel,
  lists: readonly Operands[],
  params: readonly number[],
  results: number,
): void {
  const [first] = lists;
  if (first === undefined) return;
  if (params.length < kernel.paramCount) {
    throw new ValueError(`${kernel.name}: got ${params.length} numbers, reads ${kernel.paramCount}`);
  }
  const { dtype } = first[0];
  const lane = dtype === 'float64' ? 'f64' : 'f32';
  const code = dtypeCode(dtype);
  let key = laneCode(lane);
  for (let i = 0; i < results; i++) key = key * 5 + code;
  for (let i = 0; i < first.length; i++) key = key * 20 + dense * 5 + code;
  const run = kernel.variant(key, lane, first, allDense, first.slice(0, results));
  for (let i = 0; i < params.length; i++) f64[paramsBase / 8 + i] = params[i] as number;

  let begin = 0;
  let filled = 0;
  for (let l = 0; l < lists.length; l++) {
    const { count } = (lists[l] as Operands)[0];
    if (filled + count > most) {
      finish(run, lists, begin, l, filled, results);
      begin = l;
      filled = 0;
    }
    filled += count;
  }
  finish(run, lists, begin, lists.length, filled, results);
}

/** Brings the lists from `begin` to `end`, runs over them, and hands the results out. */
function finish(
  run: KernelFunction,
  lists: readonly Operands[],
  begin: number,
  end: number,
  filled: number,
  results: number,
): void {
  const { length } = lists[begin] as Operands;
  for (let i = 0; i < length; i++) eachRun(lists, i, begin, end, results + i, bringIn);
  run(1, filled);
  for (let i = 0; i < results; i++) eachRun(lists, i, begin, end, i, bringOut);
}

/** Moves operands of one number to or from a slot, those that lie side by side in memory as one. */
function eachRun(
  lists: readonly Operands[],
  i: number,
  begin: number,
  end: number,
  slot: number,
  move: (x: Strided, count: number, slot: number, at: number) => void,
): void {
  let at = 0;
  for (let l = begin; l < end; ) {
    const x = (lists[l] as Operands)[i] as Strided;
    let { count } = x;
    for (l++; l < end; l++) {
      const next = (lists[l] as Operands)[i] as Strided;
      if (next.storage !== x.storage || next.offset !== x.offset + count) break;
      count += next.count;
    }
    move(x, count, slot, at);
    at += count;
  }
}

function bringIn({ storage, offset, dtype }: Strided, count: number, slot: number, at: number): void {
  const { array } = storage;
  if (dtype === 'float64') {
    const [target, to] = [f64, slotBase(slot) / 8 + at];
    if (count > fewElements) target.set(part(array, offset, count), to);
    else for (let i = 0; i < count; i++) target[to + i] = array[offset + i] as number;
    return;
  }
  const [target, to] = [f32, slotBase(slot) / 4 + at];
  if (count > fewElements) target.set(part(array, offset, count), to);
  else for (let i = 0; i < count; i++) target[to + i] = array[offset + i] as number;
}

const part = (array: TypedArray, from: number, count: number): TypedArray =>
  from === 0 && array.length === count ? array : array.subarray(from, from + count);

function bringOut({ storage, offset, dtype }: Strided, count: number, slot: number, at: number): void {
  const { array } = storage;
  if (count > fewElements) {
    array.set(viewOf(dtype, slot, at, count), offset);
    return;
  }
  const source = dtype === 'float64' ? f64 : f32;
  const from = slotBase(slot) / source.BYTES_PER_ELEMENT + at;
  for (let i = 0; i < count; i++) array[offset + i] = source[from + i] as number;
}

/**
 * Views of the slots by where they begin and their length: the steps of a model ask for the same ones again and again.
 */
const views = { float32: new Map<number, TypedArray>(), float64: new Map<number, TypedArray>() };
const mostViews = 4096;

function viewOf(dtype: DType, slot: number, at: number, count: number): TypedArray {
  const known = dtype === 'float64' ? views.float64 : views.float32;
  const memory = dtype === 'float64' ? f64 : f32;
  const from = slotBase(slot) / memory.BYTES_PER_ELEMENT + at;
  const key = from * (most + 1) + count;
  const view = known.get(key);
  // A view of a memory that has grown since is detached, and empty.
  if (view !== undefined && view.length > 0) return view;
  if (known.size >= mostViews) known.clear();
  const fresh = memory.subarray(from, from + count);
  known.set(key, fresh);
  return fresh;
}
