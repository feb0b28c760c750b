/** Shorthands of what writes kernels: lists, what is made once, and what moves elements. */

import type { LoadOp, StoreOp } from './opcodes.ts';

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

/** How elements of so many bytes are moved as they are. */
export interface Access {
  readonly bytes: number;
  readonly load: LoadOp;
  readonly store: StoreOp;
}

/** That of elements of 1, 4 or 8 bytes. */
export function accessOf(bytes: number): Access {
  if (bytes === 1) return { bytes, load: 'i32.load8_u', store: 'i32.store8' };
  return bytes === 4
    ? { bytes, load: 'i32.load', store: 'i32.store' }
    : { bytes, load: 'i64.load', store: 'i64.store' };
}
