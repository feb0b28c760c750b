import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';

/**
 * Sums (in both lanes of floating-point numbers), products and quotients (in f32 lanes) that keep what rounding takes:
 * a number is `high` + `low`. Dekker's algorithms.
 */

/** A number of about twice as many bits. */
export interface Double {
  readonly high: Expr;
  readonly low: Expr;
}

/** The number with its last 12 bits cleared: a product of two such is exact. */
const leading = (x: Expr): Expr => E.fromBits(E.iand(E.bitsOf(x), 0xfffff000));

/** a + b, |a| being the larger, and what the sum lacks. */
export function sum(a: Expr, b: Expr): Double {
  const high = E.add(a, b);
  return { high, low: E.sub(b, E.sub(high, a)) };
}

/** The same, whichever is the larger. */
export function sumOfAny(a: Expr, b: Expr): Double {
  const high = E.add(a, b);
  const back = E.sub(high, a);
  return { high, low: E.add(E.sub(a, E.sub(high, back)), E.sub(b, back)) };
}

/** a b, and what the product lacks. */
export function product(a: Expr, b: Expr): Double {
  const high = E.mul(a, b);
  const [aHigh, bHigh] = [leading(a), leading(b)];
  const [aLow, bLow] = [E.sub(a, aHigh), E.sub(b, bHigh)];
  const first = E.sub(E.mul(aHigh, bHigh), high);
  const crossed = E.add(E.add(first, E.mul(aHigh, bLow)), E.mul(aLow, bHigh));
  return { high, low: E.add(crossed, E.mul(aLow, bLow)) };
}

/** a b, but for the product of what both have below. */
export function times(a: Double, b: Double): Double {
  const { high, low } = product(a.high, b.high);
  return { high, low: E.add(low, E.add(E.mul(a.high, b.low), E.mul(a.low, b.high))) };
}

/** a / b. */
export function quotient(a: Double, b: Double): Double {
  const high = E.div(a.high, b.high);
  const back = product(high, b.high);
  const rest = E.sub(E.sub(E.sub(a.high, back.high), back.low), E.mul(high, b.low));
  return { high, low: E.div(E.add(rest, a.low), b.high) };
}
