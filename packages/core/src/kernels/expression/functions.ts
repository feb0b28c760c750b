import { KindlingError } from '../../errors.ts';
import {
  type Binary,
  checkKinds,
  type Expr,
  type Kind,
  lift,
  node,
  type Operand,
  type Unary,
} from './node.ts';

/** Named functions; what they mean in a lane stands in math/. */

/** The named functions and how many operands each takes. */
const functionArity = {
  exp: 1,
  exp2: 1,
  expm1: 1,
  log: 1,
  log2: 1,
  log10: 1,
  log1p: 1,
  log1pOfUnit: 1,
  sin: 1,
  cos: 1,
  tan: 1,
  asin: 1,
  acos: 1,
  atan: 1,
  sinh: 1,
  cosh: 1,
  tanh: 1,
  asinh: 1,
  acosh: 1,
  atanh: 1,
  sigmoid: 1,
  erf: 1,
  erfc: 1,
  erfinv: 1,
  normalCdf: 1,
  lgamma: 1,
  digamma: 1,
  polygamma: 2,
  zeta: 2,
  pow: 2,
  atan2: 2,
  fmod: 2,
  remainder: 2,
  floorDivide: 2,
  hypot: 2,
} as const;

/** The name of a named function that {@link call} takes. */
export type FunctionName = keyof typeof functionArity;

/**
 * A named function of values. The code generator replaces it by its lowering for the lane; where a lane has none, by
 * a {@link scalarCall} of the same name.
 * @throws KindlingError when the number or the kind of the operands is wrong.
 */
export function call(name: string, ...operands: Operand[]): Expr {
  const args = operands.map((operand) => lift(operand, 'value'));
  const arity = (functionArity as Record<string, number | undefined>)[name] ?? args.length;
  if (args.length !== arity) throw new KindlingError(`${name}: takes ${arity} operands, got ${args.length}`);
  checkKinds(
    name,
    args,
    args.map(() => 'value'),
  );
  return node('call', 'value', args, name);
}

/**
 * A JavaScript function of float64 numbers, called once a lane. `name` is looked up among the functions of math/,
 * then in Math (`'exp'` is Math.exp, which V8 calls without leaving WebAssembly). f32 and i32 lanes are converted to
 * float64 and the result back, so that an f32 result is within 1 ulp; an i32 result truncates and saturates.
 * @throws KindlingError when an operand is no value
 */
export function scalarCall(name: string, ...operands: Operand[]): Expr {
  const args = operands.map((operand) => lift(operand, 'value'));
  checkKinds(
    name,
    args,
    args.map(() => 'value'),
  );
  return node('scalarCall', 'value', args, name);
}

/**
 * The {@link scalarCall} in the lanes where `mask` holds, `otherwise` in the others. A vector none of whose lanes is
 * set calls nothing: this is the way out of a fast vector formula for rare arguments (the sine of 1e30). The node's
 * args are the mask, `otherwise`, then the operands.
 * @throws KindlingError when `mask` is no mask, or an operand no value
 */
export function scalarCallWhere(mask: Expr, name: string, otherwise: Operand, ...operands: Operand[]): Expr {
  const args = [mask, lift(otherwise, 'value'), ...operands.map((operand) => lift(operand, 'value'))];
  checkKinds(name, args, ['mask', ...args.slice(1).map((): Kind => 'value')]);
  return node('scalarCallWhere', 'value', args, name);
}

const named1 =
  (name: FunctionName): Unary =>
  (x) =>
    call(name, x);
const named2 =
  (name: FunctionName): Binary =>
  (a, b) =>
    call(name, a, b);

/** e^x. */
export const exp = named1('exp');
/** 2^x. */
export const exp2 = named1('exp2');
/** e^x - 1, accurate near 0. */
export const expm1 = named1('expm1');
/** The natural logarithm. */
export const log = named1('log');
/** The logarithm to base 2. */
export const log2 = named1('log2');
/** The logarithm to base 10. */
export const log10 = named1('log10');
/** log(1 + x), accurate near 0. */
export const log1p = named1('log1p');
/** log(1 + x) where x lies in [0, 1], in a third of the operations of {@link log1p}. */
export const log1pOfUnit = named1('log1pOfUnit');
/** Sine. */
export const sin = named1('sin');
/** Cosine. */
export const cos = named1('cos');
/** Tangent. */
export const tan = named1('tan');
/** Inverse sine. */
export const asin = named1('asin');
/** Inverse cosine. */
export const acos = named1('acos');
/** Inverse tangent. */
export const atan = named1('atan');
/** Hyperbolic sine. */
export const sinh = named1('sinh');
/** Hyperbolic cosine. */
export const cosh = named1('cosh');
/** Hyperbolic tangent. */
export const tanh = named1('tanh');
/** Inverse hyperbolic sine. */
export const asinh = named1('asinh');
/** Inverse hyperbolic cosine. */
export const acosh = named1('acosh');
/** Inverse hyperbolic tangent. */
export const atanh = named1('atanh');
/** 1 / (1 + e^-x). */
export const sigmoid = named1('sigmoid');
/** The error function. */
export const erf = named1('erf');
/** 1 - erf(x), accurate for large x. */
export const erfc = named1('erfc');
/** The inverse of erf. */
export const erfinv = named1('erfinv');
/** The part of a normal distribution below x; what is lost beside 1 is lost. */
export const normalCdf = named1('normalCdf');
/** log |gamma(x)|. */
export const lgamma = named1('lgamma');
/** The logarithmic derivative of the gamma function. */
export const digamma = named1('digamma');
/** a^b. */
export const pow = named2('pow');
/** The angle of the point (x = b, y = a). */
export const atan2 = named2('atan2');
/** The rest of division toward zero: the sign is the dividend's (C's fmod, torch.fmod). */
export const fmod = named2('fmod');
/** The rest of floor division: the sign is the divisor's (Python's %, torch.remainder). */
export const remainder = named2('remainder');
/** The quotient rounded down (Python's //, torch.floor_divide). */
export const floorDivide = named2('floorDivide');
/** sqrt(a^2 + b^2) without overflow between. */
export const hypot = named2('hypot');
