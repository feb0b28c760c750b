import { areSame } from './groups.ts';

/** What the options of a group were when they were looked at last. */
interface Seen {
  readonly values: readonly unknown[];
  /** The elements of an option that is a list, at its place. */
  readonly lists: readonly (readonly unknown[] | null)[];
}

/** Tells whether the options of groups are those that were looked at last: at each step, so without a list of them. */
export class LastOptions {
  readonly #seen = new WeakMap<object, Seen>();

  /** Whether no option has changed since {@link remember}, nor an element of one that is a list. */
  isSame(group: object): boolean {
    const seen = this.#seen.get(group);
    if (seen === undefined) return false;
    const { values, lists } = seen;
    let i = 0;
    for (const key in group) {
      const value = (group as Record<string, unknown>)[key];
      if (!Object.is(value, values[i])) return false;
      const list = lists[i++];
      if (list != null && !areSame(value as readonly unknown[], list)) return false;
    }
    return i === values.length;
  }

  /** Remembers them as they are. Options that are objects may change within: a group with such is never the same. */
  remember(group: object): void {
    const entries = Object.entries(group);
    const lists = entries.map(([key, value]) => (isOption(key) && Array.isArray(value) ? [...value] : null));
    const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null;
    if (!entries.every(([key, value], i) => !isOption(key) || (lists[i] ?? [value]).every(isPlain))) return;
    this.#seen.set(group, { values: entries.map(([, value]) => value), lists });
  }
}

const isOption = (key: string): boolean => key !== 'params' && key !== 'paramNames';
