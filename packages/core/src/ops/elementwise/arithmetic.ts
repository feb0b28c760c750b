import { alias, composition } from '../../arguments/composition.ts';
import { K, refuseExcess } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ValueError } from '../../errors.ts';
import { E, type Expr, elementsOf, holdsZero } from '../../kernels/index.ts';
import { composed } from '../../record/index.ts';
import { isOfClass, Tensor } from '../../tensor.ts';
import {
  binary,
  checkOptions,
  type ElementwiseDefinition,
  inPlace,
  inPlaceCall,
  type Resolve,
  run,
  runInPlace,
  unary,
} from './define.ts';
import { fractionOfIntegers, refuseBools } from './dtype-checks.ts';
import { reciprocal } from './functions.ts';
import { applyBinary, ElementwiseOp, type ElementwiseSpec, type Operand } from './operation.ts';

const refuseBoolsFor = (name: string, instead: string) =>
  refuseBools(name, `bool tensors are not supported; use ${instead}`);

/** Options of {@link add} and {@link sub}. */
export interface AlphaOptions {
  /** Factor of the second operand. Default: 1. */
  readonly alpha?: number;
}

const addOp = new ElementwiseOp({ name: 'add', arity: 2, expression: (a, b) => E.add(a, b) });
const addScaledOp = new ElementwiseOp({
  name: 'add',
  arity: 2,
  expression: (a, b, alpha) => E.add(a, E.mul(b, alpha)),
});

const subtraction = refuseBoolsFor('sub', 'logicalXor or logicalNot, or convert with to()');

/** Neither operand may be bool, whatever the other is; a number less a tensor is PyTorch's `rsub`. */
const ofDifference: Pick<ElementwiseSpec, 'check' | 'overload' | 'shown'> = {
  check(dtype, inputs) {
    subtraction(dtype);
    for (const x of inputs) subtraction(x.dtype);
  },
  shown: (scalars) => (scalars === 1 ? 'rsub' : undefined),
  overload: (scalars) => Number(scalars === 1),
};

const subOp = new ElementwiseOp({
  name: 'sub',
  arity: 2,
  expression: (a, b) => E.sub(a, b),
  ...ofDifference,
});

const subScaledOp = new ElementwiseOp({
  name: 'sub',
  arity: 2,
  expression: (a, b, alpha) => E.sub(a, E.mul(b, alpha)),
  ...ofDifference,
});

const alphaOptions = K.options<AlphaOptions>({ alpha: K.scalar });

const integral = (x: Operand): boolean =>
  typeof x === 'number' ? Number.isInteger(x) : !isOfClass(x) || !isFloatingPoint(x.dtype);

const isBool = (x: Operand): boolean => (isOfClass(x) ? x.dtype === 'bool' : typeof x === 'boolean');

/** a + alpha b, or a - alpha b: of integers alpha may have no fraction, which would be lost. */
const scaled =
  (
    plain: ElementwiseOp,
    withAlpha: ElementwiseOp,
  ): Resolve<[a: Operand, b: Operand, options?: AlphaOptions]> =>
  (caller, a, b, options) => {
    checkOptions(caller, alphaOptions, options, a, b);
    const given = options?.alpha ?? 1;
    if (given === 1) return { op: plain, operands: [a, b] };
    // Of bools "or": any factor but 0 counts as true does.
    const alpha = isBool(a) && isBool(b) ? Number(Number(given) !== 0) : given;
    if (alpha === 1) return { op: plain, operands: [a, b] };
    if (!Number.isInteger(Number(alpha)) && integral(a) && integral(b)) {
      throw fractionOfIntegers(caller, alpha);
    }
    return { op: withAlpha, operands: [a, b], params: [alpha] };
  };
const sumOf = scaled(addOp, addScaledOp);
const differenceOf = scaled(subOp, subScaledOp);

/**
 * a + alpha * b, broadcast. Follows `torch.add`.
 * @throws ShapeError when the shapes do not broadcast
 * @throws ValueError when alpha has a fraction and both operands are integers
 * @example
 * ```ts
 * add(tensor([1, 2]), tensor([[10], [20]])); // tensor([[11, 12],
 * //                                                    [21, 22]])
 * tensor([1.5, 2]).add(1, { alpha: 2 }); // tensor([3.5000, 4.0000])
 * ```
 */
export function add(a: Operand, b: Operand, options?: AlphaOptions): Tensor {
  if (arguments.length > 3) refuseExcess('add', ['a', 'b', 'options'], arguments);
  return options === undefined ? applyBinary(addOp, a, b) : run(sumOf('add', a, b, options));
}

/**
 * a - alpha * b, broadcast. Follows `torch.sub`.
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError when an operand is bool
 * @throws ValueError when alpha has a fraction and both operands are integers
 * @example sub(tensor([5, 7]), 2); // tensor([3, 5])
 */
export function sub(a: Operand, b: Operand, options?: AlphaOptions): Tensor {
  if (arguments.length > 3) refuseExcess('sub', ['a', 'b', 'options'], arguments);
  return options === undefined ? applyBinary(subOp, a, b) : run(differenceOf('sub', a, b, options));
}

/** b - alpha * a: {@link sub} with its operands swapped. Follows `torch.rsub`. */
export const rsub = composition(
  'rsub',
  { a: K.operand, b: K.operand, options: alphaOptions },
  (a: Operand, b: Operand, options?: AlphaOptions): Tensor => {
    const y = sub(b, a, options);
    return Tensor.is(a) && Tensor.is(b) ? composed('rsub', y, a, b) : y;
  },
);

/**
 * a * b, broadcast; of bools "and". Follows `torch.mul`.
 * @throws ShapeError when the shapes do not broadcast
 * @example mul(tensor([1, 2, 3]), 1.5); // tensor([1.5000, 3.0000, 4.5000])
 */
export const mul = binary('mul', E.mul);

const divOp = new ElementwiseOp({
  name: 'div',
  shown: (scalars) => (scalars === 1 ? 'mul' : undefined),
  arity: 2,
  dtype: 'float',
  expression: (a, b) => E.div(a, b),
  gradient: ({ g }, a, b) => [E.div(g, b), E.mul(E.neg(g), E.div(E.div(a, b), b))],
});

/** Integer division by zero has no value to give. The in-place form has a name of its own. */
function refuseZero(name: string, inPlaceName = `${name}_`): NonNullable<ElementwiseSpec['inspect']> {
  return ([, divisor], dtype, isInPlace) => {
    if (isFloatingPoint(dtype)) return;
    const zero = divisor instanceof Tensor ? holdsZero(elementsOf(divisor)) : divisor === 0;
    if (!zero) return;
    const caller = isInPlace ? inPlaceName : name;
    throw new ValueError(`${caller}: ZeroDivisionError: integer division or modulo by zero`);
  };
}

const divTruncOp = new ElementwiseOp({
  name: 'div',
  overload: () => 2,
  check: refuseBoolsFor('div with a rounding mode', 'logicalAnd, or convert with to()'),
  inspect: refuseZero('div', 'div'),
  arity: 2,
  expression: (a, b) => E.trunc(E.div(a, b)),
  integer: (a, b) => E.truncDivide(a, b),
});

/** What divisions to a whole quotient, or to a rest, refuse, and how they divide integers. */
const whole = (caller: string, ofIntegers: (a: Expr, b: Expr) => Expr): ElementwiseDefinition => ({
  integer: (a, b) => ofIntegers(a, b),
  check: refuseBoolsFor(caller, 'logicalAnd, or convert with to()'),
  inspect: refuseZero(caller),
});
const ofTensors = (scalars: number): number => Number(scalars !== 2);

const divFloor = binary('floor_divide', E.floorDivide, {
  ...whole('floorDivide', E.wholeFloorDivide),
  inspect: refuseZero('div', 'div'),
  shown: () => 'div',
  overload: () => 2,
  gradient: () => [E.constant(0), E.constant(0)],
});

/** Options of {@link div}. */
export interface DivOptions {
  /** `'trunc'` rounds the quotient toward zero, `'floor'` down; default: true division, of integers too. */
  readonly roundingMode?: 'trunc' | 'floor' | null;
}

const divOptions = K.options<DivOptions>({ roundingMode: K.nullable(K.oneOf('trunc', 'floor')) });

const quotientOf: Resolve<[a: Operand, b: Operand, options?: DivOptions]> = (caller, a, b, options) => {
  checkOptions(caller, divOptions, options, a, b);
  const mode = options?.roundingMode ?? null;
  switch (mode) {
    case null:
      return { op: divOp, operands: [a, b] };
    case 'trunc':
      return { op: divTruncOp, operands: [a, b] };
    default:
      return { op: divFloor.op, operands: [a, b] };
  }
};

/**
 * a / b, broadcast; integers are divided as float32 unless a rounding mode is given. Follows `torch.div`.
 * @throws ShapeError when the shapes do not broadcast
 * @throws ValueError when integers are divided by zero with a rounding mode
 * @example
 * ```ts
 * div(tensor([1, 2, 3]), 2); // tensor([0.5000, 1.0000, 1.5000])
 * div(tensor([-3, 3]), 2, { roundingMode: 'floor' }); // tensor([-2,  1])
 * ```
 */
export function div(a: Operand, b: Operand, options?: DivOptions): Tensor {
  if (arguments.length > 3) refuseExcess('div', ['a', 'b', 'options'], arguments);
  return options === undefined ? applyBinary(divOp, a, b) : rounded(a, b, options);
}

/** With a rounding mode it may be floorDivide's operation, whose errors name that. */
const rounded = alias('div', (a: Operand, b: Operand, options: DivOptions) =>
  run(quotientOf('div', a, b, options)),
);

/**
 * The quotient rounded down, broadcast; {@link div} with `roundingMode: 'floor'` has gradients of 0. Follows
 * `torch.floor_divide`.
 * @throws ValueError when an integer is divided by zero
 * @throws DTypeError when both operands are bool
 * @throws AutogradError in the backward pass: it has no derivative
 * @example floorDivide(tensor([7, -7]), 2); // tensor([ 3, -4])
 */
export const floorDivide = binary('floor_divide', E.floorDivide, {
  ...whole('floorDivide', E.wholeFloorDivide),
  gradient: 'refused',
});

/**
 * The rest of division toward zero, broadcast: the sign is the dividend's. Follows `torch.fmod`.
 * @throws ValueError when an integer is divided by zero
 * @throws DTypeError when both operands are bool
 * @example fmod(tensor([7, -7]), 3); // tensor([ 1, -1])
 */
export const fmod = binary('fmod', E.fmod, {
  overload: ofTensors,
  ...whole('fmod', E.truncRemainder),
});

/**
 * The rest of floor division, broadcast: the sign is the divisor's, as of Python's `%`. Follows `torch.remainder`.
 * @throws ValueError when an integer is divided by zero
 * @throws DTypeError when both operands are bool
 * @example remainder(tensor([7, -7]), 3); // tensor([1, 2])
 */
export const remainder = binary('remainder', E.remainder, {
  overload: ofTensors,
  ...whole('remainder', E.wholeRemainder),
});

/**
 * -x. Follows `torch.neg`.
 * @throws DTypeError when x is bool
 * @example neg(tensor([1, -2])); // tensor([-1,  2])
 */
export const neg = unary('neg', E.neg, {
  check: refuseBoolsFor('neg', 'logicalNot'),
});

const addcmulOp = new ElementwiseOp({
  name: 'addcmul',
  check: refuseBoolsFor('addcmul', 'logicalAnd and logicalOr, or convert with to()'),
  arity: 3,
  expression: (x, a, b, value) => E.add(x, E.mul(E.mul(value, a), b)),
  composed: {
    reads: [1, 2],
    of: (g, x, [value = 1]) => [() => g, () => mul(g, mul(x(2), value)), () => mul(g, mul(x(1), value))],
  },
});

const addcdivOp = new ElementwiseOp({
  name: 'addcdiv',
  arity: 3,
  expression: (x, a, b, value) => E.add(x, E.div(E.mul(value, a), b)),
  composed: {
    reads: [1, 2],
    of: (g, x, [value = 1]) => [
      () => g,
      () => mul(g, mul(reciprocal(x(2)), value)),
      () => mul(neg(g), div(mul(x(1), value), mul(x(2), x(2)))),
    ],
  },
  check: (dtype, inputs) => {
    const [, a, b] = inputs;
    if (!isFloatingPoint(dtype) || (a && b && !isFloatingPoint(a.dtype) && !isFloatingPoint(b.dtype))) {
      throw new DTypeError(
        'addcdiv: Integer division with addcdiv is no longer supported; convert to a float dtype',
      );
    }
  },
});

/** Options of {@link addcmul} and {@link addcdiv}. */
export interface ValueOptions {
  /** Factor of the product or quotient. Default: 1. */
  readonly value?: number;
}

const valueOptions = K.options<ValueOptions>({ value: K.scalar });

const withValue =
  (op: ElementwiseOp): Resolve<[x: Tensor, a: Tensor, b: Tensor, options?: ValueOptions]> =>
  (caller, x, a, b, options) => {
    checkOptions(caller, valueOptions, options, x, a, b);
    return { op, operands: [x, a, b], params: [options?.value ?? 1] };
  };
const productOf = withValue(addcmulOp);
const ratioOf = withValue(addcdivOp);

/**
 * x + value * a * b, broadcast. Follows `torch.addcmul`.
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError when all are bool
 */
export function addcmul(x: Tensor, a: Tensor, b: Tensor, options?: ValueOptions): Tensor {
  if (arguments.length > 4) refuseExcess('addcmul', ['x', 'a', 'b', 'options'], arguments);
  return run(productOf('addcmul', x, a, b, options));
}

/**
 * x + value * a / b, broadcast. Follows `torch.addcdiv`.
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError when a and b are integers
 */
export function addcdiv(x: Tensor, a: Tensor, b: Tensor, options?: ValueOptions): Tensor {
  if (arguments.length > 4) refuseExcess('addcdiv', ['x', 'a', 'b', 'options'], arguments);
  return run(ratioOf('addcdiv', x, a, b, options));
}

// These two are called at every step of training: no list of arguments is made.
/** {@link add} in place: a += alpha * b. */
export function add_(a: Tensor, b: Operand, options?: AlphaOptions): Tensor {
  if (arguments.length > 3) refuseExcess('add_', ['a', 'b', 'options'], arguments);
  return runInPlace(sumOf('add_', a, b, options));
}
/** {@link sub} in place: a -= alpha * b. */
export function sub_(a: Tensor, b: Operand, options?: AlphaOptions): Tensor {
  if (arguments.length > 3) refuseExcess('sub_', ['a', 'b', 'options'], arguments);
  return runInPlace(differenceOf('sub_', a, b, options));
}
/** {@link mul} in place: a *= b. */
export const mul_ = inPlace(mul);
/** {@link div} in place: a /= b. */
export const div_ = inPlaceCall('div_', quotientOf, ['a', 'b', 'options']);
/** {@link floorDivide} in place. */
export const floorDivide_ = inPlace(floorDivide);
/** {@link fmod} in place. */
export const fmod_ = inPlace(fmod);
/** {@link remainder} in place. */
export const remainder_ = inPlace(remainder);
/** {@link neg} in place. */
export const neg_ = inPlace(neg);
/** {@link addcmul} in place: x += value * a * b. */
export const addcmul_ = inPlaceCall('addcmul_', productOf, ['x', 'a', 'b', 'options']);
/** {@link addcdiv} in place: x += value * a / b. */
export const addcdiv_ = inPlaceCall('addcdiv_', ratioOf, ['x', 'a', 'b', 'options']);

/** Another name of {@link sub}. */
export const subtract = alias('subtract', sub);
/** Another name of {@link mul}. */
export const multiply = alias('multiply', mul);
/** Another name of {@link div}. */
export const divide = alias('divide', div);
/** Another name of {@link div}. */
export const trueDivide = alias('trueDivide', div);
/** Another name of {@link neg}. */
export const negative = alias('negative', neg);
