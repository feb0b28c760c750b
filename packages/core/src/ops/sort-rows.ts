import type { TypedArray } from '../dtype.ts';

/** Runs shorter than this are sorted by insertion. */
const shortRun = 16;

/**
 * Rearranges `order`, indices into `keys`, so that the keys ascend (or descend); equal ones stay in order. NaN counts as the
 * greatest. `order` and `spare` have the same length.
 */
export function sortOrder(keys: TypedArray, order: Int32Array, spare: Int32Array, descending: boolean): void {
  const n = order.length;
  for (let start = 0; start < n; start += shortRun) {
    insertionSort(keys, order, start, Math.min(start + shortRun, n), descending);
  }
  let from = order;
  let to = spare;
  for (let width = shortRun; width < n; width *= 2) {
    for (let start = 0; start < n; start += 2 * width) {
      merge(keys, from, to, start, Math.min(start + width, n), Math.min(start + 2 * width, n), descending);
    }
    [from, to] = [to, from];
  }
  if (from !== order) order.set(from);
}

/** Whether `b` belongs strictly before `a`. */
export function precedes(b: number, a: number, descending: boolean): boolean {
  // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
  return descending ? b > a || (b !== b && a === a) : b < a || (a !== a && b === b);
}

function insertionSort(
  keys: TypedArray,
  order: Int32Array,
  start: number,
  stop: number,
  descending: boolean,
): void {
  for (let i = start + 1; i < stop; i++) {
    const moving = order[i]!;
    const key = keys[moving]!;
    let j = i - 1;
    while (j >= start && precedes(key, keys[order[j]!]!, descending)) {
      order[j + 1] = order[j]!;
      j--;
    }
    order[j + 1] = moving;
  }
}

function merge(
  keys: TypedArray,
  from: Int32Array,
  to: Int32Array,
  start: number,
  middle: number,
  stop: number,
  descending: boolean,
): void {
  if (middle >= stop || !precedes(keys[from[middle]!]!, keys[from[middle - 1]!]!, descending)) {
    to.set(from.subarray(start, stop), start);
    return;
  }
  let left = start;
  let right = middle;
  for (let at = start; at < stop; at++) {
    const takeRight =
      left === middle || (right < stop && precedes(keys[from[right]!]!, keys[from[left]!]!, descending));
    to[at] = takeRight ? from[right++]! : from[left++]!;
  }
}
