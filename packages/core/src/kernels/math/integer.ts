import type { Expr } from '../expression/index.ts';
import * as E from '../expression/index.ts';

/** The named functions that i32 lanes compute as integers, not by way of float64. */

/** Whether a division leaves a rest and rounding down differs from rounding toward zero. */
function roundsAway(rest: Expr, divisor: Expr): Expr {
  const signs = E.ixor(E.bitsOf(rest), E.bitsOf(divisor));
  return E.and(E.ne(rest, 0), E.ilt(signs, 0));
}

/** The quotient rounded down. */
export function floorDivide(a: Expr, b: Expr): Expr {
  const away = roundsAway(E.truncRemainder(a, b), b);
  return E.add(E.truncDivide(a, b), E.fromBits(E.maskBits(away)));
}

/** The rest of floor division, with the sign of b. */
export function remainder(a: Expr, b: Expr): Expr {
  const rest = E.truncRemainder(a, b);
  return E.select(roundsAway(rest, b), E.add(rest, b), rest);
}

/** a^b, by {@link integerPow}. */
export const pow = (a: Expr, b: Expr): Expr => E.scalarCall('integerPow', a, b);

/** Integer powers wrap; a negative exponent leaves 0, but for the bases 1 and -1, as in PyTorch. */
export function integerPow(base: number, exponent: number): number {
  if (exponent < 0) return base === 1 ? 1 : base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest >>= 1) {
    if (rest & 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}
