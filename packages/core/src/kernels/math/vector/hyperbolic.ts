import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';
import { sum } from './double-float.ts';
import { reducedExp } from './exponential.ts';
import {
  type ByLane,
  type FloatLane,
  formats,
  powerOfTwo,
  powersOfTwo,
  scaleByPowerOfTwo,
} from './format.ts';
import { log1p } from './logarithm.ts';
import { odd } from './odd.ts';

/**
 * The hyperbolic functions, atanh and the logistic function, each from one exponential or logarithm. Coefficients:
 * tools/oracle/math_minimax.py.
 */

/**
 * (tanh x - x) / x^3 as a polynomial in x^2, |x| <= 0.625; the error of tanh x is 2^-27.7 relative, 2^-56.4 in f64
 * lanes.
 */
const TANH_TAIL: ByLane<readonly number[]> = {
  f32: [-0.3333328068, 0.1333141029, -0.05373726413, 0.02063168585, -0.005697271787],
  f64: [
    -0.33333333333332854, 0.13333333333261951, -0.053968253931210124, 0.021869487574909564,
    -0.0088632209884909156, 0.0035919890687590808, -0.001454958376516295, 0.00058631500140099587,
    -0.00022856127598189105, 7.7141200455660818e-5, -1.6071093646997389e-5,
  ],
};
const TANH_NEAR_ZERO = 0.625;

/** The hyperbolic tangent: a polynomial near 0, elsewhere 1 - 2 / (e^2|x| + 1). */
export function tanh(lane: FloatLane, x: Expr): Expr {
  const magnitude = E.abs(x);
  const square = E.mul(x, x);
  const near = odd(magnitude, square, TANH_TAIL[lane]);
  // From 9.02 on (19.1 in f64 lanes), the nearest number is 1; the bound keeps e^2|x| finite.
  const { k, q } = reducedExp(lane, E.pmin(E.add(magnitude, magnitude), 40), formats[lane].bias - 1);
  // Half of e^2|x| + 1, and what that lacks.
  const scale = powerOfTwo(lane, k);
  const { high, low } = sum(E.add(scale, 0.5), E.mul(scale, q));
  const quotient = E.div(1, high);
  // A ninth of the time in f32 lanes, which do without: their error is 1.16 ulp instead of 1.04.
  const lacking = lane === 'f64' ? E.mul(E.mul(quotient, quotient), low) : undefined;
  const far = E.sub(1, lacking === undefined ? quotient : E.sub(quotient, lacking));
  return E.copysign(E.select(E.lt(magnitude, TANH_NEAR_ZERO), near, far), x);
}

/** (sinh x - x) / x^3 as a polynomial in x^2, |x| <= 1; the error of sinh x is 2^-31.6 relative. */
const SINH_TAIL = [0.1666666716, 0.008333310485, 0.0001984289411, 2.782230013e-6];

/** e^x / 2 for x >= 0: finite as long as the result is. */
function halfOfExp(x: Expr): Expr {
  const { k, q } = reducedExp('f32', E.pmin(x, 90), 253);
  return scaleByPowerOfTwo('f32', E.add(1, q), k);
}

/** The hyperbolic sine in f32 lanes, as the following: a polynomial near 0, elsewhere (e^|x| - e^-|x|) / 2. */
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
  return E.copysign(E.select(E.lt(magnitude, 0.5), near, E.mul(log1p('f32', ratio), 0.5)), x);
}

/**
 * 1 / (1 + e^-x) as e / (1 + e) or 1 / (1 + e) with e = e^-|x|, so that nothing overflows and small results
 * stay accurate. What rounding takes from 1 + e is taken from the numerator e as well, before that is
 * rounded.
 */
export function sigmoid(lane: FloatLane, x: Expr): Expr {
  const { bias, fraction } = formats[lane];
  // From here down, the result is 0.
  const least = -(bias + fraction) * Math.LN2;
  const { k, q } = reducedExp(lane, E.pmax(E.neg(E.abs(x)), Math.floor(least)), 2 * bias);
  const [scale1, scale2] = powersOfTwo(lane, k);
  const power = E.mul(E.add(1, q), E.mul(scale1, scale2));
  const denominator = E.add(1, power);
  const lost = E.sub(power, E.sub(denominator, 1));
  const numerator = E.mul(E.mul(E.add(1, E.sub(q, lost)), scale1), scale2);
  return E.div(E.select(E.lt(x, 0), numerator, 1), denominator);
}
