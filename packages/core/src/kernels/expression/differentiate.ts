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
const times = (d: Slope, factor: Expr): Slope => (d === null ? null : isOne(d) ? factor : E.mul(d, factor));
const over = (d: Slope, divisor: Expr): Slope => (d === null ? null : E.div(d, divisor));
const choose = (mask: Expr, a: Slope, b: Slope): Slope =>
  a === null && b === null ? null : E.select(mask, a ?? 0, b ?? 0);

type PlainRule = (d: readonly Slope[], x: readonly Expr[], y: Expr) => Slope;

const zero: PlainRule = () => null;

/** d: slopes of the arguments; x: the arguments; y: the node itself. */
const rules: Partial<Record<E.Op, PlainRule>> = {
  add: ([da, db]) => plus(da!, db!),
  sub: ([da, db]) => minus(da!, db!),
  mul: ([da, db], [a, b]) => plus(times(da!, b!), times(db!, a!)),
  div: ([da, db], [, b], y) => over(minus(da!, times(db!, y)), b!),
  neg: ([da]) => (da === null ? null : E.neg(da!)),
  abs: ([da], [a]) => times(da!, E.sign(a!)),
  sqrt: ([da], _, y) => over(da!, E.mul(2, y)),
  floor: zero,
  ceil: zero,
  trunc: zero,
  nearest: zero,
  min: ([da, db], [a, b]) => choose(E.le(a!, b!), da!, db!),
  max: ([da, db], [a, b]) => choose(E.ge(a!, b!), da!, db!),
  pmin: ([da, db], [a, b]) => choose(E.lt(b!, a!), db!, da!),
  pmax: ([da, db], [a, b]) => choose(E.lt(a!, b!), db!, da!),
  copysign: ([da], [a, b]) => times(times(da!, E.sign(a!)), E.copysign(1, b!)),
  select: ([, da, db], [mask]) => choose(mask!, da!, db!),
};

type FunctionRule = (x: readonly Expr[], y: Expr) => readonly Expr[];

const oneMinusSquare = (x: Expr): Expr => E.sub(1, E.mul(x, x));

/** The partial derivatives of each named function. */
const functionRules: Partial<Record<string, FunctionRule>> = {
  exp: (_, y) => [y],
  exp2: (_, y) => [E.mul(y, Math.LN2)],
  expm1: (_, y) => [E.add(y, 1)],
  log: ([x]) => [E.reciprocal(x!)],
  log2: ([x]) => [E.reciprocal(E.mul(x!, Math.LN2))],
  log10: ([x]) => [E.reciprocal(E.mul(x!, Math.LN10))],
  log1p: ([x]) => [E.reciprocal(E.add(x!, 1))],
  sin: ([x]) => [E.cos(x!)],
  cos: ([x]) => [E.neg(E.sin(x!))],
  tan: (_, y) => [E.add(1, E.mul(y, y))],
  asin: ([x]) => [E.reciprocal(E.sqrt(oneMinusSquare(x!)))],
  acos: ([x]) => [E.neg(E.reciprocal(E.sqrt(oneMinusSquare(x!))))],
  atan: ([x]) => [E.reciprocal(E.add(E.mul(x!, x!), 1))],
  sinh: ([x]) => [E.cosh(x!)],
  cosh: ([x]) => [E.sinh(x!)],
  tanh: (_, y) => [oneMinusSquare(y)],
  asinh: ([x]) => [E.reciprocal(E.sqrt(E.add(E.mul(x!, x!), 1)))],
  acosh: ([x]) => [E.reciprocal(E.sqrt(E.sub(E.mul(x!, x!), 1)))],
  atanh: ([x]) => [E.reciprocal(oneMinusSquare(x!))],
  sigmoid: (_, y) => [E.mul(y, E.sub(1, y))],
  erf: ([x]) => [E.mul(2 / Math.sqrt(Math.PI), E.exp(E.neg(E.mul(x!, x!))))],
  erfc: ([x]) => [E.mul(-2 / Math.sqrt(Math.PI), E.exp(E.neg(E.mul(x!, x!))))],
  erfinv: (_, y) => [E.mul(Math.sqrt(Math.PI) / 2, E.exp(E.mul(y, y)))],
  lgamma: ([x]) => [E.digamma(x!)],
  digamma: ([x]) => [E.call('polygamma', 1, x!)],
  // Only the argument is differentiable; the order is a constant.
  polygamma: ([n, x]) => [E.constant(0), E.call('polygamma', E.add(n!, 1), x!)],
  pow: ([a, b], y) => [
    E.select(E.eq(b!, 0), 0, E.mul(b!, E.pow(a!, E.sub(b!, 1)))),
    E.select(E.and(E.eq(a!, 0), E.ge(b!, 0)), 0, E.mul(y, E.log(a!))),
  ],
  atan2: ([a, b]) => {
    const r2 = E.add(E.mul(a!, a!), E.mul(b!, b!));
    // At the origin 0, as PyTorch has it.
    const reciprocal = E.select(E.eq(r2, 0), 0, E.reciprocal(r2));
    return [E.mul(b!, reciprocal), E.neg(E.mul(a!, reciprocal))];
  },
  fmod: ([a, b]) => [E.constant(1), E.neg(E.trunc(E.div(a!, b!)))],
  remainder: ([a, b]) => [E.constant(1), E.neg(E.floorDivide(a!, b!))],
  floorDivide: () => [E.constant(0), E.constant(0)],
  hypot: ([a, b], y) => [E.div(a!, y), E.div(b!, y)],
};

/** The derivative of `expression` with respect to `input(index)`; `null` where it is zero everywhere. */
export function differentiate(expression: Expr, index: number): Slope {
  const memo = new Map<Expr, Slope>();
  const visit = (y: Expr): Slope => {
    if (y.kind !== 'value') return null;
    if (y.op === 'input') return y.attribute === index ? E.constant(1) : null;
    if (y.args.length === 0) return null;
    const known = memo.get(y);
    if (known !== undefined) return known;
    const slopes = y.args.map(visit);
    const result = slopes.every((d) => d === null) ? null : slopeOf(y, slopes);
    memo.set(y, result);
    return result;
  };
  return visit(expression);
}

function slopeOf(y: Expr, slopes: readonly Slope[]): Slope {
  if (y.op !== 'call') {
    const rule = rules[y.op];
    if (rule === undefined) throw new KindlingError(`${y.op}: no derivative rule for this expression node`);
    return rule(slopes, y.args, y);
  }
  const rule = functionRules[y.attribute as string];
  if (rule === undefined)
    throw new KindlingError(`${String(y.attribute)}: no derivative rule for this function`);
  const partials = rule(y.args, y);
  let sum: Slope = null;
  for (let i = 0; i < slopes.length; i++) sum = plus(sum, times(slopes[i]!, partials[i]!));
  return sum;
}

/** The indices of the inputs that occur in an expression. */
export function inputsOf(expression: Expr): Set<number> {
  const found = new Set<number>();
  const seen = new Set<Expr>();
  const visit = (y: Expr): void => {
    if (seen.has(y)) return;
    seen.add(y);
    if (y.op === 'input') found.add(y.attribute as number);
    y.args.forEach(visit);
  };
  visit(expression);
  return found;
}
