import { assumesSame, checkArguments, K, noteChange } from '@kindling/core';
import { refusePromise } from './closure.ts';

type Hook<T> = (optimizer: T) => void;

/** What runs before the steps of an optimizer, or after them, in the order in which it came. */
export class StepHooks<T extends object> {
  /** Each under its handle: the same function may stand there twice. */
  readonly #hooks = new Map<object, Hook<T>>();

  /** Adds a hook, until the handle is removed. */
  add(caller: string, hook: Hook<T>): { remove(): void } {
    checkArguments(caller, { hook: K.callable }, [hook]);
    const handle = {
      remove: () => {
        this.#hooks.delete(handle);
        noteChange();
      },
    };
    this.#hooks.set(handle, hook);
    noteChange();
    return handle;
  }

  /**
   * Runs those that are registered now: a hook may add and remove others.
   * @throws ValueError for a hook that is asynchronous
   */
  run(optimizer: T): void {
    if (this.#hooks.size > 0) for (const hook of this.list()) refusePromise(optimizer, hook(optimizer));
  }

  /** Those that are registered now. */
  list(): Hook<T>[] {
    return [...this.#hooks.values()];
  }
}

/** A compiled step takes for given which hooks there are; `noteChange` tells of another. */
export function dependsOnHooks(
  { constructor: { name } }: object,
  lists: readonly { list(): readonly unknown[] }[],
): void {
  assumesSame(`the hooks of ${name}`, () => lists.flatMap((hooks) => [...hooks.list(), null]), true);
}
