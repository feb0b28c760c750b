import { KindlingError } from '../../errors.ts';
import type { Expr } from './index.ts';
import * as E from './index.ts';

/**
 * Derivatives of scalar expressions, as scalar expressions: what lets one kernel compute a whole backward step, and
 * lets every elementwise operation be differentiated as often as one likes.
 *
 * A derivative that is zero everywhere is `null`, so that sums and products drop it.
 */
type Slope = Expr | null;

const plus = (a: Slope, b: Slope): Slope => (a === null ? b : b === null ? a : E.add(a, b));
const minus = (a: Slope, b: Slope): Slope => (b === null ? a : a === null ? E.neg(b) : E.sub(a, b));
const isOne = (x: Expr): boolean => x.op === 'constant' && x.attribute === 1;
const scaled = (g: Expr, factor: Expr): Expr => (isOne(g) ? factor : E.mul(g, factor));
const times = (d: Slope, factor: Expr): Slope => (d === null ? null : scaled(d, factor));
const over = (d: Slope, divisor: Expr): Slope => (d === null ? null : E.div(d, divisor));
/**
 * d where `slope` is d + d, as that of a square is, which may be too large where what multiplies or divides it is as
 * well.
 */
const halfOf = (slope: Slope): Expr | null =>
  slope?.op === 'add' && slope.args[0] === slope.args[1] ? (slope.args[0] ?? null) : null;
const choose = (mask: Expr, a: Slope, b: Slope): Slope =>
  a === null && b === null ? null : E.select(mask, a ?? 0, b ?? 0);

/** An operand and its slope. */
type Dual = readonly [x: Expr, dx: Slope];
/** The slope of the node `y` of these operands. */
type PlainRule = (y: Expr, ...operands: Dual[]) => Slope;

const zero: PlainRule = () => null;

const rules: Partial<Record<E.Op, PlainRule>> = {
  add: (_, [, da], [, db]) => plus(da, db),
  sub: (_, [, da], [, db]) => minus(da, db),
  mul: (_, [a, da], [b, db]) => plus(times(da, b), times(db, a)),
  div(y, [, da], [b, db]) {
    const half = halfOf(db);
    const change = half === null ? times(db, y) : E.add(E.mul(half, y), E.mul(half, y));
    return over(minus(da, change), b);
  },
  neg: (_, [, da]) => minus(null, da),
  abs: (_, [a, da]) => times(da, E.sign(a)),
  sqrt(y, [, da]) {
    const half = halfOf(da);
    return half === null ? over(da, E.mul(2, y)) : E.div(half, y);
  },
  floor: zero,
  ceil: zero,
  trunc: zero,
  nearest: zero,
  min: (_, [a, da], [b, db]) => choose(E.le(a, b), da, db),
  max: (_, [a, da], [b, db]) => choose(E.ge(a, b), da, db),
  pmin: (_, [a, da], [b, db]) => choose(E.lt(b, a), db, da),
  pmax: (_, [a, da], [b, db]) => choose(E.lt(a, b), db, da),
  copysign: (_, [a, da], [b]) => times(times(da, E.sign(a)), E.copysign(1, b)),
  select: (_, [mask], [, da], [, db]) => choose(mask, da, db),
};

/**
 * The gradient of each operand of a named function, in PyTorch's form, where that of its result `y` is `g`. What reads
 * `y` is given the result as it was stored; what calls the function anew does so in order not to keep the result.
 */
type FunctionRule = (at: { readonly g: Expr; readonly y: Expr }, ...x: Expr[]) => readonly Expr[];

const oneMinusSquare = (x: Expr): Expr => E.sub(1, E.mul(x, x));
const squarePlusOne = (x: Expr): Expr => E.add(E.mul(x, x), 1);
/** Slopes of Bessel functions of order 1, whose form is 0 / 0 at 0: 0.5 as in PyTorch within a rounding unit of 0. */
const halfAtZero = (x: Expr, slope: Expr): Expr =>
  E.select(E.eq(E.add(1, E.mul(0.5, E.abs(x))), 1), 0.5, slope);
const gaussian = (x: Expr): Expr => E.exp(E.neg(E.mul(x, x)));

const functionRules: Partial<Record<string, FunctionRule>> = {
  exp: ({ g, y }) => [scaled(g, y)],
  exp2: ({ g, y }) => [scaled(g, E.mul(y, Math.LN2))],
  expm1: ({ g, y }) => [scaled(g, E.add(y, 1))],
  log: ({ g }, x) => [E.div(g, x)],
  log2: ({ g }, x) => [E.div(g, E.mul(x, Math.LN2))],
  log10: ({ g }, x) => [E.div(g, E.mul(x, Math.LN10))],
  log1p: ({ g }, x) => [E.div(g, E.add(x, 1))],
  log1pOfUnit: ({ g }, x) => [E.div(g, E.add(x, 1))],
  sin: ({ g }, x) => [scaled(g, E.cos(x))],
  cos: ({ g }, x) => [scaled(g, E.neg(E.sin(x)))],
  tan: ({ g, y }) => [scaled(g, E.add(1, E.mul(y, y)))],
  asin: ({ g }, x) => [scaled(g, E.reciprocal(E.sqrt(oneMinusSquare(x))))],
  acos: ({ g }, x) => [scaled(g, E.neg(E.reciprocal(E.sqrt(oneMinusSquare(x)))))],
  atan: ({ g }, x) => [E.div(g, squarePlusOne(x))],
  sinh: ({ g }, x) => [scaled(g, E.cosh(x))],
  cosh: ({ g }, x) => [scaled(g, E.sinh(x))],
  tanh: ({ g, y }) => [scaled(g, oneMinusSquare(y))],
  asinh: ({ g }, x) => [scaled(g, E.reciprocal(E.sqrt(squarePlusOne(x))))],
  acosh: ({ g }, x) => [scaled(g, E.reciprocal(E.sqrt(E.sub(E.mul(x, x), 1))))],
  atanh: ({ g }, x) => [E.div(g, oneMinusSquare(x))],
  sigmoid: ({ g, y }) => [E.mul(scaled(g, E.sub(1, y)), y)],
  erf: ({ g }, x) => [scaled(g, E.mul(2 / Math.sqrt(Math.PI), gaussian(x)))],
  erfc: ({ g }, x) => [scaled(g, E.mul(-2 / Math.sqrt(Math.PI), gaussian(x)))],
  erfinv: ({ g }, x) => [scaled(g, E.mul(Math.sqrt(Math.PI) / 2, E.exp(E.square(E.erfinv(x)))))],
  normalCdf: ({ g }, x) => [scaled(g, E.mul(1 / Math.sqrt(2 * Math.PI), E.exp(E.mul(E.mul(x, x), -0.5))))],
  lgamma: ({ g }, x) => [scaled(g, E.digamma(x))],
  digamma: ({ g }, x) => [scaled(g, E.call('polygamma', 1, x))],
  // Only the argument is differentiable; the order is a constant.
  polygamma: ({ g }, n, x) => [scaled(g, E.constant(0)), scaled(g, E.call('polygamma', E.add(n, 1), x))],
  zeta: ({ g }, s, x) => [
    scaled(g, E.constant(0)),
    scaled(g, E.mul(E.neg(s), E.call('zeta', E.add(s, 1), x))),
  ],
  // The operations refuse the derivative by a.
  igamma: ({ g }, a, x) => [scaled(g, E.constant(0)), scaled(g, E.call('igammaSlope', a, x))],
  igammac: ({ g }, a, x) => [scaled(g, E.constant(0)), scaled(g, E.neg(E.call('igammaSlope', a, x)))],
  igammaSlope: ({ g, y }, a, x) => [
    scaled(g, E.mul(y, E.sub(E.log(x), E.digamma(a)))),
    scaled(g, E.mul(y, E.sub(E.div(E.sub(a, 1), x), 1))),
  ],
  erfcx: ({ g, y }, x) => [scaled(g, E.sub(E.mul(E.mul(2, x), y), 2 / Math.sqrt(Math.PI)))],
  i0: ({ g }, x) => [scaled(g, E.call('i1', x))],
  i0e: ({ g, y }, x) => [scaled(g, E.sub(E.call('i1e', x), E.mul(E.sign(x), y)))],
  i1: ({ g, y }, x) => [scaled(g, halfAtZero(x, E.sub(E.call('i0', x), E.div(y, x))))],
  i1e: ({ g, y }, x) => [
    scaled(g, halfAtZero(x, E.sub(E.call('i0e', x), E.mul(y, E.add(E.sign(x), E.reciprocal(x)))))),
  ],
  k0: ({ g }, x) => [scaled(g, E.neg(E.call('k1', x)))],
  k1: ({ g, y }, x) => [scaled(g, E.neg(E.add(E.call('k0', x), E.div(y, x))))],
  besselJ0: ({ g }, x) => [scaled(g, E.neg(E.call('besselJ1', x)))],
  besselJ1: ({ g, y }, x) => [scaled(g, halfAtZero(x, E.sub(E.call('besselJ0', x), E.div(y, x))))],
  besselY0: ({ g }, x) => [scaled(g, E.neg(E.call('besselY1', x)))],
  // At 0 the form is a difference of infinities.
  besselY1: ({ g, y }, x) => [
    scaled(g, E.select(E.eq(x, 0), Number.POSITIVE_INFINITY, E.sub(E.call('besselY0', x), E.div(y, x)))),
  ],
  binaryExponent: ({ g }) => [scaled(g, E.constant(0))],
  pow: ({ g, y }, a, b) => [
    E.select(E.eq(b, 0), 0, scaled(g, E.mul(b, E.pow(a, E.sub(b, 1))))),
    scaled(g, E.select(E.and(E.eq(a, 0), E.ge(b, 0)), 0, E.mul(y, E.log(a)))),
  ],
  atan2: ({ g }, a, b) => {
    const r2 = E.add(E.mul(a, a), E.mul(b, b));
    // At the origin 0, as PyTorch has it.
    const reciprocal = E.select(E.eq(r2, 0), 0, E.reciprocal(r2));
    return [scaled(g, E.mul(b, reciprocal)), scaled(g, E.neg(E.mul(a, reciprocal)))];
  },
  fmod: ({ g }, a, b) => [g, scaled(g, E.neg(E.trunc(E.div(a, b))))],
  remainder: ({ g }, a, b) => [g, scaled(g, E.neg(E.floorDivide(a, b)))],
  floorDivide: ({ g }) => [scaled(g, E.constant(0)), scaled(g, E.constant(0))],
  hypot: ({ g }, a, b) => [scaled(g, E.div(a, E.hypot(a, b))), scaled(g, E.div(b, E.hypot(a, b)))],
};

function functionRule(y: Expr): FunctionRule {
  const rule = functionRules[y.attribute as string];
  if (rule === undefined) throw new KindlingError(`${y.attribute}: no derivative rule for this function`);
  return rule;
}

/**
 * The derivative of `expression` with respect to `input(index)`; `null` where it is zero everywhere.
 * @throws KindlingError when a node on the way has no derivative rule.
 */
function differentiate(expression: Expr, index: number): Slope {
  const memo = new Map<Expr, Slope>();
  const visit = (y: Expr): Slope => {
    if (y.kind !== 'value') return null;
    if (y.op === 'input') return y.attribute === index ? E.constant(1) : null;
    if (y.args.length === 0) return null;
    const known = memo.get(y);
    if (known !== undefined) return known;
    const operands = y.args.map((x): Dual => [x, visit(x)]);
    const result = operands.every(([, slope]) => slope === null) ? null : slopeOf(y, operands);
    memo.set(y, result);
    return result;
  };
  return visit(expression);
}

function slopeOf(y: Expr, operands: readonly Dual[]): Slope {
  if (y.op !== 'call') {
    const rule = rules[y.op];
    if (rule === undefined) throw new KindlingError(`${y.op}: no derivative rule for this expression node`);
    return rule(y, ...operands);
  }
  const partials = functionRule(y)({ g: E.constant(1), y }, ...y.args);
  return partials.reduce<Slope>(
    (sum, partial, i) => plus(sum, times(operands[i]?.[1] ?? null, partial)),
    null,
  );
}

/**
 * The gradient by `input(index)` of `expression`, where that of its value is `g`; `null` where there is none. `y`
 * stands for the value where it is known already: the gradient of a function alone reads it instead of computing it
 * anew.
 * @throws KindlingError when a node on the way has no derivative rule.
 */
export function pullback(expression: Expr, index: number, g: Expr, y: Expr = expression): Slope {
  const { args } = expression;
  if (expression.op === 'call' && args.every((x) => x.args.length === 0)) {
    const isIt = args.map((x) => x.op === 'input' && x.attribute === index);
    if (!isIt.includes(true)) return null;
    const gradients = functionRule(expression)({ g, y }, ...args);
    return gradients.reduce<Slope>((sum, gradient, i) => (isIt[i] ? plus(sum, gradient) : sum), null);
  }
  const slope = differentiate(expression, index);
  return slope === null ? null : through(g, slope);
}

/**
 * g times a slope; where that is chosen to be 0 the gradient is, whatever g is, as PyTorch masks gradients instead of
 * multiplying them. A slope 1 / x divides g: of what is next to 0 the reciprocal may be infinite where the quotient is
 * not.
 */
function through(g: Expr, slope: Expr): Expr {
  if (isOne(slope)) return g;
  if (slope.op === 'constant' && slope.attribute === 0) return slope;
  if (slope.op === 'div' && isOne(slope.args[0] as Expr)) return E.div(g, slope.args[1] as Expr);
  if (slope.op !== 'select') return E.mul(g, slope);
  const [mask, chosen, other] = slope.args as [Expr, Expr, Expr];
  return E.select(mask, through(g, chosen), through(g, other));
}

/** The indices of the inputs that occur in expressions. */
export const inputsOf = (...expressions: readonly Expr[]): Set<number> => indicesOf('input', expressions);

/** How many parameters expressions read, counted up to the last one. */
export const paramCountOf = (expressions: readonly Expr[]): number =>
  Math.max(0, ...[...indicesOf('param', expressions)].map((i) => i + 1));

function indicesOf(op: 'input' | 'param', expressions: readonly Expr[]): Set<number> {
  const found = new Set<number>();
  const seen = new Set<Expr>();
  const visit = (y: Expr): void => {
    if (seen.has(y)) return;
    seen.add(y);
    if (y.op === op) found.add(y.attribute as number);
    y.args.forEach(visit);
  };
  expressions.forEach(visit);
  return found;
}
