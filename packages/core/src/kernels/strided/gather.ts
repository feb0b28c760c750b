import type { TypedArray } from '../../dtype.ts';
import type { Shape } from '../../shape.ts';
import { coalesce, type Strided, walk } from './strided.ts';

/**
 * Raw copies between strided and dense elements of one dtype.
 *
 * float32 is nearly all of the traffic, so the inner loops come in two copies: one that only ever sees Float32Array,
 * which V8 compiles to plain loads and stores, and one for the rest.
 */

/** Rows copied together where neighbours in memory lie in neighbouring rows: more would fight for the same cache sets where sizes are powers of two. */
const blockRows = 8;
const index = new Int32Array(64);

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
  coalesce(x, shape);
  const { sizes, strides } = walk;
  const last = walk.rank - 1;
  const source = x.storage.array;
  const inner = sizes[last]!;
  const stride = strides[last]!;
  const rows = last > 0 ? sizes[last - 1]! : 1;
  const rowStride = last > 0 ? strides[last - 1]! : 0;
  const byBlocks = last > 0 && inner > 1 && rowStride !== 0 && Math.abs(rowStride) < Math.abs(stride);

  let from = x.offset;
  let rest = start;
  for (let d = last; d >= 0; d--) {
    const i = rest % sizes[d]!;
    index[d] = i;
    from += i * strides[d]!;
    rest = (rest - i) / sizes[d]!;
  }
  let left = count;
  let to = at;
  while (left > 0) {
    let done: number;
    let stepped = 1;
    if (byBlocks && index[last] === 0 && left >= inner) {
      stepped = Math.min(blockRows, rows - index[last - 1]!, Math.floor(left / inner));
      done = stepped * inner;
      copyBlock(source, from, rowStride, stride, target, to, inner, 1, stepped, inner);
    } else {
      done = Math.min(left, inner - index[last]!);
      copyRun(source, from, stride, target, to, 1, done);
    }
    left -= done;
    to += done;
    if (left === 0) return;
    // To the start of the next row.
    from -= index[last]! * stride;
    index[last] = 0;
    for (let d = last - 1; d >= 0; d--) {
      from += stepped * strides[d]!;
      index[d]! += stepped;
      if (index[d]! < sizes[d]!) break;
      from -= index[d]! * strides[d]!;
      index[d] = 0;
      stepped = 1;
    }
  }
}

/**
 * Copies `x`, broadcast, to all elements of `out`, whatever their layouts. Both have the same dtype, and do not overlap
 * unless they are laid out alike.
 */
export function copyBetween(x: Strided, out: Strided): void {
  if (out.count === 0) return;
  coalesce(x, out.shape, out.strides);
  orderByTarget();
  const { sizes, strides, others } = walk;
  const last = walk.rank - 1;
  const source = x.storage.array;
  const target = out.storage.array;
  const inner = sizes[last]!;
  const stride = strides[last]!;
  const step = others[last]!;
  const rows = last > 0 ? sizes[last - 1]! : 1;
  const rowStride = last > 0 ? strides[last - 1]! : 0;
  const rowStep = last > 0 ? others[last - 1]! : 0;
  const byBlocks = last > 0 && inner > 1 && rowStride !== 0 && Math.abs(rowStride) < Math.abs(stride);

  index.fill(0, 0, walk.rank);
  let from = x.offset;
  let to = out.offset;
  for (;;) {
    let stepped = 1;
    if (byBlocks) {
      stepped = Math.min(blockRows, rows - index[last - 1]!);
      copyBlock(source, from, rowStride, stride, target, to, rowStep, step, stepped, inner);
    } else {
      copyRun(source, from, stride, target, to, step, inner);
    }
    let d = last - 1;
    for (; d >= 0; d--) {
      from += stepped * strides[d]!;
      to += stepped * others[d]!;
      index[d]! += stepped;
      if (index[d]! < sizes[d]!) break;
      from -= index[d]! * strides[d]!;
      to -= index[d]! * others[d]!;
      index[d] = 0;
      stepped = 1;
    }
    if (d < 0) return;
  }
}

/** Sorts the dimensions so that the target's smallest steps come last: writing in order is worth more than reading so. */
function orderByTarget(): void {
  const { rank, sizes, strides, others } = walk;
  for (let i = 1; i < rank; i++) {
    for (let j = i; j > 0 && Math.abs(others[j - 1]!) < Math.abs(others[j]!); j--) {
      swap(sizes, j);
      swap(strides, j);
      swap(others, j);
    }
  }
}

function swap(list: Int32Array | Float64Array, j: number): void {
  const kept = list[j]!;
  list[j] = list[j - 1]!;
  list[j - 1] = kept;
}

function copyRun(
  source: TypedArray,
  from: number,
  stride: number,
  target: TypedArray,
  to: number,
  step: number,
  count: number,
): void {
  if (step === 1 && count > 48) {
    if (stride === 1) {
      target.set(source.subarray(from, from + count), to);
      return;
    }
    if (stride === 0) {
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
