import { type Expr, scalarCall } from '../expression/index.ts';

/** The named functions that i32 lanes compute as integers, not by way of float64. */

/** a^b, by {@link integerPow}. */
export const pow = (a: Expr, b: Expr): Expr => scalarCall('integerPow', a, b);

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
