import type { Tensor } from '@kindling/core';
import { type AnyModule, isModule } from '../module/callable.ts';
import { Module } from '../module/module.ts';
import { modulesIn } from '../module/registry.ts';

/** Submodules by name, in order. */
export type NamedModules = Readonly<Record<string, AnyModule>> | ReadonlyMap<string, AnyModule>;

/**
 * Calls its modules one after the other, each with the result of the one before. Follows `torch.nn.Sequential`.
 *
 * Modules are given one by one, and then have the names '0', '1', ..., or by name in one object or Map.
 * `model[0]` is the first. `I` and `O` are what the first takes and the last gives.
 *
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
 * const named = new nn.Sequential({ fc: new nn.Linear(2, 8), act: new nn.Tanh() });
 * ```
 */
export class Sequential<I extends unknown[] = [Tensor], O = Tensor> extends Module<I, O> {
  [index: number]: Module;

  constructor(modules: NamedModules);
  constructor(...modules: AnyModule[]);
  constructor(...modules: (AnyModule | NamedModules)[]) {
    super();
    const [first] = modules;
    if (modules.length === 1 && typeof first === 'object' && first !== null) {
      const named = first instanceof Map ? first : Object.entries(first as Record<string, AnyModule>);
      for (const [name, module] of named as Iterable<[string, AnyModule]>) this.registerModule(name, module);
    } else {
      for (let i = 0; i < modules.length; i++) this.registerModule(String(i), modules[i] as AnyModule);
    }
  }

  override forward(...input: I): O {
    let args: unknown[] = input;
    const self = this as unknown as Record<string, unknown>;
    for (const name of Object.keys(this)) {
      const module = self[name];
      if (typeof module === 'function' && isModule(module)) {
        args = [(module as unknown as (...input: unknown[]) => unknown)(...args)];
      }
    }
    return args[0] as O;
  }

  /** How many modules there are. */
  override get length(): number {
    return modulesIn<Module>(this).length;
  }

  /** The module at `index`, counted from the end where negative. */
  at(index: number): Module | undefined {
    return modulesIn<Module>(this).at(index);
  }

  /** Adds a module behind the last. */
  append(module: AnyModule): this {
    this.registerModule(String(this.length), module);
    return this;
  }

  /** Adds modules behind the last. */
  extend(modules: Iterable<AnyModule>): this {
    for (const module of modules) this.append(module);
    return this;
  }

  /** A Sequential of the modules from `start` up to `end`, which are shared, not copied. */
  slice(start?: number, end?: number): Sequential {
    return new Sequential(...modulesIn<Module>(this).slice(start, end));
  }

  [Symbol.iterator](): IterableIterator<Module> {
    return modulesIn<Module>(this).values();
  }
}
