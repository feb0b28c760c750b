import type { TypedArray } from '../../dtype.ts';
import {
  accessOf,
  i32Params,
  ModuleBuilder,
  memoized,
  passageAt,
  passageBytes,
  wholeMemory,
} from '../wasm/index.ts';

/** Elements that lie apart, brought side by side by a kernel: what memory lies between them is copied along, which costs less than a loop. */

interface PackKernel {
  /** out[r n + j] = x[r pitch + j step] for r < rows and j < n: `pitch` and `step` in bytes. */
  pack(rows: number, n: number, pitch: number, step: number, x: number, out: number): void;
}

/** Of elements of 1, 4 or 8 bytes. */
const packKernel = memoized((bytes: number): PackKernel => {
  const module = new ModuleBuilder();
  const { load, store } = accessOf(bytes);
  const params = i32Params('rows', 'n', 'pitch', 'step', 'x', 'out');
  module.define({ export: 'pack' }, params, (f, p) => {
    const { left, from, width } = f.locals('i32', 'left', 'from', 'width');
    const vector = (): void => {
      f.get(p.out).get(from).load('v128.load').store('v128.store');
    };
    f.get(p.n).i32Const(bytes).op('i32.mul').set(width);
    f.countdown(p.rows, 1, () => {
      f.get(p.x).set(from);
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
      f.countdown(left, 1, () => {
        f.get(p.out).get(from).load(load).store(store);
        f.bump(from, { local: p.step }).bump(p.out, { bytes });
      });
      f.end();
      f.bump(p.x, { local: p.pitch });
    });
  });
  return module.instantiate<PackKernel>();
});

/** Half of the passage is for what is read, the other for what is made of it, unless that is stored into the scratch memory. */
const halfBytes = passageBytes / 2;
/** Fewer elements are not worth the call. */
export const leastPacked = 128;
/** So many elements at most are brought for each that is wanted. */
const mostBrought = 4;

/** How many elements of memory `n` elements `step` apart lie in. */
const spanOf = (n: number, step: number): number => (n - 1) * Math.abs(step) + 1;

/** How many rows of `n` elements `step` apart, which begin `pitch` apart, {@link packRows} takes at most; 0 where it is no gain. */
export function packedAtOnce(source: TypedArray, n: number, step: number, pitch: number): number {
  const span = spanOf(n, step);
  const each = Math.abs(pitch);
  const most = halfBytes / source.BYTES_PER_ELEMENT;
  if (Math.max(span, each) > mostBrought * n || Math.max(span, n) > most) return 0;
  const ofHalf = Math.floor(most / n);
  return each === 0 ? ofHalf : Math.min(Math.floor((most - span) / each) + 1, ofHalf);
}

/** `target[to + i count + j] = source[from + i pitch + j step]` for i < rows, not more than {@link packedAtOnce}, and j < count. */
export function packRows(
  source: TypedArray,
  from: number,
  pitch: number,
  step: number,
  target: TypedArray,
  to: number,
  rows: number,
  count: number,
): void {
  const passage = passageLike(source);
  const bytes = passage.BYTES_PER_ELEMENT;
  // Where steps lead back, the first of all that is read lies before `from`.
  const back = Math.min(0, (count - 1) * step) + Math.min(0, (rows - 1) * pitch);
  const span = spanOf(count, step) + spanOf(rows, pitch) - 1;
  passage.set(source.subarray(from + back, from + back + span));
  const x = passage.byteOffset - back * bytes;
  const isThere = target.buffer === passage.buffer;
  const out = isThere ? target.byteOffset + to * bytes : passage.byteOffset + halfBytes;
  packKernel(bytes).pack(rows, count, pitch * bytes, step * bytes, x, out);
  if (!isThere) target.set(passage.subarray(halfBytes / bytes, halfBytes / bytes + rows * count), to);
}

type TypedArrayOf = new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray;
/** Views of the passage, until the memory grows. */
const views = new Map<unknown, TypedArray>();

/** The passage as elements of the kind that an array has. */
function passageLike(array: TypedArray): TypedArray {
  const memory = wholeMemory();
  let view = views.get(array.constructor);
  if (view === undefined || view.buffer !== memory) {
    const made = array.constructor as TypedArrayOf;
    view = new made(memory, passageAt(), passageBytes / array.BYTES_PER_ELEMENT);
    views.set(made, view);
  }
  return view;
}
