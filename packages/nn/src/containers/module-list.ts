import { IndexError } from '@kindling/core';
import type { AnyModule } from '../module/callable.ts';
import { Module } from '../module/module.ts';
import { formatModuleList } from '../module/print.ts';
import { modulesIn } from '../module/registry.ts';

/**
 * An array of modules whose parameters are registered, which those of a plain array are not. `list[0]` is the
 * first, and it can be iterated; the own `forward` decides how they are called. Follows `torch.nn.ModuleList`.
 *
 * @example
 * ```ts
 * class Net extends nn.Module<[Tensor], Tensor> {
 *   layers = new nn.ModuleList([new nn.Linear(4, 4), new nn.Linear(4, 4)]);
 *   override forward(x: Tensor) {
 *     for (const layer of this.layers) x = layer(x).relu();
 *     return x;
 *   }
 * }
 * ```
 */
export class ModuleList<M extends AnyModule = Module> extends Module<never, never> {
  [index: number]: M;

  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  /** How many modules there are. */
  override get length(): number {
    return modulesIn<M>(this).length;
  }

  /** The module at `index`, counted from the end where negative. */
  at(index: number): M | undefined {
    return modulesIn<M>(this).at(index);
  }

  /** Adds a module behind the last. */
  append(module: M): this {
    this.registerModule(String(this.length), module);
    return this;
  }

  /** Adds modules behind the last. */
  extend(modules: Iterable<M>): this {
    for (const module of modules) this.append(module);
    return this;
  }

  /** Puts a module before the one at `index`. */
  insert(index: number, module: M): this {
    const list = modulesIn<M>(this);
    if (!Number.isInteger(index) || index < -list.length || index > list.length) {
      throw new IndexError(`ModuleList.insert: index ${index} is out of range for ${list.length} modules`);
    }
    list.splice(index, 0, module);
    list.forEach((m, i) => {
      this.registerModule(String(i), m);
    });
    return this;
  }

  /** Takes a module out, by default the last, and returns it. */
  pop(index = -1): M {
    const list = modulesIn<M>(this);
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

  [Symbol.iterator](): IterableIterator<M> {
    return modulesIn<M>(this).values();
  }
}
