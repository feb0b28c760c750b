import type { TypedArray } from '../../dtype.ts';
import { recorder, scratchLike } from '../recording/index.ts';
import { copyRun, type Strided } from '../strided/index.ts';
import { clearOfPages, ensureBytes, i32 } from '../wasm/index.ts';
import { moveKernels } from './move-kernels.ts';
import { longRow, worthCall } from './moves.ts';

/** Bytes of joined or embedded rows in scratch at a time: they stay in cache. */
export const joinedBytes = 1 << 16;

/**
 * Stores rows of several dense operands of one dtype side by side: `rows` of each, of `lengths` elements. Where nothing
 * is taken down; elsewhere, and of few or long rows, it says that it did not.
 */
export function joinRows(
  parts: readonly Strided[],
  lengths: readonly number[],
  rows: number,
  out: TypedArray,
): boolean {
  const width = lengths.reduce((sum, length) => sum + length, 0);
  if (recorder !== null || rows * width < worthCall || width > longRow * parts.length) return false;
  const bytes = out.BYTES_PER_ELEMENT;
  const { writeRows } = moveKernels(bytes);
  const atOnce = Math.min(rows, Math.max(1, Math.floor(joinedBytes / (width * bytes))));
  // In scratch lie where a row begins in its block, the rows joined, and those of one operand.
  const joinedAt = clearOfPages(4);
  const partAt = clearOfPages(joinedAt + atOnce * width * bytes);
  ensureBytes(partAt + atOnce * width * bytes);
  i32[0] = 0;
  const scratch = scratchLike(out);
  for (let r = 0; r < rows; r += atOnce) {
    const count = Math.min(atOnce, rows - r);
    let to = joinedAt;
    for (const [k, { storage, offset }] of parts.entries()) {
      const length = lengths[k] ?? 0;
      copyRun(storage.array, offset + r * length, count * length, scratch, partAt / bytes);
      writeRows(count, width * bytes, 1, length * bytes, 0, partAt, to);
      to += length * bytes;
    }
    copyRun(scratch, joinedAt / bytes, count * width, out, r * width);
  }
  return true;
}
