/** Shorthands of what writes kernels: lists, and what is made once. */

/** 0 to n - 1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The elements of two lists side by side, as far as the first goes; the second is at least as long. */
export const zip = <A, B>(a: readonly A[], b: readonly B[]): [A, B][] => a.map((x, i) => [x, b[i]!]);

/** `make`, whose result is made at its first use and kept. */
export function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** `make`, whose result for a key is made at its first use and kept. */
export function memoized<Key, T>(make: (key: Key) => T): (key: Key) => T {
  const made = new Map<Key, T>();
  return (key) => {
    let it = made.get(key);
    if (it === undefined) {
      it = make(key);
      made.set(key, it);
    }
    return it;
  };
}
