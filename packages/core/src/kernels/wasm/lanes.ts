/** Lanes of numbers with a fraction: how wide they are, and the scratch memory as such numbers. */

import type { FloatLane } from './encoding.ts';
import { f32, f64 } from './memory.ts';

/** Bytes of a number. */
export const bytesOfLane = (lane: FloatLane): 4 | 8 => (lane === 'f32' ? 4 : 8);

/** The vectors of such lanes, by which instructions are named. */
export const vectorOf = (lane: FloatLane): 'f32x4' | 'f64x2' => (lane === 'f32' ? 'f32x4' : 'f64x2');

/** The scratch memory as numbers, until it grows. */
export const scratchOf = (lane: FloatLane): Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> =>
  lane === 'f32' ? f32 : f64;
