import type { TypedArray } from '../../dtype.ts';
import { f32, f64 } from '../wasm/index.ts';

/** An array of numbers with a fraction. */
export type FloatArray = Float32Array | Float64Array;

/** Up to this many elements a loop beats the call of a built-in, and the view that it needs. */
export const FEW = 24;

/** A view of scratch memory that results were copied from: making one takes as long as copying a thousand elements. */
interface Seen {
  readonly from: TypedArray;
  readonly start: number;
  readonly count: number;
  readonly view: TypedArray;
}

/** The last ones, by where they begin and how long they are. */
const seen: (Seen | undefined)[] = new Array(64).fill(undefined);
const longestSeen = 4096;

function viewOf(from: TypedArray, start: number, count: number): TypedArray {
  // Of arrays that are not the kernels' none is kept: it would keep their memory.
  if (count > longestSeen || (from !== f32 && from !== f64)) return from.subarray(start, start + count);
  const at = (start ^ count) & 63;
  const last = seen[at];
  if (last !== undefined && last.from === from && last.start === start && last.count === count)
    return last.view;
  const view = from.subarray(start, start + count);
  seen[at] = { from, start, count, view };
  return view;
}

const { set } = Float32Array.prototype as { set(this: TypedArray, from: TypedArray, at: number): void };
/** `to.set(from, at)`, whose method V8 would look up anew at each call. */
export const setAt = (to: TypedArray, from: TypedArray, at: number): void => set.call(to, from, at);

/** Copies `count` elements that lie side by side, from one array to another, converting as typed arrays do. */
export function copyRun(from: TypedArray, start: number, count: number, to: TypedArray, at: number): void {
  if (count > FEW || from === to) {
    setAt(to, start === 0 && count === from.length ? from : viewOf(from, start, count), at);
  } else if (from instanceof Float32Array && to instanceof Float32Array) {
    // Nearly all copies are these: the loop that sees nothing else is compiled to plain loads and stores.
    for (let i = 0; i < count; i++) to[at + i] = from[start + i]!;
  } else {
    for (let i = 0; i < count; i++) to[at + i] = from[start + i]!;
  }
}
