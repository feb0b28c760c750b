import type { Expr, Operand } from '../expression/index.ts';
import * as E from '../expression/index.ts';
import { LN2_HIGH, LN2_LOW } from './exponential.ts';

/**
 * The logarithms for f32 lanes: x = 2^k m with m in [sqrt(1/2), sqrt(2)), then log x = k log 2 + log(1 + f),
 * f = m - 1. Coefficients: tools/oracle/math_minimax.py.
 */

const SQRT_HALF_BITS = 0x3f3504f3;
const SMALLEST_NORMAL = 2 ** -126;

/** log10(2) in two parts; the first has 15 bits or fewer, so that its product with |k| < 256 is exact. */
const LOG10_2 = 0.3010299956639812;
const LOG10_2_HIGH = 19728 / 65536;
const LOG10_2_LOW = LOG10_2 - LOG10_2_HIGH;

/** (log(1 + f) - f + f^2/2) / f^3; the error of log(1 + f) is 2^-30.3 relative. */
const LOG_TAIL = [
  0.3333331347, -0.2500000894, 0.2000207752, -0.1666799933, 0.1422017366, -0.1240583584, 0.1188485622,
  -0.1167360321, 0.0675041154,
];

/** (log2(1 + f) - f) / f; the error of log2(1 + f) is 2^-26.5 relative. */
const LOG2_TAIL = [
  0.4426950514, -0.7213475108, 0.4808965921, -0.3606831431, 0.2886153758, -0.2399322689, 0.2041894495,
  -0.1884533912, 0.1868229061, -0.115913406,
];

/** (log(1 + x) - x) / x^2 on [0, 1]; the error of log(1 + x) is 2^-27.5 relative. */
const LOG1P_TAIL = [
  -0.4999993145, 0.3333047032, -0.2495815605, 0.1969318986, -0.153490752, 0.1066994667, -0.05756056309,
  0.02014964446, -0.003306345781,
];

/** The number where the mask is set, 0 elsewhere; cheaper than a select. */
function onlyWhere(mask: Expr, x: Operand): Expr {
  return E.fromBits(E.iand(E.maskBits(mask), E.bitsOf(x)));
}

/** k (as a value) and f = m - 1 of a positive finite x, subnormal ones included. */
export function split(x: Expr): { k: Expr; f: Expr } {
  const subnormal = E.lt(x, SMALLEST_NORMAL);
  const normal = E.mul(x, E.add(1, onlyWhere(subnormal, 2 ** 23 - 1)));
  const offset = E.isub(E.bitsOf(normal), SQRT_HALF_BITS);
  const k = E.sub(E.toFloat(E.shrS(offset, 23)), onlyWhere(subnormal, 23));
  const m = E.fromBits(E.iadd(E.iand(offset, 0x007fffff), SQRT_HALF_BITS));
  return { k, f: E.sub(m, 1) };
}

/** k log 2 + log(1 + f), smallest terms first. */
function logOf(k: Expr, f: Expr): Expr {
  const square = E.mul(f, f);
  const tail = E.mul(E.mul(square, f), E.polynomial(f, LOG_TAIL));
  const correction = E.sub(E.mul(square, 0.5), E.add(tail, E.mul(k, LN2_LOW)));
  return E.add(E.mul(k, LN2_HIGH), E.sub(f, correction));
}

/** The result, but -infinity where x is 0, x itself where it is infinite or NaN, and NaN where it is negative. */
export function atTheEdges(x: Expr, result: Expr): Expr {
  const above = onlyWhere(E.not(E.lt(x, Number.POSITIVE_INFINITY)), x);
  const atZero = onlyWhere(E.eq(x, 0), Number.NEGATIVE_INFINITY);
  // A mask is a NaN: all its bits are set.
  const edge = E.ior(E.ior(E.bitsOf(above), E.bitsOf(atZero)), E.maskBits(E.lt(x, 0)));
  return E.add(result, E.fromBits(edge));
}

/** The natural logarithm. */
export function log(x: Expr): Expr {
  const { k, f } = split(x);
  return atTheEdges(x, logOf(k, f));
}

/** The logarithm to base 2. */
export function log2(x: Expr): Expr {
  const { k, f } = split(x);
  return atTheEdges(x, E.add(k, E.add(f, E.mul(f, E.polynomial(f, LOG2_TAIL)))));
}

/** The logarithm to base 10. */
export function log10(x: Expr): Expr {
  const { k, f } = split(x);
  const square = E.mul(f, f);
  // log(1 + f) = f - d, and 1/ln(10) = 1/2 - 0.0657: half of f is exact, and the rest is small.
  const d = E.sub(E.mul(square, 0.5), E.mul(E.mul(square, f), E.polynomial(f, LOG_TAIL)));
  const scaled = E.add(E.mul(f, 0.5), E.sub(E.mul(f, Math.LOG10E - 0.5), E.mul(d, Math.LOG10E)));
  return atTheEdges(x, E.add(E.mul(k, LOG10_2_HIGH), E.add(scaled, E.mul(k, LOG10_2_LOW))));
}

/** log(1 + x): the rounding error c of u = 1 + x is added back to f, at the scale of m. */
export function log1p(x: Expr): Expr {
  const u = E.add(x, 1);
  const offset = E.isub(E.bitsOf(u), SQRT_HALF_BITS);
  const exponent = E.shrS(offset, 23);
  const m = E.fromBits(E.iadd(E.iand(offset, 0x007fffff), SQRT_HALF_BITS));
  const scale = E.fromBits(E.shl(E.isub(127, exponent), 23));
  // From 2^24 on, c is lost in the result, and the scale would leave the range of float32.
  const c = E.select(E.lt(x, 2 ** 24), E.mul(E.sub(x, E.sub(u, 1)), scale), 0);
  const f = E.add(E.sub(m, 1), c);
  const result = logOf(E.toFloat(exponent), f);
  return E.copysign(atTheEdges(u, result), x);
}

/** log(1 + x) for x in [0, 1], where it needs no exponent; NaN of NaN. */
export const log1pOfUnit = (x: Expr): Expr => E.add(x, E.mul(E.mul(x, x), E.polynomial(x, LOG1P_TAIL)));
