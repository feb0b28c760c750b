import type { DType } from '../../dtype.ts';
import { DTypeError, ValueError } from '../../errors.ts';
import { E } from '../../kernels/index.ts';
import { requireTensors, Tensor } from '../../tensor.ts';
import {
  applyBinary,
  applyElementwise,
  applyElementwiseInPlace,
  applyUnary,
  ElementwiseOp,
  type ElementwiseSpec,
  type Operand,
} from './operation.ts';

const half = (g: E.Expr): E.Expr => E.mul(g, 0.5);

/**
 * PyTorch 2.15's gradient at the bounds (older versions let all of it pass to x). Where the bounds are numbers, x has to lie
 * between them, and neither on one nor be NaN; a bound that is a tensor shares the gradient with an x that lies on it.
 */
const clampOp = new ElementwiseOp({
  name: 'clamp',
  arity: 3,
  overload: (scalars) => Number(scalars === 6),
  beyondByte: 'keep',
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
    const outside = E.or(crossed, E.or(below, above));
    const inside = E.select(E.xor(atLow, atHigh), half(g), g);
    const shareLow = E.select(E.and(atLow, E.ne(x, high)), half(g), 0);
    const shareHigh = E.select(E.and(atHigh, E.ne(x, low)), half(g), 0);
    return [
      E.select(unordered, g, E.select(outside, 0, inside)),
      E.select(E.or(unordered, crossed), 0, E.select(below, g, shareLow)),
      E.select(unordered, 0, E.select(E.or(crossed, above), g, shareHigh)),
    ];
  },
});

/** The gradient of max(x, bound) or min(x, bound); `passes` where x is chosen. */
const atBound =
  (passes: (x: E.Expr, bound: E.Expr) => E.Expr): NonNullable<ElementwiseSpec['gradient']> =>
  ({ g }, x, bound) => {
    if (bound.op === 'param') return [E.select(passes(x, bound), g, 0), null];
    const shared = E.select(E.eq(x, bound), half(g), g);
    return [E.select(passes(bound, x), 0, shared), E.select(passes(x, bound), 0, shared)];
  };

const atLeast = {
  arity: 2,
  beyondByte: 'keep',
  expression: (x, low) => E.max(x, low),
  gradient: atBound(E.gt),
} satisfies Omit<ElementwiseSpec, 'name'>;
const atMost = {
  arity: 2,
  beyondByte: 'keep',
  expression: (x, high) => E.min(x, high),
  gradient: atBound(E.lt),
} satisfies Omit<ElementwiseSpec, 'name'>;

const ifNumber = (scalars: number): number => Number(scalars === 2);
const ifTensor = (scalars: number): number => Number(scalars !== 2);
/** `clamp` with one bound. */
const clampAtLeastOp = new ElementwiseOp({ name: 'clamp', overload: ifNumber, ...atLeast });
const clampAtMostOp = new ElementwiseOp({ name: 'clamp', overload: ifNumber, ...atMost });
const clampMinOp = new ElementwiseOp({ name: 'clamp_min', overload: ifTensor, ...atLeast });
const clampMaxOp = new ElementwiseOp({ name: 'clamp_max', overload: ifTensor, ...atMost });

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
  if (max === null) return [clampAtLeastOp, [x, min!]];
  if (min === null) return [clampAtMostOp, [x, max]];
  return [clampOp, [x, min, max]];
}

/** x within [min, max], where NaN stays; the bounds may be tensors. Follows `torch.clamp`. */
export function clamp(x: Tensor, options: ClampOptions = {}): Tensor {
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
  expression: (x, nan, posinf, neginf) =>
    E.select(E.isNaN(x), nan, E.select(E.eq(x, Infinity), posinf, E.select(E.eq(x, -Infinity), neginf, x))),
  integer: (x) => E.add(x, 0),
  gradient: ({ g }, x) => [E.select(E.isFinite(x), g, 0)],
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
  expression: (condition, a, b) => E.select(E.toMask(condition), a, b),
  gradient: ({ g }, condition) => [
    null,
    E.select(E.toMask(condition), g, 0),
    E.select(E.toMask(condition), 0, g),
  ],
});

/** `a` where `condition` (a bool tensor) holds, else `b`, broadcast. Follows `torch.where`. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  if (!(condition instanceof Tensor)) requireTensors('where', condition);
  if (condition.dtype !== 'bool' && condition.dtype !== 'uint8') {
    throw new DTypeError(
      `where expected condition to be a boolean tensor, but got a tensor with dtype ${condition.dtype}`,
    );
  }
  return applyElementwise(whereOp, [condition, a, b]);
}

/** @internal x = clamp(x). */
export const clamp_ = (x: Tensor, options: ClampOptions = {}): Tensor =>
  applyElementwiseInPlace(...clampOperands(x, options, 'clamp_'));
/** @internal x = nanToNum(x). */
export const nanToNum_ = (x: Tensor, options: NanToNumOptions = {}): Tensor =>
  applyElementwiseInPlace(nanToNumOp, [x], replacements(x, options));

/** Another name of {@link clamp}. */
export const clip = clamp;

/** The functions of this file that are methods too. */
export default { clamp, clip, clampMin, clampMax, nanToNum, clamp_, nanToNum_ };
