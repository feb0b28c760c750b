import { pow } from './functions.ts';
import { binary, build, checkKinds, type Expr, lift, node, type Operand, unary } from './node.ts';
import { add, and, eq, lt, ne, nearest, select, sub, toNumber, xor } from './values.ts';

/** Integers of the lane's width, mostly for the lowerings of named functions. */

/** The bits of a value as an integer (f32 to i32, f64 to i64; the identity in i32 lanes). */
export const bitsOf = unary('bitsOf');
/** The value with these bits: the inverse of {@link bitsOf}. */
export const fromBits = unary('fromBits');
/** A mask as an integer: -1 where set, 0 where not. */
export const maskBits = unary('maskBits');
/** a + b on integers, wrapping. */
export const iadd = binary('iadd');
/** a - b on integers, wrapping. */
export const isub = binary('isub');
/** a * b on integers, wrapping. */
export const imul = binary('imul');
/** Bitwise and. */
export const iand = binary('iand');
/** Bitwise or. */
export const ior = binary('ior');
/** Bitwise exclusive or. */
export const ixor = binary('ixor');
/** Bitwise complement. */
export const inot = unary('inot');
/** a < b on signed integers. */
export const ilt = binary('ilt');
/** a == b on integers. */
export const ieq = binary('ieq');
/** a != b on integers. */
export const ine = binary('ine');
/** `mask ? a : b` on integers. */
export function iselect(mask: Expr, a: Operand, b: Operand): Expr {
  return build('iselect', mask, a, b);
}
/** Float to integer, toward zero, saturating at the range of int32 (also in f64 lanes); NaN gives 0. */
export const truncToInt = unary('truncToInt');
/** Integer to float, to nearest. In f64 lanes the integer must fit int32. */
export const toFloat = unary('toFloat');

function shift(op: 'shl' | 'shrU', a: Operand, distance: number): Expr {
  const x = lift(a, 'int');
  checkKinds(op, [x], ['int']);
  return node(op, 'int', [x], distance);
}
/** a << distance, the distance being a constant. */
export const shl = (a: Operand, distance: number): Expr => shift('shl', a, distance);
/** a >>> distance, filling with zeros. */
export const shrU = (a: Operand, distance: number): Expr => shift('shrU', a, distance);

// ---- Division of whole numbers, in i32 lanes and in f64 lanes that hold integers ----

/**
 * Integer quotient toward zero. The operations that divide integers look for zero divisors beforehand and throw
 * PyTorch's "ZeroDivisionError"; here one gives 0, in f64 lanes no number. -2^31 / -1 wraps in i32 lanes.
 */
export const truncDivide = binary('idiv');
/** The rest of {@link truncDivide}, with the dividend's sign. */
export const truncRemainder = binary('irem');

/** Whether a division leaves a rest and rounding down differs from rounding toward zero. */
export function roundsAway(rest: Expr, divisor: Expr): Expr {
  return and(ne(rest, 0), xor(lt(rest, 0), lt(divisor, 0)));
}

/** Integer quotient rounded down. */
export function wholeFloorDivide(a: Expr, b: Expr): Expr {
  return sub(truncDivide(a, b), toNumber(roundsAway(truncRemainder(a, b), b)));
}

/** The rest of {@link wholeFloorDivide}, with the divisor's sign. */
export function wholeRemainder(a: Expr, b: Expr): Expr {
  const rest = truncRemainder(a, b);
  return select(roundsAway(rest, b), add(rest, b), rest);
}

/** a^b of integers. A negative exponent leaves 0, but for the bases 1 and -1, as in PyTorch. */
export function wholePow(a: Expr, b: Expr): Expr {
  // In f64 lanes the power may be off by less than its last bit, half of which is far less than 1.
  return select(and(eq(a, 0), lt(b, 0)), 0, nearest(pow(a, b)));
}
