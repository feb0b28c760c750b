import {
  add,
  and,
  bitsOf,
  copysign,
  type Expr,
  eq,
  fromBits,
  gt,
  iadd,
  intConstant,
  iselect,
  isInf,
  ne,
  or,
  scalarCall,
  select,
  xor,
} from '../expression/index.ts';

/** Functions of two operands whose special cases are the same in both float lanes. */

/** a^b as C has it: unlike in JavaScript, 1^b is 1 even for b = NaN, and so is (-1)^b for infinite b. */
export function pow(a: Expr, b: Expr): Expr {
  const isOne = or(eq(a, 1), and(eq(a, -1), isInf(b)));
  return select(isOne, 1, scalarCall('pow', a, b));
}

/** The lane's next number after a in the direction of b; NaN if either is NaN. */
export function nextafter(a: Expr, b: Expr): Expr {
  const bits = bitsOf(a);
  const towardZero = xor(gt(b, a), gt(a, 0));
  const neighbour = fromBits(iadd(bits, iselect(towardZero, -1, 1)));
  const smallest = copysign(fromBits(intConstant(1)), b);
  const moved = select(eq(a, 0), smallest, neighbour);
  const isNaN = or(ne(a, a), ne(b, b));
  return select(isNaN, add(a, b), select(eq(a, b), b, moved));
}
