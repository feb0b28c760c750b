import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';
import { type Double, product, quotient, sum, times } from './double-float.ts';
import { expWithTail, ln2 } from './exponential.ts';
import { atTheEdges, split } from './logarithm.ts';

const { abs, add, and, constant, eq, fromBits, iand, bitsOf, lt, maskBits, mul, or, select } = E;

/** a^b as C has it: unlike in JavaScript, 1^b is 1 even for b = NaN, and so is (-1)^b for infinite b. */
export function powByMath(a: Expr, b: Expr): Expr {
  return select(isOne(a, b), 1, E.scalarCall('pow', a, b));
}

/** Whether a^b is 1 whatever the other operand is. */
const isOne = (a: Expr, b: Expr): Expr => or(eq(a, 1), and(eq(a, -1), E.isInf(b)));

/** 1/3 in two parts. */
const THIRD_HIGH = Math.fround(1 / 3);
const THIRD_LOW = 1 / 3 - THIRD_HIGH;

/**
 * (atanh(s) / s - 1 - t/3) / t^2 in powers of t = s^2 <= 0.0295: its series. The error of atanh(s) is 2^-34 relative.
 */
const ATANH_TAIL = [1 / 5, 1 / 7, 1 / 9, 1 / 11];

/** a^b for f32 lanes, as C has it: e^(b log |a|), with a logarithm of 33 bits. */
export function pow(a: Expr, b: Expr): Expr {
  const magnitude = abs(a);
  const log = logOf(magnitude);
  const exponent = product(atTheEdges(magnitude, log.high), b);
  // Where it is too large for float32 the rest is none.
  const lost = add(exponent.low, mul(log.low, b));
  const inRange = lt(abs(exponent.high), 128);
  const unsigned = expWithTail('f32', exponent.high, select(inRange, E.neg(lost), 0));
  const power = fromBits(E.ior(bitsOf(unsigned), iand(bitsOf(a), ofOdd(b))));
  const isReal = or(E.not(lt(a, 0)), or(eq(E.floor(b), b), E.isInf(a)));
  return select(or(isOne(a, b), eq(b, 0)), 1, select(isReal, power, Number.NaN));
}

/** The sign bit where a number is odd, else 0. */
function ofOdd(b: Expr): Expr {
  const half = mul(b, 0.5);
  const odd = and(eq(E.floor(b), b), E.ne(E.floor(half), half));
  return iand(maskBits(odd), 0x80000000);
}

/** log x of a finite x > 0 to 33 bits: x = 2^k m, then k log 2 + 2 atanh(s) with s = (m - 1) / (m + 1). */
function logOf(x: Expr): Double {
  const { k, f } = split('f32', x);
  const s = quotient({ high: f, low: constant(0) }, sum(constant(2), f));
  const square = times(s, s);
  const t = square.high;
  const third = sum(constant(THIRD_HIGH), mul(t, E.polynomial(t, ATANH_TAIL)));
  const cube = times(times(square, { high: third.high, low: add(third.low, THIRD_LOW) }), s);
  const atanh = sum(s.high, cube.high);
  const whole = sum(mul(k, ln2.f32.high), mul(atanh.high, 2));
  const rest = add(mul(add(atanh.low, add(s.low, cube.low)), 2), mul(k, ln2.f32.low));
  return sum(whole.high, add(whole.low, rest));
}
