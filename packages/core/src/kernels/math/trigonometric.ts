import {
  abs,
  add,
  and,
  bitsOf,
  type Expr,
  fromBits,
  gt,
  iadd,
  iand,
  ieq,
  ixor,
  lt,
  mul,
  polynomial,
  scalarCallWhere,
  select,
  shl,
  sub,
} from '../expression/index.ts';
import { roundToInt } from './exponential.ts';

/**
 * Sine and cosine for f32 lanes: |x| = n pi/2 + r with |r| <= pi/4 (Cody and Waite's reduction), then a
 * polynomial chosen by the quadrant. Arguments too large for the reduction go to Math.sin and Math.cos.
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

/** The sine and cosine of |x| up to their signs: n (its lowest bits), sin r and cos r. */
function reduce(magnitude: Expr): { n: Expr; sine: Expr; cosine: Expr } {
  const n = roundToInt(mul(magnitude, 2 / Math.PI));
  const exact = sub(sub(magnitude, mul(n.value, HALF_PI_1)), mul(n.value, HALF_PI_2));
  const third = mul(n.value, HALF_PI_3);
  const r = sub(exact, third);
  // What r lacks: its rounding error and the fourth part of pi/2.
  const lost = sub(sub(sub(exact, r), third), mul(n.value, HALF_PI_4));
  const square = mul(r, r);
  const sineTail = add(mul(mul(square, r), polynomial(square, SIN_TAIL)), lost);
  const cosineTail = sub(mul(mul(square, square), polynomial(square, COS_TAIL)), mul(r, lost));
  return { n: n.bits, sine: add(r, sineTail), cosine: add(sub(1, mul(square, 0.5)), cosineTail) };
}

/** Where |x| is too large for the reduction. Infinity and NaN are not: the formula turns them into NaN. */
function tooLarge(magnitude: Expr): Expr {
  return and(gt(magnitude, LARGEST), lt(magnitude, Number.POSITIVE_INFINITY));
}

/** Sine. */
export function sin(x: Expr): Expr {
  const magnitude = abs(x);
  const { n, sine, cosine } = reduce(magnitude);
  const unsigned = select(ieq(iand(n, 1), 0), sine, cosine);
  // In quadrants 2 and 3 the sign flips, and it flips with the sign of x.
  const flips = ixor(shl(iand(n, 2), 30), ixor(bitsOf(x), bitsOf(magnitude)));
  return scalarCallWhere(tooLarge(magnitude), 'sin', fromBits(ixor(bitsOf(unsigned), flips)), x);
}

/** Cosine. */
export function cos(x: Expr): Expr {
  const magnitude = abs(x);
  const { n, sine, cosine } = reduce(magnitude);
  const unsigned = select(ieq(iand(n, 1), 0), cosine, sine);
  // In quadrants 1 and 2 the sign flips.
  const flips = shl(iand(iadd(n, 1), 2), 30);
  return scalarCallWhere(tooLarge(magnitude), 'cos', fromBits(ixor(bitsOf(unsigned), flips)), x);
}
