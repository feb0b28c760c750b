import { type DType, isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ValueError } from '../../errors.ts';
import { E } from '../../kernels/index.ts';
import { Tensor } from '../../tensor.ts';
import {
  applyBinary,
  applyElementwise,
  applyElementwiseInPlace,
  applyUnary,
  ElementwiseOp,
  type Operand,
} from './operation.ts';

/** Options of {@link add} and {@link sub}. */
export interface AlphaOptions {
  /** Factor of the second operand. Default: 1. */
  readonly alpha?: number;
}

export const addOp = new ElementwiseOp({
  name: 'add',
  arity: 2,
  expression: (a, b) => E.add(a, b),
});

export const addScaledOp = new ElementwiseOp({
  name: 'add',
  arity: 2,
  expression: (a, b, alpha) => E.add(a, E.mul(b, alpha)),
});

const refuseBool =
  (name: string, instead: string) =>
  (dtype: DType): void => {
    if (dtype === 'bool') throw new DTypeError(`${name}: bool tensors are not supported; use ${instead}`);
  };

/** Neither operand may be bool, whatever the other is. */
function checkSub(dtype: DType, inputs: readonly Tensor[]): void {
  if (dtype === 'bool' || inputs[0]!.dtype === 'bool' || inputs[1]?.dtype === 'bool') {
    throw new DTypeError(
      'Subtraction, the `-` operator: bool tensors are not supported; use logicalXor or logicalNot, or convert with to()',
    );
  }
}

export const subOp = new ElementwiseOp({
  name: 'sub',
  arity: 2,
  expression: (a, b) => E.sub(a, b),
  check: checkSub,
});

export const subScaledOp = new ElementwiseOp({
  name: 'sub',
  arity: 2,
  expression: (a, b, alpha) => E.sub(a, E.mul(b, alpha)),
  check: checkSub,
});

export const mulOp = new ElementwiseOp({
  name: 'mul',
  arity: 2,
  expression: (a, b) => E.mul(a, b),
});

export const divOp = new ElementwiseOp({
  name: 'div',
  arity: 2,
  dtype: 'float',
  expression: (a, b) => E.div(a, b),
  gradient: ({ g }, a, b) => [E.div(g, b), E.mul(E.neg(g), E.div(E.div(a, b), b))],
});

const zeroGradients: ElementwiseOp['spec']['gradient'] = () => [E.constant(0), E.constant(0)];

export const divTruncOp = new ElementwiseOp({
  name: 'div',
  overload: () => 2,
  check: refuseBool('div with a rounding mode', 'logicalAnd, or convert with to()'),
  arity: 2,
  expression: (a, b) => E.trunc(E.div(a, b)),
  integer: (a, b) => E.truncDivide(a, b),
  gradient: zeroGradients,
});

export const floorDivideOp = new ElementwiseOp({
  name: 'floor_divide',
  check: refuseBool('floorDivide', 'logicalAnd, or convert with to()'),
  arity: 2,
  expression: (a, b) => E.floorDivide(a, b),
  gradient: zeroGradients,
});

export const fmodOp = new ElementwiseOp({
  name: 'fmod',
  overload: (scalars) => Number(scalars !== 2),
  check: refuseBool('fmod', 'logicalAnd, or convert with to()'),
  arity: 2,
  expression: (a, b) => E.fmod(a, b),
});

export const remainderOp = new ElementwiseOp({
  name: 'remainder',
  overload: (scalars) => Number(scalars !== 2),
  check: refuseBool('remainder', 'logicalAnd, or convert with to()'),
  arity: 2,
  expression: (a, b) => E.remainder(a, b),
});

const integral = (x: Operand): boolean =>
  typeof x === 'number' ? Number.isInteger(x) : !(x instanceof Tensor) || !isFloatingPoint(x.dtype);

/** Integers would lose the fraction of alpha. */
function checkAlpha(name: string, a: Operand, b: Operand, alpha: number): void {
  if (!Number.isInteger(Number(alpha)) && integral(a) && integral(b)) {
    throw new ValueError(
      `${name}: For integral input tensors, argument alpha must not be a floating point number, got ${alpha}`,
    );
  }
}

/** Integer division by zero has no value to give: the error comes before the kernel runs. */
function checkDivisor(name: string, a: Operand, b: Operand): void {
  if (!integral(a) || !integral(b)) return;
  const zero = b instanceof Tensor ? b.data.includes(0 as never) : Number(b) === 0;
  if (zero) throw new ValueError(`${name}: ZeroDivisionError: integer division or modulo by zero`);
}

/**
 * a + alpha * b, broadcast. Follows `torch.add`.
 *
 * @example
 * ```ts
 * add(tensor([1, 2]), tensor([[10], [20]])); // [[11., 12.], [21., 22.]]
 * ```
 */
export function add(a: Operand, b: Operand, options?: AlphaOptions): Tensor {
  const alpha = options?.alpha ?? 1;
  if (alpha === 1) return applyBinary(addOp, a, b);
  checkAlpha('add', a, b, alpha);
  return applyBinary(addScaledOp, a, b, [alpha]);
}

/** a - alpha * b, broadcast. Follows `torch.sub`. */
export function sub(a: Operand, b: Operand, options?: AlphaOptions): Tensor {
  const alpha = options?.alpha ?? 1;
  if (alpha === 1) return applyBinary(subOp, a, b);
  checkAlpha('sub', a, b, alpha);
  return applyBinary(subScaledOp, a, b, [alpha]);
}

/** b - alpha * a. Follows `torch.rsub`. */
export function rsub(a: Operand, b: Operand, options?: AlphaOptions): Tensor {
  return sub(b, a, options);
}

/** a * b, broadcast. Follows `torch.mul`. */
export function mul(a: Operand, b: Operand): Tensor {
  return applyBinary(mulOp, a, b);
}

/** Options of {@link div}. */
export interface DivOptions {
  /** `'trunc'` rounds the quotient toward zero, `'floor'` down; default: true division, of integers too. */
  readonly roundingMode?: 'trunc' | 'floor' | null;
}

const divisionOf = (a: Operand, b: Operand, mode: DivOptions['roundingMode']): ElementwiseOp => {
  switch (mode ?? null) {
    case null:
      return divOp;
    case 'trunc':
      checkDivisor('div', a, b);
      return divTruncOp;
    case 'floor':
      checkDivisor('div', a, b);
      return floorDivideOp;
    default:
      throw new ValueError(`div: roundingMode must be null, 'trunc' or 'floor', got '${String(mode)}'`);
  }
};

/** a / b, broadcast; integers are divided as float32 unless a rounding mode is given. Follows `torch.div`. */
export function div(a: Operand, b: Operand, options?: DivOptions): Tensor {
  return applyBinary(options === undefined ? divOp : divisionOf(a, b, options.roundingMode), a, b);
}

/** The quotient rounded down. Follows `torch.floor_divide`. */
export function floorDivide(a: Operand, b: Operand): Tensor {
  checkDivisor('floorDivide', a, b);
  return applyBinary(floorDivideOp, a, b);
}

/** The rest of division toward zero: the sign is the dividend's. Follows `torch.fmod`. */
export function fmod(a: Operand, b: Operand): Tensor {
  checkDivisor('fmod', a, b);
  return applyBinary(fmodOp, a, b);
}

/** The rest of floor division: the sign is the divisor's, as Python's `%`. Follows `torch.remainder`. */
export function remainder(a: Operand, b: Operand): Tensor {
  checkDivisor('remainder', a, b);
  return applyBinary(remainderOp, a, b);
}

export const negOp = new ElementwiseOp({
  name: 'neg',
  arity: 1,
  expression: (x) => E.neg(x),
  check: refuseBool('Negation, the `-` operator', 'logicalNot'),
});

/** -x. Follows `torch.neg`. */
export const neg = (x: Tensor): Tensor => applyUnary(negOp, x);

export const addcmulOp = new ElementwiseOp({
  name: 'addcmul',
  check: refuseBool('addcmul', 'logicalAnd and logicalOr, or convert with to()'),
  arity: 3,
  expression: (x, a, b, value) => E.add(x, E.mul(E.mul(value, a), b)),
});

export const addcdivOp = new ElementwiseOp({
  name: 'addcdiv',
  arity: 3,
  expression: (x, a, b, value) => E.add(x, E.div(E.mul(value, a), b)),
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

/** x + value * a * b, broadcast. Follows `torch.addcmul`. */
export function addcmul(x: Tensor, a: Tensor, b: Tensor, options?: ValueOptions): Tensor {
  return applyElementwise(addcmulOp, [x, a, b], [options?.value ?? 1]);
}

/** x + value * a / b, broadcast; float dtypes only. Follows `torch.addcdiv`. */
export function addcdiv(x: Tensor, a: Tensor, b: Tensor, options?: ValueOptions): Tensor {
  return applyElementwise(addcdivOp, [x, a, b], [options?.value ?? 1]);
}

/** PyTorch's form, which is exact at both ends: the nearer end is the one that is added to. */
export const lerpOp = new ElementwiseOp({
  name: 'lerp',
  arity: 3,
  overload: (scalars) => Number(scalars === 0),
  expression: (a, b, w) => {
    const d = E.sub(b, a);
    return E.select(E.lt(E.abs(w), 0.5), E.add(a, E.mul(w, d)), E.sub(b, E.mul(d, E.sub(1, w))));
  },
  gradient: ({ g }, a, b, w) => [E.mul(g, E.sub(1, w)), E.mul(g, w), E.mul(g, E.sub(b, a))],
  check: (_, inputs) => {
    const first = inputs[0]!.dtype;
    if (!isFloatingPoint(first)) throw new DTypeError(`lerp: expected floating point tensors, got ${first}`);
    // A weight without dimensions counts as a number.
    if (inputs.some((x, i) => x.dtype !== first && (i < 2 || x.ndim > 0))) {
      const list = inputs.map((x) => x.dtype).join(', ');
      throw new DTypeError(`lerp: expected tensors of one dtype, got (${list}); convert with to()`);
    }
  },
});

/** a + weight * (b - a), broadcast. Follows `torch.lerp`. */
export function lerp(a: Tensor, b: Tensor, weight: Tensor | number): Tensor {
  return applyElementwise(lerpOp, [a, b, weight]);
}

/** @internal a += b. */
export const add_ = (a: Tensor, b: Operand, options?: AlphaOptions): Tensor => {
  const alpha = options?.alpha ?? 1;
  if (alpha === 1) return applyElementwiseInPlace(addOp, [a, b]);
  checkAlpha('add_', a, b, alpha);
  return applyElementwiseInPlace(addScaledOp, [a, b], [alpha]);
};
/** @internal a -= b. */
export const sub_ = (a: Tensor, b: Operand, options?: AlphaOptions): Tensor => {
  const alpha = options?.alpha ?? 1;
  if (alpha === 1) return applyElementwiseInPlace(subOp, [a, b]);
  checkAlpha('sub_', a, b, alpha);
  return applyElementwiseInPlace(subScaledOp, [a, b], [alpha]);
};
/** @internal a *= b. */
export const mul_ = (a: Tensor, b: Operand): Tensor => applyElementwiseInPlace(mulOp, [a, b]);
/** @internal a /= b. */
export const div_ = (a: Tensor, b: Operand, options?: DivOptions): Tensor =>
  applyElementwiseInPlace(divisionOf(a, b, options?.roundingMode), [a, b]);
/** @internal a = floor(a / b). */
export const floorDivide_ = (a: Tensor, b: Operand): Tensor => {
  checkDivisor('floorDivide_', a, b);
  return applyElementwiseInPlace(floorDivideOp, [a, b]);
};
/** @internal a = fmod(a, b). */
export const fmod_ = (a: Tensor, b: Operand): Tensor => {
  checkDivisor('fmod_', a, b);
  return applyElementwiseInPlace(fmodOp, [a, b]);
};
/** @internal a = remainder(a, b). */
export const remainder_ = (a: Tensor, b: Operand): Tensor => {
  checkDivisor('remainder_', a, b);
  return applyElementwiseInPlace(remainderOp, [a, b]);
};
/** @internal a = -a. */
export const neg_ = (a: Tensor): Tensor => applyElementwiseInPlace(negOp, [a]);
/** @internal x += value * a * b. */
export const addcmul_ = (x: Tensor, a: Tensor, b: Tensor, options?: ValueOptions): Tensor =>
  applyElementwiseInPlace(addcmulOp, [x, a, b], [options?.value ?? 1]);
/** @internal x += value * a / b. */
export const addcdiv_ = (x: Tensor, a: Tensor, b: Tensor, options?: ValueOptions): Tensor =>
  applyElementwiseInPlace(addcdivOp, [x, a, b], [options?.value ?? 1]);
/** @internal a = lerp(a, b, weight). */
export const lerp_ = (a: Tensor, b: Tensor, weight: Tensor | number): Tensor =>
  applyElementwiseInPlace(lerpOp, [a, b, weight]);

/** Another name of {@link sub}. */
export const subtract = sub;
/** Another name of {@link mul}. */
export const multiply = mul;
/** Another name of {@link div}. */
export const divide = div;
/** Another name of {@link div}. */
export const trueDivide = div;
/** Another name of {@link neg}. */
export const negative = neg;

/** The functions of this file that are methods too. */
export default {
  add,
  sub,
  subtract,
  rsub,
  mul,
  multiply,
  div,
  divide,
  trueDivide,
  floorDivide,
  fmod,
  remainder,
  neg,
  negative,
  addcmul,
  addcdiv,
  lerp,
  add_,
  sub_,
  mul_,
  div_,
  neg_,
  addcmul_,
  addcdiv_,
  lerp_,
  fmod_,
  remainder_,
  floorDivide_,
};
