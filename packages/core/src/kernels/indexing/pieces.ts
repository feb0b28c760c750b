/** Tensors arranged anew dimension by dimension: padded by their own entries, rolled. */

import type { TypedArray } from '../../dtype.ts';
import { elementsOf, scatterStrided } from '../elementwise/index.ts';
import { recorder, scratchLike } from '../recording/index.ts';
import { copyRun, copySteps, FEW, type Strided, stridedOver } from '../strided/index.ts';
import { align16, clearOfPages, ensureBytes, i32 } from '../wasm/index.ts';
import { longRow, worthCall } from './moves.ts';
import { pieceBytes, pieceKernel } from './piece-kernels.ts';

/** Neighbours along a dimension of a result: entry `from` of the source, and so on by `step`. */
export interface Piece {
  readonly count: number;
  readonly from: number;
  readonly step: -1 | 0 | 1;
}

/** What a dimension is made of, in order; `null`: of all entries as they are. */
export type Pieces = readonly Piece[] | null;

/**
 * Rows of a result: each of so many blocks of the source, `pitch` elements apart, has some that begin at `starts` and
 * are of the same pieces.
 */
interface Rows {
  readonly blocks: number;
  readonly pitch: number;
  readonly starts: Int32Array;
  readonly pieces: readonly Piece[];
  readonly width: number;
}

/** How many entries pieces are. */
export const countOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, { count }) => sum + count, 0);
const whole = (size: number): Piece => ({ count: size, from: 0, step: 1 });

function rowsOf(shape: readonly number[], dims: readonly Pieces[]): Rows {
  let first = 0;
  let blocks = 1;
  for (; dims[first] === null; first++) blocks *= shape[first] as number;
  let dim = dims.length;
  let inner = 1;
  for (; dims[dim - 1] === null; dim--) inner *= shape[dim - 1] as number;
  // The last dimension that is not whole is part of the rows, where their pieces need not be turned round for that.
  let pieces: readonly Piece[] = [whole(inner)];
  const last = dims[dim - 1] ?? null;
  if (last !== null && (inner === 1 || last.every(({ step }) => step === 1))) {
    pieces = last.map(({ count, from, step }) => ({ count: count * inner, from: from * inner, step }));
    dim--;
    inner *= shape[dim] as number;
  }
  let pitch = inner;
  for (let d = first; d < dim; d++) pitch *= shape[d] as number;
  let starts: Int32Array = new Int32Array(1);
  for (let d = first, stride = pitch; d < dim; d++) {
    const size = shape[d] as number;
    stride /= size;
    starts = spread(starts, dims[d] ?? [whole(size)], stride);
  }
  return { blocks, pitch, starts, pieces, width: countOf(pieces) };
}

/** From each beginning those of all entries of a dimension. */
function spread(starts: Int32Array, pieces: readonly Piece[], stride: number): Int32Array {
  const all = new Int32Array(starts.length * countOf(pieces));
  let at = 0;
  for (let i = 0; i < starts.length; i++) {
    for (const { count, from, step } of pieces) {
      const start = (starts[i] as number) + from * stride;
      for (let k = 0; k < count; k++) all[at++] = start + k * step * stride;
    }
  }
  return all;
}

/**
 * Writes to the dense `out`, whose dtype is that of x and which shares no memory with it, what x is once each of its
 * dimensions is made of these pieces.
 */
export function arrange(x: Strided, dims: readonly Pieces[], out: Strided): void {
  if (out.count === 0) return;
  if (dims.every((pieces) => pieces === null)) {
    scatterStrided(x, out);
    return;
  }
  if (recorder !== null) {
    recordPieces(x, dims, out);
    return;
  }
  const rows = rowsOf(x.shape, dims);
  const source = elementsOf(x);
  const target = out.storage.array;
  const { pieces, width } = rows;
  const isLong =
    width >= longRow * pieces.length && pieces.every(({ count, step }) => step >= 0 || count <= FEW);
  const inJavaScript = out.count < worthCall || isLong || width * target.BYTES_PER_ELEMENT > atOnce;
  (inJavaScript ? copyPieces : runPieces)(source, rows, target, out.offset);
}

/** Has the rows written to `target`, from `at` on. */
type WriteRows = (source: TypedArray, rows: Rows, target: TypedArray, at: number) => void;

const copyPieces: WriteRows = (source, { blocks, pitch, starts, pieces }, target, at) => {
  let to = at;
  for (let b = 0; b < blocks; b++) {
    for (let r = 0; r < starts.length; r++) {
      const start = b * pitch + (starts[r] as number);
      for (let i = 0; i < pieces.length; i++) {
        const { count, from, step } = pieces[i] as Piece;
        copySteps(source, start + from, step, target, to, 1, count);
        to += count;
      }
    }
  }
};

/** Bytes that are in scratch at a time of what is read, and of what is written. */
const atOnce = 1 << 16;

/**
 * {@link copyPieces} by a kernel: some blocks, or some rows of one, and what these are made of, are in scratch at a
 * time.
 */
const runPieces: WriteRows = (source, rows, target, at) => {
  const { blocks, pitch, starts, width } = rows;
  const bytes = target.BYTES_PER_ELEMENT;
  const ofBlock = starts.length * width;
  const most = Math.min(blocks, Math.floor(atOnce / (Math.max(pitch, ofBlock) * bytes)));
  if (most > 0) {
    const run = describe(source, rows, target, starts.length, most * pitch);
    for (let b = 0; b < blocks; b += most)
      run(
        Math.min(most, blocks - b),
        starts,
        0,
        b * pitch,
        Math.min(most, blocks - b) * pitch,
        at + b * ofBlock,
      );
    return;
  }
  const { least, span } = reachOf(rows.pieces);
  const rowsAtOnce = Math.min(starts.length, Math.floor(atOnce / (width * bytes)));
  const read = Math.max(span, atOnce / bytes);
  const run = describe(source, rows, target, rowsAtOnce, read);
  for (let b = 0; b < blocks; b++) {
    for (let first = 0; first < starts.length; ) {
      let low = starts[first] as number;
      let high = low;
      let end = first + 1;
      for (; end < starts.length && end - first < rowsAtOnce; end++) {
        const start = starts[end] as number;
        if (Math.max(high, start) - Math.min(low, start) + span > read) break;
        low = Math.min(low, start);
        high = Math.max(high, start);
      }
      const begin = low + least;
      run(
        1,
        starts.subarray(first, end),
        begin,
        b * pitch + begin,
        high - low + span,
        at + b * ofBlock + first * width,
      );
      first = end;
    }
  }
};

/** The first element that a row is made of, from where it begins, and from how many on. */
function reachOf(pieces: readonly Piece[]): { least: number; span: number } {
  const ends = pieces.flatMap(({ count, from, step }) => [from, from + (count - 1) * step]);
  const least = Math.min(...ends);
  return { least, span: Math.max(...ends) - least + 1 };
}

/** Writes rows of so many blocks that begin at `starts`, counted from `begin`, made of what is read of the source. */
type WriteSome = (
  blocks: number,
  starts: Int32Array,
  begin: number,
  from: number,
  read: number,
  to: number,
) => void;

/** Has the pieces described in scratch, and makes room there. */
function describe(
  source: TypedArray,
  { pitch, pieces, width }: Rows,
  target: TypedArray,
  mostRows: number,
  mostRead: number,
): WriteSome {
  const bytes = target.BYTES_PER_ELEMENT;
  const startsAt = align16(pieces.length * pieceBytes);
  const xAt = clearOfPages(startsAt + 4 * mostRows);
  const outAt = clearOfPages(xAt + mostRead * bytes);
  ensureBytes(outAt + 2 * atOnce);
  for (const [i, { count, from, step }] of pieces.entries())
    i32.set([from * bytes, step * bytes, count * bytes], (i * pieceBytes) / 4);
  const scratch = scratchLike(target);
  const { arrange } = pieceKernel(bytes);
  let known: Int32Array | null = null;
  return (blocks, starts, begin, from, read, to) => {
    if (known !== starts)
      for (let r = 0; r < starts.length; r++) i32[startsAt / 4 + r] = ((starts[r] as number) - begin) * bytes;
    known = starts;
    copyRun(source, from, read, scratch, xAt / bytes);
    arrange(blocks, pitch * bytes, starts.length, pieces.length, startsAt, 0, xAt, outAt);
    copyRun(scratch, outAt / bytes, blocks * starts.length * width, target, to);
  };
}

/** Where a part of a result begins and what it is copied from. */
interface Part {
  readonly shape: readonly number[];
  readonly from: number;
  readonly steps: readonly number[];
  readonly to: number;
}

/** Takes down a copy for each of the parts that are made of one piece of each dimension. */
function recordPieces(x: Strided, dims: readonly Pieces[], out: Strided): void {
  const { array } = x.storage;
  const strides = x.dense ? stridedOver(array, x.dtype, x.shape).strides : x.strides;
  const { strides: along } = stridedOver(out.storage.array, out.dtype, out.shape);
  let parts: Part[] = [{ shape: [], from: x.offset, steps: [], to: out.offset }];
  for (const [d, pieces] of dims.entries()) {
    const [stride, outStride] = [strides[d] as number, along[d] as number];
    parts = parts.flatMap(({ shape, from, steps, to }) => {
      let place = to;
      return (pieces ?? [whole(x.shape[d] as number)]).map((piece): Part => {
        const begins = place;
        place += piece.count * outStride;
        return {
          shape: [...shape, piece.count],
          from: from + piece.from * stride,
          steps: [...steps, piece.step * stride],
          to: begins,
        };
      });
    });
  }
  for (const { shape, from, steps, to } of parts)
    scatterStrided(
      stridedOver(array, x.dtype, shape, from, steps),
      stridedOver(out.storage.array, out.dtype, shape, to, along),
    );
}
