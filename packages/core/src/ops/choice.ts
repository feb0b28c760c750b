import type { DType } from '../dtype.ts';
import { DTypeError, ValueError } from '../errors.ts';
import * as E from '../kernels/expression.ts';
import type { Tensor } from '../tensor.ts';
import {
  applyBinary,
  applyElementwise,
  applyElementwiseInPlace,
  applyUnary,
  ElementwiseOp,
  type Operand,
} from './elementwise.ts';

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

/** @internal x = clamp(x). */
export const clampInPlace = (x: Tensor, options: ClampOptions): Tensor =>
  applyElementwiseInPlace(...clampOperands(x, options, 'clamp_'));
/** @internal x = nanToNum(x). */
export const nanToNumInPlace = (x: Tensor, options: NanToNumOptions = {}): Tensor =>
  applyElementwiseInPlace(nanToNumOp, [x], replacements(x, options));
