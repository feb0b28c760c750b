import type { TypedArray } from '../../dtype.ts';
import { ValueError } from '../../errors.ts';
import { ensureBytes, f64, i32 } from '../wasm/index.ts';
import { narrowKernel } from './narrow.ts';
import { copyRun, FEW } from './runs.ts';

/**
 * int32 stands for PyTorch's int64, and holds less. So kernels compute integers wider than that, in float64 numbers
 * (exact up to 2^53) or in 64 bits, and bring their results to int32 here, where what does not fit is refused.
 */

/**
 * A result that does not fit int32. Kernels do not know in whose name they compute: {@link BeyondInt32.named} adds it.
 */
export class BeyondInt32 extends ValueError {
  readonly #result: number;

  constructor(result: number, caller?: string) {
    super(
      `${caller === undefined ? '' : `${caller}: `}the result ${result} does not fit int32, which holds -2147483648 to ` +
        "2147483647; convert to float64 first, with x.to('float64')",
    );
    this.#result = result;
  }

  /** This error, of the operation of that name. */
  named(caller: string): BeyondInt32 {
    return new BeyondInt32(this.#result, caller);
  }
}

/** Whether a number, its fraction dropped, is an int32. NaN is none. */
const fits = (x: number): boolean => x > -2147483649 && x < 2147483648;

/**
 * The int32 that a number is, its fraction dropped.
 * @throws BeyondInt32 when it is none
 */
export function toInt32(x: number): number {
  if (!fits(x)) throw new BeyondInt32(x);
  return Math.trunc(x);
}

/**
 * Stores `count` numbers as int32, their fractions dropped; stores none unless all fit.
 * @throws BeyondInt32 when one does not fit
 */
export function storeInt32(
  from: Float64Array,
  start: number,
  count: number,
  to: Int32Array,
  at: number,
): void {
  if (count <= FEW) {
    for (let i = 0; i < count; i++) {
      const x = from[start + i]!;
      if (!fits(x)) throw new BeyondInt32(x);
    }
    for (let i = 0; i < count; i++) to[at + i] = from[start + i]!;
  } else if (from === f64) {
    narrowScratch(8 * start, count);
    copyRun(i32, 2 * start, count, to, at);
  } else {
    // Where no kernel has run yet there is no scratch.
    ensureBytes(8 * CHUNK);
    // More than a chunk is gone through twice: nothing is stored unless all of it fits.
    for (let passes = count > CHUNK ? 2 : 1; passes > 0; passes--) {
      for (let done = 0; done < count; done += CHUNK) {
        const n = Math.min(CHUNK, count - done);
        copyRun(from, start + done, n, f64, 0);
        narrowScratch(0, n);
        if (passes === 1) copyRun(i32, 0, n, to, at + done);
      }
    }
  }
}

/** Numbers in scratch at a time: few enough to stay in cache, and for the least size of the memory. */
const CHUNK = 8192;

/** Makes int32 of float64 numbers at an address in scratch, where they lie. */
function narrowScratch(address: number, count: number): void {
  const left = narrowKernel().narrow(count, address);
  if (left === 0) return;
  const first = f64[address / 8 + count - left]!;
  throw new BeyondInt32(fits(first) ? f64[address / 8 + count - left + 1]! : first);
}

/**
 * Integers of 64 bits, the low half first, from word `start` on: into int32 as {@link storeInt32} does, else as they
 * are.
 */
export function storeInt64(
  words: Int32Array,
  start: number,
  count: number,
  to: TypedArray,
  at: number,
): void {
  const checked = to instanceof Int32Array;
  for (let i = 0; i < count; i++) {
    const low = words[start + 2 * i]!;
    const high = words[start + 2 * i + 1]!;
    const value = high * 2 ** 32 + (low >>> 0);
    if (checked && high !== low >> 31) throw new BeyondInt32(value);
    to[at + i] = value;
  }
}

/**
 * Lets `compute` change `out`: int32 in a copy of float64 numbers, so that it is left as it was where one of them does
 * not fit in the end.
 * @throws BeyondInt32 when one does not fit
 */
export function computeWide(out: TypedArray, compute: (out: TypedArray) => void): void {
  if (!(out instanceof Int32Array)) {
    compute(out);
    return;
  }
  const wide = new Float64Array(out);
  compute(wide);
  storeInt32(wide, 0, wide.length, out, 0);
}

/**
 * An `ignoreIndex` as kernels compare it with classes: one that is no int32 is that of no target, as the least int32
 * is.
 */
export const ignoredClass = (ignoreIndex: number): number =>
  (ignoreIndex | 0) === ignoreIndex ? ignoreIndex : -0x80000000;
