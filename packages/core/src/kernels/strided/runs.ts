import type { TypedArray } from '../../dtype.ts';

/** An array of numbers with a fraction. */
export type FloatArray = Float32Array | Float64Array;

/** Up to this many elements a loop beats the call of a built-in, and the view that it needs. */
export const FEW = 24;

/** Copies `count` elements that lie side by side, from one array to another, converting as typed arrays do. */
export function copyRun(from: TypedArray, start: number, count: number, to: TypedArray, at: number): void {
  if (count > FEW || from === to) {
    to.set(start === 0 && count === from.length ? from : from.subarray(start, start + count), at);
  } else if (from instanceof Float32Array && to instanceof Float32Array) {
    // Nearly all copies are these: the loop that sees nothing else is compiled to plain loads and stores.
    for (let i = 0; i < count; i++) to[at + i] = from[start + i]!;
  } else {
    for (let i = 0; i < count; i++) to[at + i] = from[start + i]!;
  }
}
