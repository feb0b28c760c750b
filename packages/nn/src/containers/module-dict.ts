import { KindlingError } from '@kindling/core';
import { type AnyModule, isModule } from '../module/callable.ts';
import type { Module } from '../module/module.ts';
import { checkName, Dictionary } from './dictionary.ts';

/**
 * Modules by name, in the order in which they were added, with the methods of a Map; their parameters are registered.
 * Follows `torch.nn.ModuleDict`.
 * @throws KindlingError when a value is not a module, or a name is empty or has a dot.
 * @example
 * ```ts
 * const heads = new nn.ModuleDict({ mean: new nn.Linear(8, 1), scale: new nn.Linear(8, 1) });
 * heads.get('mean')(ones([2, 8])).shape; // [ 2, 1 ]
 * ```
 */
export class ModuleDict<M extends AnyModule = Module> extends Dictionary<M, AnyModule> {
  protected accept(name: string, module: AnyModule): M {
    checkName('ModuleDict', 'module', name);
    if (!isModule(module)) throw new KindlingError(`ModuleDict: '${name}' is not a Module subclass`);
    return module as unknown as M;
  }

  protected absent(name: string): string {
    return `ModuleDict: no module '${name}'; there are ${[...this.keys()].join(', ') || 'none'}`;
  }

  override registerModule<N extends AnyModule | null>(name: string, module: N): N {
    this.set(name, module as AnyModule);
    return module;
  }
}
