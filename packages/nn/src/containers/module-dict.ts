import { KindlingError } from '@kindling/core';
import { type AnyModule, isModule } from '../module/callable.ts';
import { Module } from '../module/module.ts';
import type { NamedModules } from './sequential.ts';

/**
 * Modules by name, in the order in which they were added, with the methods of a Map; their parameters are registered.
 * Follows `torch.nn.ModuleDict`.
 *
 * @example
 * ```ts
 * const heads = new nn.ModuleDict({ mean: new nn.Linear(8, 1), scale: new nn.Linear(8, 1) });
 * heads.get('mean')(x);
 * ```
 */
export class ModuleDict<M extends AnyModule = Module> extends Module<never, never> {
  readonly #modules = new Map<string, M>();

  constructor(modules: NamedModules = {}) {
    super();
    this.update(modules);
  }

  override registered(): [string, unknown][] {
    return [...super.registered(), ...this.#modules];
  }

  /** The module of this name. Throws where there is none. */
  get(name: string): M {
    const module = this.#modules.get(name);
    if (module === undefined) {
      throw new KindlingError(
        `ModuleDict: no module '${name}'; there are ${[...this.#modules.keys()].join(', ') || 'none'}`,
      );
    }
    return module;
  }

  /** Adds a module, or replaces the one of this name. */
  set(name: string, module: M): this {
    this.registerModule(name, module);
    return this;
  }

  override registerModule<N extends AnyModule | null>(name: string, module: N): N {
    if (!isModule(module)) throw new KindlingError(`ModuleDict: '${name}' is not a Module subclass`);
    if (name === '' || name.includes('.'))
      throw new KindlingError(`module name can't be empty or contain ".", got: "${name}"`);
    this.#modules.set(name, module as unknown as M);
    return module;
  }

  /** Adds all modules of an object or Map. */
  update(modules: NamedModules): this {
    const entries = modules instanceof Map ? modules : Object.entries(modules as Record<string, AnyModule>);
    for (const [name, module] of entries as Iterable<[string, M]>) this.set(name, module);
    return this;
  }

  has(name: string): boolean {
    return this.#modules.has(name);
  }

  /** Takes a module out and returns it. */
  pop(name: string): M {
    const module = this.get(name);
    this.#modules.delete(name);
    return module;
  }

  clear(): void {
    this.#modules.clear();
  }

  get size(): number {
    return this.#modules.size;
  }

  keys(): IterableIterator<string> {
    return this.#modules.keys();
  }

  values(): IterableIterator<M> {
    return this.#modules.values();
  }

  entries(): IterableIterator<[string, M]> {
    return this.#modules.entries();
  }

  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this.entries();
  }
}
