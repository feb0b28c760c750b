import { binary, build, constant, type Expr, type Operand, unary } from './node.ts';

/** Arithmetic, comparisons and masks: what means the same in every lane. */

/** a + b. */
export const add = binary('add');
/** a - b. */
export const sub = binary('sub');
/** a * b. i32 lanes wrap, in this as in all arithmetic: int32 is computed in f64 lanes, where it is exact. */
export const mul = binary('mul');
/** a / b; float lanes only. For integers see {@link truncDivide} and {@link floorDivide}. */
export const div = binary('div');
/** -a. */
export const neg = unary('neg');
/** |a|. */
export const abs = unary('abs');
/** The square root; float lanes only. */
export const sqrt = unary('sqrt');
/** Round down. In i32 lanes this and the other roundings are the identity. */
export const floor = unary('floor');
/** Round up. */
export const ceil = unary('ceil');
/** Round toward zero. */
export const trunc = unary('trunc');
/** Round to the nearest integer, halves to even. */
export const nearest = unary('nearest');
/** The lesser; NaN if either is NaN, and -0 < 0. */
export const min = binary('min');
/** The greater; NaN if either is NaN, and -0 < 0. */
export const max = binary('max');
/** `b < a ? b : a`, hence `a` where either is NaN. One instruction where {@link min} takes several. */
export const pmin = binary('pmin');
/** `a < b ? b : a`, hence `a` where either is NaN. One instruction where {@link max} takes several. */
export const pmax = binary('pmax');
/** |a| with b's sign bit; float lanes only. */
export const copysign = binary('copysign');

// ---- Comparisons and masks ----

/** a < b, as a mask; false where either is NaN, as are all comparisons but {@link ne}. */
export const lt = binary('lt');
/** a <= b, as a mask. */
export const le = binary('le');
/** a > b, as a mask. */
export const gt = binary('gt');
/** a >= b, as a mask. */
export const ge = binary('ge');
/** a == b, as a mask. */
export const eq = binary('eq');
/** a != b, as a mask; true where either is NaN. */
export const ne = binary('ne');
/** Both masks. */
export const and = binary('and');
/** Either mask. */
export const or = binary('or');
/** Exactly one of the masks. */
export const xor = binary('xor');
/** The mask's negation. */
export const not = unary('not');
/** `mask ? a : b`; both are computed. */
export function select(mask: Expr, a: Operand, b: Operand): Expr {
  return build('select', mask, a, b);
}

// ---- Conveniences: compositions that many declarations share ----

/** True where x is NaN, as a mask. */
export function isNaN(x: Expr): Expr {
  return ne(x, x);
}
/** True where |x| is infinite, as a mask; float lanes only (an integer is never infinite). */
export function isInf(x: Expr): Expr {
  return eq(abs(x), Number.POSITIVE_INFINITY);
}
/** True where x is neither infinite nor NaN, as a mask; float lanes only. */
export function isFinite(x: Expr): Expr {
  return lt(abs(x), Number.POSITIVE_INFINITY);
}
/** -1, 0 or 1; 0 for NaN, as torch.sign has it. */
export function sign(x: Expr): Expr {
  return sub(toNumber(gt(x, 0)), toNumber(lt(x, 0)));
}
/** x * x. */
export function square(x: Expr): Expr {
  return mul(x, x);
}
/** 1 / x. */
export function reciprocal(x: Operand): Expr {
  return div(1, x);
}
/** A mask as the numbers 1 and 0. */
export function toNumber(mask: Expr): Expr {
  return select(mask, 1, 0);
}
/** A number as a mask: true where it is not 0 (NaN is true). */
export function toMask(x: Operand): Expr {
  return ne(x, 0);
}
/**
 * Horner's scheme: `c[0] + c[1] x + c[2] x^2 + ...`; the coefficients are numbers or nodes, the constant term first.
 * `multiplyAdd` makes a b + c.
 */
export function polynomial(
  x: Expr,
  coefficients: readonly Operand[],
  multiplyAdd: (a: Operand, b: Operand, c: Operand) => Expr = (a, b, c) => add(mul(a, b), c),
): Expr {
  let sum: Operand = coefficients[coefficients.length - 1] ?? 0;
  for (let i = coefficients.length - 2; i >= 0; i--) sum = multiplyAdd(sum, x, coefficients[i]!);
  return typeof sum === 'number' ? constant(sum) : sum;
}
