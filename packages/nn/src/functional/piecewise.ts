import { applyUnary, E, type Tensor, ValueError } from '@kindling/core';
import { activate, activation, type InplaceOptions } from './elementwise.ts';

const { add, div, mul, select, sub } = E;

/** min(max(x + 3, 0), 6) */
const clampedShift = (x: E.Expr): E.Expr => E.pmin(E.pmax(add(x, 3), 0), 6);

/** PyTorch's constant, which is of single precision in its float64 kernel too. */
const sixth = Math.fround(1 / 6);

const hardsigmoidOp = activation(
  'hardsigmoid',
  (x) => div(clampedShift(x), 6),
  ({ g }, x) => select(E.and(E.gt(x, -3), E.lt(x, 3)), mul(g, sixth), 0),
);

/** A sigmoid of three lines: 0 up to -3, 1 from 3 on. Follows `torch.nn.functional.hardsigmoid`. */
export const hardsigmoid = (x: Tensor, options?: InplaceOptions): Tensor =>
  activate(hardsigmoidOp, x, options);

const hardswishOp = activation(
  'hardswish',
  (x) => div(mul(x, clampedShift(x)), 6),
  ({ g }, x) => select(E.le(x, -3), 0, select(E.lt(x, 3), mul(g, add(div(x, 3), 0.5)), g)),
);

/** x * hardsigmoid(x). Follows `torch.nn.functional.hardswish`. */
export const hardswish = (x: Tensor, options?: InplaceOptions): Tensor => activate(hardswishOp, x, options);

const within = (x: E.Expr, limit: E.Expr): E.Expr => E.and(E.ge(x, E.neg(limit)), E.le(x, limit));

const hardshrinkOp = activation(
  'hardshrink',
  (x, limit) => select(within(x, limit), 0, x),
  ({ g }, x, limit) => select(within(x, limit), 0, g),
);

/** Options of {@link hardshrink} and {@link softshrink}. */
export interface ShrinkOptions {
  /** Half the width of the interval that becomes 0. Default: 0.5. */
  readonly lambd?: number;
}

/** x outside [-lambd, lambd], 0 within. Follows `torch.nn.functional.hardshrink`. */
export const hardshrink = (x: Tensor, options: ShrinkOptions = {}): Tensor =>
  applyUnary(hardshrinkOp, x, [options.lambd ?? 0.5]);

const softshrinkOp = activation(
  'softshrink',
  // Within the interval PyTorch multiplies by 0, which keeps the sign and NaN.
  (x, limit) =>
    select(E.gt(x, limit), sub(x, limit), select(E.lt(x, E.neg(limit)), add(x, limit), mul(x, 0))),
  ({ g }, x, limit) => select(within(x, limit), 0, g),
);

/** x moved towards 0 by lambd, 0 within [-lambd, lambd]. Follows `torch.nn.functional.softshrink`. */
export function softshrink(x: Tensor, options: ShrinkOptions = {}): Tensor {
  const { lambd = 0.5 } = options;
  if (!(lambd >= 0)) {
    throw new ValueError(`softshrink: lambda must be in range [0, 3.40282e+38], but found ${lambd}`);
  }
  return applyUnary(softshrinkOp, x, [lambd]);
}
