import { laneOf } from '../../dtype.ts';
import { elementsOf, fillStrided } from '../elementwise/index.ts';
import { NotLowered, recorder } from '../recording/index.ts';
import { denseOver, type Strided } from '../strided/index.ts';
import { as, recordReadRows, recordWriteRows } from './moves.ts';
import { recordPlaces } from './positions.ts';

const oneBlock = { shape: [], strides: [] };

/** Where the rows begin that indices name: taken down, with their check, else `null`. */
function recordedRows(table: Strided, indices: Strided): { rows: Int32Array; width: number } | null {
  if (recorder === null) return null;
  const [size = 0, width = 1] = table.shape;
  const index = as(elementsOf(indices), 'int32');
  const rows = recordPlaces(index, { size, stride: width, negative: false }, 0);
  return rows === null ? null : { rows, width };
}

/**
 * Stores the rows of a matrix that indices name, side by side. Gives the number of the first index that names no row, and -1
 * where all do; where a call is being compiled none does, or the program gives the word to the kernel.
 */
export function readTableRows(table: Strided, indices: Strided, out: Strided): number {
  const source = elementsOf(table);
  const target = elementsOf(out);
  const recorded = recordedRows(table, indices);
  if (recorded !== null) {
    const { rows, width } = recorded;
    recordReadRows(source, { blocks: oneBlock, rows, length: width }, target, 0);
    return -1;
  }
  const [size = 0, width = 1] = table.shape;
  const values = elementsOf(indices);
  const bad = values.findIndex((row) => row < 0 || row >= size);
  if (bad < 0)
    for (let i = 0, to = 0; i < values.length; i++, to += width) {
      const from = values[i]! * width;
      target.set(source.subarray(from, from + width), to);
    }
  return bad;
}

/** Makes a matrix of sums: each row is the sum of the rows of `values` for which indices name it. That of `skipped` stays 0. */
export function addTableRows(values: Strided, indices: Strided, out: Strided, skipped: number): void {
  fillStrided(out, 0);
  const target = elementsOf(out);
  const source = elementsOf(values);
  const recorded = recordedRows(out, indices);
  if (recorded !== null) {
    if (laneOf(out.dtype) === 'i32') throw new NotLowered('its rows are integers');
    const { rows, width } = recorded;
    recordWriteRows(target, { blocks: oneBlock, rows, length: width }, source, true);
    if (skipped >= 0) {
      const start = out.offset + skipped * width;
      fillStrided(denseOver(out.storage.array, out.dtype, [width], start, width), 0);
    }
    return;
  }
  const width = out.shape[1] ?? 1;
  const places = elementsOf(indices);
  for (let i = 0, from = 0; i < places.length; i++, from += width) {
    if (places[i] === skipped) continue;
    const to = places[i]! * width;
    for (let j = 0; j < width; j++) target[to + j]! += source[from + j]!;
  }
}
