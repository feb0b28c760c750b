import { type Comparison, checkArguments, comparisonOf, type K } from '@kindling/core';
import { areSame } from './groups.ts';

/** What the options of a group were when all of them were right last. */
interface Seen {
  readonly names: string[];
  readonly values: unknown[];
  /** Those that are lists, each with its elements then. */
  readonly lists: { readonly list: readonly unknown[]; readonly elements: readonly unknown[] }[];
  /** Whether a group still has these values. */
  readonly holds: Comparison;
}

type Options = Readonly<Record<string, unknown>>;

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
    const { names, values, lists, holds } = seen;
    if (holds(group as Options, values) && lists.every(isAsItWas)) return none;
    let changed: string[] | null = null;
    let i = 0;
    for (const key in group) {
      if (names[i] !== key) return null;
      const value = (group as Options)[key];
      const seenList = lists.find(({ list }) => list === value);
      if (!Object.is(value, values[i]) || (seenList !== undefined && !isAsItWas(seenList))) {
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
      const value = (group as Options)[name];
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
    const names: string[] = [];
    const values: unknown[] = [];
    const lists: Seen['lists'] = [];
    for (const key in group) {
      const value: unknown = (group as Options)[key];
      const list = isOption(key) && Array.isArray(value) ? (value as unknown[]) : null;
      if (isOption(key) && !(list === null ? isPlain(value) : list.every(isPlain))) return;
      names.push(key);
      values.push(value);
      if (list !== null) lists.push({ list, elements: [...list] });
    }
    // An option that is not there yet may come.
    if (this.#names.every((name) => names.includes(name)))
      this.#seen.set(group, { names, values, lists, holds: comparisonOf(names) });
  }
}

/** Puts plain values in the place of plain values, as counts and rates are at each step; whether all were such. */
function rememberSome({ names, values, lists }: Seen, group: object, changed: readonly string[]): boolean {
  for (let i = 0; i < changed.length; i++) {
    const key = changed[i] as string;
    const value = (group as Options)[key];
    const at = names.indexOf(key);
    if (lists.some(({ list }) => list === values[at]) || !isPlain(value)) return false;
    values[at] = value;
  }
  return true;
}

const isAsItWas = ({ list, elements }: Seen['lists'][number]): boolean => areSame(list, elements);
const isOption = (key: string): boolean => key !== 'params' && key !== 'paramNames';
const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null;
