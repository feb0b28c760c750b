import { checkArguments, K, refuseExcess, type Tensor } from '@kindling/core';
import type { StateNames } from '../module/registry.ts';
import { Loss, type LossModuleOptions, WeightedLoss } from './loss.ts';
import type { SampleWeightOptions } from './reduction.ts';

/** What the options of every loss function have. */
type LossFunctionOptions = SampleWeightOptions & LossModuleOptions<string>;

/** A loss as a function: inputs, then options that may be left out. */
type LossFunction = (...args: never[]) => Tensor;
type InputsOf<F extends LossFunction> = Required<Parameters<F>> extends [...infer I, unknown] ? I : never;
type OptionsOf<F extends LossFunction> =
  Required<Parameters<F>> extends [...unknown[], infer O extends LossFunctionOptions] ? O : never;
type ReductionOf<O extends LossFunctionOptions> = NonNullable<O['reduction']>;

/** The options of a loss class: the reduction, and those of its function that it binds. */
export type BoundOptions<O extends LossFunctionOptions, K extends keyof O> = Pick<O, K | 'reduction'>;

/** Options as the fields in which a module keeps them. */
type Fields<T> = { -readonly [P in keyof T]-?: T[P] };

/**
 * A class whose instances are losses that keep the options `K` of the function, and `weight` as `nn.WeightedLoss` does.
 */
export interface LossClass<I extends unknown[], O extends LossFunctionOptions, K extends keyof O> {
  new (
    options?: BoundOptions<O, K>,
  ): ('weight' extends K ? WeightedLoss<I, ReductionOf<O>> : Loss<I, ReductionOf<O>>) & Fields<Pick<O, K>>;
  readonly stateNames: StateNames;
}

/**
 * The class that stands for a loss function: it takes the options that `defaults` has, keeps them in fields of the same
 * names, and calls the function with them. The options of the names `buffers`, tensors or `null`, are saved with the
 * state dict.
 *
 *     export class SmoothL1Loss extends lossClass(smoothL1Loss, { beta: 1 }) {}
 *
 * `others` says what options take that their defaults do not tell. Calls are marked pure, so that bundlers leave out
 * the classes that nobody uses. The function's options come after its inputs, of which there are `fn.length`, since the
 * options have a default.
 */
export function lossClass<
  F extends LossFunction,
  K extends keyof OptionsOf<F> & string = never,
  const B extends keyof OptionsOf<F> & string = never,
>(
  fn: F,
  defaults?: { readonly [P in K]: Required<OptionsOf<F>>[P] },
  buffers: readonly B[] = [],
  reductions?: readonly string[],
  others: () => Readonly<Record<string, K.Kind>> = () => ({}),
): LossClass<InputsOf<F>, OptionsOf<F>, K | B> {
  const inputs = fn.length;
  const parameters = [...Array.from({ length: inputs }, (_, i) => `input${i + 1}`), 'options'];
  const own = Object.entries<unknown>(defaults ?? {});
  const kinds: Record<string, K.Kind> = { reduction: K.text, ...K.allLike(defaults ?? {}) };
  for (const name of buffers) kinds[name] = K.nullable(K.tensor);
  Object.assign(kinds, others());
  const call = fn as unknown as (...args: unknown[]) => Tensor;
  const Base = (buffers as readonly string[]).includes('weight') ? WeightedLoss : Loss;
  type Properties = Record<string, unknown>;

  class BoundLoss extends Base<unknown[], string> {
    constructor(options: Properties & LossModuleOptions<string> = {}) {
      checkArguments(new.target.name, { options: K.options(kinds) }, arguments);
      super(options, reductions);
      const fields = this as unknown as Properties;
      for (const [name, value] of own) fields[name] = options[name] === undefined ? value : options[name];
      for (const name of buffers) {
        if (name !== 'weight') this.registerBuffer(name, (options[name] ?? null) as Tensor | null);
      }
    }

    override forward(...args: unknown[]): Tensor {
      if (args.length > inputs + 1) refuseExcess('forward', parameters, args);
      const fields = this as unknown as Properties;
      const options: Properties = { reduction: this.reduction };
      for (const [name] of own) options[name] = fields[name];
      // The function has its work with each option that it is given: those that are not set are left out.
      for (const name of buffers) if (fields[name] !== null) options[name] = fields[name];
      // What the call gives comes after the inputs, and wins.
      if (args[inputs] !== undefined) Object.assign(options, this.optionsOfCall(args[inputs]));
      return inputs === 2 ? call(args[0], args[1], options) : call(...args.slice(0, inputs), options);
    }
  }
  return BoundLoss as unknown as LossClass<InputsOf<F>, OptionsOf<F>, K | B>;
}
