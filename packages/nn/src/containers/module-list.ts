import { checkArguments, IndexError, K, ValueError } from '@kindling/core';
import { moduleKind } from '../module/arguments.ts';
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
   * Puts a module before the one at `index`.
   * @throws IndexError when the index is out of range.
   */
  insert(index: number, module: M): this {
    const list = this.items();
    checkArguments('ModuleList.insert', { index: K.integer, module: moduleKind }, arguments);
    if (index < -list.length || index > list.length) {
      throw new IndexError(`ModuleList.insert: index ${index} is out of range for ${list.length} modules`);
    }
    list.splice(index, 0, module);
    list.forEach((m, i) => {
      this.put(String(i), m);
    });
    return this;
  }

  /**
   * Takes a module out, by default the last, and returns it.
   * @throws IndexError when there is none.
   */
  pop(index = -1): M {
    const list = this.items();
    checkArguments('ModuleList.pop', { index: K.optional(K.integer) }, arguments);
    const [module] = list.splice(index, 1);
    if (module === undefined) throw new IndexError(`ModuleList.pop: index ${index} is out of range`);
    list.forEach((m, i) => {
      this[i] = m;
    });
    delete this[list.length];
    return module;
  }

  override toString(): string {
    return formatModuleList(this);
  }
}
