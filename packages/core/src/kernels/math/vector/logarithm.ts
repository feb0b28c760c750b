import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';
import { ln2 } from './exponential.ts';
import { type ByLane, type FloatLane, formats, onlyWhere, powerOfTwo } from './format.ts';

/**
 * The logarithms: x = 2^k m with m in [sqrt(1/2), sqrt(2)), then log x = k log 2 + log(1 + f), f = m - 1. Coefficients:
 * tools/oracle/math_minimax.py.
 */

/** The bits of sqrt(1/2). */
const SQRT_HALF: ByLane<bigint> = { f32: 0x3f3504f3n, f64: 0x3fe6a09e667f3bcdn };

/** (log(1 + f) - f + f^2/2) / f^3; the error of log(1 + f) is 2^-30.3 relative. */
const LOG_TAIL = [
  0.3333331347, -0.2500000894, 0.2000207752, -0.1666799933, 0.1422017366, -0.1240583584, 0.1188485622,
  -0.1167360321, 0.0675041154,
];

/** (2 atanh(s) - 2 s) / s^3 in powers of s^2, s = f / (2 + f); the error of log(1 + f) is 2^-58.9 relative. */
const ATANH_TAIL = [
  0.6666666666666764, 0.39999999999200647, 0.28571428793314396, 0.22222193056718065, 0.18183864002075345,
  0.15306096139706846, 0.14878036105857184,
];

/** log(1 + f) - f + f^2/2, `half` being f^2/2. */
const logTail: ByLane<(f: Expr, half: Expr) => Expr> = {
  f32: (f, half) => E.mul(E.mul(E.add(half, half), f), E.polynomial(f, LOG_TAIL)),
  // log(1 + f) = 2 atanh(s), and 2 s = f - f^2/2 + s f^2/2.
  f64: (f, half) => {
    const s = E.div(f, E.add(f, 2));
    const square = E.mul(s, s);
    return E.mul(s, E.add(half, E.mul(square, E.polynomial(square, ATANH_TAIL))));
  },
};

/** (log(1 + x) - x) / x^2 on [0, 1]; the error of log(1 + x) is 2^-27.5 relative. */
const LOG1P_TAIL = [
  -0.4999993145, 0.3333047032, -0.2495815605, 0.1969318986, -0.153490752, 0.1066994667, -0.05756056309,
  0.02014964446, -0.003306345781,
];

/** The exponent of a positive number, as bits with the format's bias, and m. */
function parts(lane: FloatLane, x: Expr): { exponent: Expr; m: Expr } {
  const { fraction, bias } = formats[lane];
  const shift = BigInt(fraction);
  const offset = E.isub(E.bitsOf(x), E.intConstant(SQRT_HALF[lane] - (BigInt(bias) << shift)));
  const rest = E.iand(offset, E.intConstant((1n << shift) - 1n));
  return {
    exponent: E.shrU(offset, fraction),
    m: E.fromBits(E.iadd(rest, E.intConstant(SQRT_HALF[lane]))),
  };
}

/** k (as a value) and f = m - 1 of a positive finite x, subnormal ones included. */
export function split(lane: FloatLane, x: Expr): { k: Expr; f: Expr } {
  const { fraction, bias } = formats[lane];
  const subnormal = E.lt(x, 2 ** (1 - bias));
  const normal = E.mul(x, E.add(1, onlyWhere(subnormal, 2 ** fraction - 1)));
  const { exponent, m } = parts(lane, normal);
  const k = E.sub(E.toFloat(exponent), E.add(onlyWhere(subnormal, fraction), bias));
  return { k, f: E.sub(m, 1) };
}

/** k log 2 + log(1 + f) and, if given, a small correction; smallest terms first. */
function logOf(lane: FloatLane, k: Expr, f: Expr, extra?: Expr): Expr {
  const half = E.mul(E.mul(f, f), 0.5);
  const low = E.mul(k, ln2[lane].low);
  const small = E.add(logTail[lane](f, half), extra === undefined ? low : E.add(low, extra));
  const correction = E.sub(half, small);
  return E.add(E.mul(k, ln2[lane].high), E.sub(f, correction));
}

/** The result, but -infinity where x is 0, x itself where it is infinite or NaN, and NaN where it is negative. */
export function atTheEdges(x: Expr, result: Expr): Expr {
  const above = onlyWhere(E.not(E.lt(x, Number.POSITIVE_INFINITY)), x);
  const atZero = onlyWhere(E.eq(x, 0), Number.NEGATIVE_INFINITY);
  // A mask is a NaN: all its bits are set.
  const edge = E.ior(E.ior(E.bitsOf(above), E.bitsOf(atZero)), E.maskBits(E.lt(x, 0)));
  return E.add(result, E.fromBits(edge));
}

/** A logarithm in two parts; the first is a multiple of the first digits of log 2. */
interface LogParts {
  readonly high: Expr;
  readonly low: Expr;
}

/** The natural logarithm of a positive finite x. */
export function logParts(lane: FloatLane, x: Expr): LogParts {
  const { k, f } = split(lane, x);
  const half = E.mul(E.mul(f, f), 0.5);
  const correction = E.sub(half, E.add(logTail[lane](f, half), E.mul(k, ln2[lane].low)));
  return { high: E.mul(k, ln2[lane].high), low: E.sub(f, correction) };
}

/** The natural logarithm. */
export function log(lane: FloatLane, x: Expr): Expr {
  const { k, f } = split(lane, x);
  return atTheEdges(x, logOf(lane, k, f));
}

/** f - log(1 + f) where f is the part of a positive finite x that {@link split} gives, and what the split gives. */
function splitLog(lane: FloatLane, x: Expr): { k: Expr; f: Expr; d: Expr } {
  const { k, f } = split(lane, x);
  const half = E.mul(E.mul(f, f), 0.5);
  return { k, f, d: E.sub(half, logTail[lane](f, half)) };
}

/** (log2(1 + f) - f) / f; the error of log2(1 + f) is 2^-26.5 relative. */
const LOG2_TAIL = [
  0.4426950514, -0.7213475108, 0.4808965921, -0.3606831431, 0.2886153758, -0.2399322689, 0.2041894495,
  -0.1884533912, 0.1868229061, -0.115913406,
];

/** The logarithm to base 2. */
export function log2(lane: FloatLane, x: Expr): Expr {
  if (lane === 'f32') {
    const { k, f } = split(lane, x);
    return atTheEdges(x, E.add(k, E.add(f, E.mul(f, E.polynomial(f, LOG2_TAIL)))));
  }
  const { k, f, d } = splitLog(lane, x);
  // 1/ln(2) = 1 + 1/2 - 0.0573: f and half of it are exact, and the rest is small.
  const rest = E.sub(E.mul(f, -0.05730495911103659), E.mul(d, Math.LOG2E));
  return atTheEdges(x, E.add(k, E.add(f, E.add(E.mul(f, 0.5), rest))));
}

/** log10(2) in two parts; the first has so few bits that its product with k is exact. */
const LOG10_2: ByLane<{ high: number; low: number }> = {
  f32: { high: 19728 / 65536, low: 0.3010299956639812 - 19728 / 65536 },
  f64: { high: 1323943922168 / 2 ** 42, low: -8.532344317057107e-14 },
};

/** The logarithm to base 10. */
export function log10(lane: FloatLane, x: Expr): Expr {
  const { k, f, d } = splitLog(lane, x);
  // 1/ln(10) = 1/2 - 0.0657: half of f is exact, and the rest is small.
  const rest = E.sub(E.mul(f, -0.06570551809674817), E.mul(d, Math.LOG10E));
  const scaled = E.add(E.mul(f, 0.5), rest);
  const { high, low } = LOG10_2[lane];
  return atTheEdges(x, E.add(E.mul(k, high), E.add(scaled, E.mul(k, low))));
}

/** log(1 + x): the rounding error c of u = 1 + x, at the scale of m, adds c / m to the logarithm of u. */
export function log1p(lane: FloatLane, x: Expr): Expr {
  const { fraction, bias } = formats[lane];
  const u = E.add(x, 1);
  const { exponent, m } = parts(lane, u);
  const scale = powerOfTwo(lane, E.isub(2 * bias, exponent));
  // From here on, c is lost in the result, and the scale would leave the range of the numbers.
  const c = E.select(E.lt(x, 2 ** (fraction + 1)), E.mul(E.sub(x, E.sub(u, 1)), scale), 0);
  const result = logOf(lane, E.sub(E.toFloat(exponent), bias), E.sub(m, 1), E.div(c, m));
  return E.copysign(atTheEdges(u, result), x);
}

/** log(1 + x) for x in [0, 1], where float32 needs no exponent; NaN of NaN. */
export const log1pOfUnit = (lane: FloatLane, x: Expr): Expr =>
  lane === 'f64' ? E.log1p(x) : E.add(x, E.mul(E.mul(x, x), E.polynomial(x, LOG1P_TAIL)));
