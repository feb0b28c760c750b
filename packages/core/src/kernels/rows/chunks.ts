/** Operations along one dimension of strided operands, chunk by chunk of whole rows in the scratch memory. */

import { contiguousStrides, isContiguousLayout } from '../../shape.ts';
import { copyRun, extentOf, type FloatArray, gather, type Strided } from '../strided/index.ts';
import { align16, ensureBytes, f32, f64 } from '../wasm/index.ts';

/** Elements of one operand in scratch at a time, unless a single row is longer. */
const CHUNK = 16_384;

/** A chunk of rows: byte addresses of the operands and of the result, all rows contiguous. */
export interface Chunk {
  /** Number of the first row. */
  readonly first: number;
  readonly rows: number;
  /** Length of a row. */
  readonly n: number;
  readonly inputs: readonly number[];
  readonly out: number;
  /** The scratch memory, and the bytes of its elements. */
  readonly scratch: FloatArray;
  readonly bytes: 4 | 8;
}

/** `x` with `dim` moved to the end, so that its rows in logical order are those along `dim`. */
export function dimLast(x: Strided, dim: number): Strided {
  const last = x.shape.length - 1;
  if (dim === last || x.shape.length === 0) return x;
  const shape = [...x.shape.slice(0, dim), ...x.shape.slice(dim + 1), x.shape[dim]!];
  const strides = x.dense && x.strides.length < x.shape.length ? contiguousStrides(x.shape) : x.strides;
  const moved = [...strides.slice(0, dim), ...strides.slice(dim + 1), strides[dim]!];
  return { ...pick(x), shape, strides: moved, dense: isContiguousLayout(shape, moved) };
}

const pick = (x: Strided): Omit<Strided, 'shape' | 'strides' | 'dense'> => ({
  storage: x.storage,
  offset: x.offset,
  dtype: x.dtype,
  count: x.count,
});

/**
 * Brings the rows of float operands (of one shape and dtype) along `dim` into scratch and calls `run` for each chunk of
 * them. `out`, where given, takes the results: an array laid out as a contiguous tensor of the operands' shape.
 */
export function forEachRows(
  operands: readonly Strided[],
  dim: number,
  out: FloatArray | undefined,
  outOffset: number,
  run: (chunk: Chunk) => void,
): void {
  const x = operands[0]!;
  const { outer, n, inner } = extentOf(x.shape, dim);
  const total = outer * inner;
  if (total * n === 0) return;
  const bytes = x.dtype === 'float64' ? 8 : 4;
  const group = Math.min(total, Math.max(1, Math.floor(CHUNK / n)));
  const slot = align16(group * n * bytes + 64);
  // In front of the operands: two float64 numbers for each row.
  const firstSlot = align16(16 * group + 64);
  ensureBytes(firstSlot + slot * (operands.length + 1));
  const scratch: FloatArray = bytes === 8 ? f64 : f32;
  const rowsOf = operands.map((operand) => dimLast(operand, dim));
  const inputs = operands.map((_, i) => firstSlot + slot * i);
  const outAt = firstSlot + slot * operands.length;
  for (let first = 0; first < total; first += group) {
    const rows = Math.min(group, total - first);
    for (let i = 0; i < rowsOf.length; i++)
      load(rowsOf[i]!, first * n, rows * n, scratch, inputs[i]! / bytes);
    run({ first, rows, n, inputs, out: outAt, scratch, bytes });
    if (out === undefined) continue;
    const from = outAt / bytes;
    if (inner === 1) {
      copyRun(scratch, from, rows * n, out, outOffset + first * n);
    } else {
      for (let r = 0; r < rows; r++) {
        const row = first + r;
        const i = row % inner;
        let to = outOffset + (row - i) * n + i;
        const start = from + r * n;
        for (let c = 0; c < n; c++) {
          out[to] = scratch[start + c]!;
          to += inner;
        }
      }
    }
  }
}

/** Copies elements `start` to `start + count` of `x`, in row-major order, into `scratch` from element `at` on. */
export function load(x: Strided, start: number, count: number, scratch: FloatArray, at: number): void {
  if (x.dense) copyRun(x.storage.array, x.offset + start, count, scratch, at);
  else gather(x, x.shape, start, count, scratch, at);
}
