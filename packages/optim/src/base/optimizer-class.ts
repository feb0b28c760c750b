import { checkArguments, K, withoutUndefined } from '@kindling/core';
import type { Params } from './groups.ts';
import { Optimizer } from './optimizer.ts';
import type { Rate } from './rate.ts';

/** An optimizer of options that may all be left out. */
type OptimizerOf<O> = Required<O> extends infer All extends { lr: Rate } ? Optimizer<All> : never;

/** A class of such: what {@link optimizerClass} gives. */
export type OptimizerClass<O> = abstract new (params: Params<O>, options?: O) => OptimizerOf<O>;

/**
 * What an optimizer extends whose options have these defaults and are of these kinds:
 *
 *     export class Lion extends optimizerClass<LionOptions>(defaults, kinds) { ... }
 *
 * Calls are marked pure, so that bundlers leave out the optimizers that nobody uses.
 */
export function optimizerClass<O extends object>(
  defaults: Required<O>,
  kinds: K.Kinds<O>,
): OptimizerClass<O> {
  const takes = { params: K.anything, options: K.options<O>(kinds) };
  abstract class WithOptions extends Optimizer {
    constructor(params: Params<O>, options?: O) {
      checkArguments(new.target.name, takes, arguments);
      super(params as Params<{ lr: Rate }>, { ...defaults, ...withoutUndefined(options ?? {}) }, kinds);
    }
  }
  return WithOptions as unknown as OptimizerClass<O>;
}

/** What schedulers and wrappers take first. */
export const anOptimizer = /* @__PURE__ */ K.instanceOf(Optimizer, 'an Optimizer');
