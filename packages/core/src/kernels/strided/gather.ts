import type { TypedArray } from '../../dtype.ts';
import type { Shape } from '../../shape.ts';
import { leastPacked, onlyOne, packBlocks, packedAtOnce } from './pack.ts';
import type { Strided } from './strided.ts';
import { type Dimension, walk } from './walk.ts';

/**
 * Raw copies between strided and dense elements of one dtype.
 *
 * float32 is nearly all of the traffic, so the inner loops come in two copies: one that only ever sees Float32Array,
 * which V8 compiles to plain loads and stores, and one for the rest.
 */

/**
 * Rows copied together where neighbours in memory lie in neighbouring rows: more would fight for the same cache sets
 * where sizes are powers of two.
 */
const blockRows = 8;

const worthBlocks = (inner: Dimension, rows: Dimension): boolean =>
  rows.size > 1 && inner.size > 1 && rows.stride !== 0 && Math.abs(rows.stride) < Math.abs(inner.stride);

/**
 * Copies the elements `start` to `start + count`, in row-major order, of `x` broadcast to `shape`, to `target` from
 * `at` on. `target` has the dtype of `x`.
 */
export function gather(
  x: Strided,
  shape: Shape,
  start: number,
  count: number,
  target: TypedArray,
  at: number,
): void {
  walk.begin(x, shape);
  walk.seek(start);
  const { inner, rows, blocks } = walk;
  const source = x.storage.array;
  const { size, stride } = inner;
  const byBlocks = worthBlocks(inner, rows);
  const packs = count >= leastPacked && source.constructor === target.constructor;
  const atOnce = byBlocks ? blockRows : packs ? packedAtOnce(source, inner, rows) : 0;
  const ofBlock = rows.size * size;
  const packed =
    packs && !byBlocks && blocks.size > 1 && rows.size <= atOnce
      ? packedAtOnce(source, inner, rows, blocks)
      : 0;
  const end = at + count;
  let to = at;
  while (to < end) {
    let stepped = 1;
    if (packed > 1 && inner.index === 0 && rows.index === 0 && end - to >= ofBlock) {
      const some = Math.min(packed, blocks.size - blocks.index, Math.floor((end - to) / ofBlock));
      packBlocks(source, walk.from, inner, rows, { size: some, stride: blocks.stride }, target, to);
      to += some * ofBlock;
      walk.leap(some);
      continue;
    }
    if (atOnce > 0 && inner.index === 0 && end - to >= size) {
      stepped = Math.min(atOnce, rows.size - rows.index, Math.floor((end - to) / size));
      if (byBlocks) copyBlock(source, walk.from, rows.stride, stride, target, to, size, 1, stepped, size);
      else packBlocks(source, walk.from, inner, { size: stepped, stride: rows.stride }, onlyOne, target, to);
      to += stepped * size;
    } else {
      const run = Math.min(end - to, size - inner.index);
      copySteps(source, walk.from, stride, target, to, 1, run);
      to += run;
      // To the start of the row; only the first run begins elsewhere.
      walk.from -= inner.index * stride;
      inner.index = 0;
    }
    walk.advance(stepped);
  }
}

/**
 * Copies `x`, broadcast, to all elements of `out`, whatever their layouts. Both have the same dtype, and do not overlap
 * unless they are laid out alike.
 */
export function copyBetween(x: Strided, out: Strided): void {
  if (out.count === 0) return;
  walk.begin(x, out.shape, out);
  walk.orderByTarget();
  const { inner, rows } = walk;
  const source = x.storage.array;
  const target = out.storage.array;
  const { size, stride, other } = inner;
  const byBlocks = worthBlocks(inner, rows);
  let stepped = 1;
  do {
    if (byBlocks) {
      stepped = Math.min(blockRows, rows.size - rows.index);
      copyBlock(source, walk.from, rows.stride, stride, target, walk.to, rows.other, other, stepped, size);
    } else {
      copySteps(source, walk.from, stride, target, walk.to, other, size);
    }
  } while (walk.advance(stepped));
}

/** `target[to + i step] = source[from + i stride]` for i < count. */
export function copySteps(
  source: TypedArray,
  from: number,
  stride: number,
  target: TypedArray,
  to: number,
  step: number,
  count: number,
): void {
  if (step === 1 && count > 16) {
    if (stride === 1) {
      target.set(source.subarray(from, from + count), to);
      return;
    }
    if (stride === -1) {
      target.set(source.subarray(from - count + 1, from + 1), to);
      target.subarray(to, to + count).reverse();
      return;
    }
    if (stride === 0 && count > 48) {
      target.fill(source[from]!, to, to + count);
      return;
    }
  }
  if (source instanceof Float32Array && target instanceof Float32Array) {
    for (let i = 0; i < count; i++) target[to + i * step] = source[from + i * stride]!;
  } else {
    for (let i = 0; i < count; i++) target[to + i * step] = source[from + i * stride]!;
  }
}

/** `target[to + i rowStep + j step] = source[from + i rowStride + j stride]` for i < rows, j < count; i runs inside. */
function copyBlock(
  source: TypedArray,
  from: number,
  rowStride: number,
  stride: number,
  target: TypedArray,
  to: number,
  rowStep: number,
  step: number,
  rows: number,
  count: number,
): void {
  if (rows === blockRows && source instanceof Float32Array && target instanceof Float32Array) {
    for (let j = 0; j < count; j++) {
      const s = from + j * stride;
      const t = to + j * step;
      target[t] = source[s]!;
      target[t + rowStep] = source[s + rowStride]!;
      target[t + 2 * rowStep] = source[s + 2 * rowStride]!;
      target[t + 3 * rowStep] = source[s + 3 * rowStride]!;
      target[t + 4 * rowStep] = source[s + 4 * rowStride]!;
      target[t + 5 * rowStep] = source[s + 5 * rowStride]!;
      target[t + 6 * rowStep] = source[s + 6 * rowStride]!;
      target[t + 7 * rowStep] = source[s + 7 * rowStride]!;
    }
    return;
  }
  for (let j = 0; j < count; j++) {
    const s = from + j * stride;
    const t = to + j * step;
    for (let i = 0; i < rows; i++) target[t + i * rowStep] = source[s + i * rowStride]!;
  }
}
