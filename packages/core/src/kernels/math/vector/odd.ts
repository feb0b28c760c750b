import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';

/** An odd function near 0: x + x^3 p(x^2), the coefficients of p in ascending order. */
export const odd = (x: Expr, square: Expr, tail: readonly number[]): Expr =>
  E.add(x, E.mul(E.mul(x, square), E.polynomial(square, tail)));
