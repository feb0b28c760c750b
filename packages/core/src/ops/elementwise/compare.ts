import { composition, K, refuseExcess, signature } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';
import { E, type Expr, toInt32 } from '../../kernels/index.ts';
import { publicName } from '../../record/apply.ts';
import { valuesOf } from '../../record/index.ts';
import { sameShape } from '../../shape.ts';
import { isOfClass, type Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { binary, type ElementwiseDefinition, inPlace, unary } from './define.ts';
import { integersOnly } from './dtype-checks.ts';
import { notATensor } from './operands.ts';
import {
  applyBinary,
  applyElementwiseInPlace,
  applyUnary,
  type BinaryFunction,
  ElementwiseOp,
  type UnaryFunction,
} from './operation.ts';

/** No gradient goes through: not through a bool, which has none, nor to numbers that an answer takes the place of. */
const answer: ElementwiseDefinition = { dtype: 'bool', gradient: (_, ...x) => x.map(() => E.constant(0)) };

/** Of two operands; the result is bool. */
const comparison = (name: string, f: (a: Expr, b: Expr) => Expr): BinaryFunction => binary(name, f, answer);

/**
 * a == b, elementwise and broadcast, as bool. Follows `torch.eq`.
 * @throws ShapeError when the shapes do not broadcast, as of all comparisons
 * @example eq(tensor([1, 2]), tensor([1, 3])); // tensor([ True, False])
 */
export const eq = comparison('eq', E.eq);
/** a != b, elementwise and broadcast, as bool. Follows `torch.ne`. */
export const ne = comparison('ne', E.ne);
/**
 * a < b, elementwise and broadcast, as bool. Follows `torch.lt`.
 * @example lt(tensor([1, 2, 3]), 2); // tensor([ True, False, False])
 */
export const lt = comparison('lt', E.lt);
/** a <= b, elementwise and broadcast, as bool. Follows `torch.le`. */
export const le = comparison('le', E.le);
/** a > b, elementwise and broadcast, as bool. Follows `torch.gt`. */
export const gt = comparison('gt', E.gt);
/** a >= b, elementwise and broadcast, as bool. Follows `torch.ge`. */
export const ge = comparison('ge', E.ge);

/**
 * {@link eq} in place: 1 where x equals the other, else 0. In a graph the old values get no gradient.
 * @example tensor([1.5, 2]).eq_(2); // tensor([0., 1.])
 */
export const eq_ = inPlace(eq);
/** {@link ne} in place; otherwise as {@link eq_}. */
export const ne_ = inPlace(ne);
/** {@link lt} in place; otherwise as {@link eq_}. */
export const lt_ = inPlace(lt);
/** {@link le} in place; otherwise as {@link eq_}. */
export const le_ = inPlace(le);
/** {@link gt} in place; otherwise as {@link eq_}. */
export const gt_ = inPlace(gt);
/** {@link ge} in place; otherwise as {@link eq_}. */
export const ge_ = inPlace(ge);

const onMasks = (f: (a: Expr, b: Expr) => Expr) => (a: Expr, b: Expr) => f(E.toMask(a), E.toMask(b));

/** Both are other than 0. Follows `torch.logical_and`. */
export const logicalAnd = comparison('logical_and', onMasks(E.and));
/** Either is other than 0. Follows `torch.logical_or`. */
export const logicalOr = comparison('logical_or', onMasks(E.or));
/** Exactly one is other than 0. Follows `torch.logical_xor`. */
export const logicalXor = comparison('logical_xor', onMasks(E.xor));

/** {@link logicalAnd} in place; otherwise as {@link eq_}. */
export const logicalAnd_ = inPlace(logicalAnd);
/** {@link logicalOr} in place; otherwise as {@link eq_}. */
export const logicalOr_ = inPlace(logicalOr);
/** {@link logicalXor} in place; otherwise as {@link eq_}. */
export const logicalXor_ = inPlace(logicalXor);

/** Of one operand; `onInteger` is what the predicate says of any integer. */
const predicate = (name: string, f: (x: Expr) => Expr, onInteger?: boolean): UnaryFunction =>
  unary(name, f, {
    ...answer,
    ...(onInteger === undefined ? {} : { integer: (x) => (onInteger ? E.eq(x, x) : E.ne(x, x)) }),
  });

/** x is 0. Follows `torch.logical_not`. */
export const logicalNot = predicate('logical_not', (x) => E.eq(x, 0));
/** {@link logicalNot} in place; otherwise as {@link eq_}. */
export const logicalNot_ = inPlace(logicalNot);
/**
 * x is NaN. Follows `torch.isnan`.
 * @example isnan(tensor([1, NaN])); // tensor([False,  True])
 */
export const isnan = predicate('isnan', E.isNaN, false);
/** x is an infinity. Follows `torch.isinf`. */
export const isinf = predicate('isinf', E.isInf, false);
/** x is neither NaN nor infinite. Follows `torch.isfinite`. */
export const isfinite = predicate('isfinite', E.isFinite, true);
/** x is infinity. Follows `torch.isposinf`. */
export const isposinf = predicate('isposinf', (x) => E.eq(x, Infinity), false);
/** x is negative infinity. Follows `torch.isneginf`. */
export const isneginf = predicate('isneginf', (x) => E.eq(x, -Infinity), false);
/** The sign bit is set: x < 0 or x is -0. Follows `torch.signbit`. */
export const signbit = predicate('signbit', (x) => E.ilt(E.bitsOf(x), 0));

/** On the bits of integers; bools stay bools. */
const onBits = (name: string): ElementwiseDefinition => ({
  gradient: false,
  check: integersOnly(publicName(name)),
  onBits: true,
  inspect(operands, dtype) {
    if (dtype === 'int32') for (const x of operands) if (typeof x === 'number') toInt32(x);
  },
});
const bitwise = (name: string, f: (a: Expr, b: Expr) => Expr): BinaryFunction =>
  binary(name, (a, b) => E.fromBits(f(E.bitsOf(a), E.bitsOf(b))), onBits(name));

/**
 * a & b on integers, "and" on bools, broadcast. Follows `torch.bitwise_and`.
 * @throws DTypeError when an operand is of a floating dtype, as of all bitwise functions
 * @example bitwiseAnd(tensor([6, 3]), 5); // tensor([4, 1])
 */
export const bitwiseAnd = bitwise('bitwise_and', E.iand);
/** a | b on integers, "or" on bools. Follows `torch.bitwise_or`. */
export const bitwiseOr = bitwise('bitwise_or', E.ior);
/** a ^ b on integers, "exclusive or" on bools. Follows `torch.bitwise_xor`. */
export const bitwiseXor = bitwise('bitwise_xor', E.ixor);

/** {@link bitwiseAnd} in place. */
export const bitwiseAnd_ = inPlace(bitwiseAnd);
/** {@link bitwiseOr} in place. */
export const bitwiseOr_ = inPlace(bitwiseOr);
/** {@link bitwiseXor} in place. */
export const bitwiseXor_ = inPlace(bitwiseXor);

const bitwiseNotOp = new ElementwiseOp({
  name: 'bitwise_not',
  arity: 1,
  expression: (x) => E.fromBits(E.inot(E.bitsOf(x))),
  ...onBits('bitwise_not'),
});

/** ~x on integers, "not" on bools. Follows `torch.bitwise_not`. */
export function bitwiseNot(x: Tensor): Tensor {
  if (arguments.length > 1) refuseExcess('bitwiseNot', ['x'], arguments);
  if (!isOfClass(x)) throw notATensor('bitwiseNot', [x]);
  return x.dtype === 'bool' ? logicalNot(x) : applyUnary(bitwiseNotOp, x);
}

/** {@link bitwiseNot} in place. */
export function bitwiseNot_(x: Tensor): Tensor {
  if (arguments.length > 1) refuseExcess('bitwiseNot_', ['x'], arguments);
  if (!isOfClass(x)) throw notATensor('bitwiseNot_', [x]);
  return x.dtype === 'bool' ? logicalNot_(x) : applyElementwiseInPlace(bitwiseNotOp, [x]);
}

/** Options of {@link isclose} and {@link allclose}. */
export interface CloseOptions {
  /** Relative tolerance, of |b|. Default: 1e-5. */
  readonly rtol?: number;
  /** Absolute tolerance. Default: 1e-8. */
  readonly atol?: number;
  /** Whether NaN equals NaN. Default: false. */
  readonly equalNan?: boolean;
}

const closeParameters = {
  a: K.tensor,
  b: K.tensor,
  options: K.options<CloseOptions>({ rtol: K.nonNegative, atol: K.nonNegative, equalNan: K.flag }),
};
const iscloseTakes = signature('isclose', closeParameters);
const equalTakes = signature('equal', { a: K.tensor, b: K.tensor });

const closeness = (equalNan: boolean): ElementwiseOp =>
  new ElementwiseOp({
    name: 'isclose',
    arity: 2,
    ...answer,
    expression: (a, b, rtol, atol) => {
      const near = E.le(E.abs(E.sub(a, b)), E.add(atol, E.abs(E.mul(rtol, b))));
      const close = E.or(E.eq(a, b), E.and(E.isFinite(b), near));
      return equalNan ? E.or(close, E.and(E.isNaN(a), E.isNaN(b))) : close;
    },
  });
const isclosePlain = closeness(false);
const iscloseNan = closeness(true);

/**
 * |a - b| <= atol + rtol |b|, elementwise and broadcast, as bool. Follows `torch.isclose`.
 * @throws DTypeError when the tensors are not of one dtype
 * @example isclose(tensor([1, 2.1]), tensor([1.000001, 2])); // tensor([ True, False])
 */
export function isclose(a: Tensor, b: Tensor, options: CloseOptions = {}): Tensor {
  iscloseTakes(arguments);
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  if (a.dtype !== b.dtype)
    throw new DTypeError(`isclose: ${a.dtype} did not match ${b.dtype}; convert with to()`);
  const inFloat = (x: Tensor): Tensor => (isFloatingPoint(x.dtype) ? x : to(x, 'float64'));
  return applyBinary(equalNan ? iscloseNan : isclosePlain, inFloat(a), inFloat(b), [rtol, atol]);
}

/** Whether every element of a bool tensor is true: read, since the answer is no tensor. */
const holds = (x: Tensor, caller: string): boolean =>
  !valuesOf(x, `${caller}: the answer as a boolean`).includes(0 as never);

/**
 * Whether all elements are close, as a boolean: see {@link isclose}. Follows `torch.allclose`.
 * @throws DTypeError when the tensors are not of one dtype
 * @example allclose(tensor([1, 2.5]), tensor([1.000001, 2.5])); // true
 */
export const allclose = composition(
  'allclose',
  closeParameters,
  (a: Tensor, b: Tensor, options: CloseOptions = {}): boolean => holds(isclose(a, b, options), 'allclose'),
);

/**
 * Whether shapes and all elements are equal, as a boolean. Follows `torch.equal`.
 * @example equal(tensor([1, 2]), tensor([1, 2])); // true
 */
export function equal(a: Tensor, b: Tensor): boolean {
  equalTakes(arguments);
  return sameShape(a.shape, b.shape) && holds(eq(a, b), 'equal');
}
