import { checkArguments, K } from '@kindling/core';
import type { AnyModule } from '../module/callable.ts';
import { Module } from '../module/module.ts';
import { modulesIn } from '../module/registry.ts';

/** What containers share whose content is numbered, like that of an array. `V` is what they take, `T` what they hold. */
export abstract class Numbered<T, V, I extends unknown[] = never, O = never> extends Module<I, O> {
  [index: number]: T;

  /** What stands in the container, in order. */
  protected abstract items(): T[];

  /** Registers a value under a name. */
  protected abstract put(name: string, value: V): void;

  /** How many there are. */
  override get length(): number {
    return this.items().length;
  }

  /** The one at `index`, counted from the end where negative; `undefined` where there is none. */
  at(index: number): T | undefined {
    checkArguments(`${this.constructor.name}.at`, { index: K.integer }, arguments);
    return this.items().at(index);
  }

  /** Adds one behind the last. */
  append(value: V): this {
    this.put(String(this.length), value);
    return this;
  }

  /** Adds some behind the last. */
  extend(values: Iterable<V>): this {
    for (const value of values) this.append(value);
    return this;
  }

  /** Goes through them in order. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.items().values();
  }
}

/** A numbered container of modules. */
export abstract class NumberedModules<
  M extends AnyModule,
  I extends unknown[] = never,
  O = never,
> extends Numbered<M, M, I, O> {
  protected items(): M[] {
    return modulesIn<M>(this);
  }

  protected put(name: string, module: M): void {
    this.registerModule(name, module);
  }
}
