import { checkArguments, K, refuseExcess, type Tensor } from '@kindling/core';
import { Module } from '../module/module.ts';
import { checkReduction } from './checks.ts';
import type { LossReduction, SampleWeightOptions } from './reduction.ts';

/** Options of every loss class. */
export interface LossModuleOptions<R extends string = LossReduction> {
  /** How the losses of the elements or samples become one number; `'none'` keeps them. Default: `'mean'`. */
  readonly reduction?: R;
}

/**
 * The base of the losses: a module with a `reduction`, called with inputs of the types `I` and, at the end, the options
 * of the call: `lossFn(input, target, { sampleWeight })`. Extend it, or any loss, for one of your own. Follows
 * `torch.nn.modules.loss._Loss`.
 * @throws ValueError for a reduction that there is not
 * @example
 * ```ts
 * class LogCosh extends nn.Loss<[input: Tensor, target: Tensor]> {
 *   override forward(input: Tensor, target: Tensor, options?: nn.SampleWeightOptions) {
 *     return nn.reduceLoss(input.sub(target).cosh().log(), this.bound({}, options));
 *   }
 * }
 * new LogCosh({ reduction: 'sum' })(tensor([1, 2.5]), tensor([1, 2.5])); // tensor(0.)
 * ```
 */
export class Loss<
  I extends unknown[] = [input: Tensor, target: Tensor],
  R extends string = LossReduction,
> extends Module<[...I, options?: SampleWeightOptions], Tensor> {
  /** How the losses of the elements or samples become one number. */
  reduction: R;

  constructor(options: LossModuleOptions<R> = {}, reductions?: readonly string[]) {
    // A subclass has options of its own, which it checks itself.
    if (!K.isOptions(options) || reductions !== undefined) {
      const optionsKind = K.isOptions(options)
        ? K.anything
        : K.options<LossModuleOptions>({ reduction: K.text });
      checkArguments(
        new.target.name,
        { options: optionsKind, reductions: K.optional(K.listOf(K.text)) },
        arguments,
      );
    } else if (arguments.length > 2) refuseExcess(new.target.name, ['options', 'reductions'], arguments);
    super();
    this.reduction = checkReduction<R>(new.target.name, options.reduction ?? 'mean', reductions);
  }

  /** The options of the function that this loss stands for: the reduction, its own, and those of the call. */
  protected bound<O extends object>(
    own: O,
    call?: SampleWeightOptions,
  ): O & { reduction: R } & SampleWeightOptions {
    return { reduction: this.reduction, ...own, ...this.optionsOfCall(call) };
  }

  /** The options that a call was given, once they are known to be options. */
  protected optionsOfCall(given: unknown): SampleWeightOptions | undefined {
    if (given === undefined) return undefined;
    const refuse = (): void => {
      const options = K.options<SampleWeightOptions>({ sampleWeight: K.nullable(K.tensor) });
      checkArguments('forward', { options }, [given]);
    };
    if (!K.isOptions(given)) refuse();
    try {
      return { ...(given as SampleWeightOptions) };
    } catch (error) {
      refuse();
      throw error;
    }
  }
}

/** Options of {@link WeightedLoss}. */
export interface WeightedOptions extends LossModuleOptions {
  /** A weight for each class or element. Default: none. */
  readonly weight?: Tensor | null;
}

/**
 * A loss with a `weight`, which is a buffer: it is saved with the state dict. Follows
 * `torch.nn.modules.loss._WeightedLoss`.
 */
export class WeightedLoss<
  I extends unknown[] = [input: Tensor, target: Tensor],
  R extends string = LossReduction,
> extends Loss<I, R> {
  /** A weight for each class or element, or `null`. */
  weight: Tensor | null;

  constructor(
    options: LossModuleOptions<R> & Pick<WeightedOptions, 'weight'> = {},
    reductions?: readonly string[],
  ) {
    if (arguments.length > 2) refuseExcess(new.target.name, ['options', 'reductions'], arguments);
    super(options, reductions);
    this.weight = this.registerBuffer('weight', options.weight ?? null);
  }
}
