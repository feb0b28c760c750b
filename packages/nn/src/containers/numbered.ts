import { checkArguments, IndexError, K } from '@kindling/core';
import { moduleKind } from '../module/arguments.ts';
import { type AnyModule, internalsOf, isModule } from '../module/callable.ts';
import { noModule } from '../module/members.ts';
import { Module } from '../module/module.ts';
import { modulesIn } from '../module/registry.ts';

/**
 * What containers share whose content is numbered, like that of an array. `V` is what they take, `T` what they hold.
 */
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

  /** Adds one behind the last, under the next number. */
  append(value: V): this {
    let number = this.length;
    while (Object.hasOwn(this, number)) number++;
    this.put(String(number), value);
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

/** A numbered container of modules: `V` is what it takes, `M` what it holds. */
export abstract class NumberedModules<
  M extends AnyModule,
  I extends unknown[] = never,
  O = never,
  V extends AnyModule = M,
> extends Numbered<M, V, I, O> {
  protected items(): M[] {
    return modulesIn<M>(this);
  }

  protected put(name: string, module: V): void {
    // A module of its own may lack a part, null; in a row nothing stands for that.
    if (module === null) throw noModule(this, module);
    this.registerModule(name, module);
  }

  /**
   * Puts a module before the one at `index`; all have numbers for names then.
   * @throws IndexError when the index is out of range.
   */
  insert(index: number, module: V): this {
    const list: AnyModule[] = this.items();
    const caller = `${this.constructor.name}.insert`;
    checkArguments(caller, { index: K.integer, module: moduleKind }, arguments);
    if (index < -list.length || index > list.length)
      throw new IndexError(`${caller}: index ${index} is out of range for ${list.length} modules`);
    list.splice(index, 0, module);
    this.#number(list as V[]);
    return this;
  }

  /**
   * Takes a module out, by default the last, and returns it; all others have numbers for names then.
   * @throws IndexError when there is none.
   */
  pop(index = -1): M {
    const list = this.items();
    const caller = `${this.constructor.name}.pop`;
    checkArguments(caller, { index: K.optional(K.integer) }, arguments);
    const [module] = list.splice(index, 1);
    if (module === undefined) throw new IndexError(`${caller}: index ${index} is out of range`);
    this.#number(list as AnyModule[] as V[]);
    return module;
  }

  #number(list: readonly V[]): void {
    const self = this as unknown as Record<string, unknown>;
    for (const name of Object.keys(this)) if (isModule(self[name])) delete self[name];
    internalsOf(this).order = null;
    list.forEach((module, i) => {
      this.put(String(i), module);
    });
  }
}
