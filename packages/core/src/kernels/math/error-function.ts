import {
  abs,
  add,
  bitsOf,
  copysign,
  div,
  type Expr,
  fromBits,
  iand,
  lt,
  mul,
  neg,
  pmin,
  polynomial,
  select,
  sub,
} from '../expression/index.ts';
import { powerOfTwo, reducedExp, reducedExpWithTail, scaleByPowerOfTwo } from './exponential.ts';

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
  return add(x, mul(x, polynomial(mul(x, x), ERF_NEAR)));
}

/** The error function: a polynomial near 0, elsewhere 1 - e^p(|x|) with a polynomial p. */
export function erf(x: Expr): Expr {
  const magnitude = abs(x);
  const { k, q } = reducedExp(polynomial(pmin(magnitude, ERF_ONE), LOG_ERFC), 127);
  const far = sub(1, mul(add(1, q), powerOfTwo(k)));
  return copysign(select(lt(magnitude, ERF_NEAR_ZERO), erfNearZero(magnitude), far), x);
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
  const a = pmin(abs(x), ERFC_ZERO);
  // a^2 exactly: the square of its first 12 bits and the rest.
  const leading = fromBits(iand(bitsOf(a), ~0xfff));
  const rest = mul(sub(a, leading), add(a, leading));
  const { k, q } = reducedExpWithTail(neg(mul(leading, leading)), rest, 254);
  const u = div(sub(a, 2), add(a, 2));
  const [first, ...others] = SCALED_ERFC;
  const varying = mul(u, polynomial(u, others));
  // (1 + q) p / (1 + 2x); what rounding takes from p, the numerator and the denominator is collected, and
  // added last.
  const p = add(first!, varying);
  const pLost = sub(varying, sub(p, first!));
  const rising = add(mul(p, q), add(pLost, mul(pLost, q)));
  const numerator = add(p, rising);
  const numeratorLost = sub(rising, sub(numerator, p));
  const denominator = add(add(a, a), 1);
  const denominatorLost = sub(1, sub(denominator, add(a, a)));
  const quotient = div(numerator, denominator);
  const correction = div(sub(numeratorLost, mul(quotient, denominatorLost)), denominator);
  const far = scaleByPowerOfTwo(add(quotient, correction), k);
  const mirrored = select(lt(x, 0), sub(2, far), far);
  return select(lt(abs(x), ERFC_NEAR_ZERO), sub(1, erfNearZero(x)), mirrored);
}
