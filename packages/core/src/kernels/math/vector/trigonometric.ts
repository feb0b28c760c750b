import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';
import { type Double, quotient, sum } from './double-float.ts';
import { type ByLane, type FloatLane, formats, roundToInt } from './format.ts';

/**
 * Sine and cosine, and the tangent in f32 lanes: |x| = n pi/2 + r with |r| <= pi/4 (Cody and Waite's reduction), then a
 * polynomial chosen by the quadrant. Arguments too large for the reduction go to Math. Coefficients:
 * tools/oracle/math_minimax.py.
 */

interface Constants {
  /**
   * pi/2 in four parts. The first three have so few bits that their products with n are exact, and so is what the first
   * two leave of |x|: r is wrong by rounding alone, also where the difference cancels.
   */
  readonly halfPi: readonly [number, number, number, number];
  /** The largest |x| that the reduction takes. */
  readonly largest: number;
  /** (sin r - r) / r^3 as a polynomial in r^2; the error of sin r is 2^-27.8 relative, 2^-57.7 in f64 lanes. */
  readonly sineTail: readonly number[];
  /** (cos r - 1 + r^2/2) / r^4 as a polynomial in r^2; the error of cos r is 2^-32.7 relative, 2^-63.6 in f64 lanes. */
  readonly cosineTail: readonly number[];
}

const constants: ByLane<Constants> = {
  f32: {
    halfPi: [1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5633440682570896e-12],
    largest: 10000,
    sineTail: [-0.1666665375, 0.008332107216, -0.0001950807055],
    cosineTail: [0.04166664556, -0.001388729783, 2.443008452e-5],
  },
  f64: {
    halfPi: [6746518852 / 2 ** 32, 547377 / 2 ** 53, -3852311759 / 2 ** 86, 3.5215598651832e-27],
    largest: 2 ** 20,
    sineTail: [
      -0.16666666666666627, 0.0083333333333210687, -0.00019841269828697997, 2.7557313298415253e-6,
      -2.5050695434837875e-8, 1.5893110063538651e-10,
    ],
    cosineTail: [
      0.041666666666666581, -0.0013888888888870978, 2.4801587287539118e-5, -2.7557313796430939e-7,
      2.0875648372105896e-9, -1.1355800956093115e-11,
    ],
  },
};

/** The sine and cosine of |x| up to their signs: n (its lowest bits), sin r and cos r, with what they lack. */
function reduce(lane: FloatLane, magnitude: Expr): { n: Expr; sine: Double; cosine: Double } {
  const { halfPi, sineTail, cosineTail } = constants[lane];
  const n = roundToInt(lane, E.mul(magnitude, 2 / Math.PI));
  const exact = E.sub(E.sub(magnitude, E.mul(n.value, halfPi[0])), E.mul(n.value, halfPi[1]));
  const third = E.mul(n.value, halfPi[2]);
  const r = E.sub(exact, third);
  // What r lacks: its rounding error and the fourth part of pi/2.
  const lost = E.sub(E.sub(E.sub(exact, r), third), E.mul(n.value, halfPi[3]));
  const square = E.mul(r, r);
  const ofSine = E.add(E.mul(E.mul(square, r), E.polynomial(square, sineTail)), lost);
  const ofCosine = E.sub(E.mul(E.mul(square, square), E.polynomial(square, cosineTail)), E.mul(r, lost));
  const parabola = sum(E.constant(1), E.mul(square, -0.5));
  return {
    n: n.bits,
    sine: sum(r, ofSine),
    cosine: sum(parabola.high, E.add(parabola.low, ofCosine)),
  };
}

/** Where |x| is too large for the reduction. Infinity and NaN are not: the formula turns them into NaN. */
function tooLarge(lane: FloatLane, magnitude: Expr): Expr {
  return E.and(E.gt(magnitude, constants[lane].largest), E.lt(magnitude, Number.POSITIVE_INFINITY));
}

/** The second bit as a sign. */
const asSign = (lane: FloatLane, bits: Expr): Expr => E.shl(E.iand(bits, 2), formats[lane].width - 2);

/** Sine. */
export function sin(lane: FloatLane, x: Expr): Expr {
  const magnitude = E.abs(x);
  const { n, sine, cosine } = reduce(lane, magnitude);
  const unsigned = E.select(E.ieq(E.iand(n, 1), 0), sine.high, cosine.high);
  // In quadrants 2 and 3 the sign flips, and it flips with the sign of x.
  const flips = E.ixor(asSign(lane, n), E.ixor(E.bitsOf(x), E.bitsOf(magnitude)));
  const result = E.fromBits(E.ixor(E.bitsOf(unsigned), flips));
  return E.scalarCallWhere(tooLarge(lane, magnitude), 'sin', result, x);
}

/** Cosine. */
export function cos(lane: FloatLane, x: Expr): Expr {
  const magnitude = E.abs(x);
  const { n, sine, cosine } = reduce(lane, magnitude);
  const unsigned = E.select(E.ieq(E.iand(n, 1), 0), cosine.high, sine.high);
  // In quadrants 1 and 2 the sign flips.
  const result = E.fromBits(E.ixor(E.bitsOf(unsigned), asSign(lane, E.iadd(n, 1))));
  return E.scalarCallWhere(tooLarge(lane, magnitude), 'cos', result, x);
}

/** The tangent in f32 lanes: the quotient of sine and cosine, to which is added what it lacks. */
export function tan(x: Expr): Expr {
  const magnitude = E.abs(x);
  const { n, sine, cosine } = reduce('f32', magnitude);
  const isEven = E.ieq(E.iand(n, 1), 0);
  const either = (p: Double, q: Double): Double => ({
    high: E.select(isEven, p.high, q.high),
    low: E.select(isEven, p.low, q.low),
  });
  const [above, below] = [either(sine, cosine), either(cosine, sine)];
  const { high, low } = quotient(above, below);
  // In quadrants 1 and 3 the sign flips, and it flips with the sign of x.
  const flips = E.ixor(E.shl(n, 31), E.ixor(E.bitsOf(x), E.bitsOf(magnitude)));
  const result = E.fromBits(E.ixor(E.bitsOf(E.add(high, low)), flips));
  return E.scalarCallWhere(tooLarge('f32', magnitude), 'tan', result, x);
}
