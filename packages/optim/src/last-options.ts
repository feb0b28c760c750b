import { areSame } from './groups.ts';

/** What the options of a group were when they were looked at last. */
interface Seen {
  readonly values: unknown[];
  /** The elements of an option that is a list, at its place. */
  readonly lists: (readonly unknown[] | null)[];
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
    const { values, lists } = this.#seen.get(group) ?? { values: [], lists: [] };
    // Where what was remembered is half of another time nothing is.
    this.#seen.delete(group);
    let i = 0;
    for (const key in group) {
      const value: unknown = (group as Record<string, unknown>)[key];
      const list = isOption(key) && Array.isArray(value) ? (value as unknown[]) : null;
      if (isOption(key) && !(list === null ? isPlain(value) : list.every(isPlain))) return;
      values[i] = value;
      lists[i++] = list === null ? null : [...list];
    }
    // Setting a length takes longer than all of this.
    if (values.length !== i) values.length = lists.length = i;
    this.#seen.set(group, { values, lists });
  }
}

const isOption = (key: string): boolean => key !== 'params' && key !== 'paramNames';
const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null;
