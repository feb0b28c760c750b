import type { Expr } from '../expression/index.ts';
import * as E from '../expression/index.ts';
import { sum } from './double-float.ts';

/**
 * The exponential family for f32 lanes: x = k ln 2 + r with an integer k and |r| <= ln(2)/2, then e^x = 2^k
 * e^r. Coefficients: tools/oracle/math_minimax.py.
 */

/** ln 2 in two parts; the first has 15 bits, so that its product with |k| < 512 is exact. */
export const LN2_HIGH = 22713 / 32768;
/** What {@link LN2_HIGH} lacks of ln 2. */
export const LN2_LOW = Math.LN2 - LN2_HIGH;

/**
 * Adding 1.5 * 2^23 leaves a float32 of moderate size rounded to an integer, which stands in the sum's lowest
 * bits; bits 0 to 20 of this number itself are 0.
 */
const ROUNDER = 1.5 * 2 ** 23;

/** (e^r - 1 - r) / r^2 on |r| <= ln(2)/2; the error of e^r - 1 is 2^-26.1 relative. */
const EXP_TAIL = [0.4999999702, 0.1666654497, 0.04166743532, 0.008366456255, 0.001387092285];

/** The same with one coefficient more; the error is 2^-31.1 relative. */
const LONG_EXP_TAIL = [0.5, 0.1666666567, 0.04166649282, 0.008333543316, 0.001393239014, 0.0001976449275];

/** (e^r - 1) / r on |r| <= ln(2)/2; the error of e^r is 2^-23.4 relative. */
const SHORT_EXP_TAIL = [0.999999702, 0.4999913871, 0.1666764617, 0.04189939052, 0.008290232159];

/** (2^r - 1) / r on |r| <= 1/2; the error of 2^r is 2^-28.3 relative. */
const EXP2_TAIL = [0.6931471825, 0.2402264774, 0.0555035919, 0.009618498385, 0.00133911951, 0.0001533006725];

/**
 * x rounded to the nearest integer, |x| < 2^20: as a value, and as bits, the lowest 20 of which are those of
 * the integer plus `bias`. Such bits are what {@link powerOfTwo} (bias 127) and {@link powersOfTwo} (bias
 * 254) take.
 */
export function roundToInt(x: Expr, bias = 0): { value: Expr; bits: Expr } {
  const shifted = E.add(x, ROUNDER + bias);
  return { value: E.sub(shifted, ROUNDER + bias), bits: E.bitsOf(shifted) };
}

/** 2^k for k in [-126, 127], given with a bias of 127. */
export function powerOfTwo(bits: Expr): Expr {
  return E.fromBits(E.shl(bits, 23));
}

/** Two powers of 2 whose product is 2^k, for k in [-252, 254], given with a bias of 254. */
export function powersOfTwo(bits: Expr): [Expr, Expr] {
  const half = E.shrS(bits, 1);
  return [powerOfTwo(half), powerOfTwo(E.isub(bits, half))];
}

/** x 2^k in two steps, so that a subnormal result is rounded once; k is given with a bias of 254. */
export function scaleByPowerOfTwo(x: Expr, bits: Expr): Expr {
  const [first, second] = powersOfTwo(bits);
  return E.mul(E.mul(x, first), second);
}

/** x - k ln 2. */
function reduceByLn2(x: Expr, k: Expr): Expr {
  return E.sub(E.sub(x, E.mul(k, LN2_HIGH)), E.mul(k, LN2_LOW));
}

/** k, as bits with a bias, and q with e^x = 2^k (1 + q) and |q| <= sqrt(2) - 1; |x| < 128. */
export function reducedExp(x: Expr, bias: number): { k: Expr; q: Expr } {
  const k = roundToInt(E.mul(x, Math.LOG2E), bias);
  const r = reduceByLn2(x, k.value);
  return { k: k.bits, q: E.add(r, E.mul(E.mul(r, r), E.polynomial(r, EXP_TAIL))) };
}

/** k, as bits with a bias, and r + lost = x - tail - k ln 2, where the tail is a small correction. */
function reduceWithTail(x: Expr, tail: Expr, bias: number): { k: Expr; r: Expr; lost: Expr } {
  const k = roundToInt(E.mul(E.sub(x, tail), Math.LOG2E), bias);
  const exact = E.sub(x, E.mul(k.value, LN2_HIGH));
  const small = E.add(E.mul(k.value, LN2_LOW), tail);
  const r = E.sub(exact, small);
  return { k: k.bits, r, lost: E.sub(E.sub(exact, r), small) };
}

/** e^r - 1 - r, and what r lacks. */
const longTail = (r: Expr, lost: Expr): Expr =>
  E.add(E.mul(E.mul(r, r), E.polynomial(r, LONG_EXP_TAIL)), lost);

/** The same as {@link reducedExp} for e^(x - tail); q is wrong by little more than its own rounding. */
export function reducedExpWithTail(x: Expr, tail: Expr, bias: number): { k: Expr; q: Expr } {
  const { k, r, lost } = reduceWithTail(x, tail, bias);
  return { k, q: E.add(r, longTail(r, lost)) };
}

/** e^(x - tail), subnormal results included, within 0.6 ulp; |x| <= 104. */
export function expWithTail(x: Expr, tail: Expr): Expr {
  const { k, r, lost } = reduceWithTail(x, tail, 254);
  const { high, low } = sum(E.constant(1), r);
  return scaleByPowerOfTwo(E.add(high, E.add(low, longTail(r, lost))), k);
}

/** e^x, subnormal results included. */
export function exp(x: Expr): Expr {
  // Outside these bounds the result is infinite or 0 in any case; pmin and pmax let NaN through.
  const { k, q } = reducedExp(E.pmax(E.pmin(x, 89), -104), 254);
  return scaleByPowerOfTwo(E.add(1, q), k);
}

/** What {@link expToZero} multiplies its result by. */
export const EXP_TO_ZERO_SCALE = 2 ** 48;

/**
 * 2^48 e^x for x <= 0 (up to 50, in fact), the exponential of a softmax: two operations in three of {@link exp}, and an
 * error of 2.3 ulp at most. The factor, which the caller divides out, keeps the result off the subnormal numbers where e^x
 * is one. Below -120 and at -Infinity the result is 2^48 e^-120 < 2^-125, which rounds to 0 when divided by 2^48.
 */
export function expToZero(x: Expr): Expr {
  return expAbove(x, -120, 48);
}

/** Below it {@link expOfWeight} is no matter. */
export const LEAST_WEIGHT_EXPONENT = -87;

/** e^x for x in [-87, 0] (up to 87, in fact), where it is no subnormal number; e^-87 for what is less. Within 2.3 ulp. */
export function expOfWeight(x: Expr): Expr {
  return expAbove(x, LEAST_WEIGHT_EXPONENT, 0);
}

/** 2^scale e^x, of what is less than the bound that of the bound; an error of 2.3 ulp at most. */
function expAbove(x: Expr, bound: number, scale: number): Expr {
  const clamped = E.pmax(x, bound);
  const k = roundToInt(E.mul(clamped, Math.LOG2E), 127 + scale);
  const r = reduceByLn2(clamped, k.value);
  return E.mul(E.add(1, E.mul(r, E.polynomial(r, SHORT_EXP_TAIL))), powerOfTwo(k.bits));
}

/** 2^x, subnormal results included. */
export function exp2(x: Expr): Expr {
  const clamped = E.pmax(E.pmin(x, 129), -151);
  const k = roundToInt(clamped, 254);
  const r = E.sub(clamped, k.value);
  return scaleByPowerOfTwo(E.add(1, E.mul(r, E.polynomial(r, EXP2_TAIL))), k.bits);
}

/** e^x - 1 = 2^k q + (2^k - 1). */
export function expm1(x: Expr): Expr {
  // Half of 2^k, since 2^128 is no float32. Where k is 0, q is the result, and halving it could lose a
  // subnormal's last bit.
  const { k, q } = reducedExp(E.pmax(E.pmin(x, 89), -20), 126);
  const half = powerOfTwo(k);
  const sum = E.add(E.mul(half, q), E.sub(half, 0.5));
  const result = E.select(E.eq(half, 0.5), q, E.add(sum, sum));
  return E.copysign(result, x);
}
