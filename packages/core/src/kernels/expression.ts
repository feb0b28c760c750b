import type { Lane } from '../dtype.ts';
import { KindlingError } from '../errors.ts';

/**
 * Scalar expressions: the language in which every elementwise operation is declared.
 *
 * An expression describes what happens to ONE element. It is an immutable DAG of {@link Expr} nodes; a node used
 * twice is computed once. The code generator (codegen.ts) turns it into a SIMD loop for one {@link Lane}:
 *
 *     const silu = (x: Expr) => div(x, add(1, exp(neg(x))));
 *
 * There are two levels. The declared level (arithmetic, comparisons, `select`, named functions such as `exp`) means
 * the same in every lane. The low level (integer arithmetic on a lane's bits, `scalarCall`) is what the lowerings of the
 * named functions are written in.
 *
 * A node has one of three kinds. `value` is a number of the lane's type; `mask` is a truth value (all bits of the lane
 * set, or none); `int` is the lane's bits seen as a signed integer of the lane's width (32 bits in f32 and i32 lanes, 64 in
 * f64). In an i32 lane the kinds `value` and `int` hold the same thing, and the bitcasts cost nothing.
 */

/** The type that every number of a kernel has: `f32` (f32x4 vectors), `f64` (f64x2) or `i32` (i32x4). */
export type { Lane };

/** What a node stands for; see the top of this file. */
export type Kind = 'value' | 'mask' | 'int';

/** What each operation takes and gives: argument kinds, then the result's kind. */
const signatures = {
  // Arithmetic.
  add: ['value', 'value', 'value'],
  sub: ['value', 'value', 'value'],
  mul: ['value', 'value', 'value'],
  div: ['value', 'value', 'value'],
  neg: ['value', 'value'],
  abs: ['value', 'value'],
  sqrt: ['value', 'value'],
  floor: ['value', 'value'],
  ceil: ['value', 'value'],
  trunc: ['value', 'value'],
  nearest: ['value', 'value'],
  min: ['value', 'value', 'value'],
  max: ['value', 'value', 'value'],
  pmin: ['value', 'value', 'value'],
  pmax: ['value', 'value', 'value'],
  copysign: ['value', 'value', 'value'],
  // Comparisons and masks.
  lt: ['value', 'value', 'mask'],
  le: ['value', 'value', 'mask'],
  gt: ['value', 'value', 'mask'],
  ge: ['value', 'value', 'mask'],
  eq: ['value', 'value', 'mask'],
  ne: ['value', 'value', 'mask'],
  and: ['mask', 'mask', 'mask'],
  or: ['mask', 'mask', 'mask'],
  xor: ['mask', 'mask', 'mask'],
  not: ['mask', 'mask'],
  select: ['mask', 'value', 'value', 'value'],
  // Integers of the lane's width.
  bitsOf: ['value', 'int'],
  fromBits: ['int', 'value'],
  maskBits: ['mask', 'int'],
  iadd: ['int', 'int', 'int'],
  isub: ['int', 'int', 'int'],
  imul: ['int', 'int', 'int'],
  iand: ['int', 'int', 'int'],
  ior: ['int', 'int', 'int'],
  ixor: ['int', 'int', 'int'],
  inot: ['int', 'int'],
  ilt: ['int', 'int', 'mask'],
  ile: ['int', 'int', 'mask'],
  igt: ['int', 'int', 'mask'],
  ige: ['int', 'int', 'mask'],
  ieq: ['int', 'int', 'mask'],
  ine: ['int', 'int', 'mask'],
  iselect: ['mask', 'int', 'int', 'int'],
  truncToInt: ['value', 'int'],
  toFloat: ['int', 'value'],
  // One lane at a time; i32 lanes only.
  idiv: ['value', 'value', 'value'],
  irem: ['value', 'value', 'value'],
  ishl: ['value', 'value', 'value'],
  ishr: ['value', 'value', 'value'],
} as const satisfies Record<string, readonly Kind[]>;

/** Operations whose node carries no attribute: exactly the rows of the table of signatures. */
export type PlainOp = keyof typeof signatures;

/** Every operation a node can have. */
export type Op =
  | PlainOp
  | 'input'
  | 'param'
  | 'constant'
  | 'intConstant'
  | 'shl'
  | 'shrS'
  | 'shrU'
  | 'call'
  | 'scalarCall'
  | 'scalarCallWhere';

/** A node of an expression. Build nodes with the functions of this file, never by hand. */
export interface Expr {
  readonly op: Op;
  readonly kind: Kind;
  readonly args: readonly Expr[];
  /**
   * The attribute: the index of an `input` or `param`, the value of a `constant`, the bits (a bigint) of an `intConstant`,
   * the distance of a shift by a constant, the function's name of a `call`, `scalarCall` or `scalarCallWhere`; `undefined`
   * elsewhere.
   */
  readonly attribute: number | bigint | string | undefined;
}

/** A node, or a number that stands for a constant node. */
export type Operand = Expr | number;

function node(op: Op, kind: Kind, args: readonly Expr[], attribute?: number | bigint | string): Expr {
  return Object.freeze({ op, kind, args: Object.freeze(args), attribute });
}

function lift(operand: Operand, kind: Kind): Expr {
  if (typeof operand !== 'number') return operand;
  return kind === 'int' ? intConstant(operand) : constant(operand);
}

function build(op: PlainOp, ...operands: Operand[]): Expr {
  const signature: readonly Kind[] = signatures[op];
  const arity = signature.length - 1;
  if (operands.length !== arity) {
    throw new KindlingError(`${op}: takes ${arity} operands, got ${operands.length}`);
  }
  const args = operands.map((operand, i) => lift(operand, signature[i]!));
  checkKinds(op, args, signature);
  return node(op, signature[arity]!, args);
}

function checkKinds(op: string, args: readonly Expr[], kinds: readonly Kind[]): void {
  for (let i = 0; i < args.length; i++) {
    if (args[i]!.kind !== kinds[i]) {
      throw new KindlingError(`${op}: operand ${i} is a ${args[i]!.kind} (${args[i]!.op}), expected a ${kinds[i]}`);
    }
  }
}

type Unary = (x: Operand) => Expr;
type Binary = (a: Operand, b: Operand) => Expr;
const unary =
  (op: PlainOp): Unary =>
  (x) =>
    build(op, x);
const binary =
  (op: PlainOp): Binary =>
  (a, b) =>
    build(op, a, b);

// ---- Leaves ----

/** The element of operand number `index` at the current position. */
export function input(index: number): Expr {
  return node('input', 'value', [], index);
}

/** Parameter number `index`: a scalar given anew at each run, the same for all elements. It is converted to the lane once. */
export function param(index: number): Expr {
  return node('param', 'value', [], index);
}

/** The constant `value`, rounded to the lane's type (f32: to nearest; i32: truncated, saturating). */
export function constant(value: number): Expr {
  return node('constant', 'value', [], value);
}

/**
 * An integer constant of the lane's width, wrapped to it. Bits above 2^53 need a bigint:
 * `fromBits(intConstant(0x3ff0000000000000n))` is 1 in f64 lanes.
 */
export function intConstant(value: number | bigint): Expr {
  return node('intConstant', 'int', [], BigInt(value));
}

// ---- Arithmetic on values ----

/** a + b. */
export const add = binary('add');
/** a - b. */
export const sub = binary('sub');
/** a * b. In i32 lanes it wraps, as all integer arithmetic does. */
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

// ---- Integers of the lane's width ----

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
/** a << b on integer values; i32 lanes only. 0 for b outside [0, 31], as in PyTorch. */
export const leftShift = binary('ishl');
/** a >> b on integer values, copying the sign; i32 lanes only. A distance outside [0, 31] counts as 31, as in PyTorch. */
export const rightShift = binary('ishr');

// ---- Named functions ----

/** The named functions and how many operands each takes. */
export const functionArity = {
  exp: 1,
  exp2: 1,
  expm1: 1,
  log: 1,
  log2: 1,
  log10: 1,
  log1p: 1,
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
  cbrt: 1,
  erf: 1,
  erfc: 1,
  erfinv: 1,
  lgamma: 1,
  digamma: 1,
  polygamma: 2,
  zeta: 2,
  sinc: 1,
  i0: 1,
  i0e: 1,
  i1: 1,
  i1e: 1,
  ndtri: 1,
  pow: 2,
  atan2: 2,
  fmod: 2,
  remainder: 2,
  floorDivide: 2,
  hypot: 2,
  nextafter: 2,
} as const;

/** The name of a named function that {@link call} takes (any other name with a lowering works as well). */
export type FunctionName = keyof typeof functionArity;

/**
 * A named function of values. The code generator replaces it by its lowering for the lane ({@link lowerings}); where a
 * lane has none, by a {@link scalarCall} of the same name.
 */
export function call(name: string, ...operands: Operand[]): Expr {
  const args = operands.map((operand) => lift(operand, 'value'));
  const arity = (functionArity as Record<string, number | undefined>)[name] ?? args.length;
  if (args.length !== arity) throw new KindlingError(`${name}: takes ${arity} operands, got ${args.length}`);
  checkKinds(name, args, args.map(() => 'value'));
  return node('call', 'value', args, name);
}

/**
 * A JavaScript function of float64 numbers, called once a lane. `name` is looked up in {@link scalarFunctions}, then
 * in Math (`'exp'` is Math.exp, which V8 calls without leaving WebAssembly). f32 and i32 lanes are converted to
 * float64 and the result back, so that an f32 result is within 1 ulp; an i32 result truncates and saturates.
 */
export function scalarCall(name: string, ...operands: Operand[]): Expr {
  const args = operands.map((operand) => lift(operand, 'value'));
  checkKinds(name, args, args.map(() => 'value'));
  return node('scalarCall', 'value', args, name);
}

/**
 * The {@link scalarCall} in the lanes where `mask` holds, `otherwise` in the others. A vector none of whose lanes is set
 * calls nothing: this is the way out of a fast vector formula for rare arguments (the sine of 1e30). The node's
 * args are the mask, `otherwise`, then the operands.
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
/** Horner's scheme: `c[0] + c[1] x + c[2] x^2 + ...`; the coefficients are numbers or nodes, the constant term first. */
export function polynomial(x: Expr, coefficients: readonly Operand[]): Expr {
  let sum: Operand = coefficients[coefficients.length - 1] ?? 0;
  for (let i = coefficients.length - 2; i >= 0; i--) sum = add(mul(sum, x), coefficients[i]!);
  return typeof sum === 'number' ? constant(sum) : sum;
}

// ---- The registries ----

/** Rewrites a named function's operands into an expression; the result may contain further named functions. */
export type Lowering = (...args: Expr[]) => Expr;

/** A function of float64 numbers for {@link scalarCall}. */
export type ScalarFunction = (...args: number[]) => number;

/** The lowerings of the named functions, lane by lane; kernels/math/index.ts fills them. */
export const lowerings: Record<Lane, Record<string, Lowering | undefined>> = { f32: {}, f64: {}, i32: {} };

/** The functions that {@link scalarCall} finds besides those of Math; kernels/math/index.ts fills them. */
export const scalarFunctions: Record<string, ScalarFunction | undefined> = {};
