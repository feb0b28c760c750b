import { checkArguments, K, type Tensor } from '@kindling/core';
import { type AnyModule, isModule, propertiesOf } from '../module/callable.ts';
import type { Module } from '../module/module.ts';
import { entriesOf, type Named, partsOf, type StateNames } from '../module/registry.ts';
import { named } from './dictionary.ts';
import { NumberedModules } from './numbered.ts';

const none: unknown[] = [];

const modulesByName = /* @__PURE__ */ K.kind(
  `modules one by one, as new Sequential(...modules), or ${named.expected}`,
  named.accepts,
);

/**
 * What the constructor gives: where modules have names, a module with these as properties; members of every module come
 * first.
 */
interface SequentialConstructor {
  // Its type parameters cannot be left out, nor be two: a class that extends Sequential has the other forms only.
  new <const N extends Readonly<Record<string, AnyModule>>, _I extends never, _O extends never>(
    modules: N,
  ): Sequential & { [K in Exclude<keyof N, keyof Sequential>]: N[K] };
  new <I extends unknown[] = [Tensor], O = Tensor>(modules: NamedModules): Sequential<I, O>;
  new <I extends unknown[] = [Tensor], O = Tensor>(...modules: AnyModule[]): Sequential<I, O>;
  readonly prototype: Sequential<never, unknown>;
  readonly stateNames: StateNames;
}

/** Submodules by name, in order. */
export type NamedModules = Named<AnyModule>;

/** The class behind the name, without the types of named modules. */
class Sequential<I extends unknown[] = [Tensor], O = Tensor> extends NumberedModules<
  Module,
  I,
  O,
  AnyModule
> {
  constructor(modules: NamedModules);
  constructor(...modules: AnyModule[]);
  constructor(...modules: (AnyModule | NamedModules)[]) {
    super();
    const [first] = modules;
    if (modules.length === 1 && typeof first === 'object' && first !== null) {
      checkArguments(new.target.name, { modules: modulesByName }, [first]);
      for (const [name, module] of entriesOf(first)) this.put(name, module);
    } else {
      modules.forEach((module, i) => {
        this.put(String(i), module as AnyModule);
      });
    }
  }

  override forward(...input: I): O {
    let y: unknown = input[0];
    let others: unknown[] = input.length > 1 ? input.slice(1) : none;
    const self = this as unknown as Record<string, unknown>;
    for (const name of propertiesOf(this)) {
      const module = self[name];
      if (typeof module !== 'function' || !isModule(module)) continue;
      const call = module as unknown as (...input: unknown[]) => unknown;
      y = others.length > 0 ? call(y, ...others) : call(y);
      others = none;
    }
    return y as O;
  }

  /**
   * A Sequential of the modules from `start` up to `end`, which are shared, not copied, and keep their names, as in
   * PyTorch's `model[start:end]`.
   * @throws KindlingError for a bound that is no whole number
   * @example String(new nn.Sequential(new nn.Tanh(), new nn.ReLU()).slice(1)); // 'Sequential(\n  (1): ReLU()\n)'
   */
  slice(start?: number, end?: number): Sequential {
    const bound = K.optional(K.integer);
    checkArguments('Sequential.slice', { start: bound, end: bound }, arguments);
    return new Sequential(new Map(partsOf(this).children.slice(start, end)));
  }
}

/**
 * Calls its modules one after the other, each with the result of the one before. Follows `torch.nn.Sequential`.
 *
 * Modules are given one by one, and then have the names '0', '1', ..., or by name in one object or Map.
 * `model[0]` is the first. `I` and `O` are what the first takes and the last gives.
 * @throws KindlingError when a value is not a module.
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
 * model(ones([4, 2])).shape; // [ 4, 1 ]
 * const named = new nn.Sequential({ fc: new nn.Linear(2, 8), act: new nn.Tanh() });
 * named.fc.outFeatures; // 8
 * ```
 */
const Typed: SequentialConstructor = Sequential;
/** {@link Typed} as a type. */
type Typed<I extends unknown[] = [Tensor], O = Tensor> = Sequential<I, O>;

export { Typed as Sequential };
