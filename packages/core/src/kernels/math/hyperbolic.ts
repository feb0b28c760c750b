import type { Expr } from '../expression/index.ts';
import * as E from '../expression/index.ts';
import {
  expOfWeight,
  LEAST_WEIGHT_EXPONENT,
  powerOfTwo,
  powersOfTwo,
  reducedExp,
  scaleByPowerOfTwo,
} from './exponential.ts';
import { log1p } from './logarithm.ts';
import { odd } from './odd.ts';

/**
 * The hyperbolic functions, atanh and the logistic function for f32 lanes, each from one exponential or logarithm. Coefficients:
 * tools/oracle/math_minimax.py.
 */

/** (tanh x - x) / x^3 as a polynomial in x^2, |x| <= 0.625; the error of tanh x is 2^-27.7 relative. */
const TANH_TAIL = [-0.3333328068, 0.1333141029, -0.05373726413, 0.02063168585, -0.005697271787];
const TANH_NEAR_ZERO = 0.625;

/** The hyperbolic tangent: a polynomial near 0, elsewhere 1 - 2 / (e^2|x| + 1). */
export function tanh(x: Expr): Expr {
  const magnitude = E.abs(x);
  const square = E.mul(x, x);
  const near = odd(magnitude, square, TANH_TAIL);
  // From 9.02 on, the nearest float32 is 1; the bound keeps e^2|x| finite.
  const { k, q } = reducedExp(E.pmin(E.add(magnitude, magnitude), 20), 127);
  const power = E.mul(E.add(1, q), powerOfTwo(k));
  const far = E.sub(1, E.div(2, E.add(power, 1)));
  return E.copysign(E.select(E.lt(magnitude, TANH_NEAR_ZERO), near, far), x);
}

/** (sinh x - x) / x^3 as a polynomial in x^2, |x| <= 1; the error of sinh x is 2^-31.6 relative. */
const SINH_TAIL = [0.1666666716, 0.008333310485, 0.0001984289411, 2.782230013e-6];

/** e^x / 2 for x >= 0: finite as long as the result is. */
function halfOfExp(x: Expr): Expr {
  const { k, q } = reducedExp(E.pmin(x, 90), 253);
  return scaleByPowerOfTwo(E.add(1, q), k);
}

/** The hyperbolic sine: a polynomial near 0, elsewhere (e^|x| - e^-|x|) / 2. */
export function sinh(x: Expr): Expr {
  const magnitude = E.abs(x);
  const square = E.mul(x, x);
  const near = odd(magnitude, square, SINH_TAIL);
  const half = halfOfExp(magnitude);
  const far = E.sub(half, E.div(0.25, half));
  return E.copysign(E.select(E.lt(magnitude, 1), near, far), x);
}

/** The hyperbolic cosine: (e^|x| + e^-|x|) / 2. */
export function cosh(x: Expr): Expr {
  const half = halfOfExp(E.abs(x));
  return E.add(half, E.div(0.25, half));
}

/** (atanh x - x) / x^3 as a polynomial in x^2, |x| <= 1/2; the error of atanh x is 2^-29.4 relative. */
const ATANH_TAIL = [0.3333330154, 0.2000245452, 0.1422374547, 0.118167676, 0.0515890345, 0.176400736];

/** The inverse of tanh: a polynomial near 0, elsewhere log(1 + 2 |x| / (1 - |x|)) / 2. */
export function atanh(x: Expr): Expr {
  const magnitude = E.abs(x);
  const square = E.mul(x, x);
  const near = odd(magnitude, square, ATANH_TAIL);
  const ratio = E.div(E.add(magnitude, magnitude), E.sub(1, magnitude));
  return E.copysign(E.select(E.lt(magnitude, 0.5), near, E.mul(log1p(ratio), 0.5)), x);
}

/**
 * 1 / (1 + e^-x) as e / (1 + e) or 1 / (1 + e) with e = e^-|x|, so that nothing overflows and small results
 * stay accurate. What rounding takes from 1 + e is taken from the numerator e as well, before that is
 * rounded.
 */
export function sigmoid(x: Expr): Expr {
  const { k, q } = reducedExp(E.pmax(E.neg(E.abs(x)), -104), 254);
  const [scale1, scale2] = powersOfTwo(k);
  const power = E.mul(E.add(1, q), E.mul(scale1, scale2));
  const denominator = E.add(1, power);
  const lost = E.sub(power, E.sub(denominator, 1));
  const numerator = E.mul(E.mul(E.add(1, E.sub(q, lost)), scale1), scale2);
  return E.div(E.select(E.lt(x, 0), numerator, 1), denominator);
}

/** {@link sigmoid} for gates, where what is less than e^-87 is no matter: within 4 ulp, in two operations of three. */
export const sigmoidOfGate = (x: Expr): Expr =>
  E.div(1, E.add(1, expOfWeight(E.pmin(E.neg(x), -LEAST_WEIGHT_EXPONENT))));
