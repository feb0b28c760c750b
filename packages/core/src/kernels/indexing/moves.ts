import { bytesOf, type DType, type TypedArray } from '../../dtype.ts';
import { numelOf } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import { copyStrided, ElementwiseKernel, runElementwise } from '../elementwise/index.ts';
import { div, eq, floor, select } from '../expression/index.ts';
import { type Call, dtypeOf, recordCall, recorder, runCall, scratchLike } from '../recording/index.ts';
import { computeWide, copyRun, denseOver } from '../strided/index.ts';
import { clearOfPages, ensureBytes } from '../wasm/index.ts';
import { type Combination, combineKernels } from './combine-kernels.ts';
import { moveKernels } from './move-kernels.ts';
import { positionKernels } from './position-kernels.ts';
import { type Axes, filled, type Indexed, merged, recordPlaces } from './positions.ts';

/*
 * Elements moved by positions: these functions say whether it was done. Where kernels are taken down it is. Where
 * kernels run, those whose names begin with `record` do nothing, and the others leave to their callers what is too
 * little, or too scattered, to be worth the copies to scratch and back.
 */

/** So many elements make a call faster than a loop in JavaScript. */
export const worthCall = 256;
/** A call copies at most so many elements for each that it moves. */
const mostCopied = 6;

/** {@link runCall} where it is worth it for so many elements moved. */
function runMove(moved: number, ...call: Parameters<typeof runCall>): boolean {
  const [, , args] = call;
  if (recorder === null) {
    if (moved < worthCall) return false;
    let copied = 0;
    for (const arg of args) if (typeof arg === 'object') copied += arg.length;
    if (copied > mostCopied * moved) return false;
  }
  return runCall(...call);
}

/** What goes through scratch, part by part: so many elements in each step, or one that stays. */
interface Passing {
  readonly array: TypedArray;
  readonly each: number;
  readonly written: boolean;
}

/** Bytes that pass through scratch at a time, and those that stay there at most. */
const passingBytes = 1 << 17;
const mostHeld = 1 << 23;

/**
 * Runs a kernel in `count` steps, some `unit`s at a time, with `held` in scratch all the while, from where it goes back
 * where it is `changed`. Says whether it was done: not where `held` is too large, nor where the kernel gives other than
 * 0; `held` is then as it was.
 */
export function runPassing(
  held: TypedArray,
  changed: boolean,
  { count, unit }: { readonly count: number; readonly unit: number },
  passing: readonly Passing[],
  run: (count: number, heldAt: number, at: readonly number[]) => number,
): boolean {
  if (held.byteLength > mostHeld) return false;
  let bytes = 0;
  for (const { array, each } of passing) bytes += each * array.BYTES_PER_ELEMENT;
  const units = Math.max(1, Math.floor(passingBytes / (unit * bytes)));
  const atOnce = Math.min(count, units * unit);
  const heldAt = clearOfPages(0);
  let end = clearOfPages(heldAt + held.byteLength);
  const at = passing.map(({ array, each }) => {
    const start = end;
    end = clearOfPages(end + Math.max(1, each * atOnce) * array.BYTES_PER_ELEMENT);
    return start;
  });
  if (end > 2 * mostHeld) return false;
  ensureBytes(end);
  scratchLike(held).set(held, heldAt / held.BYTES_PER_ELEMENT);
  for (let done = 0; done < count; done += atOnce) {
    const n = Math.min(atOnce, count - done);
    for (const [i, { array, each, written }] of passing.entries()) {
      if (written || (each === 0 && done > 0)) continue;
      const from = each * done;
      copyRun(
        array,
        from,
        Math.max(1, each * n),
        scratchLike(array),
        (at[i] as number) / array.BYTES_PER_ELEMENT,
      );
    }
    if (run(n, heldAt, at) !== 0) return false;
    for (const [i, { array, each, written }] of passing.entries()) {
      if (!written) continue;
      const start = (at[i] as number) / array.BYTES_PER_ELEMENT;
      copyRun(scratchLike(array), start, each * n, array, each * done);
    }
  }
  if (changed) copyRun(scratchLike(held), heldAt / held.BYTES_PER_ELEMENT, held.length, held, 0);
  return true;
}

/**
 * {@link recordPlaces}, and where nothing is taken down the same of many indices, where all name a place; else `null`,
 * and what stood in `before` is as it was.
 */
export function findPlaces(
  index: TypedArray,
  where: Indexed,
  before: number | Int32Array,
): Int32Array | null {
  if (recorder !== null) return recordPlaces(index, where, before);
  const count = index.length;
  if (count < worthCall || !(index instanceof Int32Array)) return null;
  const { size, stride, negative } = where;
  const adds = typeof before === 'object';
  const positions = adds ? before : (allocateArray('int32', count) as Int32Array);
  const start = adds ? 0 : before;
  const args = [count, size, negative ? -size : 0, stride, start, Number(adds), index, positions];
  const { place } = positionKernels();
  return runCall('place', place, args, { keeps: adds ? [positions] : [], checks: true }) ? positions : null;
}

/** The array as elements of a dtype. */
export function as(array: TypedArray, dtype: DType): TypedArray {
  const own = dtypeOf(array);
  if (bytesOf(own) === bytesOf(dtype) && (own === dtype || bytesOf(own) === 1)) return array;
  const converted = allocateArray(dtype, array.length);
  copyStrided(denseOver(array, own, [array.length], 0, array.length), converted, 0, dtype);
  return converted;
}

/**
 * Lets `compute` change `out`: int32 as float64 numbers, of which it is checked in the end that they fit. Kindling's
 * own.
 */
export function computeChecked(out: TypedArray, compute: (out: TypedArray) => void): void {
  if (recorder === null || !(out instanceof Int32Array)) {
    computeWide(out, compute);
    return;
  }
  const wide = as(out, 'float64');
  compute(wide);
  copyStrided(denseOver(wide, 'float64', [wide.length], 0, wide.length), out, 0, 'int32');
}

/** Elements at positions, side by side from `at` on. */
export function readElements(
  source: TypedArray,
  positions: Int32Array,
  out: TypedArray,
  at: number,
): boolean {
  const count = positions.length;
  if (count === 0) return true;
  const { read } = moveKernels(source.BYTES_PER_ELEMENT);
  const target = out.subarray(at, at + count);
  if (recorder !== null) {
    recordCall('read', read, [count, source, positions, target]);
    return true;
  }
  if (count < worthCall || source.length > mostCopied * count) return false;
  const passing = [
    { array: positions, each: 1, written: false },
    { array: target, each: 1, written: true },
  ];
  return runPassing(source, false, { count, unit: 1 }, passing, (n, x, [where = 0, to = 0]) => {
    read(n, x, where, to);
    return 0;
  });
}

/**
 * Values, one each or one for all, stored at positions, where they combine with what is there; `'set'`: overwrite it.
 */
export function writeElements(
  out: TypedArray,
  positions: Int32Array,
  values: TypedArray,
  how: Combination | 'set',
  seen: TypedArray | 0 = 0,
): boolean {
  if (positions.length === 0) return true;
  const dtype = dtypeOf(out);
  if (recorder === null && dtypeOf(values) !== dtype) return false;
  const [count, step] = [positions.length, values.length === 1 ? 0 : bytesOf(dtype)];
  if (recorder === null && seen === 0) {
    if (count < worthCall || out.length > mostCopied * count) return false;
    const passing = [
      { array: positions, each: 1, written: false },
      { array: values, each: step === 0 ? 0 : 1, written: false },
    ];
    const kernel = how === 'set' ? null : combineKernels(dtype)[how];
    const { write } = moveKernels(bytesOf(dtype));
    return runPassing(out, true, { count, unit: 1 }, passing, (n, x, [where = 0, from = 0]) => {
      if (kernel === null) write(n, step, where, from, x);
      else kernel(n, step, where, from, 0, x);
      return 0;
    });
  }
  const given = recorder === null ? values : as(values, dtype);
  if (how === 'set') {
    const { write } = moveKernels(bytesOf(dtype));
    return runMove(count, 'write', write, [count, step, positions, given, out], { keeps: [out] });
  }
  const args = [count, step, positions, given, seen, out];
  const changed = seen === 0 ? [out] : [seen, out];
  return runMove(count, how, combineKernels(dtype)[how], args, { writes: changed, keeps: changed });
}

/** {@link writeElements} where the first value to come takes the place of what is there. */
export function writeFirst(
  out: TypedArray,
  positions: Int32Array,
  values: TypedArray,
  how: Combination,
): boolean {
  return writeElements(out, positions, values, how, filled('uint8', out.length, 0));
}

/** Rows of a tensor: where they begin in each of its blocks, which lie along some axes, and how long they are. */
export interface Rows {
  readonly blocks: Axes;
  readonly rows: Int32Array;
  readonly length: number;
}

/** The number of blocks, and how far apart they are; `null` where no one step leads from each to the next. */
function stepOf(blocks: Axes): { outer: number; step: number } | null {
  const [axis, ...others] = merged(blocks);
  return others.length > 0 ? null : { outer: axis?.size ?? 1, step: axis?.stride ?? 0 };
}

/** Bytes of blocks and rows that are in scratch at a time, if those of one block are not more. */
const CHUNK_BYTES = 1 << 18;

/**
 * What moves rows of blocks that lie `pitch` bytes apart, given the numbers of both; whether it changes the tensor, or
 * what lies beside it.
 */
interface RowMove {
  readonly name: string;
  readonly callee: Call['callee'];
  args<A>(blocks: number, pitch: number, rows: number, starts: A, x: A, beside: A): (number | A)[];
  readonly changes: boolean;
}

/**
 * Moves the rows of a tensor and as many that lie side by side: once where it is taken down, else as many blocks as
 * fit, or of one as many rows.
 */
function moveRows(
  x: TypedArray,
  { blocks, rows, length }: Rows,
  beside: TypedArray,
  { name, callee, args, changes }: RowMove,
): boolean {
  const move = (count: number, starts: Int32Array, of: TypedArray, others: TypedArray): boolean => {
    const given = args<TypedArray>(count, step * x.BYTES_PER_ELEMENT, starts.length, starts, of, others);
    return runCall(name, callee, given, changes ? { keeps: [of] } : {});
  };
  const lie = stepOf(blocks);
  if (lie === null) return false;
  const { outer, step } = lie;
  if (recorder !== null) return move(outer, rows, x, beside);
  const ofBlock = rows.length * length;
  if (outer * ofBlock < worthCall) return false;
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r] as number;
    if (row < first) first = row;
    if (row > last) last = row;
  }
  // To leave out a little is not worth other numbers for all rows.
  if (4 * first < last) first = 0;
  const span = last - first + length;
  const bytes = x.BYTES_PER_ELEMENT * (Math.max(step, span) + ofBlock);
  const atOnce = Math.min(outer, Math.max(1, Math.floor(CHUNK_BYTES / bytes)));
  const copied = (atOnce - 1) * step + span + rows.length + atOnce * ofBlock;
  if (copied > mostCopied * atOnce * ofBlock) return false;
  const starts = first === 0 ? rows : shifted(rows, first);
  // One call is less work than several, as long as all fits.
  if (outer === 1 && bytes > mostHeld / 2) {
    const passing = [
      { array: starts, each: 1, written: false },
      { array: beside, each: length, written: !changes },
    ];
    const part = x.subarray(first, first + span);
    return runPassing(
      part,
      changes,
      { count: rows.length, unit: 1 },
      passing,
      (n, at, [where = 0, to = 0]) => {
        callee(...args<number>(1, 0, n, where, at, to));
        return 0;
      },
    );
  }
  for (let o = 0; o < outer; o += atOnce) {
    const count = Math.min(atOnce, outer - o);
    const from = first + o * step;
    const part = x.subarray(from, from + (count - 1) * step + span);
    if (!move(count, starts, part, beside.subarray(o * ofBlock, (o + count) * ofBlock))) return false;
  }
  return true;
}

function shifted(rows: Int32Array, by: number): Int32Array {
  const starts = allocateArray('int32', rows.length) as Int32Array;
  for (let r = 0; r < rows.length; r++) starts[r] = (rows[r] as number) - by;
  return starts;
}

/** Whole rows, side by side from `at` on. */
export function readRows(source: TypedArray, where: Rows, out: TypedArray, at: number): boolean {
  const bytes = source.BYTES_PER_ELEMENT;
  const { blocks, rows, length } = where;
  const target = out.subarray(at, at + numelOf(blocks.shape) * rows.length * length);
  return moveRows(source, where, target, {
    name: 'read_rows',
    callee: moveKernels(bytes).readRows,
    args: (count, pitch, n, starts, x, y) => [count, pitch, n, length * bytes, x, starts, y],
    changes: false,
  });
}

/** Values of as many rows, stored or added, one after the other. */
export function writeRows(out: TypedArray, where: Rows, values: TypedArray, adds: boolean): boolean {
  const dtype = dtypeOf(out);
  if (recorder === null && dtypeOf(values) !== dtype) return false;
  const bytes = bytesOf(dtype);
  const width = adds ? where.length : where.length * bytes;
  return moveRows(out, where, recorder === null ? values : as(values, dtype), {
    name: adds ? 'add_rows' : 'write_rows',
    callee: adds ? combineKernels(dtype).addRows : moveKernels(bytes).writeRows,
    args: (count, pitch, n, starts, x, y) => [count, pitch, n, width, starts, y, x],
    changes: true,
  });
}

/** From this length on the engine's own copy of each row beats copies of all to scratch and back. */
export const longRow = 512;
/**
 * The elements of `values`, one after the other, where a mask is true, which must not be more often than there are
 * values.
 */
export function recordMaskedWrite(out: TypedArray, mask: TypedArray, values: TypedArray): boolean {
  if (recorder === null) return false;
  const { fill } = moveKernels(out.BYTES_PER_ELEMENT);
  recordCall('masked_write', fill, [mask.length, values.length, mask, values, out], {
    keeps: [out],
    checks: true,
  });
  return true;
}

/** The elements at which a mask is true, one after the other, of which there is room for as many as the mask has. */
export function recordMaskedRead(source: TypedArray, mask: TypedArray, out: TypedArray): boolean {
  if (recorder === null) return false;
  const dtype = dtypeOf(out);
  const all = filled(dtype, Math.max(source.length, out.length), 0);
  recordCall('masked_read', moveKernels(bytesOf(dtype)).pick, [mask.length, mask, source, all], {
    keeps: [all],
  });
  copyStrided(denseOver(all, dtype, [out.length], 0, out.length), out);
  return true;
}

const share = (rounded: boolean): ElementwiseKernel =>
  new ElementwiseKernel('mean', 2, (x, count) => {
    const mean = div(x, count);
    return select(eq(count, 0), x, rounded ? floor(mean) : mean);
  });
const meanKernel = share(false);
const roundedMeanKernel = share(true);

/** Divides sums by how many values went into each: of its own, if it `counts`, and of those at positions. */
export function recordMeans(
  out: TypedArray,
  positions: Int32Array,
  counts: boolean,
  floating: boolean,
): boolean {
  if (recorder === null) return false;
  const dtype = dtypeOf(out);
  const numbers = filled('int32', out.length, Number(counts));
  writeElements(numbers, positions, filled('int32', 1, 1), 'sum');
  const dense = (array: TypedArray, type: DType) => denseOver(array, type, [array.length], 0, array.length);
  const result = dense(out, dtype);
  const kernel = floating ? meanKernel : roundedMeanKernel;
  runElementwise(kernel, 'f64', [result, dense(numbers, 'int32')], [], result);
  return true;
}
