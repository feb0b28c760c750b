import type { TypedArray } from '../../dtype.ts';
import {
  type Combination,
  computeChecked,
  longRow,
  readElements,
  readRows,
  recorder,
  writeElements,
  writeRows,
} from '../../kernels/index.ts';
import { flattenPositions, type Positions, rowsOf } from './index-positions.ts';

/** Rows shorter than this are not worth a call each. */
const shortRow = 16;

/** Copies the elements at `positions` to `out`, from `at` on. */
export function readAt(source: TypedArray, positions: Int32Array, out: TypedArray, at: number): void {
  if (readElements(source, positions, out, at)) return;
  if (source instanceof Float32Array && out instanceof Float32Array) {
    for (let p = 0; p < positions.length; p++) out[at + p] = source[positions[p]!]!;
  } else {
    for (let p = 0; p < positions.length; p++) out[at + p] = source[positions[p]!]!;
  }
}

/** Whether positions are those of single elements, in one list. */
const isList = ({ outer, inner }: Positions): boolean =>
  outer.length === 1 && inner.length === 1 && outer[0] === 0;

/** {@link readAt} for rows. */
export function readPositions(source: TypedArray, where: Positions, out: TypedArray, at: number): void {
  const { outer, rows, inner, together } = where;
  const length = inner.length;
  const copiesEach = recorder === null && length >= longRow;
  if (recorder === null && isList(where)) {
    readAt(source, rows, out, at);
    return;
  }
  if (together && !copiesEach && readRows(source, rowsOf(where), out, at)) return;
  if (!together || length < shortRow || recorder !== null) {
    readAt(source, flattenPositions(where), out, at);
    return;
  }
  let to = at;
  for (const start of outer) {
    for (const row of rows) {
      out.set(source.subarray(start + row, start + row + length), to);
      to += length;
    }
  }
}

/** How a value meets the one that is there. */
type Combine = 'set' | Combination;

/**
 * Stores `values` (one for all, or one each) at `positions`; the last one stays where positions repeat, or they
 * combine.
 */
export function writeAt(out: TypedArray, positions: Int32Array, values: TypedArray, how: Combine): void {
  if ((how === 'sum' || how === 'prod') && out instanceof Int32Array) {
    computeChecked(out, (wide) => writeAt(wide, positions, values, how));
    return;
  }
  if (writeElements(out, positions, values, how)) return;
  const step = values.length === 1 ? 0 : 1;
  const n = positions.length;
  if (how === 'set') {
    for (let p = 0; p < n; p++) out[positions[p]!] = values[p * step]!;
  } else if (how !== 'sum') {
    const combine = combinations[how];
    for (let p = 0; p < n; p++) {
      const at = positions[p]!;
      out[at] = combine(out[at]!, values[p * step]!);
    }
  } else if (out instanceof Float32Array && values instanceof Float32Array) {
    for (let p = 0; p < n; p++) out[positions[p]!]! += values[p * step]!;
  } else {
    for (let p = 0; p < n; p++) out[positions[p]!]! += values[p * step]!;
  }
}

/** Math.max and Math.min pass NaN on, as PyTorch does. */
export const combinations = {
  sum: (a: number, b: number) => a + b,
  prod: (a: number, b: number) => a * b,
  amax: (a: number, b: number) => Math.max(a, b),
  amin: (a: number, b: number) => Math.min(a, b),
};

/** {@link writeAt} for rows; of bools a sum is "or". */
export function writePositions(
  out: TypedArray,
  where: Positions,
  values: TypedArray,
  accumulate: boolean,
  isBool: boolean,
): void {
  if (accumulate && out instanceof Int32Array) {
    computeChecked(out, (wide) => writePositions(wide, where, values, accumulate, isBool));
    return;
  }
  const { outer, rows, inner, together } = where;
  const length = inner.length;
  const isOr = accumulate && isBool;
  const oneForAll = values.length === 1;
  const copiesEach = recorder === null && length >= longRow && !accumulate;
  if (recorder === null && isList(where)) {
    writeAt(out, rows, values, accumulate ? (isBool ? 'amax' : 'sum') : 'set');
    return;
  }
  if (together && !oneForAll && !isOr && !copiesEach && writeRows(out, rowsOf(where), values, accumulate))
    return;
  if (!together || length < shortRow || (oneForAll && accumulate) || recorder !== null) {
    writeAt(out, flattenPositions(where), values, accumulate ? (isBool ? 'amax' : 'sum') : 'set');
    return;
  }
  let from = 0;
  for (const start of outer) {
    for (const row of rows) {
      const to = start + row;
      if (oneForAll) out.fill(values[0]!, to, to + length);
      else if (!accumulate) out.set(values.subarray(from, from + length), to);
      else if (isOr) for (let i = 0; i < length; i++) out[to + i]! |= values[from + i]!;
      else addRow(out, to, values, from, length);
      from += length;
    }
  }
}

function addRow(out: TypedArray, to: number, values: TypedArray, from: number, length: number): void {
  if (out instanceof Float32Array && values instanceof Float32Array) {
    for (let i = 0; i < length; i++) out[to + i]! += values[from + i]!;
  } else {
    for (let i = 0; i < length; i++) out[to + i]! += values[from + i]!;
  }
}
