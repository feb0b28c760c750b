import type { Expr } from '../expression/index.ts';
import * as E from '../expression/index.ts';
import { type Double, product, sum } from './double-float.ts';
import { roundToInt } from './exponential.ts';

/**
 * Sine, cosine and tangent for f32 lanes: |x| = n pi/2 + r with |r| <= pi/4 (Cody and Waite's reduction), then a
 * polynomial chosen by the quadrant. Arguments too large for the reduction go to Math.
 * Coefficients: tools/oracle/math_minimax.py.
 */

/**
 * pi/2 in four parts. The first three have so few bits that their products with n < 2^13 are exact, so r is
 * wrong by rounding alone, also where the difference cancels.
 */
const HALF_PI_1 = 1.5703125;
const HALF_PI_2 = 0.0004837512969970703;
const HALF_PI_3 = 7.549533620476723e-8;
const HALF_PI_4 = 2.5633440682570896e-12;

/** The largest |x| that the reduction takes. */
const LARGEST = 10000;

/** (sin r - r) / r^3 as a polynomial in r^2; the error of sin r is 2^-27.8 relative. */
const SIN_TAIL = [-0.1666665375, 0.008332107216, -0.0001950807055];

/** (cos r - 1 + r^2/2) / r^4 as a polynomial in r^2; the error of cos r is 2^-32.7 relative. */
const COS_TAIL = [0.04166664556, -0.001388729783, 2.443008452e-5];

/** The sine and cosine of |x| up to their signs: n (its lowest bits), sin r and cos r, with what they lack. */
function reduce(magnitude: Expr): { n: Expr; sine: Double; cosine: Double } {
  const n = roundToInt(E.mul(magnitude, 2 / Math.PI));
  const exact = E.sub(E.sub(magnitude, E.mul(n.value, HALF_PI_1)), E.mul(n.value, HALF_PI_2));
  const third = E.mul(n.value, HALF_PI_3);
  const r = E.sub(exact, third);
  // What r lacks: its rounding error and the fourth part of pi/2.
  const lost = E.sub(E.sub(E.sub(exact, r), third), E.mul(n.value, HALF_PI_4));
  const square = E.mul(r, r);
  const sineTail = E.add(E.mul(E.mul(square, r), E.polynomial(square, SIN_TAIL)), lost);
  const cosineTail = E.sub(E.mul(E.mul(square, square), E.polynomial(square, COS_TAIL)), E.mul(r, lost));
  const upToSquare = sum(E.constant(1), E.mul(square, -0.5));
  const cosine = sum(upToSquare.high, cosineTail);
  return {
    n: n.bits,
    sine: sum(r, sineTail),
    cosine: { high: cosine.high, low: E.add(cosine.low, upToSquare.low) },
  };
}

/** Where |x| is too large for the reduction. Infinity and NaN are not: the formula turns them into NaN. */
function tooLarge(magnitude: Expr): Expr {
  return E.and(E.gt(magnitude, LARGEST), E.lt(magnitude, Number.POSITIVE_INFINITY));
}

/** Sine. */
export function sin(x: Expr): Expr {
  const magnitude = E.abs(x);
  const { n, sine, cosine } = reduce(magnitude);
  const unsigned = E.select(E.ieq(E.iand(n, 1), 0), sine.high, cosine.high);
  // In quadrants 2 and 3 the sign flips, and it flips with the sign of x.
  const flips = E.ixor(E.shl(E.iand(n, 2), 30), E.ixor(E.bitsOf(x), E.bitsOf(magnitude)));
  return E.scalarCallWhere(tooLarge(magnitude), 'sin', E.fromBits(E.ixor(E.bitsOf(unsigned), flips)), x);
}

/** Cosine. */
export function cos(x: Expr): Expr {
  const magnitude = E.abs(x);
  const { n, sine, cosine } = reduce(magnitude);
  const unsigned = E.select(E.ieq(E.iand(n, 1), 0), cosine.high, sine.high);
  // In quadrants 1 and 2 the sign flips.
  const flips = E.shl(E.iand(E.iadd(n, 1), 2), 30);
  return E.scalarCallWhere(tooLarge(magnitude), 'cos', E.fromBits(E.ixor(E.bitsOf(unsigned), flips)), x);
}

/** Tangent: the quotient of sine and cosine, to which is added what it lacks. */
export function tan(x: Expr): Expr {
  const magnitude = E.abs(x);
  const { n, sine, cosine } = reduce(magnitude);
  const isEven = E.ieq(E.iand(n, 1), 0);
  const either = (p: Double, q: Double): Double => ({
    high: E.select(isEven, p.high, q.high),
    low: E.select(isEven, p.low, q.low),
  });
  const [above, below] = [either(sine, cosine), either(cosine, sine)];
  const quotient = E.div(above.high, below.high);
  const back = product(quotient, below.high);
  const rest = E.sub(E.sub(E.sub(above.high, back.high), back.low), E.mul(quotient, below.low));
  const unsigned = E.add(quotient, E.div(E.add(rest, above.low), below.high));
  // In quadrants 1 and 3 the sign flips, and it flips with the sign of x.
  const flips = E.ixor(E.shl(n, 31), E.ixor(E.bitsOf(x), E.bitsOf(magnitude)));
  return E.scalarCallWhere(tooLarge(magnitude), 'tan', E.fromBits(E.ixor(E.bitsOf(unsigned), flips)), x);
}
