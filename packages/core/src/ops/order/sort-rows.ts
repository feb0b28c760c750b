import type { TypedArray } from '../../dtype.ts';

/** Runs shorter than this are sorted by insertion. */
const shortRun = 16;

/**
 * Rearranges `order`, indices into `keys`, so that the keys ascend (or descend); equal ones stay in order. NaN counts
 * as the greatest. `order` and `spare` have the same length.
 */
export function sortOrder(keys: TypedArray, order: Int32Array, spare: Int32Array, descending: boolean): void {
  const n = order.length;
  if (n >= manyKeys && !(keys instanceof Float64Array)) {
    radixSort(keys, order, spare, descending);
    return;
  }
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

/** From so many keys on, of at most 32 bits, sorting by digits beats sorting by comparisons. */
const manyKeys = 64;
/** Reused while rows are not large. */
const smallScratch = new Uint32Array(2 * 8192);
const counts = new Uint32Array(4 * 256);

/**
 * Sorts by the four bytes of the keys' ordinals, the least significant first; each pass keeps the order of the last.
 */
function radixSort(keys: TypedArray, order: Int32Array, spare: Int32Array, descending: boolean): void {
  const n = order.length;
  const scratch = 2 * n <= smallScratch.length ? smallScratch : new Uint32Array(2 * n);
  let digits = scratch.subarray(0, n);
  let nextDigits = scratch.subarray(n, 2 * n);
  writeOrdinals(keys, order, digits, descending);
  counts.fill(0);
  for (let i = 0; i < n; i++) {
    const ordinal = digits[i]!;
    counts[ordinal & 255]!++;
    counts[256 + ((ordinal >>> 8) & 255)]!++;
    counts[512 + ((ordinal >>> 16) & 255)]!++;
    counts[768 + (ordinal >>> 24)]!++;
  }
  let from = order;
  let to = spare;
  for (let pass = 0; pass < 4; pass++) {
    const shift = 8 * pass;
    const places = counts.subarray(256 * pass, 256 * (pass + 1));
    if (places[(digits[0]! >>> shift) & 255] === n) continue;
    for (let d = 0, sum = 0; d < 256; d++) {
      const count = places[d]!;
      places[d] = sum;
      sum += count;
    }
    for (let i = 0; i < n; i++) {
      const ordinal = digits[i]!;
      const place = places[(ordinal >>> shift) & 255]!++;
      nextDigits[place] = ordinal;
      to[place] = from[i]!;
    }
    [from, to] = [to, from];
    [digits, nextDigits] = [nextDigits, digits];
  }
  if (from !== order) order.set(from);
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** Unsigned integers in the order of the keys: 0 and -0 are equal, NaN is the greatest. */
function writeOrdinals(
  keys: TypedArray,
  order: Int32Array,
  ordinals: Uint32Array,
  descending: boolean,
): void {
  const flip = descending ? -1 : 0;
  const floating = keys instanceof Float32Array;
  for (let i = 0; i < order.length; i++) {
    const key = keys[order[i]!]!;
    let ordinal = key;
    if (floating) {
      float[0] = key + 0;
      // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
      ordinal = key !== key ? 0x7fffffff : bits[0]!;
      if (ordinal < 0) ordinal ^= 0x7fffffff;
    }
    ordinals[i] = ordinal ^ -0x80000000 ^ flip;
  }
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
