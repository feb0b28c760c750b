import { type DType, isFloatingPoint } from '../dtype.ts';
import { DTypeError, ValueError } from '../errors.ts';
import type { Expr } from '../kernels/expression.ts';
import * as E from '../kernels/expression.ts';
import { Tensor } from '../tensor.ts';
import {
  applyBinary,
  applyElementwise,
  applyElementwiseInPlace,
  applyUnary,
  ElementwiseOp,
  type ElementwiseSpec,
  type Operand,
} from './elementwise.ts';

/** A function of one tensor, with the operation that backs it (its in-place form is made from that). */
export interface UnaryFunction {
  (x: Tensor): Tensor;
  readonly op: ElementwiseOp;
}

type Definition = Omit<ElementwiseSpec, 'name' | 'arity' | 'expression'>;

function unary(name: string, f: (x: Expr) => Expr, definition: Definition = {}): UnaryFunction {
  const op = new ElementwiseOp({ name, arity: 1, expression: ([x]) => f(x!), ...definition });
  return Object.assign((x: Tensor) => applyUnary(op, x), { op });
}

/** A function of real numbers: integers become float32. */
const float = (
  name: string,
  f: (x: Expr) => Expr,
  gradient?: (g: Expr, x: Expr, y: Expr) => Expr,
): UnaryFunction =>
  unary(name, f, {
    dtype: 'float',
    ...(gradient === undefined ? {} : { gradient: (g, [x], y) => [gradient(g, x!, y)] }),
  });

/** A function that leaves integers as they are. */
const rounding = (name: string, f: (x: Expr) => Expr): UnaryFunction =>
  unary(name, f, { integer: ([x]) => E.add(x!, 0), gradient: () => [E.constant(0)] });

/** |x|; the subgradient at 0 is 0. Follows `torch.abs`. */
export const abs = unary('abs', E.abs);
/** -1, 0 or 1. Follows `torch.sign`. */
export const sign = unary('sign', E.sign, { gradient: () => [E.constant(0)] });
/** x²; of a bool tensor as int32. Follows `torch.square`. */
export const square = unary('pow', E.square, { dtype: 'number' });
/** x, as a new tensor. Follows `torch.positive`. */
export const positive = (x: Tensor): Tensor => x;

/** √x, NaN below 0. Follows `torch.sqrt`. */
export const sqrt = float('sqrt', E.sqrt);
/** 1/√x. Follows `torch.rsqrt`. */
export const rsqrt = float(
  'rsqrt',
  (x) => E.div(1, E.sqrt(x)),
  (g, _, y) => E.mul(E.mul(-0.5, g), E.mul(y, E.mul(y, y))),
);
/** 1/x. Follows `torch.reciprocal`. */
export const reciprocal = float('reciprocal', E.reciprocal, (g, _, y) => E.mul(E.neg(g), E.mul(y, y)));
/** eˣ. Follows `torch.exp`. */
export const exp = float('exp', E.exp, (g, _, y) => E.mul(g, y));
/** 2ˣ. Follows `torch.exp2`. */
export const exp2 = float('exp2', E.exp2, (g, _, y) => E.mul(g, E.mul(y, Math.LN2)));
/** eˣ - 1, accurate near 0. Follows `torch.expm1`. */
export const expm1 = float('expm1', E.expm1, (g, _, y) => E.mul(g, E.add(y, 1)));
/** The natural logarithm. Follows `torch.log`. */
export const log = float('log', E.log, (g, x) => E.div(g, x));
/** The logarithm to base 2. Follows `torch.log2`. */
export const log2 = float('log2', E.log2, (g, x) => E.div(g, E.mul(x, Math.LN2)));
/** The logarithm to base 10. Follows `torch.log10`. */
export const log10 = float('log10', E.log10, (g, x) => E.div(g, E.mul(x, Math.LN10)));
/** log(1 + x), accurate near 0. Follows `torch.log1p`. */
export const log1p = float('log1p', E.log1p, (g, x) => E.div(g, E.add(x, 1)));
/** Sine, of radians. Follows `torch.sin`. */
export const sin = float('sin', E.sin);
/** Cosine, of radians. Follows `torch.cos`. */
export const cos = float('cos', E.cos);
/** Tangent, of radians. Follows `torch.tan`. */
export const tan = float('tan', E.tan, (g, _, y) => E.mul(g, E.add(1, E.mul(y, y))));
/** Inverse sine, in radians. Follows `torch.asin`. */
export const asin = float('asin', E.asin);
/** Inverse cosine, in radians. Follows `torch.acos`. */
export const acos = float('acos', E.acos);
/** Inverse tangent, in radians. Follows `torch.atan`. */
export const atan = float('atan', E.atan, (g, x) => E.div(g, E.add(E.mul(x, x), 1)));
/** Hyperbolic sine. Follows `torch.sinh`. */
export const sinh = float('sinh', E.sinh);
/** Hyperbolic cosine. Follows `torch.cosh`. */
export const cosh = float('cosh', E.cosh);
/** Hyperbolic tangent. Follows `torch.tanh`. */
export const tanh = float('tanh', E.tanh, (g, _, y) => E.mul(g, E.sub(1, E.mul(y, y))));
/** Inverse hyperbolic sine. Follows `torch.asinh`. */
export const asinh = float('asinh', E.asinh);
/** Inverse hyperbolic cosine. Follows `torch.acosh`. */
export const acosh = float('acosh', E.acosh);
/** Inverse hyperbolic tangent. Follows `torch.atanh`. */
export const atanh = float('atanh', E.atanh, (g, x) => E.div(g, E.sub(1, E.mul(x, x))));
/** 1 / (1 + e⁻ˣ). Follows `torch.sigmoid`. */
export const sigmoid = float('sigmoid', E.sigmoid, (g, _, y) => E.mul(E.mul(g, E.sub(1, y)), y));
/** log(x / (1 - x)). Follows `torch.logit`. */
export const logit = float(
  'logit',
  (x) => E.log(E.div(x, E.sub(1, x))),
  (g, x) => E.select(E.and(E.ge(x, 0), E.le(x, 1)), E.div(g, E.mul(x, E.sub(1, x))), Number.NaN),
);
/** The error function. Follows `torch.erf`. */
export const erf = float('erf', E.erf);
/** 1 - erf(x), accurate for large x. Follows `torch.erfc`. */
export const erfc = float('erfc', E.erfc);
/** The inverse of erf. Follows `torch.erfinv`. */
export const erfinv = float('erfinv', E.erfinv);
/** log |Γ(x)|. Follows `torch.lgamma`. */
export const lgamma = float('lgamma', E.lgamma);
/** The logarithmic derivative of Γ. Follows `torch.digamma`. */
export const digamma = float('digamma', E.digamma);

/** Rounded down. Follows `torch.floor`. */
export const floor = rounding('floor', E.floor);
/** Rounded up. Follows `torch.ceil`. */
export const ceil = rounding('ceil', E.ceil);
/** Rounded toward zero. Follows `torch.trunc`. */
export const trunc = rounding('trunc', E.trunc);
/** x - trunc(x). Follows `torch.frac`. */
export const frac = unary('frac', (x) => E.sub(x, E.trunc(x)), { gradient: (g) => [g] });

const roundOp = rounding('round', E.nearest).op;
const roundDecimalsOp = new ElementwiseOp({
  name: 'round',
  arity: 1,
  expression: ([x], [scale]) => E.div(E.nearest(E.mul(x!, scale!)), scale!),
  gradient: () => [E.constant(0)],
});
const roundTensOp = new ElementwiseOp({
  name: 'round',
  arity: 1,
  expression: ([x], [scale]) => E.mul(E.nearest(E.div(x!, scale!)), scale!),
  gradient: () => [E.constant(0)],
});

/** Options of {@link round}. */
export interface RoundOptions {
  /** Decimal places to keep; may be negative. Default: 0. */
  readonly decimals?: number;
}

function roundingOf(x: Tensor, options: RoundOptions | undefined): [ElementwiseOp, number[]] {
  const decimals = options?.decimals ?? 0;
  if (decimals === 0 || !isFloatingPoint(x.dtype)) return [roundOp, []];
  return [decimals > 0 ? roundDecimalsOp : roundTensOp, [10 ** Math.abs(decimals)]];
}

/** Rounded to the nearest integer, or to `decimals` places, halves to even. Follows `torch.round`. */
export function round(x: Tensor, options?: RoundOptions): Tensor {
  const [op, params] = roundingOf(x, options);
  return applyUnary(op, x, params);
}

/** @internal x = round(x). */
export function roundInPlace(x: Tensor, options?: RoundOptions): Tensor {
  const [op, params] = roundingOf(x, options);
  return applyElementwiseInPlace(op, [x], params);
}

/** max(x, 0); the subgradient at 0 is 0, NaN stays. Follows `torch.relu`. */
export const relu = unary('relu', (x) => E.pmax(x, 0), {
  gradient: (g, _, y) => [E.select(E.le(y, 0), 0, g)],
  check(dtype) {
    if (dtype === 'bool') throw new DTypeError('relu: Boolean inputs not supported');
  },
});

const powOp = new ElementwiseOp({
  name: 'pow',
  arity: 2,
  expression: ([a, b]) => E.pow(a!, b!),
  gradient: (g, [a, b], y) => [
    E.select(E.eq(b!, 0), 0, E.mul(g, E.mul(b!, E.pow(a!, E.sub(b!, 1))))),
    E.select(E.and(E.eq(a!, 0), E.ge(b!, 0)), 0, E.mul(g, E.mul(y, E.log(a!)))),
  ],
});

/** Powers that have a cheaper form than the general one. */
const powers = new Map<number, ElementwiseOp>(
  (
    [
      [2, E.square, (g, x) => E.mul(g, E.mul(2, x))],
      [3, (x) => E.mul(E.mul(x, x), x), (g, x) => E.mul(g, E.mul(3, E.mul(x, x)))],
      [0.5, E.sqrt, (g, _, y) => E.div(g, E.mul(2, y))],
      [-1, E.reciprocal, (g, _, y) => E.mul(E.neg(g), E.mul(y, y))],
      [1, (x) => E.add(x, 0), (g) => g],
    ] as [number, (x: Expr) => Expr, (g: Expr, x: Expr, y: Expr) => Expr][]
  ).map(([exponent, f, gradient]) => [
    exponent,
    new ElementwiseOp({
      name: 'pow',
      arity: 1,
      expression: ([x]) => f(x!),
      gradient: (g, [x], y) => [gradient(g, x!, y)],
    }),
  ]),
);

/**
 * aᵇ, broadcast; either may be a number. Integers to negative integer powers are an error for a number exponent, as in
 * PyTorch. Follows `torch.pow`.
 */
export function pow(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number' && a instanceof Tensor) {
    const floating = isFloatingPoint(a.dtype);
    if (!floating && Number.isInteger(b) && b < 0) {
      throw new ValueError('pow: Integers to negative integer powers are not allowed.');
    }
    if (floating) {
      const special = powers.get(b);
      if (special !== undefined) return applyUnary(special, a);
    }
  }
  return applyBinary(powOp, a, b);
}
pow.op = powOp;

interface BinaryFunction {
  (a: Operand, b: Operand): Tensor;
  readonly op: ElementwiseOp;
}

function binary(name: string, f: (a: Expr, b: Expr) => Expr, definition: Definition = {}): BinaryFunction {
  const op = new ElementwiseOp({ name, arity: 2, expression: ([a, b]) => f(a!, b!), ...definition });
  return Object.assign((a: Operand, b: Operand) => applyBinary(op, a, b), { op });
}

/** The angle of the point (b, a), in radians. Follows `torch.atan2`. */
export const atan2 = binary('atan2', E.atan2, { dtype: 'float' });
/** √(a² + b²) without overflow between. Follows `torch.hypot`. */
export const hypot = binary('hypot', E.hypot);

/** The gradient goes to the operand that did not lose, half to each where they are equal. */
const extremum =
  (loses: (a: Expr, b: Expr) => Expr): NonNullable<ElementwiseSpec['gradient']> =>
  (g, [a, b]) => {
    const shared = E.select(E.eq(a!, b!), E.mul(g, 0.5), g);
    return [E.select(loses(a!, b!), 0, shared), E.select(loses(b!, a!), 0, shared)];
  };

/** The greater; NaN where either is NaN. Gradients of ties are halved. Follows `torch.maximum`. */
export const maximum = binary('maximum', E.max, { gradient: extremum(E.lt) });
/** The lesser; NaN where either is NaN. Gradients of ties are halved. Follows `torch.minimum`. */
export const minimum = binary('minimum', E.min, { gradient: extremum(E.gt) });

const orNumber =
  (choose: (a: Expr, b: Expr) => Expr) =>
  (a: Expr, b: Expr): Expr =>
    E.select(E.isNaN(a), b, E.select(E.isNaN(b), a, choose(a, b)));
const winsOrNumber =
  (wins: (a: Expr, b: Expr) => Expr): NonNullable<ElementwiseSpec['gradient']> =>
  (g, [a, b]) => {
    const half = E.mul(g, 0.5);
    const tie = E.eq(a!, b!);
    const first = E.or(wins(a!, b!), E.isNaN(b!));
    return [E.select(tie, half, E.select(first, g, 0)), E.select(tie, half, E.select(first, 0, g))];
  };

/** The greater, ignoring NaN where the other is a number. Follows `torch.fmax`. */
export const fmax = binary('fmax', orNumber(E.max), {
  integer: ([a, b]) => E.max(a!, b!),
  gradient: winsOrNumber(E.gt),
});
/** The lesser, ignoring NaN where the other is a number. Follows `torch.fmin`. */
export const fmin = binary('fmin', orNumber(E.min), {
  integer: ([a, b]) => E.min(a!, b!),
  gradient: winsOrNumber(E.lt),
});

/** log(eᵃ + eᵇ) without overflow. Follows `torch.logaddexp`. */
export const logaddexp = binary(
  'logaddexp',
  (a, b) => {
    const m = E.max(a, b);
    return E.select(E.and(E.isInf(a), E.eq(a, b)), a, E.add(m, E.log1p(E.exp(E.neg(E.abs(E.sub(a, b)))))));
  },
  {
    dtype: 'float',
    gradient: (g, [a, b]) => [E.mul(g, E.sigmoid(E.sub(a!, b!))), E.mul(g, E.sigmoid(E.sub(b!, a!)))],
  },
);

/** log₂(2ᵃ + 2ᵇ) without overflow. Follows `torch.logaddexp2`. */
export const logaddexp2 = binary(
  'logaddexp2',
  (a, b) => {
    const m = E.max(a, b);
    const rest = E.mul(E.log1p(E.exp2(E.neg(E.abs(E.sub(a, b))))), Math.LOG2E);
    return E.select(E.and(E.isInf(a), E.eq(a, b)), a, E.add(m, rest));
  },
  {
    dtype: 'float',
    gradient: (g, [a, b]) => [
      E.div(g, E.add(1, E.exp2(E.sub(b!, a!)))),
      E.div(g, E.add(1, E.exp2(E.sub(a!, b!)))),
    ],
  },
);

/** a log b, 0 where a is 0 (also for b = 0), NaN where b is NaN. Follows `torch.xlogy`. */
export const xlogy = binary(
  'xlogy',
  (a, b) => E.select(E.isNaN(b), Number.NaN, E.select(E.eq(a, 0), 0, E.mul(a, E.log(b)))),
  {
    dtype: 'float',
    gradient: (g, [a, b]) => [
      E.select(E.and(E.eq(a!, 0), E.le(b!, 0)), 0, E.mul(g, E.log(b!))),
      E.div(E.mul(g, a!), b!),
    ],
  },
);

/** |a| with the sign of b. Follows `torch.copysign`. */
export const copysign = binary('copysign', E.copysign, {
  dtype: 'float',
  gradient: (g, [a, b]) => [
    E.select(E.eq(a!, 0), 0, E.mul(g, E.mul(E.sign(a!), E.copysign(1, b!)))),
    E.constant(0),
  ],
});

/** 0 where x < 0, 1 where x > 0, `values` where x is 0. Follows `torch.heaviside`. */
export const heaviside = binary('heaviside', (x, v) => E.select(E.eq(x, 0), v, E.select(E.lt(x, 0), 0, 1)), {
  gradient: false,
});

// At a bound the gradient passes, as in PyTorch.
const clampOp = new ElementwiseOp({
  name: 'clamp',
  arity: 3,
  expression: ([x, low, high]) => E.min(E.max(x!, low!), high!),
  gradient: (g, [x, low, high]) => {
    const inOrder = E.lt(low!, high!);
    return [
      E.select(E.and(E.ge(x!, low!), E.le(x!, high!)), g, 0),
      E.select(E.and(E.lt(x!, low!), inOrder), g, 0),
      E.select(E.or(E.gt(x!, high!), E.gt(low!, high!)), g, 0),
    ];
  },
});
const clampMinOp = new ElementwiseOp({
  name: 'clamp_min',
  arity: 2,
  expression: ([x, low]) => E.max(x!, low!),
  gradient: (g, [x, low]) => [E.select(E.ge(x!, low!), g, 0), E.select(E.lt(x!, low!), g, 0)],
});
const clampMaxOp = new ElementwiseOp({
  name: 'clamp_max',
  arity: 2,
  expression: ([x, high]) => E.min(x!, high!),
  gradient: (g, [x, high]) => [E.select(E.le(x!, high!), g, 0), E.select(E.gt(x!, high!), g, 0)],
});

/** Options of {@link clamp}: at least one bound. */
export interface ClampOptions {
  readonly min?: Tensor | number | null;
  readonly max?: Tensor | number | null;
}

/** @internal The operation and operands that a clamp stands for. */
export function clampOperands(x: Tensor, options: ClampOptions, name: string): [ElementwiseOp, Operand[]] {
  const { min = null, max = null } = options;
  if (min === null && max === null)
    throw new ValueError(`${name}: At least one of 'min' or 'max' must not be null`);
  if (max === null) return [clampMinOp, [x, min!]];
  if (min === null) return [clampMaxOp, [x, max]];
  return [clampOp, [x, min, max]];
}

/** x within [min, max], where NaN stays; the bounds may be tensors. Follows `torch.clamp`. */
export function clamp(x: Tensor, options: ClampOptions): Tensor {
  return applyElementwise(...clampOperands(x, options, 'clamp'));
}

/** max(x, min). Follows `torch.clamp_min`. */
export const clampMin = (x: Tensor, min: Operand): Tensor => applyBinary(clampMinOp, x, min);
/** min(x, max). Follows `torch.clamp_max`. */
export const clampMax = (x: Tensor, max: Operand): Tensor => applyBinary(clampMaxOp, x, max);

const largest: Partial<Record<DType, number>> = { float32: 3.4028234663852886e38, float64: Number.MAX_VALUE };

/** Options of {@link nanToNum}. */
export interface NanToNumOptions {
  /** What NaN becomes. Default: 0. */
  readonly nan?: number;
  /** What infinity becomes. Default: the dtype's greatest number. */
  readonly posinf?: number;
  /** What negative infinity becomes. Default: the dtype's least number. */
  readonly neginf?: number;
}

const nanToNumOp = new ElementwiseOp({
  name: 'nan_to_num',
  arity: 1,
  expression: ([x], [nan, posinf, neginf]) =>
    E.select(
      E.isNaN(x!),
      nan!,
      E.select(E.eq(x!, Infinity), posinf!, E.select(E.eq(x!, -Infinity), neginf!, x!)),
    ),
  integer: ([x]) => E.add(x!, 0),
  gradient: (g, [x]) => [E.select(E.isFinite(x!), g, 0)],
});

function replacements(x: Tensor, options: NanToNumOptions): number[] {
  const most = largest[x.dtype] ?? 0;
  return [options.nan ?? 0, options.posinf ?? most, options.neginf ?? -most];
}

/** x with NaN and infinities replaced. Follows `torch.nan_to_num`. */
export function nanToNum(x: Tensor, options: NanToNumOptions = {}): Tensor {
  return applyUnary(nanToNumOp, x, replacements(x, options));
}

const whereOp = new ElementwiseOp({
  name: 'where',
  arity: 3,
  dtype: 'condition',
  expression: ([condition, a, b]) => E.select(E.toMask(condition!), a!, b!),
  gradient: (g, [condition]) => [
    null,
    E.select(E.toMask(condition!), g, 0),
    E.select(E.toMask(condition!), 0, g),
  ],
});

/** `a` where `condition` (a bool tensor) holds, else `b`, broadcast. Follows `torch.where`. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  if (condition.dtype !== 'bool' && condition.dtype !== 'uint8') {
    throw new DTypeError(
      `where expected condition to be a boolean tensor, but got a tensor with dtype ${condition.dtype}`,
    );
  }
  return applyElementwise(whereOp, [condition, a, b]);
}

/** The functions of one tensor and nothing else: each is a method, and has an in-place form. */
export const unaryFunctions = {
  abs,
  sign,
  square,
  sqrt,
  rsqrt,
  reciprocal,
  exp,
  exp2,
  expm1,
  log,
  log2,
  log10,
  log1p,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  sigmoid,
  logit,
  erf,
  erfc,
  erfinv,
  lgamma,
  digamma,
  floor,
  ceil,
  trunc,
  frac,
  relu,
};

/** @internal x = clamp(x). */
export const clampInPlace = (x: Tensor, options: ClampOptions): Tensor =>
  applyElementwiseInPlace(...clampOperands(x, options, 'clamp_'));
/** @internal x = nanToNum(x). */
export const nanToNumInPlace = (x: Tensor, options: NanToNumOptions = {}): Tensor =>
  applyElementwiseInPlace(nanToNumOp, [x], replacements(x, options));
