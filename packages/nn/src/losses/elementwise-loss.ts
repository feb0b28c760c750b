import { composition, E, type ElementwiseReduction, type Tensor } from '@kindling/core';
import { checkReduction, checkSameSize } from './checks.ts';
import { type LossOptions, lossParameters, reduced } from './reduction.ts';

/** A loss that is elementwise: fused with its reduction unless there are sample weights. */
export function elementwiseLoss(
  op: ElementwiseReduction,
  operands: readonly Tensor[],
  caller: string,
  options: LossOptions,
  params: readonly number[] = [],
): Tensor {
  const reduction = checkReduction(caller, options.reduction ?? 'mean');
  if (options.sampleWeight == null) {
    return op.apply(operands, reduction === 'weightedMean' ? 'mean' : reduction, params);
  }
  return reduced(op.apply(operands, 'none', params), options, caller);
}

/** The loss that is an operation on an input and a target of one size, and takes what every loss takes. */
export const plainLoss = (
  name: string,
  op: ElementwiseReduction,
): ((input: Tensor, target: Tensor, options?: LossOptions) => Tensor) =>
  composition(
    name,
    () => lossParameters<LossOptions>({}),
    (input: Tensor, target: Tensor, options: LossOptions = {}): Tensor => {
      checkSameSize(name, input, target);
      return elementwiseLoss(op, [input, target], name, options);
    },
  );

/** Half the square of the residual r up to `delta`, and the line that goes on beyond. */
export function huberOf(r: E.Expr, delta: E.Expr): E.Expr {
  const size = E.abs(r);
  const limited = E.pmin(size, delta);
  return E.mul(limited, E.sub(size, E.mul(0.5, limited)));
}
