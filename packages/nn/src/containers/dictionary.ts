import { checkArguments, isTraced, K, KindlingError, refuseExcess } from '@kindling/core';
import { dependsOnModule, heldBy } from '../module/callable.ts';
import { Module } from '../module/module.ts';
import { entriesOf, type Named } from '../module/registry.ts';

/** A promise, a Set or a date has no names, and would pass for an empty object. */
const withNames = ['[object Object]', '[object Map]', '[object Module]'];

/** Values by name. */
export const named = /* @__PURE__ */ K.kind(
  'an object or a Map of names and values',
  (x) => typeof x === 'object' && x !== null && withNames.includes(Object.prototype.toString.call(x)),
);

/**
 * What containers share whose content has names, in the order in which it was added, with the methods of a Map. `V` is
 * what they take, `T` what they hold.
 */
export abstract class Dictionary<T, V = T> extends Module<never, never> {
  constructor(values: Named<V> = {}) {
    if (arguments.length > 1) refuseExcess(new.target.name, ['values'], arguments);
    super();
    this.update(values);
  }

  /** What is held of a value. It may refuse it, or the name. */
  protected abstract accept(name: string, value: V): T;

  /** What is said where there is no such name. */
  protected abstract absent(name: string): string;

  override registered(): [string, unknown][] {
    return [...super.registered(), ...heldBy<T>(this)];
  }

  /**
   * The one of this name.
   * @throws KindlingError when there is none.
   */
  get(name: string): T {
    checkArguments(`${this.constructor.name}.get`, { name: K.text }, arguments);
    const value = listed<T>(this).get(name);
    if (value === undefined) throw new KindlingError(this.absent(name));
    return value;
  }

  /**
   * Adds one, or replaces the one of this name.
   * @throws KindlingError when it is of the wrong kind, or the name is empty or has a dot.
   */
  set(name: string, value: V): this {
    listed<T>(this).set(name, this.accept(name, value));
    return this;
  }

  /** Adds all of an object or Map. */
  update(values: Named<V>): this {
    checkArguments(`${this.constructor.name}.update`, { values: named }, arguments);
    for (const [name, value] of entriesOf(values)) this.set(name, value);
    return this;
  }

  /** Whether there is one of this name. */
  has(name: string): boolean {
    return listed<T>(this).has(name);
  }

  /**
   * Takes one out and returns it.
   * @throws KindlingError when there is none of this name.
   */
  pop(name: string): T {
    const value = this.get(name);
    listed<T>(this).delete(name);
    return value;
  }

  /** Takes all out. */
  clear(): void {
    listed<T>(this).clear();
  }

  /** How many there are. */
  get size(): number {
    return listed<T>(this).size;
  }

  /** The names. */
  keys(): IterableIterator<string> {
    return listed<T>(this).keys();
  }

  /** What has the names. */
  values(): IterableIterator<T> {
    return listed<T>(this).values();
  }

  /** Names and what has them. */
  entries(): IterableIterator<[string, T]> {
    return listed<T>(this).entries();
  }

  /** Goes through the entries. */
  [Symbol.iterator](): IterableIterator<[string, T]> {
    return this.entries();
  }
}

/** What a dictionary holds, for a caller: a compiled call takes it for given. */
function listed<T>(dictionary: Module<never, never>): Map<string, T> {
  if (isTraced()) dependsOnModule(dictionary);
  return heldBy<T>(dictionary);
}

/** Refuses names that cannot be part of a key of a state dict. */
export function checkName(caller: string, kind: string, name: string): void {
  checkArguments(caller, { name: K.text }, [name]);
  if (name === '' || name.includes('.'))
    throw new KindlingError(`${caller}: ${kind} name can't be empty or contain ".", got: "${name}"`);
}
