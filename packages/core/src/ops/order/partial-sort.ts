import type { TypedArray } from '../../dtype.ts';
import { precedes } from './sort-rows.ts';

/** Ranges up to this length are left to the insertion sort. */
const shortRange = 16;

/** Whether the key `b` belongs strictly before `a`. */
type Precedes = (b: number, a: number) => boolean;

/** Memory for rows of up to so many keys, used again by each: selections do not nest. */
const shortRow = 4096;
const keysOfShort = new Float64Array(shortRow);
const orderOfShort = new Int32Array(shortRow);

/**
 * Selection of the first of many keys, in time that grows with their number and not with that of a full sort.
 *
 * Which of several equal keys is picked depends on the algorithm. These are the ones that PyTorch runs (the C++
 * standard library's nth_element, sort and partial_sort for `topk`, its own quickselect for `kthvalue`), so the indices
 * are PyTorch's as well.
 */
class Selection {
  /** By which entries are ordered, the least first. */
  readonly keys: Float64Array;
  /** Indices into the keys, rearranged. */
  readonly order: Int32Array;

  constructor(keys: TypedArray) {
    const n = keys.length;
    this.keys = n <= shortRow ? keysOfShort.subarray(0, n) : new Float64Array(n);
    this.order = n <= shortRow ? orderOfShort.subarray(0, n) : new Int32Array(n);
    this.keys.set(keys);
    const { order } = this;
    for (let i = 0; i < n; i++) order[i] = i;
  }

  /** Whether the entry `a` belongs strictly before the entry `b`. */
  protected before(a: number, b: number): boolean {
    return (this.keys[a] as number) < (this.keys[b] as number);
  }

  /** The next place, from `i` on and before `end`, whose entry belongs before that of place `first`. */
  protected nextBefore(first: number, i: number, end: number): number {
    const { keys, order } = this;
    const key = keys[order[first] as number] as number;
    let at = i;
    while (at < end && !((keys[order[at] as number] as number) < key)) at++;
    return at;
  }

  #placeBefore(i: number, j: number): boolean {
    return this.before(this.order[i]!, this.order[j]!);
  }

  #swap(i: number, j: number): void {
    const { order } = this;
    const moved = order[i]!;
    order[i] = order[j]!;
    order[j] = moved;
  }

  /** Puts the right entry at place `nth`, none before it that belongs after it. */
  nthElement(nth: number): void {
    let first = 0;
    let last = this.order.length;
    let depth = 2 * Math.floor(Math.log2(last));
    while (last - first > 3) {
      if (depth-- === 0) {
        this.#heapSelect(first, nth + 1, last);
        this.#swap(first, nth);
        return;
      }
      const cut = this.#partition(first, last);
      if (cut <= nth) first = cut;
      else last = cut;
    }
    this.#insertionSort(first, last);
  }

  /** Sorts the first `count` places. */
  sort(count: number): void {
    if (count < 2) return;
    this.#introsort(0, count, 2 * Math.floor(Math.log2(count)));
    this.#insertionSort(0, count);
  }

  /** Brings the first `count` entries, in order, to the first places. */
  partialSort(count: number): void {
    this.#heapSelect(0, count, this.order.length);
    this.#sortHeap(0, count);
  }

  #introsort(first: number, end: number, limit: number): void {
    let last = end;
    let depth = limit;
    while (last - first > shortRange) {
      if (depth-- === 0) {
        this.#heapSelect(first, last, last);
        this.#sortHeap(first, last);
        return;
      }
      const cut = this.#partition(first, last);
      this.#introsort(cut, last, depth);
      last = cut;
    }
  }

  /** Partitions around the median of three places; returns where the second part starts. */
  #partition(first: number, last: number): number {
    const [a, b, c] = [first + 1, first + ((last - first) >> 1), last - 1];
    let median: number;
    if (this.#placeBefore(a, b)) median = this.#placeBefore(b, c) ? b : this.#placeBefore(a, c) ? c : a;
    else median = this.#placeBefore(a, c) ? a : this.#placeBefore(b, c) ? c : b;
    this.#swap(first, median);
    let left = first + 1;
    let right = last;
    for (;;) {
      while (this.#placeBefore(left, first)) left++;
      right--;
      while (this.#placeBefore(first, right)) right--;
      if (left >= right) return left;
      this.#swap(left, right);
      left++;
    }
  }

  #insertionSort(first: number, last: number): void {
    const { order } = this;
    for (let i = first + 1; i < last; i++) {
      const moving = order[i]!;
      let j = i;
      // As the library does it: among NaNs it makes a difference.
      if (i < first + shortRange && this.before(moving, order[first]!)) {
        order.copyWithin(first + 1, first, i);
        order[first] = moving;
        continue;
      }
      while (j > first && this.before(moving, order[j - 1]!)) {
        order[j] = order[j - 1]!;
        j--;
      }
      order[j] = moving;
    }
  }

  #heapSelect(first: number, middle: number, last: number): void {
    const length = middle - first;
    for (let parent = (length - 2) >> 1; parent >= 0; parent--) {
      this.#sink(first, parent, length, this.order[first + parent]!);
    }
    for (let i = middle; ; i++) {
      i = this.nextBefore(first, i, last);
      if (i >= last) return;
      this.#popTo(first, middle, i);
    }
  }

  #sortHeap(first: number, end: number): void {
    for (let last = end - 1; last > first; last--) this.#popTo(first, last, last);
  }

  /** Moves the top of a heap to place `to`, whose entry joins the heap. */
  #popTo(first: number, last: number, to: number): void {
    const { order } = this;
    const value = order[to]!;
    order[to] = order[first]!;
    this.#sink(first, 0, last - first, value);
  }

  /** Fills a hole in a heap: larger children rise, then `value` rises from where the hole ended. */
  #sink(first: number, top: number, length: number, value: number): void {
    const { order } = this;
    let hole = top;
    let child = top;
    while (child < (length - 1) >> 1) {
      child = 2 * (child + 1);
      if (this.#placeBefore(first + child, first + child - 1)) child--;
      order[first + hole] = order[first + child]!;
      hole = child;
    }
    if ((length & 1) === 0 && child === (length - 2) >> 1) {
      child = 2 * child + 1;
      order[first + hole] = order[first + child]!;
      hole = child;
    }
    while (hole > top) {
      const parent = (hole - 1) >> 1;
      if (!this.before(order[first + parent]!, value)) break;
      order[first + hole] = order[first + parent]!;
      hole = parent;
    }
    order[first + hole] = value;
  }

  /** PyTorch's quickselect: puts the right entry at place `k`. */
  quickSelect(k: number): void {
    let left = 0;
    let right = this.order.length - 1;
    while (right > left) {
      if (right === left + 1) {
        if (this.#placeBefore(right, left)) this.#swap(left, right);
        return;
      }
      this.#swap(left + ((right - left) >> 1), left + 1);
      if (this.#placeBefore(right, left + 1)) this.#swap(left + 1, right);
      if (this.#placeBefore(right, left)) this.#swap(left, right);
      if (this.#placeBefore(left, left + 1)) this.#swap(left + 1, left);
      let i = left + 1;
      let j = right;
      for (;;) {
        do i++;
        while (this.#placeBefore(i, left));
        do j--;
        while (this.#placeBefore(left, j));
        if (j < i) break;
        this.#swap(i, j);
      }
      this.#swap(left, j);
      if (j <= k) left = i;
      if (j >= k) right = j - 1;
    }
  }
}

/** By another comparison than `<`. */
class ComparingSelection extends Selection {
  readonly #precedes: Precedes;

  constructor(keys: TypedArray, precedes: Precedes) {
    super(keys);
    this.#precedes = precedes;
  }

  protected override before(a: number, b: number): boolean {
    return this.#precedes(this.keys[a] as number, this.keys[b] as number);
  }

  protected override nextBefore(first: number, i: number, end: number): number {
    let at = i;
    while (at < end && !this.before(this.order[at] as number, this.order[first] as number)) at++;
    return at;
  }
}

/** Of ascending or descending keys, of which NaN counts as the greatest. */
function selectionOf(keys: TypedArray, descending: boolean): Selection {
  const selection = new Selection(keys);
  const numbers = selection.keys;
  for (let i = 0; i < numbers.length; i++) {
    const key = numbers[i] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
    if (key !== key) return new ComparingSelection(keys, (b, a) => precedes(b, a, descending));
    if (descending) numbers[i] = -key;
  }
  return selection;
}

/** Up to so many keys are kept in order while all the others pass by. */
const mostKept = 32;
const keptKeys = new Float64Array(mostKept);
const keptPlaces = new Int32Array(mostKept);

/**
 * The indices of the `k` keys that come first, in order, which no algorithm has a say in; `null` where one of them
 * occurs twice, or there is NaN.
 */
function firstOfDistinct(keys: TypedArray, k: number, descending: boolean): Int32Array | null {
  const sign = descending ? -1 : 1;
  let count = 0;
  let last = Number.POSITIVE_INFINITY;
  /** The first of the keys that were met twice. */
  let twice = Number.NaN;
  for (let i = 0; i < keys.length; i++) {
    const key = sign * (keys[i] as number);
    if (count === k && key > last) continue;
    if (Number.isNaN(key)) return null;
    let at = count;
    while (at > 0 && (keptKeys[at - 1] as number) > key) at--;
    if (at > 0 && keptKeys[at - 1] === key && !(key > twice)) twice = key;
    if (at === k) continue;
    if (count < k) count++;
    for (let j = count - 1; j > at; j--) {
      keptKeys[j] = keptKeys[j - 1] as number;
      keptPlaces[j] = keptPlaces[j - 1] as number;
    }
    keptKeys[at] = key;
    keptPlaces[at] = i;
    last = keptKeys[count - 1] as number;
  }
  return twice <= last ? null : keptPlaces.subarray(0, k);
}

/**
 * The indices of the `k` keys that come first; in order, unless `sorted` is false. What `topk` runs; Kindling's own.
 */
export function firstInOrder(keys: TypedArray, k: number, descending: boolean, sorted: boolean): Int32Array {
  if (sorted && k > 0 && k <= mostKept) {
    const found = firstOfDistinct(keys, k, descending);
    if (found !== null) return found;
  }
  const selection = selectionOf(keys, descending);
  if (k > 0 && k * 64 <= keys.length) selection.partialSort(k);
  else if (k > 0) {
    selection.nthElement(k - 1);
    if (sorted) selection.sort(k - 1);
  }
  return selection.order.subarray(0, k);
}

/**
 * The index of the key at place `k`, counted from 0, if they were in ascending order. What `kthvalue` runs; Kindling's
 * own.
 */
export function kthInOrder(keys: TypedArray, k: number): number {
  const selection = selectionOf(keys, false);
  selection.quickSelect(k);
  return selection.order[k]!;
}

/**
 * The order into which the C++ standard library's sort brings the keys by `<` or by another comparison, which is no
 * order where there are NaNs: what PyTorch's `mode` and its unique entries go by. Kindling's own.
 */
export function plainOrder(keys: TypedArray, comparison?: Precedes): Int32Array {
  const selection = comparison === undefined ? new Selection(keys) : new ComparingSelection(keys, comparison);
  selection.sort(keys.length);
  return selection.order;
}
