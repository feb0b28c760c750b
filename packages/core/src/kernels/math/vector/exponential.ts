import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';
import { sum } from './double-float.ts';
import { type ByLane, type FloatLane, formats, powerOfTwo, roundToInt, scaleByPowerOfTwo } from './format.ts';

/**
 * The exponential family: x = k ln 2 + r with an integer k and |r| <= ln(2)/2, then e^x = 2^k e^r. Coefficients:
 * tools/oracle/math_minimax.py.
 */

/** ln 2 in two parts; the first has so few bits (15, or 42) that its product with an exponent is exact. */
export const ln2: ByLane<{ high: number; low: number }> = {
  f32: { high: 22713 / 32768, low: Math.LN2 - 22713 / 32768 },
  f64: { high: 3048493539143 / 2 ** 42, low: 5.497923018708371e-14 },
};

interface Constants {
  /** From here on, e^x is infinite. */
  readonly infinite: number;
  /** From here down, e^x is 0. */
  readonly zero: number;
  /** (e^r - 1 - r) / r^2 on |r| <= ln(2)/2; the error of e^r - 1 is 2^-26.1 relative, 2^-55.5 in f64 lanes. */
  readonly tail: readonly number[];
  /** The same with one coefficient more; the error is 2^-31.1 relative, 2^-61.6 in f64 lanes. */
  readonly longTail: readonly number[];
  /** (2^r - 1) / r on |r| <= 1/2; the error of 2^r is 2^-28.3 relative, 2^-59.7 in f64 lanes. */
  readonly tailOf2: readonly number[];
}

const constants: ByLane<Constants> = {
  f32: {
    infinite: 89,
    zero: -104,
    tail: [0.4999999702, 0.1666654497, 0.04166743532, 0.008366456255, 0.001387092285],
    longTail: [0.5, 0.1666666567, 0.04166649282, 0.008333543316, 0.001393239014, 0.0001976449275],
    tailOf2: [0.6931471825, 0.2402264774, 0.0555035919, 0.009618498385, 0.00133911951, 0.0001533006725],
  },
  f64: {
    infinite: 710,
    zero: -746,
    tail: [
      0.50000000000000056, 0.16666666666666619, 0.041666666666573961, 0.0083333333333742016,
      0.0013888888932352499, 0.00019841269747925523, 2.4801504354073247e-5, 2.7557384015630076e-6,
      2.7626408679559678e-7, 2.5060802918164949e-8,
    ],
    longTail: [
      0.5, 0.16666666666666677, 0.041666666666666657, 0.0083333333333216256, 0.0013888888888905523,
      0.00019841269885996729, 2.4801587261090023e-5, 2.7557244349430789e-6, 2.7557340863215043e-7,
      2.5109003426453518e-8, 2.0891403358389775e-9,
    ],
    tailOf2: [
      0.69314718055994529, 0.24022650695910069, 0.055504108664823498, 0.0096181291076298629,
      0.001333355814598345, 0.00015403530390348561, 1.5252734230573539e-5, 1.3215489530491584e-6,
      1.0177900915670587e-7, 7.0538201399895913e-9, 4.4785818434178279e-10, 2.7283053141893076e-11,
    ],
  },
};

/** {@link Constants.tail} of f32 lanes. */
export const EXP_TAIL: readonly number[] = constants.f32.tail;

/** (e^r - 1) / r on |r| <= ln(2)/2; the error of e^r is 2^-23.4 relative. */
export const SHORT_EXP_TAIL: readonly number[] = [
  0.999999702, 0.4999913871, 0.1666764617, 0.04189939052, 0.008290232159,
];

/**
 * x within what gives neither infinity nor 0, or so little beyond that the result does; pmin and pmax let NaN through.
 */
const clamp = (x: Expr, least: number, largest: number): Expr => E.pmax(E.pmin(x, largest), least);

interface Reduced {
  /** The exponent, as bits with a bias. */
  readonly k: Expr;
  /** |r| <= ln(2)/2. */
  readonly r: Expr;
  /** What r lacks. */
  readonly lost: Expr;
  /** r before the last parts of k ln 2 and of x are taken from it: exact. */
  readonly exact: Expr;
  /** These parts. */
  readonly small: Expr;
}

/** k and r with x - tail = k ln 2 + r, the tail being a small correction; neither e^x nor e^-x is infinite. */
function reduce(lane: FloatLane, x: Expr, bias: number, tail?: Expr): Reduced {
  const { high, low } = ln2[lane];
  const k = roundToInt(lane, E.mul(tail === undefined ? x : E.sub(x, tail), Math.LOG2E), bias);
  const exact = E.sub(x, E.mul(k.value, high));
  const lowPart = E.mul(k.value, low);
  const small = tail === undefined ? lowPart : E.add(lowPart, tail);
  const r = E.sub(exact, small);
  return { k: k.bits, r, lost: E.sub(E.sub(exact, r), small), exact, small };
}

/** e^r - 1 - r. */
const shortTail = (lane: FloatLane, r: Expr): Expr =>
  E.mul(E.mul(r, r), E.polynomial(r, constants[lane].tail));

/** k, as bits with a bias, and q with e^x = 2^k (1 + q) and |q| <= sqrt(2) - 1; neither e^x nor e^-x is infinite. */
export function reducedExp(lane: FloatLane, x: Expr, bias: number): { k: Expr; q: Expr } {
  const { k, r } = reduce(lane, x, bias);
  return { k, q: E.add(r, shortTail(lane, r)) };
}

/** The same, wrong by little more than its own rounding. */
const longTail = (lane: FloatLane, r: Expr): Expr =>
  E.mul(E.mul(r, r), E.polynomial(r, constants[lane].longTail));

/** The same as {@link reducedExp} for e^(x - tail); q is wrong by little more than its own rounding. */
export function reducedExpWithTail(lane: FloatLane, x: Expr, tail: Expr, bias: number): { k: Expr; q: Expr } {
  const { k, r, lost } = reduce(lane, x, bias, tail);
  return { k, q: E.add(r, E.add(longTail(lane, r), lost)) };
}

/** x within what gives neither infinity nor 0. */
const inRange = (lane: FloatLane, x: Expr): Expr => clamp(x, constants[lane].zero, constants[lane].infinite);

/** e^(x - tail), within 0.7 ulp (subnormal results within 0.8). */
export function expWithTail(lane: FloatLane, x: Expr, tail?: Expr): Expr {
  const { k, r, exact, small } = reduce(lane, inRange(lane, x), 2 * formats[lane].bias, tail);
  const { high, low } = sum(E.constant(1), exact);
  const beyond = tail === undefined ? shortTail(lane, r) : longTail(lane, r);
  const rest = E.sub(beyond, small);
  return scaleByPowerOfTwo(lane, E.add(high, E.add(low, rest)), k);
}

/** e^x, subnormal results included. */
export function exp(lane: FloatLane, x: Expr): Expr {
  if (lane === 'f64') return expWithTail(lane, x);
  const { k, q } = reducedExp(lane, inRange(lane, x), 2 * formats[lane].bias);
  return scaleByPowerOfTwo(lane, E.add(1, q), k);
}

/** What {@link expToZero} multiplies its result by. */
export const EXP_TO_ZERO_SCALE = 2 ** 48;

/**
 * 2^48 e^x for x <= 0 (up to 50, in fact) in f32 lanes, the exponential of a softmax: two operations in three of
 * {@link exp}, and an error of 2.3 ulp at most. The factor, which the caller divides out, keeps the result off the
 * subnormal numbers where e^x is one. Below -120 and at -Infinity the result is 2^48 e^-120 < 2^-125, which rounds to 0
 * when divided by 2^48.
 */
export function expToZero(x: Expr): Expr {
  return expAbove(x, -120, 48);
}

/** Below it {@link expOfWeight} is no matter. */
export const LEAST_WEIGHT_EXPONENT = -87;

/**
 * e^x for x in [-87, 0] (up to 87, in fact) in f32 lanes, where it is no subnormal number; e^-87 for what is less.
 * Within 2.3 ulp.
 */
export function expOfWeight(x: Expr): Expr {
  return expAbove(x, LEAST_WEIGHT_EXPONENT, 0);
}

/** 2^scale e^x, of what is less than the bound that of the bound; an error of 2.3 ulp at most. */
function expAbove(x: Expr, bound: number, scale: number): Expr {
  const clamped = E.pmax(x, bound);
  const { k, r } = reduce('f32', clamped, formats.f32.bias + scale);
  return E.mul(E.add(1, E.mul(r, E.polynomial(r, SHORT_EXP_TAIL))), powerOfTwo('f32', k));
}

/** 2^x, subnormal results included. */
export function exp2(lane: FloatLane, x: Expr): Expr {
  const { bias, fraction } = formats[lane];
  const clamped = clamp(x, -bias - fraction - 1, bias + 2);
  const k = roundToInt(lane, clamped, 2 * bias);
  const r = E.sub(clamped, k.value);
  return scaleByPowerOfTwo(lane, E.add(1, E.mul(r, E.polynomial(r, constants[lane].tailOf2))), k.bits);
}

/** e^x - 1 = (2^k - 1) + 2^k (e^r - 1). */
export function expm1(lane: FloatLane, x: Expr): Expr {
  // Half of it, since the greatest 2^k is beyond the range. Where k is 0 halving could lose a subnormal's last bit.
  const { fraction, bias } = formats[lane];
  const { k, r, lost } = reduce(lane, clamp(x, -fraction, constants[lane].infinite), bias - 1);
  const scale = powerOfTwo(lane, k);
  const whole = E.sub(scale, 0.5);
  let half: Expr;
  let q: Expr;
  if (lane === 'f64') {
    const rest = E.add(longTail(lane, r), lost);
    const { high, low } = sum(whole, E.mul(scale, r));
    half = E.add(high, E.add(low, E.mul(scale, rest)));
    q = E.add(r, rest);
  } else {
    // A fifth of the time, which makes an error of 1.6 ulp of 1.
    q = E.add(r, shortTail(lane, r));
    half = E.add(E.mul(scale, q), whole);
  }
  const result = E.select(E.eq(scale, 0.5), q, E.add(half, half));
  return E.copysign(result, x);
}
