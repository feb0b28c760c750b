import { binary, build, checkKinds, type Expr, lift, node, type Operand, unary } from './node.ts';

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
/** a < b on signed integers, as are the comparisons below. */
export const ilt = binary('ilt');
/** a <= b on signed integers. */
export const ile = binary('ile');
/** a > b on signed integers. */
export const igt = binary('igt');
/** a >= b on signed integers. */
export const ige = binary('ige');
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

function shift(op: 'shl' | 'shrS' | 'shrU', a: Operand, distance: number): Expr {
  const x = lift(a, 'int');
  checkKinds(op, [x], ['int']);
  return node(op, 'int', [x], distance);
}
/** a << distance, the distance being a constant. */
export const shl = (a: Operand, distance: number): Expr => shift('shl', a, distance);
/** a >> distance, copying the sign. */
export const shrS = (a: Operand, distance: number): Expr => shift('shrS', a, distance);
/** a >>> distance, filling with zeros. */
export const shrU = (a: Operand, distance: number): Expr => shift('shrU', a, distance);

// ---- Integer lanes, one lane at a time ----

/**
 * Integer quotient toward zero; i32 lanes only. A zero divisor gives 0 here: the operations that divide integers look
 * for one beforehand and throw PyTorch's "ZeroDivisionError". -2^31 / -1 wraps.
 */
export const truncDivide = binary('idiv');
/** The rest of {@link truncDivide}, with the dividend's sign; i32 lanes only. A zero divisor gives 0. */
export const truncRemainder = binary('irem');
