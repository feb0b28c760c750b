import type { ValueError } from '@kindling/core';
import { type Caller, callGlobal } from './globals.ts';
import { describe, PyDict, PyGlobal, PyList, PySet, PyText, PyTuple, type PyValue } from './python.ts';
import { PickleReader } from './reader.ts';

/** Containers, tensors and places of the memo, together: of as many no checkpoint has need. */
const MAX_OBJECTS = 1_000_000;
/** Values within a key that is a tuple. */
const MAX_KEY_PARTS = 64;

/** A key that JavaScript does not tell apart by its value, interned. */
type Identity = { readonly of: string };

/** What stands for what a pickle does not hold itself: storages. */
export type Persistent = (id: PyValue, by: Caller) => PyValue;

/**
 * The machine that a pickle is a program of: a stack, marks in it, a memo. It can make tensors and containers, and has
 * no way to run anything: globals are names, looked up in a list; a call is a choice of that list's functions. Time and
 * memory are bounded by the length of the pickle: each instruction takes at least a byte, and copies of what the memo
 * holds are counted.
 */
export class Machine implements Caller {
  readonly reader: PickleReader;
  readonly #persistent: Persistent;
  readonly #marks: PyValue[][] = [];
  readonly #memo: PyValue[] = [];
  readonly #identities = new Map<string, Identity>();
  #stack: PyValue[] = [];
  #objects = 0;
  #copies: number;

  constructor(bytes: Uint8Array, where: string, persistent: Persistent, start: number) {
    this.reader = new PickleReader(bytes, where, start);
    this.#persistent = persistent;
    this.#copies = 65_536 + 4 * this.reader.left;
  }

  fail(what: string): ValueError {
    return this.reader.fail(what);
  }

  spend(size: number): void {
    this.#copies -= size;
    if (this.#copies < 0) throw this.fail('it copies the same values over and over');
  }

  identityOf(key: PyValue): unknown {
    if (typeof key === 'boolean') return Number(key);
    if (typeof key !== 'object' || key === null) return key;
    const text = this.#textOf(key, { left: MAX_KEY_PARTS });
    this.spend(text.length);
    let identity = this.#identities.get(text);
    if (identity === undefined) {
      identity = { of: text };
      this.#identities.set(text, identity);
    }
    return identity;
  }

  #textOf(key: PyValue, parts: { left: number }): string {
    if (--parts.left < 0) throw this.fail(`a key of a dict or set has more than ${MAX_KEY_PARTS} parts`);
    if (key instanceof PyTuple) {
      if (key.items.length > MAX_KEY_PARTS) throw this.fail(`a key has ${key.items.length} parts`);
      return `(${key.items.map((item) => this.#textOf(item, parts)).join()})`;
    }
    if (typeof key === 'string' || key instanceof Uint8Array) {
      this.spend(key.length);
      return typeof key === 'string' ? JSON.stringify(key) : `b[${key.join()}]`;
    }
    if (typeof key === 'boolean') return String(Number(key));
    if (key === null || typeof key !== 'object' || key instanceof PyText) return describe(key);
    throw this.fail(
      `${describe(key)} is the key of a dict or set, which can be a text, a number or a tuple of these`,
    );
  }

  /** The one value that is left. */
  result(): PyValue {
    const [value, ...more] = this.#stack;
    if (value === undefined || more.length > 0 || this.#marks.length > 0)
      throw this.fail('it ends with more or less than one value');
    return value;
  }

  #count(): void {
    if (++this.#objects > MAX_OBJECTS) throw this.fail(`it holds more than ${MAX_OBJECTS} objects`);
  }

  push(value: PyValue): void {
    this.#stack.push(value);
  }

  /** Pushes what was made for it. */
  pushNew(value: PyValue): void {
    this.#count();
    this.#stack.push(value);
  }

  pop(): PyValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.fail('it takes a value where there is none');
    return value;
  }

  get top(): PyValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.fail('it looks at a value where there is none');
    return value;
  }

  mark(): void {
    this.#count();
    this.#marks.push(this.#stack);
    this.#stack = [];
  }

  /** What lies above the last mark, which is taken away. */
  popMarked(): PyValue[] {
    const items = this.#stack;
    const below = this.#marks.pop();
    if (below === undefined) throw this.fail('it looks for a mark where there is none');
    this.#stack = below;
    return items;
  }

  /** Takes the last value away, or the mark that came after it. */
  drop(): void {
    if (this.#stack.pop() === undefined) this.popMarked();
  }

  tuple(length: number): void {
    const items = new Array<PyValue>(length);
    for (let i = length - 1; i >= 0; i--) items[i] = this.pop();
    this.pushNew(new PyTuple(items));
  }

  append(items: readonly PyValue[]): void {
    const list = this.top;
    if (!(list instanceof PyList)) throw this.fail(`it appends to ${describe(list)}`);
    for (const item of items) list.items.push(item);
  }

  setItems(items: readonly PyValue[]): void {
    const dict = this.top;
    if (!(dict instanceof PyDict)) throw this.fail(`it sets items of ${describe(dict)}`);
    if (items.length % 2 !== 0) throw this.fail('it sets a key without a value');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] as PyValue;
      dict.entries.set(this.identityOf(key), [key, items[i + 1] as PyValue]);
    }
  }

  setItem(): void {
    const value = this.pop();
    this.setItems([this.pop(), value]);
  }

  addItems(items: readonly PyValue[]): void {
    const set = this.top;
    if (!(set instanceof PySet)) throw this.fail(`it adds items to ${describe(set)}`);
    for (const item of items) set.items.set(this.identityOf(item), item);
  }

  set(items: readonly PyValue[]): void {
    this.pushNew(new PySet(new Map()));
    this.addItems(items);
  }

  memoize(place = this.#memo.length): void {
    this.#count();
    if (place > MAX_OBJECTS) throw this.fail(`it remembers a value at place ${place}`);
    this.#memo[place] = this.top;
  }

  recall(place: number): void {
    const value = this.#memo[place];
    if (value === undefined) throw this.fail(`it recalls place ${place}, where there is nothing`);
    this.push(value);
  }

  /** Calls a function, or makes an object by its class: one and the same for all that may be named. */
  call(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(args instanceof PyTuple)) throw this.fail(`${describe(callee)} is called with ${describe(args)}`);
    if (!(callee instanceof PyGlobal)) throw this.fail(`${describe(callee)} is called`);
    this.pushNew(callGlobal(callee.name, args.items, this));
  }

  /** The state of an object: attributes of an OrderedDict, such as a state dict's metadata, are left behind. */
  build(): void {
    const state = this.pop();
    const target = this.top;
    if (!(target instanceof PyDict) || !(state instanceof PyDict || state === null))
      throw this.fail(`it sets the state of ${describe(target)} to ${describe(state)}`);
  }

  persistent(): void {
    this.pushNew(this.#persistent(this.pop(), this));
  }
}
