import { alias } from '../../arguments/composition.ts';
import { refuseExcess } from '../../arguments/index.ts';
import { callListener } from '../../arguments/signature.ts';

import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ValueError } from '../../errors.ts';
import { E, type Expr } from '../../kernels/index.ts';
import { isOfClass, type Tensor } from '../../tensor.ts';
import { binary, inPlace, inPlaceCall, type Resolve, run, timesLogarithm } from './define.ts';
import { floatsOnly, refuseBools } from './dtype-checks.ts';
import { reciprocal, square } from './functions.ts';
import { applyBinary, applyUnary, ElementwiseOp, type ElementwiseSpec, type Operand } from './operation.ts';

type GradientRule = NonNullable<ElementwiseSpec['gradient']>;

/** PyTorch's gradients of aᵇ by a and by b, of which it makes the second ones too: both say where they are 0. */
const byBase = (g: Expr, a: Expr, b: Expr): Expr =>
  E.select(E.eq(b, 0), 0, E.mul(g, E.mul(b, E.pow(a, E.sub(b, 1)))));
const isFlat = (a: Expr, b: Expr): Expr => E.and(E.eq(a, 0), E.ge(b, 0));
const byExponent = (g: Expr, a: Expr, b: Expr): Expr =>
  E.mul(g, E.select(isFlat(a, b), 0, E.mul(E.pow(a, b), E.log(a))));

const powOp = new ElementwiseOp({
  name: 'pow',
  second({ h, g }, a, b) {
    const less = E.sub(b, 1);
    const first = E.mul(E.select(E.eq(b, 0), 0, h), g);
    const last = E.select(isFlat(a, b), 0, E.mul(h, g));
    const ofLog = E.mul(last, E.log(a));
    return [
      [
        E.mul(E.select(E.eq(b, 0), 0, h), E.mul(b, E.pow(a, less))),
        byBase(E.mul(first, b), a, less),
        E.add(E.mul(first, E.pow(a, less)), byExponent(E.mul(first, b), a, less)),
      ],
      [
        byExponent(h, a, b),
        E.add(byBase(ofLog, a, b), E.div(E.mul(last, E.pow(a, b)), a)),
        byExponent(ofLog, a, b),
      ],
    ];
  },
  arity: 2,
  overload: (scalars) => (scalars === 2 ? 0 : 1 + scalars),
  check: refuseBools('pow', 'not implemented for bool; convert to another dtype'),
  expression: (a, b) => E.pow(a, b),
  integer: (a, b) => E.wholePow(a, b),
});

/**
 * x to the power of a number, as PyTorch has it for both values and derivatives: roots keep the sign of 0, and have no
 * infinite argument below 0.
 */
function powerOf(x: Expr, p: number): Expr {
  if (p === 0.5) return E.sqrt(x);
  if (p === -0.5) return E.div(1, E.sqrt(x));
  if (p === 2) return E.mul(x, x);
  if (p === -2) return E.div(1, E.mul(x, x));
  return p === 3 ? E.mul(E.mul(x, x), x) : E.pow(x, p);
}

/** Of floats to the power of p, where that or a derivative has a form of its own. */
function ofPower(p: number): ElementwiseOp {
  const slope = (x: Expr): Expr => E.mul(p, powerOf(x, p - 1));
  return new ElementwiseOp({
    name: 'pow',
    arity: 1,
    expression: (x) => powerOf(x, p),
    gradient: ({ g }, x) => [E.mul(g, slope(x))],
    second: ({ h, g }, x) => [
      [E.mul(h, slope(x)), E.mul(E.mul(E.mul(h, g), p), E.mul(p - 1, powerOf(x, p - 2)))],
    ],
  });
}

/** Powers other than the general one: of floats, and squares and cubes of int32, which are exact where they fit. */
const powers = new Map<number, ElementwiseOp>([
  ...[-2, -0.5, 0.5, 1.5, 2.5, 3].map((p): [number, ElementwiseOp] => [p, ofPower(p)]),
  [2, square.op],
  [
    0,
    new ElementwiseOp({
      name: 'pow',
      arity: 1,
      expression: (x) => E.pow(x, 0),
      gradient: () => [E.constant(0)],
    }),
  ],
  [-1, new ElementwiseOp({ ...reciprocal.op.spec, name: 'pow' })],
  [
    1,
    new ElementwiseOp({
      name: 'pow',
      arity: 1,
      expression: (x) => E.mul(x, 1),
      // Depends on x, in name, as PyTorch's x^0 does.
      gradient: ({ g }, x) => [E.mul(g, E.pow(x, 0))],
    }),
  ],
]);

/** The operation for a to the power of b, where it has one of its own. Who writes calls down is to see the exponent. */
function specialPower({ dtype }: Tensor, b: number): ElementwiseOp | undefined {
  const isSpecial = isFloatingPoint(dtype) || (dtype === 'int32' && (b === 2 || b === 3));
  return isSpecial && callListener === null ? powers.get(b) : undefined;
}

/** Refuses an integer tensor to a negative integer power, which has no integer result. */
function checkExponent(a: Tensor, b: Operand): void {
  if (typeof b === 'number' && Number.isInteger(b) && b < 0 && !isFloatingPoint(a.dtype)) {
    throw new ValueError('pow: Integers to negative integer powers are not allowed.');
  }
}

/**
 * aᵇ, broadcast; either may be a number. Follows `torch.pow`.
 * @throws ValueError when a is an integer tensor and b a negative integer
 * @throws DTypeError when both are bool
 * @throws ShapeError when the shapes do not broadcast
 * @example
 * ```ts
 * pow(tensor([1, 2, 3]), 2); // tensor([1, 4, 9])
 * pow(2, tensor([0.5, 3])); // tensor([1.4142, 8.0000])
 * ```
 */
export function pow(a: Operand, b: Operand): Tensor {
  if (arguments.length > 2) refuseExcess('pow', ['a', 'b'], arguments);
  if (typeof b === 'number' && isOfClass(a)) {
    checkExponent(a, b);
    const special = specialPower(a, b);
    if (special !== undefined) return applyUnary(special, a);
  }
  return applyBinary(powOp, a, b);
}

const toPower: Resolve<[a: Tensor, b: Operand]> = (_, a, b) => {
  checkExponent(a, b);
  const special = typeof b === 'number' ? specialPower(a, b) : undefined;
  return special === undefined ? { op: powOp, operands: [a, b] } : { op: special, operands: [a] };
};
/** {@link pow} in place: a becomes aᵇ. */
export const pow_ = inPlaceCall('pow_', toPower, ['a', 'b']);

/**
 * The angle of the point (b, a), in radians, broadcast. Follows `torch.atan2`.
 * @throws ShapeError when the shapes do not broadcast, as of all functions of two operands
 * @example atan2(tensor([1, 1]), tensor([1, 0])); // tensor([0.7854, 1.5708])
 */
export const atan2 = binary('atan2', E.atan2, { dtype: 'float' });

/**
 * √(a² + b²) without overflow between, broadcast. Follows `torch.hypot`.
 * @throws DTypeError when no operand is of a floating dtype
 */
export const hypot = binary('hypot', E.hypot, { check: floatsOnly('hypot') });

/** The gradient goes to the operand that did not lose, half to each where they are equal. */
const extremum =
  (loses: (a: Expr, b: Expr) => Expr): GradientRule =>
  ({ g }, a, b) => {
    const shared = E.select(E.eq(a, b), E.mul(g, 0.5), g);
    return [E.select(loses(a, b), 0, shared), E.select(loses(b, a), 0, shared)];
  };

/**
 * The greater, broadcast; NaN where either is NaN. Gradients of ties are halved. Follows `torch.maximum`.
 * @throws ShapeError when the shapes do not broadcast
 * @example maximum(tensor([1, 5]), tensor([3, 2])); // tensor([3, 5])
 */
export const maximum = binary('maximum', E.max, { comparesApart: true, gradient: extremum(E.lt) });
/**
 * The lesser, broadcast; NaN where either is NaN. Gradients of ties are halved. Follows `torch.minimum`.
 * @throws ShapeError when the shapes do not broadcast
 * @example minimum(tensor([1, 5]), 2); // tensor([1, 2])
 */
export const minimum = binary('minimum', E.min, { comparesApart: true, gradient: extremum(E.gt) });

const orNumber =
  (choose: (a: Expr, b: Expr) => Expr) =>
  (a: Expr, b: Expr): Expr =>
    E.select(E.isNaN(a), b, E.select(E.isNaN(b), a, choose(a, b)));
const winsOrNumber =
  (wins: (a: Expr, b: Expr) => Expr): GradientRule =>
  ({ g }, a, b) => {
    const half = E.mul(g, 0.5);
    const tie = E.eq(a, b);
    const first = E.or(wins(a, b), E.isNaN(b));
    return [E.select(tie, half, E.select(first, g, 0)), E.select(tie, half, E.select(first, 0, g))];
  };

/** The greater, ignoring NaN where the other is a number. Follows `torch.fmax`. */
export const fmax = binary('fmax', orNumber(E.max), {
  integer: (a, b) => E.max(a, b),
  comparesApart: true,
  gradient: winsOrNumber(E.gt),
});
/** The lesser, ignoring NaN where the other is a number. Follows `torch.fmin`. */
export const fmin = binary('fmin', orNumber(E.min), {
  integer: (a, b) => E.min(a, b),
  comparesApart: true,
  gradient: winsOrNumber(E.lt),
});

/**
 * log(eᵃ + eᵇ) without overflow, broadcast. Follows `torch.logaddexp`.
 * @throws DTypeError when no operand is of a floating dtype
 */
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

/**
 * log₂(2ᵃ + 2ᵇ) without overflow, broadcast. Follows `torch.logaddexp2`.
 * @throws DTypeError when no operand is of a floating dtype
 */
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

const logTimes = (a: Expr, b: Expr): Expr =>
  E.select(E.isNaN(b), Number.NaN, E.select(E.eq(a, 0), 0, E.mul(a, E.log(b))));

/**
 * a log b, broadcast: 0 where a is 0 (also for b = 0), NaN where b is NaN. Follows `torch.xlogy`.
 * @example xlogy(tensor([0, 2]), tensor([0, Math.E])); // tensor([0., 2.])
 */
export const xlogy = binary('xlogy', logTimes, {
  overload: (scalars) => scalars,
  dtype: 'float',
  comparesApart: true,
  ...timesLogarithm(
    logTimes,
    // PyTorch's overload for a number counts one that is NaN as not positive.
    (b) => (b.op === 'param' ? E.not(E.gt(b, 0)) : E.le(b, 0)),
    E.div,
  ),
});

/** |a| with the sign of b, broadcast. Follows `torch.copysign`. */
export const copysign = binary('copysign', E.copysign, {
  overload: (scalars) => Number(scalars > 0),
  dtype: 'float',
  // PyTorch's quotient, NaN at infinity.
  gradient: ({ g, y }, a) => [E.mul(g, E.select(E.eq(a, 0), 0, E.div(y, a))), E.constant(0)],
});

/**
 * 0 where x < 0 or NaN, 1 where x > 0, `values` (the second operand) where x is 0. Follows `torch.heaviside`.
 * @throws DTypeError when the operands are tensors of different dtypes
 * @throws AutogradError in the backward pass: there is no derivative
 */
export const heaviside = binary('heaviside', (x, v) => E.select(E.eq(x, 0), v, E.toNumber(E.gt(x, 0))), {
  gradient: 'refused',
  check(_, inputs) {
    const [x, v] = inputs;
    if (x && v && x.dtype !== v.dtype) {
      throw new DTypeError(`heaviside: expected tensors of one dtype, got ${x.dtype} and ${v.dtype}`);
    }
  },
});

/** PyTorch's form, which is exact at both ends: the nearer end is the one that is added to. */
const lerpOp = new ElementwiseOp({
  name: 'lerp',
  arity: 3,
  overload: (scalars) => Number(scalars === 0),
  expression: (a, b, w) => {
    const d = E.sub(b, a);
    return E.select(E.lt(E.abs(w), 0.5), E.add(a, E.mul(w, d)), E.sub(b, E.mul(d, E.sub(1, w))));
  },
  gradient: ({ g }, a, b, w) => [E.mul(g, E.sub(1, w)), E.mul(g, w), E.mul(g, E.sub(b, a))],
  check: (_, inputs) => {
    const first = inputs[0].dtype;
    if (!isFloatingPoint(first)) throw new DTypeError(`lerp: expected floating point tensors, got ${first}`);
    // A weight without dimensions counts as a number.
    if (inputs.some((x, i) => x.dtype !== first && (i < 2 || x.ndim > 0))) {
      const list = inputs.map((x) => x.dtype).join(', ');
      throw new DTypeError(`lerp: expected tensors of one dtype, got (${list}); convert with to()`);
    }
  },
});

type LerpOperands = [a: Tensor, b: Tensor, weight: Tensor | number];
const between: Resolve<LerpOperands> = (_, a, b, weight) => ({ op: lerpOp, operands: [a, b, weight] });

/**
 * a + weight * (b - a), broadcast. Follows `torch.lerp`.
 * @throws DTypeError when the tensors are not of one floating dtype
 * @throws ShapeError when the shapes do not broadcast
 * @example lerp(tensor([0.5, 2]), tensor([1.5, 4]), 0.5); // tensor([1., 3.])
 */
export function lerp(a: Tensor, b: Tensor, weight: Tensor | number): Tensor {
  if (arguments.length > 3) refuseExcess('lerp', ['a', 'b', 'weight'], arguments);
  return run(between('lerp', a, b, weight));
}

/** Another name of {@link atan2}. */
export const arctan2 = alias('arctan2', atan2);
/** {@link atan2} in place. */
export const atan2_ = inPlace(atan2);
/** Another name of {@link atan2_}. */
export const arctan2_ = alias('arctan2_', atan2_);
/** {@link heaviside} in place. */
export const heaviside_ = inPlace(heaviside);
/** {@link hypot} in place. */
export const hypot_ = inPlace(hypot);
/** {@link lerp} in place: a goes toward b by the part `weight` of the way. */
export const lerp_ = inPlaceCall('lerp_', between, ['a', 'b', 'weight']);
/** {@link xlogy} in place. */
export const xlogy_ = inPlace(xlogy);
/** {@link copysign} in place. */
export const copysign_ = inPlace(copysign);
