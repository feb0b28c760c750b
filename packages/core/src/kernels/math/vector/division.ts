import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';
import { product } from './double-float.ts';

/** The rests of divisions and the quotient rounded down, for f32 lanes: exact, as C has them. */

/** Quotients below it are so small that a whole one times the divisor is known to the last bit. */
const LARGEST_QUOTIENT = 2 ** 23;
/** Beyond it a product might overflow. */
const LARGEST = 2 ** 127;

/** Whether the formula of {@link fmod} holds. */
const isTame = (a: Expr, b: Expr, quotient: Expr): Expr =>
  E.and(E.lt(E.abs(quotient), LARGEST_QUOTIENT), E.and(E.lt(E.abs(a), LARGEST), E.lt(E.abs(b), LARGEST)));

/** The rest of division toward zero, with the sign of a. */
export function fmod(a: Expr, b: Expr): Expr {
  const quotient = E.trunc(E.div(a, b));
  const { high, low } = product(quotient, b);
  const rest = E.mul(E.sub(E.sub(a, high), low), E.copysign(1, a));
  // The quotient was rounded up to a whole number.
  const mended = E.select(E.lt(rest, 0), E.add(rest, E.abs(b)), rest);
  return E.scalarCallWhere(E.not(isTame(a, b, quotient)), 'fmod', E.copysign(mended, a), a, b);
}

/** The rest of floor division, with the sign of b. */
export function remainder(a: Expr, b: Expr): Expr {
  const rest = fmod(a, b);
  return E.select(E.roundsAway(rest, b), E.add(rest, b), rest);
}

/** The quotient rounded down, with PyTorch's rounding of large ones; a / b where b is 0. */
export function floorDivide(a: Expr, b: Expr): Expr {
  const rest = fmod(a, b);
  const whole = E.div(E.sub(a, rest), b);
  const quotient = E.select(E.roundsAway(rest, b), E.sub(whole, 1), whole);
  const down = E.floor(quotient);
  const nearest = E.select(E.gt(E.sub(quotient, down), 0.5), E.add(down, 1), down);
  const ratio = E.div(a, b);
  const result = E.select(E.eq(quotient, 0), E.copysign(0, ratio), nearest);
  return E.select(E.eq(b, 0), ratio, result);
}
