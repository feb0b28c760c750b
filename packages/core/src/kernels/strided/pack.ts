import type { TypedArray } from '../../dtype.ts';
import {
  accessOf,
  clearOfPages,
  i32Params,
  ModuleBuilder,
  memoized,
  passageAt,
  passageBytes,
  wholeMemory,
} from '../wasm/index.ts';

/**
 * Elements that lie apart, brought side by side by a kernel: what memory lies between them is copied along, which costs
 * less than a loop.
 */

interface PackKernel {
  /**
   * out[b][r][j] = x[b leap + r pitch + j step] for b < blocks, r < rows and j < n: `leap`, `pitch` and `step` in
   * bytes.
   */
  pack(
    blocks: number,
    leap: number,
    rows: number,
    n: number,
    pitch: number,
    step: number,
    x: number,
    out: number,
  ): void;
}

/** Of elements of 1, 4 or 8 bytes. */
const packKernel = memoized((bytes: number): PackKernel => {
  const module = new ModuleBuilder();
  const { load, store } = accessOf(bytes);
  const params = i32Params('blocks', 'leap', 'rows', 'n', 'pitch', 'step', 'x', 'out');
  module.define({ export: 'pack' }, params, (f, p) => {
    const { row, start, left, from, width } = f.locals('i32', 'row', 'start', 'left', 'from', 'width');
    const vector = (): void => {
      f.get(p.out).get(from).load('v128.load').store('v128.store');
    };
    f.get(p.n).i32Const(bytes).op('i32.mul').set(width);
    f.countdown(p.blocks, 1, () => {
      f.get(p.rows).set(row).get(p.x).set(start);
      f.countdown(row, 1, () => {
        f.get(start).set(from);
        f.get(p.step).i32Const(bytes).op('i32.eq').get(width).i32Const(16).op('i32.ge_s').op('i32.and').if();
        f.get(width).set(left);
        f.countdown(left, 16, () => {
          vector();
          f.bump(from, { bytes: 16 }).bump(p.out, { bytes: 16 });
        });
        // The last vector ends with the row, wherever it begins.
        f.get(left).if();
        for (const pointer of [from, p.out]) f.bump(pointer, { local: left }).bump(pointer, { bytes: -16 });
        vector();
        f.bump(p.out, { bytes: 16 });
        f.end();
        f.else().get(p.n).set(left);
        if (bytes === 4) {
          // Of what lies in reverse order a vector is turned round.
          f.get(p.step).i32Const(-bytes).op('i32.eq').if();
          f.countdown(left, 4, () => {
            f.bump(from, { bytes: -12 }).get(p.out).get(from).load('v128.load').get(from).load('v128.load');
            f.shuffle32(3, 2, 1, 0).store('v128.store');
            f.bump(from, { bytes: -4 }).bump(p.out, { bytes: 16 });
          });
          f.end();
        }
        f.countdown(left, 1, () => {
          f.get(p.out).get(from).load(load).store(store);
          f.bump(from, { local: p.step }).bump(p.out, { bytes });
        });
        f.end();
        f.bump(start, { local: p.pitch });
      });
      f.bump(p.x, { local: p.leap });
    });
  });
  return module.instantiate<PackKernel>();
});

/** How far into the passage, which begins with a page, is a good place for what is copied, and a half of it too. */
const inset = clearOfPages(0);
/**
 * Half of the passage is for what is read, the other for what is made of it, unless that is stored into the scratch
 * memory.
 */
const halfBytes = passageBytes / 2 - 2 * inset;
/** Fewer elements are not worth the call. */
export const leastPacked = 128;
/** So many elements at most are brought for each that is wanted. */
const mostBrought = 4;

/** How many elements of memory `n` elements `step` apart lie in. */
const spanOf = (n: number, step: number): number => (n - 1) * Math.abs(step) + 1;

/** Elements that lie apart regularly: `size` of them, or of rows or blocks of them, so far from each to the next. */
interface Apart {
  readonly size: number;
  readonly stride: number;
}

/** A single one. */
export const onlyOne: Apart = { size: 1, stride: 0 };

/**
 * How many blocks of rows of elements {@link packBlocks} takes at most, of rows too where blocks are not given; 0 where
 * it is no gain.
 */
export function packedAtOnce(source: TypedArray, inner: Apart, rows: Apart, blocks?: Apart): number {
  if (blocks === undefined) return mostAtOnce(source, inner, onlyOne, rows.stride);
  return mostAtOnce(source, inner, rows, blocks.stride);
}

/** How many times so many elements, `leap` apart, fit the passage. */
function mostAtOnce(source: TypedArray, inner: Apart, rows: Apart, leap: number): number {
  const n = inner.size * rows.size;
  const span = spanOf(inner.size, inner.stride) + spanOf(rows.size, rows.stride) - 1;
  const each = Math.abs(leap);
  const most = halfBytes / source.BYTES_PER_ELEMENT;
  if (Math.max(span, each) > mostBrought * n || Math.max(span, n) > most) return 0;
  const ofHalf = Math.floor(most / n);
  return each === 0 ? ofHalf : Math.min(Math.floor((most - span) / each) + 1, ofHalf);
}

/** Blocks of rows of elements that lie apart, side by side from `to` on: not more than {@link packedAtOnce} says. */
export function packBlocks(
  source: TypedArray,
  from: number,
  inner: Apart,
  rows: Apart,
  blocks: Apart,
  target: TypedArray,
  to: number,
): void {
  const passage = passageLike(source);
  const bytes = passage.BYTES_PER_ELEMENT;
  // Where steps lead back, the first of all that is read lies before `from`.
  const back = backOf(inner) + backOf(rows) + backOf(blocks);
  const span =
    spanOf(inner.size, inner.stride) +
    spanOf(rows.size, rows.stride) +
    spanOf(blocks.size, blocks.stride) -
    2;
  passage.set(source.subarray(from + back, from + back + span));
  const x = passage.byteOffset - back * bytes;
  const isThere = target.buffer === passage.buffer;
  const out = isThere ? target.byteOffset + to * bytes : passage.byteOffset + halfBytes;
  const [leap, pitch, step] = [blocks.stride * bytes, rows.stride * bytes, inner.stride * bytes];
  packKernel(bytes).pack(blocks.size, leap, rows.size, inner.size, pitch, step, x, out);
  if (isThere) return;
  const count = blocks.size * rows.size * inner.size;
  target.set(passage.subarray(halfBytes / bytes, halfBytes / bytes + count), to);
}

/** How far the last lies before the first, as a number below 0. */
const backOf = ({ size, stride }: Apart): number => Math.min(0, (size - 1) * stride);

type TypedArrayOf = new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray;
/** Views of the passage, until the memory grows. */
const views = new Map<unknown, TypedArray>();

/** The passage as elements of the kind that an array has. */
function passageLike(array: TypedArray): TypedArray {
  const memory = wholeMemory();
  let view = views.get(array.constructor);
  if (view === undefined || view.buffer !== memory) {
    const made = array.constructor as TypedArrayOf;
    view = new made(memory, passageAt() + inset, (2 * halfBytes) / array.BYTES_PER_ELEMENT);
    views.set(made, view);
  }
  return view;
}
