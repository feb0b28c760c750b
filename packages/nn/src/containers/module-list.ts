import { checkArguments, K, ValueError } from '@kindling/core';
import { type AnyModule, isModule } from '../module/callable.ts';
import type { Module } from '../module/module.ts';
import { formatModuleList } from '../module/print.ts';
import { NumberedModules } from './numbered.ts';

/**
 * An array of modules whose parameters are registered, which those of a plain array are not. `list[0]` is the
 * first, and it can be iterated; the own `forward` decides how they are called. Follows `torch.nn.ModuleList`.
 * @throws KindlingError when a value is not a module.
 * @example
 * ```ts
 * class Net extends nn.Module<[Tensor], Tensor> {
 *   layers = new nn.ModuleList([new nn.Linear(4, 4), new nn.Linear(4, 4)]);
 *   override forward(x: Tensor) {
 *     for (const layer of this.layers) x = layer(x).relu();
 *     return x;
 *   }
 * }
 * new Net().parameters().length; // 4
 * ```
 */
export class ModuleList<M extends AnyModule = Module> extends NumberedModules<M> {
  constructor(modules: Iterable<M> = []) {
    if (isModule(modules)) {
      const array = Symbol.iterator in modules ? '[...list]' : '[layer]';
      throw new ValueError(
        `${new.target.name}: modules: expected an iterable of modules, got a ${modules.constructor.name}; put layers into an array: ` +
          `new ${new.target.name}(${array})`,
      );
    }
    checkArguments(new.target.name, { modules: K.optional(K.iterable('an iterable of modules')) }, arguments);
    super();
    this.extend(modules);
  }

  /**
   * A list of the modules from `start` up to `end`, which are shared, not copied, and numbered anew, as PyTorch's
   * `list[start:end]`.
   * @throws KindlingError for a bound that is no whole number
   * @example new nn.ModuleList([new nn.Tanh(), new nn.ReLU()]).slice(-1).length; // 1
   */
  slice(start?: number, end?: number): ModuleList<M> {
    const bound = K.optional(K.integer);
    checkArguments(`${this.constructor.name}.slice`, { start: bound, end: bound }, arguments);
    return new ModuleList(this.items().slice(start, end));
  }

  override toString(): string {
    return formatModuleList(this);
  }
}
