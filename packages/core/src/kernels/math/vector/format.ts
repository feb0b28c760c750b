import type { Expr, Operand } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';
import type { FloatLane } from '../../wasm/index.ts';

export type { FloatLane };

/** The numbers of a lane as bits, for formulas that are the same in both lanes of floating-point numbers. */

/** Something for each lane of floating-point numbers. */
export type ByLane<T> = Readonly<Record<FloatLane, T>>;

interface Format {
  /** Bits of a number. */
  readonly width: number;
  /** Bits of its fraction. */
  readonly fraction: number;
  /** What its exponent is stored with. */
  readonly bias: number;
}

/** IEEE 754's formats. */
export const formats: ByLane<Format> = {
  f32: { width: 32, fraction: 23, bias: 127 },
  f64: { width: 64, fraction: 52, bias: 1023 },
};

/** The number where the mask is set, 0 elsewhere; cheaper than a select. */
export function onlyWhere(mask: Expr, x: Operand): Expr {
  return E.fromBits(E.iand(E.maskBits(mask), E.bitsOf(x)));
}

/**
 * x rounded to the nearest integer, |x| < 2^20: as a value, and as bits, the lowest 20 of which are those of
 * the integer plus `bias`. Such bits are what {@link powerOfTwo} (the format's bias) and {@link powersOfTwo}
 * (twice that) take.
 */
export function roundToInt(lane: FloatLane, x: Expr, bias = 0): { value: Expr; bits: Expr } {
  // Adding this leaves a number of moderate size rounded to an integer, which stands in the sum's lowest bits;
  // but for its two highest, the bits of this fraction are 0.
  const rounder = 1.5 * 2 ** formats[lane].fraction + bias;
  const shifted = E.add(x, rounder);
  return { value: E.sub(shifted, rounder), bits: E.bitsOf(shifted) };
}

/** 2^k for the exponent k of a normal number, given with the format's bias. */
export function powerOfTwo(lane: FloatLane, bits: Expr): Expr {
  return E.fromBits(E.shl(bits, formats[lane].fraction));
}

/** Two powers of 2 whose product is 2^k, |k| being less than twice the bias, with which it is given. */
export function powersOfTwo(lane: FloatLane, bits: Expr): [Expr, Expr] {
  const half = E.shrU(bits, 1);
  return [powerOfTwo(lane, half), powerOfTwo(lane, E.isub(bits, half))];
}

/** x 2^k in two steps, so that a subnormal result is rounded once; k is given with twice the bias. */
export function scaleByPowerOfTwo(lane: FloatLane, x: Expr, bits: Expr): Expr {
  const [first, second] = powersOfTwo(lane, bits);
  return E.mul(E.mul(x, first), second);
}
