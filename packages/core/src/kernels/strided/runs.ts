import type { TypedArray } from '../../dtype.ts';

export type FloatArray = Float32Array | Float64Array;

/** Up to this many elements a loop beats the call of a built-in, and the view that it needs. */
const FEW = 24;

/** Copies `count` elements that lie side by side, from one array to another, converting as typed arrays do. */
export function copyRun(from: TypedArray, start: number, count: number, to: TypedArray, at: number): void {
  if (count <= FEW) {
    for (let i = 0; i < count; i++) to[at + i] = from[start + i]!;
  } else {
    to.set(start === 0 && count === from.length ? from : from.subarray(start, start + count), at);
  }
}
