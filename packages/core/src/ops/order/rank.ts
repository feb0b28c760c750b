import type { TypedArray } from '../../dtype.ts';

const counts = new Uint32Array(2 ** 16);

/**
 * The number that stands at place `rank`, counted from 0, once the numbers of a row that are not NaN are sorted; NaN
 * where there is none. Goes digit by digit of 16 bits, and keeps what has the digits of that number so far: in time
 * that grows with the row, whatever is in it.
 */
export function numberOfRank(row: TypedArray, rank: number): number {
  const kept = new Float64Array(row.length);
  let count = 0;
  for (let i = 0; i < row.length; i++) {
    const x = row[i] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
    if (x === x) kept[count++] = x;
  }
  if (rank >= count) return Number.NaN;
  const words = new Int32Array(kept.buffer);
  let left = rank;
  // Of each number the high word lies behind the low one.
  for (const [word, shift] of [
    [1, 16],
    [1, 0],
    [0, 16],
    [0, 0],
  ] as const) {
    counts.fill(0);
    for (let i = 0; i < count; i++) {
      const digit = digitOf(words, i, word, shift);
      counts[digit] = (counts[digit] as number) + 1;
    }
    let found = 0;
    while (left >= (counts[found] as number)) left -= counts[found++] as number;
    let next = 0;
    for (let i = 0; i < count; i++)
      if (digitOf(words, i, word, shift) === found) kept[next++] = kept[i] as number;
    count = next;
  }
  return kept[0] as number;
}

/** 16 bits of number `i`, such that digits are in the order of the numbers: those of negative ones are turned round. */
function digitOf(words: Int32Array, i: number, word: 0 | 1, shift: 0 | 16): number {
  const negative = (words[2 * i + 1] as number) >> 31;
  const turned = word === 1 ? negative | -0x80000000 : negative;
  return (((words[2 * i + word] as number) ^ turned) >>> shift) & 0xffff;
}
