import { and, type Expr, eq, isInf, or, scalarCall, select } from '../expression/index.ts';

/** a^b as C has it: unlike in JavaScript, 1^b is 1 even for b = NaN, and so is (-1)^b for infinite b. */
export function pow(a: Expr, b: Expr): Expr {
  const isOne = or(eq(a, 1), and(eq(a, -1), isInf(b)));
  return select(isOne, 1, scalarCall('pow', a, b));
}
