import { alias } from '../../arguments/composition.ts';
import { K, refuseExcess } from '../../arguments/index.ts';
import { type DType, storedNumber } from '../../dtype.ts';
import { DTypeError, ValueError } from '../../errors.ts';
import { E } from '../../kernels/index.ts';
import { isOfClass, requireTensors, type Tensor } from '../../tensor.ts';
import { checkOptions, inPlaceCall, type Resolve, run } from './define.ts';
import {
  applyBinary,
  applyElementwise,
  applyUnary,
  ElementwiseOp,
  type ElementwiseSpec,
  type Operand,
} from './operation.ts';

const half = (g: E.Expr): E.Expr => E.mul(g, 0.5);

/**
 * PyTorch 2.15's gradient at the bounds (older versions let all of it pass to x). Where the bounds are numbers, x has
 * to lie between them, and neither on one nor be NaN; a bound that is a tensor shares the gradient with an x that lies
 * on it.
 */
const clampOp = new ElementwiseOp({
  name: 'clamp',
  arity: 3,
  overload: (scalars) => Number(scalars === 6),
  beyondByte: 'keep',
  comparesApart: true,
  expression: (x, low, high) => E.min(E.max(x, low), high),
  gradient: ({ g }, x, low, high) => {
    const below = E.lt(x, low);
    const above = E.gt(x, high);
    if (low.op === 'param' && high.op === 'param') {
      return [E.select(E.and(E.gt(x, low), E.lt(x, high)), g, 0), null, null];
    }
    const crossed = E.gt(low, high);
    const unordered = E.or(E.isNaN(x), E.or(E.isNaN(low), E.isNaN(high)));
    const atLow = E.eq(x, low);
    const atHigh = E.eq(x, high);
    const outside = E.or(below, above);
    const inside = E.select(E.xor(atLow, atHigh), half(g), g);
    const shareLow = E.select(E.and(atLow, E.ne(x, high)), half(g), 0);
    const shareHigh = E.select(E.and(atHigh, E.ne(x, low)), half(g), 0);
    return [
      E.select(outside, 0, E.select(unordered, g, inside)),
      E.select(E.or(unordered, crossed), 0, E.select(below, g, shareLow)),
      E.select(crossed, g, E.select(unordered, 0, E.select(above, g, shareHigh))),
    ];
  },
});

/**
 * max(x, bound) or min(x, bound), for which `passes` says where x is chosen: `clamp` with one bound, and `clampMin` or
 * `clampMax`, whose overloads PyTorch numbers the other way round.
 */
function oneBound(
  name: string,
  choose: (x: E.Expr, bound: E.Expr) => E.Expr,
  passes: (x: E.Expr, bound: E.Expr) => E.Expr,
): readonly [clamp: ElementwiseOp, own: ElementwiseOp] {
  const spec: Omit<ElementwiseSpec, 'name' | 'overload'> = {
    arity: 2,
    beyondByte: 'keep',
    comparesApart: true,
    expression: (x, bound) => choose(x, bound),
    gradient: ({ g }, x, bound) => {
      if (bound.op === 'param') return [E.select(passes(x, bound), g, 0), null];
      const shared = E.select(E.eq(x, bound), half(g), g);
      return [E.select(passes(bound, x), 0, shared), E.select(passes(x, bound), 0, shared)];
    },
  };
  return [
    new ElementwiseOp({ ...spec, name: 'clamp', overload: (scalars) => Number(scalars === 2) }),
    new ElementwiseOp({ ...spec, name, overload: (scalars) => Number(scalars !== 2) }),
  ];
}
const [clampAtLeastOp, clampMinOp] = oneBound('clamp_min', E.max, E.gt);
const [clampAtMostOp, clampMaxOp] = oneBound('clamp_max', E.min, E.lt);

/** Options of {@link clamp}: at least one bound. */
export interface ClampOptions {
  /** The lower bound. Default: none. */
  readonly min?: Tensor | number | null;
  /** The upper bound, which wins where it is the lesser of both. Default: none. */
  readonly max?: Tensor | number | null;
}

const bound = K.nullable(K.operand);
const clampOptions = K.options<ClampOptions>({ min: bound, max: bound });
const clampParameters = { x: K.tensor, options: clampOptions };

const clamping: Resolve<[x: Tensor, options?: ClampOptions]> = (caller, x, options = {}) => {
  checkOptions(caller, clampOptions, options, x);
  const { min = null, max = null } = options;
  if (min === null) {
    if (max === null) throw new ValueError(`${caller}: At least one of 'min' or 'max' must not be null`);
    return { op: clampAtMostOp, operands: [x, max] };
  }
  return max === null ? { op: clampAtLeastOp, operands: [x, min] } : { op: clampOp, operands: [x, min, max] };
};

/**
 * x within [min, max], where NaN stays; the bounds may be tensors, which are broadcast. Follows `torch.clamp`.
 * @throws ValueError when neither bound is given
 * @throws ShapeError when the shapes do not broadcast
 * @example clamp(tensor([-1.5, 0.5, 3]), { min: 0, max: 1 }); // tensor([0.0000, 0.5000, 1.0000])
 */
export function clamp(x: Tensor, options?: ClampOptions): Tensor {
  if (arguments.length > 2) refuseExcess('clamp', clampParameters, arguments);
  return run(clamping('clamp', x, options));
}

/** max(x, min), broadcast. Follows `torch.clamp_min`. */
export function clampMin(x: Tensor, min: Operand): Tensor {
  if (arguments.length > 2) refuseExcess('clampMin', ['x', 'min'], arguments);
  return applyBinary(clampMinOp, x, min);
}
/** min(x, max), broadcast. Follows `torch.clamp_max`. */
export function clampMax(x: Tensor, max: Operand): Tensor {
  if (arguments.length > 2) refuseExcess('clampMax', ['x', 'max'], arguments);
  return applyBinary(clampMaxOp, x, max);
}

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
  expression: (x, nan, posinf, neginf) =>
    E.select(E.isNaN(x), nan, E.select(E.eq(x, Infinity), posinf, E.select(E.eq(x, -Infinity), neginf, x))),
  integer: (x) => E.add(x, 0),
  comparesApart: true,
  gradient: ({ g }, x) => [E.mul(g, E.select(E.isFinite(x), 1, 0))],
});

const nanToNumOptions = K.options<NanToNumOptions>({ nan: K.number, posinf: K.number, neginf: K.number });

const replacing: Resolve<[x: Tensor, options?: NanToNumOptions]> = (caller, x, options = {}) => {
  if (!isOfClass(x)) requireTensors(caller, x);
  checkOptions(caller, nanToNumOptions, options, x);
  const most = largest[x.dtype] ?? 0;
  const { nan = 0, posinf = most, neginf = -most } = options;
  return { op: nanToNumOp, operands: [x], params: [nan, posinf, neginf] };
};

/**
 * x with NaN and infinities replaced. Follows `torch.nan_to_num`.
 * @example nanToNum(tensor([1, NaN, Infinity]), { posinf: 9 }); // tensor([1., 0., 9.])
 */
export function nanToNum(x: Tensor, options?: NanToNumOptions): Tensor {
  if (arguments.length > 2) refuseExcess('nanToNum', ['x', 'options'], arguments);
  const { op, params } = replacing('nanToNum', x, options);
  return applyUnary(op, x, params);
}

const whereOp = new ElementwiseOp({
  name: 'where',
  arity: 3,
  dtype: 'condition',
  inspect([, a, b], dtype) {
    if (dtype === 'uint8') for (const x of [a, b]) if (typeof x === 'number') storedNumber(x, dtype, 'where');
  },
  expression: (condition, a, b) => E.select(E.toMask(condition), a, b),
  gradient: ({ g }, condition) => [
    null,
    E.select(E.toMask(condition), g, 0),
    E.select(E.toMask(condition), 0, g),
  ],
});

/**
 * `a` where `condition` (a bool tensor) holds, else `b`, broadcast. Follows `torch.where`.
 * @throws DTypeError when the condition is not bool (or uint8)
 * @throws ShapeError when the shapes do not broadcast
 * @example where(tensor([true, false]), tensor([1, 2]), 0); // tensor([1, 0])
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  if (arguments.length > 3) refuseExcess('where', ['condition', 'a', 'b'], arguments);
  if (!isOfClass(condition)) requireTensors('where', condition);
  if (condition.dtype !== 'bool' && condition.dtype !== 'uint8') {
    throw new DTypeError(
      `where expected condition to be a boolean tensor, but got a tensor with dtype ${condition.dtype}`,
    );
  }
  return applyElementwise(whereOp, [condition, a, b]);
}

/** {@link clamp} in place. */
export const clamp_ = inPlaceCall('clamp_', clamping, clampParameters);
/** {@link nanToNum} in place. */
export const nanToNum_ = inPlaceCall('nanToNum_', replacing, ['x', 'options']);

/** Another name of {@link clamp}. */
export const clip = alias('clip', clamp);

/** The functions of this file that are methods too. */
export default { clamp, clip, clampMin, clampMax, nanToNum, clamp_, nanToNum_ };
