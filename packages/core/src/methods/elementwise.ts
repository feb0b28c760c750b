import * as A from '../ops/elementwise/arithmetic.ts';
import * as P from '../ops/elementwise/binary.ts';
import * as C from '../ops/elementwise/compare.ts';
import * as M from '../ops/elementwise/functions.ts';
import { applyElementwiseInPlace, type ElementwiseOp, type Operand } from '../ops/elementwise/operation.ts';
import * as H from '../ops/elementwise/select.ts';
import type { Tensor } from '../tensor.ts';

/** The in-place form of an elementwise function of one tensor. */
const unary_ =
  (f: { op: ElementwiseOp }): ((x: Tensor) => Tensor) =>
  (x) =>
    applyElementwiseInPlace(f.op, [x]);

/** The in-place form of an elementwise function of two operands. */
const binary_ =
  (f: { op: ElementwiseOp }): ((x: Tensor, other: Operand) => Tensor) =>
  (x, other) =>
    applyElementwiseInPlace(f.op, [x, other]);

const arithmetic = {
  add: A.add,
  sub: A.sub,
  subtract: A.sub,
  rsub: A.rsub,
  mul: A.mul,
  multiply: A.mul,
  div: A.div,
  divide: A.div,
  trueDivide: A.div,
  floorDivide: A.floorDivide,
  fmod: A.fmod,
  remainder: A.remainder,
  neg: A.neg,
  negative: A.neg,
  addcmul: A.addcmul,
  addcdiv: A.addcdiv,
  lerp: A.lerp,
  add_: A.addInPlace,
  sub_: A.subInPlace,
  mul_: A.mulInPlace,
  div_: A.divInPlace,
  neg_: A.negInPlace,
  addcmul_: A.addcmulInPlace,
  addcdiv_: A.addcdivInPlace,
  lerp_: A.lerpInPlace,
  fmod_: A.fmodInPlace,
  remainder_: A.remainderInPlace,
  floorDivide_: A.floorDivideInPlace,
};

const { maximum, minimum, fmax, fmin, pow, atan2, hypot, xlogy, logaddexp, logaddexp2, copysign, heaviside } =
  P;
const mathematics = {
  ...M.unaryFunctions,
  positive: M.positive,
  round: M.round,
  absolute: M.abs,
  pow,
  atan2,
  arctan2: atan2,
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
  clamp: H.clamp,
  clip: H.clamp,
  clampMin: H.clampMin,
  clampMax: H.clampMax,
  nanToNum: H.nanToNum,
  /** `x` where `condition` holds, else `other`. Follows `Tensor.where`. */
  where: (x: Tensor, condition: Tensor, other: Operand): Tensor => H.where(condition, x, other),
  pow_: P.powInPlace,
  round_: M.roundInPlace,
  clamp_: H.clampInPlace,
  nanToNum_: H.nanToNumInPlace,
  xlogy_: binary_(xlogy),
  copysign_: binary_(copysign),
};

/** `exp` gives `exp_`, and so on. */
type InPlaceNames<T> = { [K in keyof T as K extends string ? `${K}_` : never]: (x: Tensor) => Tensor };
const inPlaceMathematics = Object.fromEntries(
  Object.entries(M.unaryFunctions).map(([name, f]) => [`${name}_`, unary_(f)]),
) as InPlaceNames<typeof M.unaryFunctions>;

const comparisons = {
  eq: C.eq,
  ne: C.ne,
  lt: C.lt,
  le: C.le,
  gt: C.gt,
  ge: C.ge,
  equal: C.equal,
  isclose: C.isclose,
  allclose: C.allclose,
  logicalAnd: C.logicalAnd,
  logicalOr: C.logicalOr,
  logicalXor: C.logicalXor,
  logicalNot: C.logicalNot,
  bitwiseAnd: C.bitwiseAnd,
  bitwiseOr: C.bitwiseOr,
  bitwiseXor: C.bitwiseXor,
  bitwiseNot: C.bitwiseNot,
  isnan: C.isnan,
  isinf: C.isinf,
  isfinite: C.isfinite,
  isposinf: C.isposinf,
  isneginf: C.isneginf,
  signbit: C.signbit,
};

/** Elementwise operations as methods. */
export const elementwise = { ...arithmetic, ...mathematics, ...inPlaceMathematics, ...comparisons };
