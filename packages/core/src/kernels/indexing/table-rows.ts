import { laneOf, type TypedArray } from '../../dtype.ts';
import { allocateArray, allocateZeroed } from '../../storage.ts';
import { ElementwiseKernel, elementsOf, fillStrided, runElementwise } from '../elementwise/index.ts';
import { eq, select } from '../expression/index.ts';
import { NotLowered, recorder, runCall } from '../recording/index.ts';
import { copyRun, denseOver, type Strided, stridedOver } from '../strided/index.ts';
import { combineKernels } from './combine-kernels.ts';
import { as, readRows, worthCall, writeRows } from './moves.ts';
import { filled, recordPlaces } from './positions.ts';
import { bagsKernel, frequencyKernel, greatestKernel } from './table-kernels.ts';

const oneBlock = { shape: [], strides: [] };

/** Where the rows begin that indices name: taken down, with their check, else `null`. */
function recordedRows(table: Strided, indices: Strided): { rows: Int32Array; width: number } | null {
  if (recorder === null) return null;
  const [size = 0, width = 1] = table.shape;
  const index = as(elementsOf(indices), 'int32');
  const rows = recordPlaces(index, { size, stride: width, negative: false }, 0);
  return rows === null ? null : { rows, width };
}

const orZero = new ElementwiseKernel('padding', 2, (x, index, skipped) => select(eq(index, skipped), 0, x));

/**
 * Stores the rows of a matrix that indices name, side by side; zeros for the row of number `skipped`. Gives the number
 * of the first index that names no row, and -1 where all do; where a call is being compiled none does, or the program
 * gives the word to the kernel.
 */
export function readTableRows(table: Strided, indices: Strided, out: Strided, skipped: number): number {
  const bad = readNamedRows(table, indices, out);
  if (bad >= 0 || skipped < 0) return bad;
  const [, width = 1] = table.shape;
  const count = indices.count;
  const index = stridedOver(elementsOf(indices), indices.dtype, [count, 1]);
  const rows = denseOver(out.storage.array, out.dtype, [count, width], out.offset, out.count);
  runElementwise(orZero, laneOf(out.dtype), [rows, index], [skipped], rows);
  return -1;
}

function readNamedRows(table: Strided, indices: Strided, out: Strided): number {
  const source = elementsOf(table);
  const target = elementsOf(out);
  const [size = 0, width = 1] = table.shape;
  const recorded = recordedRows(table, indices);
  if (recorded !== null) {
    readRows(source, { blocks: oneBlock, rows: recorded.rows, length: width }, target, 0);
    return -1;
  }
  const rows = startsOf(elementsOf(indices), size, width);
  if (typeof rows === 'number') return rows;
  if (readRows(source, { blocks: oneBlock, rows, length: width }, target, 0)) return -1;
  for (let i = 0, to = 0; i < rows.length; i++, to += width)
    copyRun(source, rows[i] as number, width, target, to);
  return -1;
}

/** Where the rows begin that indices name; or the number of the first index that names none. */
function startsOf(indices: TypedArray, size: number, width: number): Int32Array | number {
  const starts = allocateArray('int32', indices.length) as Int32Array;
  for (let i = 0; i < starts.length; i++) {
    const row = indices[i] as number;
    if (row < 0 || row >= size) return i;
    starts[i] = row * width;
  }
  return starts;
}

/** How rows are added up. */
export interface RowSums {
  /** The row that stays 0, or -1. */
  readonly skipped: number;
  /** Whether each row is divided by how many indices name it. */
  readonly byFrequency: boolean;
  /**
   * Integers that name the rows of `values` which take part, one for each index. By default it is each row once, in
   * order.
   */
  readonly from?: Strided;
}

/** Makes a matrix of sums: each row is the sum of the rows of `values` for which indices name it. */
export function addTableRows(
  values: Strided,
  indices: Strided,
  out: Strided,
  { skipped, byFrequency, from }: RowSums,
): void {
  const target = elementsOf(out);
  const source = elementsOf(values);
  const [rows = 0, width = 1] = out.shape;
  if (from !== undefined) {
    addNamedRows(values, from, indices, out);
    return;
  }
  if (byFrequency) {
    addByFrequency(source, elementsOf(indices), rows, skipped, out);
    return;
  }
  fillStrided(out, 0);
  const recorded = recordedRows(out, indices);
  const areIntegers = laneOf(out.dtype) === 'i32';
  if (recorded !== null && areIntegers) throw new NotLowered('its rows are integers');
  const places = elementsOf(indices);
  const starts = recorded?.rows ?? (areIntegers ? 0 : startsOf(places, rows, width));
  if (typeof starts === 'object') {
    if (writeRows(target, { blocks: oneBlock, rows: starts, length: width }, source, true)) {
      if (skipped >= 0) {
        const start = out.offset + skipped * width;
        fillStrided(denseOver(out.storage.array, out.dtype, [width], start, width), 0);
      }
      return;
    }
  }
  for (let i = 0, from = 0; i < places.length; i++, from += width) {
    if (places[i] === skipped) continue;
    const to = places[i]! * width;
    for (let j = 0; j < width; j++) target[to + j]! += source[from + j]!;
  }
}

function addByFrequency(
  source: TypedArray,
  places: TypedArray,
  rows: number,
  skipped: number,
  out: Strided,
): void {
  const target = elementsOf(out);
  const width = out.shape[1] ?? 1;
  fillStrided(out, 0);
  if (recorder !== null || source.length >= worthCall) {
    const index = as(places, 'int32');
    const counts = filled('int32', rows, 0);
    const args = [index.length, rows, width, skipped, index, counts, source, target];
    const changed = [counts, target];
    const said = { writes: changed, keeps: changed, checks: true };
    if (runCall('add_rows_by_frequency', frequencyKernel(out.dtype), args, said)) return;
  }
  const counts = allocateZeroed('int32', rows);
  for (let i = 0; i < places.length; i++) counts[places[i]!]!++;
  for (let i = 0, from = 0; i < places.length; i++, from += width) {
    const row = places[i]!;
    if (row === skipped) continue;
    const scale = 1 / counts[row]!;
    const to = row * width;
    for (let j = 0; j < width; j++) target[to + j]! += source[from + j]! * scale;
  }
}

/** Each row of `out` is the sum of the rows of `values` that `from` names where `indices` name it. */
function addNamedRows(values: Strided, from: Strided, indices: Strided, out: Strided): void {
  const [rows = 0, width = 1] = out.shape;
  fillStrided(out, 0);
  const [source, target] = [elementsOf(values), elementsOf(out)];
  const sources = recordedRows(values, from)?.rows ?? startsOf(elementsOf(from), values.shape[0] ?? 0, width);
  const starts = recordedRows(out, indices)?.rows ?? startsOf(elementsOf(indices), rows, width);
  if (typeof sources === 'number' || typeof starts === 'number') return;
  const areIntegers = laneOf(out.dtype) === 'i32';
  if (recorder !== null && areIntegers) throw new NotLowered('its rows are integers');
  const moved = starts.length * width;
  const isWorth = moved >= worthCall && source.length + target.length <= 6 * moved;
  if (recorder !== null || (isWorth && !areIntegers)) {
    const args = [starts.length, width, sources, starts, source, target];
    if (runCall('add_rows_of', combineKernels(out.dtype).addRowsOf, args, { keeps: [target] })) return;
  }
  for (let i = 0; i < starts.length; i++) {
    const at = sources[i]!;
    const to = starts[i]!;
    for (let j = 0; j < width; j++) target[to + j]! += source[at + j]!;
  }
}

/**
 * Of each bag of a table's rows, column by column, the number of the first row with the greatest element, and -1 where
 * the bag is empty: `indices` name rows, `bags` the bag that each is in. Nothing is greater than NaN, nor NaN than
 * anything. Gives the number of the first index that names no row, and -1 where all do, as where it is taken down.
 */
export function greatestTableRows(table: Strided, indices: Strided, bags: Strided, out: Strided): number {
  const [rows = 0, width = 1] = table.shape;
  fillStrided(out, -1);
  const [source, best] = [elementsOf(table), elementsOf(out)];
  const [index, bag] = [elementsOf(indices), elementsOf(bags)];
  const moved = indices.count * width;
  if (recorder !== null || (moved >= worthCall && source.length + best.length <= 6 * moved)) {
    const args = [indices.count, rows, width, as(index, 'int32'), as(bag, 'int32'), source, best];
    const said = { keeps: [best], checks: true };
    if (runCall('greatest_rows', greatestKernel(table.dtype), args, said)) return -1;
  }
  for (let i = 0; i < index.length; i++) {
    const row = index[i]!;
    if (row < 0 || row >= rows) return i;
    const from = row * width;
    const to = bag[i]! * width;
    for (let j = 0; j < width; j++) {
      const found = best[to + j]!;
      if (found < 0 || source[from + j]! > source[found * width + j]!) best[to + j] = row;
    }
  }
  return -1;
}

/**
 * Of int32 `offsets`, where bags begin, the number of the bag that each element of `out` is in. Gives the number of the
 * first offset that is below the one before it or above the length of `out`, or is the first and not 0; and -1 where
 * there is none, as where it is taken down.
 */
export function numberBags(offsets: Strided, out: Strided): number {
  const [starts, bags] = [elementsOf(offsets), elementsOf(out)];
  const { length } = bags;
  if (recorder !== null || length >= worthCall) {
    const args = [starts.length, length, starts, bags];
    if (runCall('bags_of_offsets', bagsKernel(), args, { checks: true })) return -1;
  }
  for (let i = 0; i < starts.length; i++) {
    const start = starts[i]!;
    if (start > (i === 0 ? 0 : length) || start < (starts[i - 1] ?? 0)) return i;
    bags.fill(i, start, starts[i + 1] ?? length);
  }
  return -1;
}
