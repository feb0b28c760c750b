import { fillStrided, scatterStrided } from '../elementwise/index.ts';
import { recorder, scratchLike } from '../recording/index.ts';
import { copyRun, type Strided } from '../strided/index.ts';
import { clearOfPages, ensureBytes, i32 } from '../wasm/index.ts';
import { joinedBytes } from './join.ts';
import { moveKernels } from './move-kernels.ts';
import { longRow, worthCall } from './moves.ts';
import { merged } from './positions.ts';

/** A block of more bytes is not brought to scratch. */
const mostBytes = 1 << 20;

/**
 * Sets the elements of the dense `out` to `value`, but for those of `region`, a part of it, which become those of `x`.
 */
export function embedStrided(x: Strided, region: Strided, out: Strided, value: number): void {
  if (embedRows(x, region, out, value)) return;
  fillStrided(out, value);
  scatterStrided(x, region);
}

/**
 * {@link embedStrided} where the region is rows in blocks that fill `out`: whole blocks are made in scratch. Says
 * whether it was done.
 */
function embedRows(x: Strided, region: Strided, out: Strided, value: number): boolean {
  if (recorder !== null || !x.dense || x.dtype !== out.dtype) return false;
  if (x.count < worthCall || x.count !== region.count) return false;
  const axes = merged(region);
  const elements = axes.pop();
  const [blocks, rows = { size: 1, stride: 0 }, ...others] = axes;
  if (elements === undefined || blocks === undefined || others.length > 0) return false;
  const length = elements.size;
  if (elements.stride !== 1 || length >= longRow || blocks.stride < 1 || rows.stride < 0) return false;
  const step = blocks.stride;
  const first = region.offset - out.offset;
  if (blocks.size * step !== out.count || first + (rows.size - 1) * rows.stride + length > step) return false;
  const bytes = out.storage.array.BYTES_PER_ELEMENT;
  if (step * bytes > mostBytes) return false;

  const { writeRows } = moveKernels(bytes);
  const ofBlock = rows.size * length;
  const atOnce = Math.min(blocks.size, Math.max(1, Math.floor(joinedBytes / (step * bytes))));
  // In scratch lie where rows begin in a block, blocks, and rows.
  const blocksAt = clearOfPages(4 * rows.size);
  const rowsAt = clearOfPages(blocksAt + atOnce * step * bytes);
  ensureBytes(rowsAt + atOnce * ofBlock * bytes);
  for (let r = 0; r < rows.size; r++) i32[r] = first + r * rows.stride;
  const scratch = scratchLike(out.storage.array);
  for (let b = 0; b < blocks.size; b += atOnce) {
    const count = Math.min(atOnce, blocks.size - b);
    scratch.fill(value, blocksAt / bytes, blocksAt / bytes + count * step);
    copyRun(x.storage.array, x.offset + b * ofBlock, count * ofBlock, scratch, rowsAt / bytes);
    writeRows(count, step * bytes, rows.size, length * bytes, 0, rowsAt, blocksAt);
    copyRun(scratch, blocksAt / bytes, count * step, out.storage.array, out.offset + b * step);
  }
  return true;
}
