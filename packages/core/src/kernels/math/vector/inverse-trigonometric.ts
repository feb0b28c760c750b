import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';
import { odd } from './odd.ts';

/** Angles, and the length of a vector, for f32 lanes. Coefficients: tools/oracle/math_minimax.py. */

/** (atan x - x) / x^3 as a polynomial in x^2, |x| <= 1; the error of atan x is 2^-28.5 relative. */
const ATAN_TAIL = [
  -0.3333329856, 0.1999853104, -0.1426405162, 0.1095117405, -0.08400469273, 0.05790635198, -0.03112669289,
  0.01088712085, -0.001787474845,
];

/** (asin x - x) / x^3 as a polynomial in x^2, |x| <= 1/2; the error of asin x is 2^-27.6 relative. */
const ASIN_TAIL = [0.166667521, 0.07495309412, 0.0454691574, 0.0241847001, 0.04215850681];

/** pi in two parts. */
const PI_HIGH = Math.fround(Math.PI);
const PI_LOW = Math.PI - PI_HIGH;

/** The angle of the point (b, a): of the smaller to the larger of both, then from the axis that is nearest. */
export function atan2(a: Expr, b: Expr): Expr {
  const [x, y] = [E.abs(b), E.abs(a)];
  const [smaller, larger] = [E.min(x, y), E.max(x, y)];
  // Of two zeros and two infinities too.
  const ratio = E.select(E.eq(x, y), E.select(E.eq(larger, 0), 0, 1), E.div(smaller, larger));
  const angle = odd(ratio, E.mul(ratio, ratio), ATAN_TAIL);
  const isSteep = E.gt(y, x);
  const isLeft = E.lt(E.copysign(1, b), 0);
  const turns = E.select(isSteep, 0.5, E.select(isLeft, 1, 0));
  const signed = E.select(E.xor(isSteep, isLeft), E.neg(angle), angle);
  return E.copysign(E.add(E.add(E.mul(turns, PI_HIGH), signed), E.mul(turns, PI_LOW)), a);
}

/** The inverse tangent. */
export const atan = (x: Expr): Expr => atan2(x, E.constant(1));

/** Of m = |x| the inverse sine if m <= 1/2, else half of the inverse cosine. */
function fromNearest(m: Expr, isNear: Expr): Expr {
  const square = E.select(isNear, E.mul(m, m), E.mul(E.sub(1, m), 0.5));
  return odd(E.select(isNear, m, E.sqrt(square)), square, ASIN_TAIL);
}

/** The inverse sine. */
export function asin(x: Expr): Expr {
  const m = E.abs(x);
  const isNear = E.le(m, 0.5);
  const angle = fromNearest(m, isNear);
  const far = E.add(E.sub(PI_HIGH / 2, E.add(angle, angle)), PI_LOW / 2);
  return E.copysign(E.select(isNear, angle, far), x);
}

/** The inverse cosine. */
export function acos(x: Expr): Expr {
  const m = E.abs(x);
  const isNear = E.le(m, 0.5);
  const angle = fromNearest(m, isNear);
  const near = E.add(E.sub(PI_HIGH / 2, E.copysign(angle, x)), PI_LOW / 2);
  const twice = E.add(angle, angle);
  const far = E.select(E.lt(x, 0), E.add(E.sub(PI_HIGH, twice), PI_LOW), twice);
  return E.select(isNear, near, far);
}

/** sqrt(a^2 + b^2); both are scaled where a square would overflow or lose digits. */
export function hypot(a: Expr, b: Expr): Expr {
  const [x, y] = [E.abs(a), E.abs(b)];
  const larger = E.max(x, y);
  const isLarge = E.gt(larger, 2 ** 60);
  const isSmall = E.lt(larger, 2 ** -60);
  const scale = E.select(isLarge, 2 ** -70, E.select(isSmall, 2 ** 90, 1));
  const back = E.select(isLarge, 2 ** 70, E.select(isSmall, 2 ** -90, 1));
  const [u, v] = [E.mul(x, scale), E.mul(y, scale)];
  const length = E.mul(E.sqrt(E.add(E.mul(u, u), E.mul(v, v))), back);
  const isInfinite = E.or(E.isInf(x), E.isInf(y));
  return E.select(isInfinite, Number.POSITIVE_INFINITY, length);
}
