import { type BackwardOptions, backward as runBackward } from './autograd/engine.ts';
import { AutogradError } from './errors.ts';
import * as A from './ops/arithmetic.ts';
import * as C from './ops/compare.ts';
import * as V from './ops/convert.ts';
import { clone, contiguous, copyInPlace, detach, to } from './ops/copy.ts';
import { applyElementwiseInPlace, type ElementwiseOp, type Operand } from './ops/elementwise.ts';
import * as F from './ops/fill.ts';
import * as M from './ops/math.ts';
import * as P from './ops/matmul.ts';
import { select } from './ops/parts.ts';
import * as R from './ops/random.ts';
import { sum, sumToShape } from './ops/sum.ts';
import * as W from './ops/views.ts';
import { Tensor } from './tensor.ts';

/** A function of a tensor as that tensor's method. */
type Method<F> = F extends (x: Tensor, ...args: infer A) => infer R ? (...args: A) => R : never;
type MethodsOf<T> = { [K in keyof T]: Method<T[K]> };

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

/** Adds up gradients into the leaves that x was computed from. Follows `Tensor.backward`. */
function backward(x: Tensor, options: BackwardOptions = {}): void {
  runBackward(x, options.gradient ?? null, options);
}

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
  M;
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
  clamp: M.clamp,
  clip: M.clamp,
  clampMin: M.clampMin,
  clampMax: M.clampMax,
  nanToNum: M.nanToNum,
  /** `x` where `condition` holds, else `other`. Follows `Tensor.where`. */
  where: (x: Tensor, condition: Tensor, other: Operand): Tensor => M.where(condition, x, other),
  pow_: binary_(pow),
  round_: unary_(M.round),
  clamp_: M.clampInPlace,
  nanToNum_: M.nanToNumInPlace,
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

const matrices = {
  matmul: P.matmul,
  mm: P.mm,
  bmm: P.bmm,
  mv: P.mv,
  dot: P.dot,
  vdot: P.vdot,
  outer: P.outer,
  inner: P.inner,
  addmm: P.addmm,
  addmv: P.addmv,
  baddbmm: P.baddbmm,
  addbmm: P.addbmm,
};

const memory = {
  clone,
  contiguous,
  detach,
  to,
  copy_: copyInPlace,
  float: (x: Tensor): Tensor => to(x, 'float32'),
  double: (x: Tensor): Tensor => to(x, 'float64'),
  int: (x: Tensor): Tensor => to(x, 'int32'),
  long: (x: Tensor): Tensor => to(x, 'int32'),
  byte: (x: Tensor): Tensor => to(x, 'uint8'),
  bool: (x: Tensor): Tensor => to(x, 'bool'),
  typeAs: (x: Tensor, other: Tensor): Tensor => to(x, other.dtype),
  fill_: F.fillInPlace,
  zero_: F.zeroInPlace,
  item: V.item,
  toArray: V.toArray,
  tolist: V.toArray,
  numel: V.numel,
  dim: V.dim,
  size: V.size,
  stride: V.stride,
  isContiguous: V.isContiguous,
  isFloatingPoint: V.isFloatingPoint,
  elementSize: V.elementSize,
};

const draws = {
  uniform_: R.uniformInPlace,
  normal_: R.normalInPlace,
  bernoulli_: R.bernoulliInPlace,
  random_: R.randomInPlace,
  exponential_: R.exponentialInPlace,
  logNormal_: R.logNormalInPlace,
  cauchy_: R.cauchyInPlace,
  geometric_: R.geometricInPlace,
  bernoulli: R.bernoulli,
  multinomial: R.multinomial,
};

const views = {
  reshape: W.reshape,
  view: W.view,
  viewAs: W.viewAs,
  reshapeAs: W.reshapeAs,
  flatten: W.flatten,
  ravel: W.ravel,
  unflatten: W.unflatten,
  squeeze: W.squeeze,
  unsqueeze: W.unsqueeze,
  expand: W.expand,
  expandAs: W.expandAs,
  broadcastTo: W.broadcastTo,
  transpose: W.transpose,
  swapaxes: W.swapaxes,
  swapdims: W.swapdims,
  t: W.t,
  adjoint: W.adjoint,
  permute: W.permute,
  movedim: W.movedim,
  moveaxis: W.moveaxis,
};

const reductions = {
  sum,
  sumToSize: sumToShape,
};

/** Every operation that is also a method: the tensor is its first argument. */
const table = {
  ...arithmetic,
  ...mathematics,
  ...inPlaceMathematics,
  ...comparisons,
  ...matrices,
  ...memory,
  ...draws,
  ...views,
  ...reductions,
  backward,
};

/** The methods that overloads or type parameters keep out of the table's types. */
interface SpecialMethods {
  size(): readonly number[];
  size(dim: number): number;
  stride(): readonly number[];
  stride(dim: number): number;
  toArray<T = V.NestedNumbers>(): T;
  tolist<T = V.NestedNumbers>(): T;
}

interface Properties {
  /** The dimensions in reverse order. */
  readonly T: Tensor;
  /** The last two dimensions swapped. */
  readonly mT: Tensor;
  toString(): string;
  /** Walks the first dimension. */
  [Symbol.iterator](): Generator<Tensor>;
}

export interface TensorMethods
  extends Omit<MethodsOf<typeof table>, keyof SpecialMethods>,
    SpecialMethods,
    Properties {}

type AnyMethod = (x: Tensor, ...args: unknown[]) => unknown;

/** Fixed parameters: a rest parameter would allocate an array at each call. */
function asMethod(f: AnyMethod): PropertyDescriptor {
  const value =
    f.length > 4 || hasRest(f)
      ? function (this: Tensor, ...args: unknown[]) {
          return f(this, ...args);
        }
      : function (this: Tensor, a?: unknown, b?: unknown, c?: unknown) {
          return f(this, a, b, c);
        };
  return { configurable: true, writable: true, value };
}

const variadic = new Set<unknown>([W.reshape, W.view, W.expand, W.permute]);
const hasRest = (f: unknown): boolean => variadic.has(f);

for (const [name, f] of Object.entries(table)) {
  Object.defineProperty(Tensor.prototype, name, asMethod(f as AnyMethod));
}

const getter = (get: (x: Tensor) => unknown): PropertyDescriptor => ({
  configurable: true,
  get(this: Tensor) {
    return get(this);
  },
});

const method = (value: (this: Tensor) => unknown): PropertyDescriptor => ({
  configurable: true,
  writable: true,
  value,
});

Object.defineProperties(Tensor.prototype, {
  T: getter(W.reverseDims),
  mT: getter(W.matrixTranspose),
  toString: method(function () {
    return V.toString(this);
  }),
  [Symbol.for('nodejs.util.inspect.custom')]: method(function () {
    return V.toString(this);
  }),
  [Symbol.iterator]: method(function* () {
    if (this.ndim === 0) throw new AutogradError('iteration over a 0-d tensor');
    for (let i = 0; i < this.shape[0]!; i++) yield select(this, 0, i);
  }),
});
