import type { Tensor } from '@kindling/core';
import {
  checkReduction,
  type LossReduction,
  type SampleWeightOptions,
} from '../functional/losses/reduction.ts';
import { Module } from '../module/module.ts';

/** Options of every loss class. */
export interface LossModuleOptions<R extends string = LossReduction> {
  /** Default: `'mean'`. */
  readonly reduction?: R;
}

/**
 * The base of the losses: a module with a `reduction`, called with inputs of the types `I` and, at the end, the options of the
 * call: `lossFn(input, target, { sampleWeight })`. Extend it, or any loss, for one of your own. Follows
 * `torch.nn.modules.loss._Loss`.
 *
 * @example
 * ```ts
 * class LogCosh extends nn.Loss<[input: Tensor, target: Tensor]> {
 *   override forward(input: Tensor, target: Tensor, options?: SampleWeightOptions) {
 *     return nn.functional.reduceLoss(input.sub(target).cosh().log(), this.bound({}, options));
 *   }
 * }
 * ```
 */
export class Loss<I extends unknown[], R extends string = LossReduction> extends Module<
  [...I, options?: SampleWeightOptions],
  Tensor
> {
  reduction: R;

  constructor(options: LossModuleOptions<R> = {}, reductions?: readonly string[]) {
    super();
    this.reduction = checkReduction<R>(this.constructor.name, options.reduction ?? 'mean', reductions);
  }

  /** The options of the function that this loss stands for: the reduction, its own, and those of the call. */
  protected bound<O extends object>(
    own: O,
    call?: SampleWeightOptions,
  ): O & { reduction: R } & SampleWeightOptions {
    return { reduction: this.reduction, ...own, ...call };
  }
}
