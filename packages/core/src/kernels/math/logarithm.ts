import {
  add,
  bitsOf,
  copysign,
  type Expr,
  eq,
  fromBits,
  iadd,
  iand,
  ior,
  isub,
  lt,
  maskBits,
  mul,
  not,
  type Operand,
  polynomial,
  select,
  shl,
  shrS,
  sub,
  toFloat,
} from '../expression/index.ts';
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

/** The number where the mask is set, 0 elsewhere; cheaper than a select. */
function onlyWhere(mask: Expr, x: Operand): Expr {
  return fromBits(iand(maskBits(mask), bitsOf(x)));
}

/** k (as a value) and f = m - 1 of a positive finite x, subnormal ones included. */
function split(x: Expr): { k: Expr; f: Expr } {
  const subnormal = lt(x, SMALLEST_NORMAL);
  const normal = mul(x, add(1, onlyWhere(subnormal, 2 ** 23 - 1)));
  const offset = isub(bitsOf(normal), SQRT_HALF_BITS);
  const k = sub(toFloat(shrS(offset, 23)), onlyWhere(subnormal, 23));
  const m = fromBits(iadd(iand(offset, 0x007fffff), SQRT_HALF_BITS));
  return { k, f: sub(m, 1) };
}

/** k log 2 + log(1 + f), smallest terms first. */
function logOf(k: Expr, f: Expr): Expr {
  const square = mul(f, f);
  const tail = mul(mul(square, f), polynomial(f, LOG_TAIL));
  const correction = sub(mul(square, 0.5), add(tail, mul(k, LN2_LOW)));
  return add(mul(k, LN2_HIGH), sub(f, correction));
}

/** The result, but -infinity where x is 0, x itself where it is infinite or NaN, and NaN where it is negative. */
function atTheEdges(x: Expr, result: Expr): Expr {
  const above = onlyWhere(not(lt(x, Number.POSITIVE_INFINITY)), x);
  const atZero = onlyWhere(eq(x, 0), Number.NEGATIVE_INFINITY);
  // A mask is a NaN: all its bits are set.
  const edge = ior(ior(bitsOf(above), bitsOf(atZero)), maskBits(lt(x, 0)));
  return add(result, fromBits(edge));
}

/** The natural logarithm. */
export function log(x: Expr): Expr {
  const { k, f } = split(x);
  return atTheEdges(x, logOf(k, f));
}

/** The logarithm to base 2. */
export function log2(x: Expr): Expr {
  const { k, f } = split(x);
  return atTheEdges(x, add(k, add(f, mul(f, polynomial(f, LOG2_TAIL)))));
}

/** The logarithm to base 10. */
export function log10(x: Expr): Expr {
  const { k, f } = split(x);
  const square = mul(f, f);
  // log(1 + f) = f - d, and 1/ln(10) = 1/2 - 0.0657: half of f is exact, and the rest is small.
  const d = sub(mul(square, 0.5), mul(mul(square, f), polynomial(f, LOG_TAIL)));
  const scaled = add(mul(f, 0.5), sub(mul(f, Math.LOG10E - 0.5), mul(d, Math.LOG10E)));
  return atTheEdges(x, add(mul(k, LOG10_2_HIGH), add(scaled, mul(k, LOG10_2_LOW))));
}

/** log(1 + x): the rounding error c of u = 1 + x is added back to f, at the scale of m. */
export function log1p(x: Expr): Expr {
  const u = add(x, 1);
  const offset = isub(bitsOf(u), SQRT_HALF_BITS);
  const exponent = shrS(offset, 23);
  const m = fromBits(iadd(iand(offset, 0x007fffff), SQRT_HALF_BITS));
  const scale = fromBits(shl(isub(127, exponent), 23));
  // From 2^24 on, c is lost in the result, and the scale would leave the range of float32.
  const c = select(lt(x, 2 ** 24), mul(sub(x, sub(u, 1)), scale), 0);
  const f = add(sub(m, 1), c);
  const result = logOf(toFloat(exponent), f);
  return copysign(atTheEdges(u, result), x);
}
