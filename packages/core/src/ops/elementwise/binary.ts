import { type DType, isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ValueError } from '../../errors.ts';
import { E, type Expr } from '../../kernels/index.ts';
import { Tensor } from '../../tensor.ts';
import {
  applyBinary,
  applyElementwiseInPlace,
  applyUnary,
  type BinaryFunction,
  type ElementwiseDefinition,
  ElementwiseOp,
  type ElementwiseSpec,
  inPlace,
  type Operand,
} from './operation.ts';

const powOp = new ElementwiseOp({
  name: 'pow',
  arity: 2,
  overload: (scalars) => (scalars === 2 ? 0 : 1 + scalars),
  check(dtype) {
    if (dtype === 'bool') throw new DTypeError('pow: not implemented for bool; convert to another dtype');
  },
  expression: (a, b) => E.pow(a, b),
  gradient: ({ g, y }, a, b) => [
    E.select(E.eq(b, 0), 0, E.mul(g, E.mul(b, E.pow(a, E.sub(b, 1))))),
    E.select(E.and(E.eq(a, 0), E.ge(b, 0)), 0, E.mul(g, E.mul(y, E.log(a)))),
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
      expression: (x) => f(x),
      gradient: ({ g, y }, x) => [gradient(g, x, y)],
    }),
  ]),
);

/** @internal Refuses an integer tensor to a negative integer power, which has no integer result. */
export function checkExponent(a: Tensor, b: Operand): void {
  if (typeof b === 'number' && Number.isInteger(b) && b < 0 && !isFloatingPoint(a.dtype)) {
    throw new ValueError('pow: Integers to negative integer powers are not allowed.');
  }
}

/**
 * aᵇ, broadcast; either may be a number. Integers to negative integer powers are an error for a number exponent, as in
 * PyTorch. Follows `torch.pow`.
 */
export function pow(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number' && a instanceof Tensor) {
    const floating = isFloatingPoint(a.dtype);
    checkExponent(a, b);
    if (floating) {
      const special = powers.get(b);
      if (special !== undefined) return applyUnary(special, a);
    }
  }
  return applyBinary(powOp, a, b);
}
pow.op = powOp;

/** @internal a = aᵇ. */
export function pow_(a: Tensor, b: Operand): Tensor {
  checkExponent(a, b);
  return applyElementwiseInPlace(powOp, [a, b]);
}

function binary(
  name: string,
  f: (a: Expr, b: Expr) => Expr,
  definition: ElementwiseDefinition = {},
): BinaryFunction {
  const op = new ElementwiseOp({ name, arity: 2, expression: (a, b) => f(a, b), ...definition });
  return Object.assign((a: Operand, b: Operand) => applyBinary(op, a, b), { op });
}

/** The angle of the point (b, a), in radians. Follows `torch.atan2`. */
export const atan2 = binary('atan2', E.atan2, { dtype: 'float' });
const floatsOnly =
  (name: string) =>
  (dtype: DType): void => {
    if (!isFloatingPoint(dtype))
      throw new DTypeError(`${name}: not implemented for ${dtype}; convert to a float dtype`);
  };

/** √(a² + b²) without overflow between. Follows `torch.hypot`. */
export const hypot = binary('hypot', E.hypot, { check: floatsOnly('hypot') });

/** The gradient goes to the operand that did not lose, half to each where they are equal. */
const extremum =
  (loses: (a: Expr, b: Expr) => Expr): NonNullable<ElementwiseSpec['gradient']> =>
  ({ g }, a, b) => {
    const shared = E.select(E.eq(a, b), E.mul(g, 0.5), g);
    return [E.select(loses(a, b), 0, shared), E.select(loses(b, a), 0, shared)];
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
  ({ g }, a, b) => {
    const half = E.mul(g, 0.5);
    const tie = E.eq(a, b);
    const first = E.or(wins(a, b), E.isNaN(b));
    return [E.select(tie, half, E.select(first, g, 0)), E.select(tie, half, E.select(first, 0, g))];
  };

/** The greater, ignoring NaN where the other is a number. Follows `torch.fmax`. */
export const fmax = binary('fmax', orNumber(E.max), {
  integer: (a, b) => E.max(a, b),
  gradient: winsOrNumber(E.gt),
});
/** The lesser, ignoring NaN where the other is a number. Follows `torch.fmin`. */
export const fmin = binary('fmin', orNumber(E.min), {
  integer: (a, b) => E.min(a, b),
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
    check: floatsOnly('logaddexp'),
    gradient: ({ g }, a, b) => [E.mul(g, E.sigmoid(E.sub(a, b))), E.mul(g, E.sigmoid(E.sub(b, a)))],
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
    check: floatsOnly('logaddexp2'),
    gradient: ({ g }, a, b) => [
      E.div(g, E.add(1, E.exp2(E.sub(b, a)))),
      E.div(g, E.add(1, E.exp2(E.sub(a, b)))),
    ],
  },
);

/** a log b, 0 where a is 0 (also for b = 0), NaN where b is NaN. Follows `torch.xlogy`. */
export const xlogy = binary(
  'xlogy',
  (a, b) => E.select(E.isNaN(b), Number.NaN, E.select(E.eq(a, 0), 0, E.mul(a, E.log(b)))),
  {
    dtype: 'float',
    gradient: ({ g }, a, b) => [
      E.select(E.and(E.eq(a, 0), E.le(b, 0)), 0, E.mul(g, E.log(b))),
      E.div(E.mul(g, a), b),
    ],
  },
);

/** |a| with the sign of b. Follows `torch.copysign`. */
export const copysign = binary('copysign', E.copysign, {
  overload: (scalars) => Number(scalars > 0),
  dtype: 'float',
  gradient: ({ g }, a, b) => [
    E.select(E.eq(a, 0), 0, E.mul(g, E.mul(E.sign(a), E.copysign(1, b)))),
    E.constant(0),
  ],
});

/** 0 where x < 0, 1 where x > 0, `values` where x is 0. Follows `torch.heaviside`. */
export const heaviside = binary('heaviside', (x, v) => E.select(E.eq(x, 0), v, E.select(E.lt(x, 0), 0, 1)), {
  gradient: false,
  check(_, inputs) {
    const [x, v] = inputs;
    if (x && v && x.dtype !== v.dtype) {
      throw new DTypeError(`heaviside: expected tensors of one dtype, got ${x.dtype} and ${v.dtype}`);
    }
  },
});

/** Another name of {@link atan2}. */
export const arctan2 = atan2;
/** {@link xlogy} in place. */
export const xlogy_ = inPlace(xlogy);
/** {@link copysign} in place. */
export const copysign_ = inPlace(copysign);

/** The functions of this file that are methods too. */
export default {
  pow,
  atan2,
  arctan2,
  hypot,
  maximum,
  minimum,
  fmax,
  fmin,
  xlogy,
  logaddexp,
  logaddexp2,
  copysign,
  heaviside,
  pow_,
  xlogy_,
  copysign_,
};
