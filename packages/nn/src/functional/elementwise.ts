import type { E } from '@kindling/core';
import {
  applyElementwiseInPlace,
  applyUnary,
  type DType,
  DTypeError,
  ElementwiseOp,
  isFloatingPoint,
  isGradEnabled,
  type Tensor,
} from '@kindling/core';

/** Options of activations that can overwrite their input. */
export interface InplaceOptions {
  /** Write the result over the input. Default: false. */
  readonly inplace?: boolean | undefined;
}

/** The gradient with respect to x, as an expression in that of the result, g, the result y, x, and parameters. */
type Slope = (at: { readonly g: E.Expr; readonly y: E.Expr }, x: E.Expr, ...params: E.Expr[]) => E.Expr;

/** Refuses integers and bools. */
export const floatsOnly =
  (name: string) =>
  (dtype: DType): void => {
    if (!isFloatingPoint(dtype)) {
      throw new DTypeError(
        `${name}: not implemented for ${dtype}: expected a floating point tensor; convert with x.to('float32')`,
      );
    }
  };

/** An activation of one tensor: an expression in x and its parameters, and PyTorch's gradient. */
export function activation(
  name: string,
  expression: (x: E.Expr, ...params: E.Expr[]) => E.Expr,
  slope: Slope,
  integers = false,
): ElementwiseOp {
  return new ElementwiseOp({
    name,
    arity: 1,
    expression: (x, ...params) => expression(x as E.Expr, ...params),
    gradient: (at, x, ...params) => [slope(at, x as E.Expr, ...params)],
    ...(integers ? {} : { check: floatsOnly(name) }),
  });
}

/** Runs an activation, over its input where `inplace` is set. */
export function activate(
  op: ElementwiseOp,
  x: Tensor,
  options: InplaceOptions | undefined,
  params?: readonly number[],
): Tensor {
  if (options?.inplace !== true) return applyUnary(op, x, params);
  // The derivative may read the input, which is about to be overwritten: it gets a copy, as in PyTorch.
  if (isGradEnabled() && x.requiresGrad) return x.copy_(applyUnary(op, x.clone(), params));
  return applyElementwiseInPlace(op, [x], params);
}
