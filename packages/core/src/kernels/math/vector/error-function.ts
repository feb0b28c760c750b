import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';
import { reducedExp, reducedExpWithTail } from './exponential.ts';
import { powerOfTwo, scaleByPowerOfTwo } from './format.ts';

/** erf and erfc for f32 lanes. Coefficients: tools/oracle/math_minimax.py. */

/** erf(x) / x - 1 as a polynomial in x^2, |x| <= 1; the error of erf x is 2^-29.4 relative. */
const ERF_NEAR = [
  0.1283791661, -0.3761262596, 0.1128357872, -0.0268533472, 0.005187162198, -0.0007997853099, 7.806903159e-5,
];

/** log(erfc(x)), 0.9 <= x <= 3.95; the error of erf x is 2^-29.1 relative. */
const LOG_ERFC = [
  -0.0001664036245, -1.127797484, -0.6369755268, -0.1041143537, 0.02231566235, -0.003065644531,
  0.0001982408576,
];
const ERF_NEAR_ZERO = 0.95;
/** From here on, the nearest float32 to erf is 1. */
const ERF_ONE = 3.92;

function erfNearZero(x: Expr): Expr {
  return E.add(x, E.mul(x, E.polynomial(E.mul(x, x), ERF_NEAR)));
}

/** The error function: a polynomial near 0, elsewhere 1 - e^p(|x|) with a polynomial p. */
export function erf(x: Expr): Expr {
  const magnitude = E.abs(x);
  const { k, q } = reducedExp('f32', E.polynomial(E.pmin(magnitude, ERF_ONE), LOG_ERFC), 127);
  const far = E.sub(1, E.mul(E.add(1, q), powerOfTwo('f32', k)));
  return E.copysign(E.select(E.lt(magnitude, ERF_NEAR_ZERO), erfNearZero(magnitude), far), x);
}

/**
 * e^(x^2) erfc(x) (1 + 2x) as a polynomial in u = (x - 2) / (x + 2), 0.5 <= x <= 10.2; the relative error is
 * 2^-27.2.
 */
const SCALED_ERFC = [
  1.276978374, -0.0927638188, -0.1660303622, 0.164049834, -0.05421581864, -0.008011870086, 0.008675495163,
  0.001158431871, -0.001285035978, -0.0002308330877,
];
const ERFC_NEAR_ZERO = 0.6;
/** From here on, the nearest float32 to erfc is 0. */
const ERFC_ZERO = 10.1;

/** 1 - erf(x), accurate for large x too: e^(-x^2) p(u) / (1 + 2x), mirrored for negative x. */
export function erfc(x: Expr): Expr {
  const a = E.pmin(E.abs(x), ERFC_ZERO);
  // a^2 exactly: the square of its first 12 bits and the rest.
  const leading = E.fromBits(E.iand(E.bitsOf(a), ~0xfff));
  const rest = E.mul(E.sub(a, leading), E.add(a, leading));
  const { k, q } = reducedExpWithTail('f32', E.neg(E.mul(leading, leading)), rest, 254);
  const u = E.div(E.sub(a, 2), E.add(a, 2));
  const [first, ...others] = SCALED_ERFC;
  const varying = E.mul(u, E.polynomial(u, others));
  // (1 + q) p / (1 + 2x); what rounding takes from p, the numerator and the denominator is collected, and
  // added last.
  const p = E.add(first!, varying);
  const pLost = E.sub(varying, E.sub(p, first!));
  const rising = E.add(E.mul(p, q), E.add(pLost, E.mul(pLost, q)));
  const numerator = E.add(p, rising);
  const numeratorLost = E.sub(rising, E.sub(numerator, p));
  const denominator = E.add(E.add(a, a), 1);
  const denominatorLost = E.sub(1, E.sub(denominator, E.add(a, a)));
  const quotient = E.div(numerator, denominator);
  const correction = E.div(E.sub(numeratorLost, E.mul(quotient, denominatorLost)), denominator);
  const far = scaleByPowerOfTwo('f32', E.add(quotient, correction), k);
  const mirrored = E.select(E.lt(x, 0), E.sub(2, far), far);
  return E.select(E.lt(E.abs(x), ERFC_NEAR_ZERO), E.sub(1, erfNearZero(x)), mirrored);
}

/** e^(x^2/2) times the part of a normal distribution above x >= 0, as a polynomial in u = (x - 5) / (x + 5); the error of the part is 2^-29.1. */
const NORMAL_TAIL = [
  0.07693202049, -0.1432533711, 0.1174034998, -0.0762020722, 0.057509996, -0.01154485065, 0.01715419069,
];
/** From here on the part above is 0 beside any number. */
const NORMAL_ONE = 14;

/** The part of a normal distribution below x. With the density, which is the same exponential, it costs little more than that. */
export function normalCdf(x: Expr): Expr {
  const a = E.pmin(E.abs(x), NORMAL_ONE);
  const u = E.div(E.sub(a, 5), E.add(a, 5));
  const above = E.mul(E.exp(E.mul(E.mul(x, x), -0.5)), E.polynomial(u, NORMAL_TAIL));
  return E.select(E.lt(x, 0), above, E.sub(1, above));
}
