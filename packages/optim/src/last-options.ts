import { checkArguments, type K } from '@kindling/core';
import { areSame } from './groups.ts';

/** What the options of a group were when all of them were right last. */
interface Seen {
  readonly names: string[];
  readonly values: unknown[];
  /** The elements of an option that is a list, at its place. */
  readonly lists: (readonly unknown[] | null)[];
}

const none: readonly string[] = [];

/**
 * Tells which options of groups are others than those that were looked at last, as at each step only these are asked
 * about.
 */
export class LastOptions {
  readonly #seen = new WeakMap<object, Seen>();
  readonly #kinds: ReadonlyMap<string, K.Kind>;
  readonly #names: readonly string[];

  /** @param kinds what each option may be */
  constructor(kinds: Readonly<Record<string, K.Kind>>) {
    this.#kinds = new Map(Object.entries(kinds));
    this.#names = [...this.#kinds.keys()];
  }

  /**
   * The names of the options that have changed since {@link remember}, or an element of a list has; `null` where
   * nothing is known of the group.
   */
  changed(group: object): readonly string[] | null {
    const seen = this.#seen.get(group);
    if (seen === undefined) return null;
    const { names, values, lists } = seen;
    let changed: string[] | null = null;
    let i = 0;
    for (const key in group) {
      if (names[i] !== key) return null;
      const value = (group as Record<string, unknown>)[key];
      const list = lists[i];
      if (!Object.is(value, values[i]) || (list != null && !areSame(value as readonly unknown[], list))) {
        if (changed === null) changed = [key];
        else changed.push(key);
      }
      i++;
    }
    return i === names.length ? (changed ?? none) : null;
  }

  /** Refuses, in the name of `caller`, an option of those that have changed that is not of its kind. */
  check(caller: string, group: object, changed: readonly string[] | null): void {
    for (const name of changed ?? this.#names) {
      const kind = this.#kinds.get(name);
      const value = (group as Record<string, unknown>)[name];
      if (kind !== undefined && !kind.accepts(value)) checkArguments(caller, { [name]: kind }, [value]);
    }
  }

  /** Remembers them as they are, of which those have changed that {@link changed} says. */
  remember(group: object, changed: readonly string[] | null): void {
    const seen = changed === null ? undefined : this.#seen.get(group);
    if (seen === undefined || changed === null || !rememberSome(seen, group, changed))
      this.#rememberAll(group);
  }

  /** Options that are objects may change within: a group with such is never the same. */
  #rememberAll(group: object): void {
    this.#seen.delete(group);
    const seen: Seen = { names: [], values: [], lists: [] };
    for (const key in group) {
      const value: unknown = (group as Record<string, unknown>)[key];
      const list = isOption(key) && Array.isArray(value) ? (value as unknown[]) : null;
      if (isOption(key) && !(list === null ? isPlain(value) : list.every(isPlain))) return;
      seen.names.push(key);
      seen.values.push(value);
      seen.lists.push(list === null ? null : [...list]);
    }
    this.#seen.set(group, seen);
  }
}

/** Puts plain values in the place of plain values, as counts and rates are at each step; whether all were such. */
function rememberSome({ names, values, lists }: Seen, group: object, changed: readonly string[]): boolean {
  for (let i = 0; i < changed.length; i++) {
    const key = changed[i] as string;
    const value = (group as Record<string, unknown>)[key];
    const at = names.indexOf(key);
    if (lists[at] !== null || !isPlain(value)) return false;
    values[at] = value;
  }
  return true;
}

const isOption = (key: string): boolean => key !== 'params' && key !== 'paramNames';
const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null;
