/** What is said of shapes, of all of up to three dimensions with sizes from 0 to 3, against what they stand for. */
import { describe, expect, it } from 'vitest';
import { isArray, isReadable } from '../src/readable.ts';
import {
  broadcastAll,
  broadcastShapes,
  checkNumel,
  checkShape,
  contiguousStrides,
  expandsTo,
  formatShape,
  indexOf,
  isContiguousLayout,
  maxElements,
  normalizeDim,
  normalizeDims,
  numelOf,
  reducedShape,
  type Shape,
  sameShape,
  sameSizes,
  tryBroadcast,
} from '../src/shape.ts';

const sizes = [0, 1, 2, 3];
const ofRank = (rank: number): Shape[] =>
  rank === 0 ? [[]] : ofRank(rank - 1).flatMap((shape) => sizes.map((size) => [...shape, size]));
const shapes: readonly Shape[] = [0, 1, 2, 3].flatMap(ofRank);
const pairs = shapes.flatMap((a) => shapes.map((b) => [a, b] as const));
/** The size of a dimension, counted from the last one, 1 where there is none. */
const sizeAt = (shape: Shape, back: number): number => shape[shape.length - 1 - back] ?? 1;

/** All indices of a shape in row-major order. */
const indices = (shape: Shape): number[][] =>
  shape.reduce<number[][]>(
    (all, size) => all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
const placeOf = (index: readonly number[], strides: readonly number[]): number =>
  index.reduce((sum, i, d) => sum + i * (strides[d] ?? Number.NaN), 0);

describe('sizes', () => {
  it('count elements, whose places in order are what the strides say', () => {
    for (const shape of shapes) {
      const all = indices(shape);
      const strides = contiguousStrides(shape);
      expect(numelOf(shape)).toBe(all.length);
      expect(all.map((index) => placeOf(index, strides))).toEqual(all.map((_, i) => i));
      expect(all.map((_, i) => indexOf(i, shape))).toEqual(all);
      expect(isContiguousLayout(shape, strides)).toBe(true);
      // As PyTorch counts a dimension of no size.
      expect(strides).toEqual(
        shape.map((_, d) => shape.slice(d + 1).reduce((n, size) => n * Math.max(size, 1), 1)),
      );
    }
  });

  it('lie without gaps where the places of the elements are their numbers', () => {
    for (const shape of shapes) {
      for (const strides of [
        ...shape.map((_, d) => contiguousStrides(shape).map((s, k) => (k === d ? s + 1 : s))),
        ...shape.map((_, d) => contiguousStrides(shape).map((s, k) => (k === d ? 0 : s))),
        contiguousStrides(shape.toReversed()).reverse(),
      ]) {
        const lies = indices(shape).every((index, i) => placeOf(index, strides) === i);
        expect([shape, strides, isContiguousLayout(shape, strides)]).toEqual([shape, strides, lies]);
      }
    }
  });

  it('are the same where each is', () => {
    for (const [a, b] of pairs) {
      const same = a.join() === b.join() && a.length === b.length;
      expect([sameShape(a, b), sameSizes(a, b), sameShape(a, [...b])]).toEqual([same, same, same]);
    }
  });

  it('broadcast from the right, where they are the same or one of both is 1', () => {
    for (const [a, b] of pairs) {
      const rank = Math.max(a.length, b.length);
      const places = Array.from({ length: rank }, (_, i) => rank - 1 - i);
      const fit = (back: number): boolean =>
        sizeAt(a, back) === sizeAt(b, back) || sizeAt(a, back) === 1 || sizeAt(b, back) === 1;
      const bad = places.findLast((back) => !fit(back));
      const both = places.map((back) => (sizeAt(a, back) === 1 ? sizeAt(b, back) : sizeAt(a, back)));
      expect(tryBroadcast(a, b)).toEqual(bad === undefined ? both : null);
      if (bad === undefined) expect(broadcastAll([a, b, []], 'f')).toEqual(both);
      else {
        expect(() => broadcastShapes(a, b, 'f')).toThrow(
          `f: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: the size ${sizeAt(a, bad)} of the first must ` +
            `match the size ${sizeAt(b, bad)} of the second at dimension ${rank - 1 - bad}, or one of them must be 1`,
        );
      }
      const grows = a.length > b.length || both.join() !== b.join();
      expect([a, b, expandsTo(a, b)]).toEqual([a, b, bad === undefined && !grows]);
    }
    expect(broadcastAll([], 'f')).toEqual([]);
  });

  it('are printed as PyTorch prints them, whatever stands in their place', () => {
    expect([formatShape([]), formatShape([2]), formatShape([2, 3])]).toEqual(['[]', '[2]', '[2, 3]']);
    expect(formatShape([{}, () => 1, undefined, 'a', null] as never)).toBe('[?, ?, undefined, a, ?]');
    expect(formatShape(new Array(2 ** 32 - 1).fill(1, 0, 64))).toBe(`[${'1, '.repeat(64)}...]`);
    for (const [wrong, got] of [
      [null, 'null'],
      [3, 'number'],
      ['2', 'string'],
      [[[1]], 'object'],
    ]) {
      expect(() => formatShape(wrong as never)).toThrow(
        `formatShape: expected a shape such as [2, 3], got ${got}`,
      );
    }
  });

  it('are compared with sizes only', () => {
    for (const wrong of [null, undefined, 3, '2', {}] as never[]) {
      expect(() => sameShape(wrong, [2])).toThrow('sameShape: expected a shape such as [2, 3]');
      expect(() => sameShape([2], wrong)).toThrow('sameShape: expected a shape such as [2, 3]');
    }
  });

  it('are whole numbers from 0 on, of no more elements than a tensor has', () => {
    for (const shape of [[], [0], [2, 3], [maxElements], [2 ** 40, 0]])
      expect(() => checkShape(shape, 'f')).not.toThrow();
    for (const shape of [[-1], [2, 1.5], [Number.NaN], ['2' as never]])
      expect(() => checkShape(shape, 'f')).toThrow(
        `f: sizes must be non-negative integers, got ${formatShape(shape)}`,
      );
    expect(() => checkShape([2 ** 16, 2 ** 15], 'f')).toThrow(
      `f: a tensor of shape [65536, 32768] has ${2 ** 31} elements; a tensor holds at most ${2 ** 31 - 1}`,
    );
    expect(() => checkNumel([5], maxElements, 'f')).not.toThrow();
  });
});

describe('dimensions', () => {
  it('count from both ends, and those of a number are one', () => {
    for (const rank of [0, 1, 2, 3]) {
      const n = Math.max(rank, 1);
      for (let dim = -n; dim < n; dim++) expect(normalizeDim(dim, rank, 'f')).toBe(dim < 0 ? dim + n : dim);
      for (const wrong of [n, -n - 1, 0.5, Number.NaN, '0' as never])
        expect(() => normalizeDim(wrong, rank, 'f')).toThrow(
          `f: Dimension out of range (expected to be in range of [${-n}, ${n - 1}], but got ${wrong})`,
        );
    }
  });

  it('are listed in order, each once; none stands for all', () => {
    for (const none of [undefined, null, []]) expect(normalizeDims(none, 3, 'f')).toEqual([0, 1, 2]);
    expect(normalizeDims(-1, 3, 'f')).toEqual([2]);
    expect(normalizeDims([2, 0], 3, 'f')).toEqual([0, 2]);
    expect(normalizeDims([-1, -3], 3, 'f')).toEqual([0, 2]);
    expect(normalizeDims([10, 9, 1], 11, 'f')).toEqual([1, 9, 10]);
    for (const of0d of [0, -1, [0], [-1]]) expect(normalizeDims(of0d, 0, 'f')).toEqual([]);
    expect(() => normalizeDims([0, -3], 3, 'f')).toThrow(
      'f: dim 0 appears multiple times in the list of dims [0, -3]',
    );
    expect(() => normalizeDims([0, -1], 0, 'f')).toThrow('dim 0 appears multiple times');
    expect(() => normalizeDims({} as never, 3, 'f')).toThrow(
      'f: expected a dim or a list of dims, got object',
    );
    expect(() => normalizeDims(3, 3, 'f')).toThrow('Dimension out of range');
    expect(() => normalizeDims([0, 3], 3, 'f')).toThrow('Dimension out of range');
  });

  it('that are reduced go, or become 1', () => {
    expect(reducedShape([2, 3, 4], [0, 2], false)).toEqual([3]);
    expect(reducedShape([2, 3, 4], [0, 2], true)).toEqual([1, 3, 1]);
    expect(reducedShape([2, 3, 4], [1], false)).toEqual([2, 4]);
    expect(reducedShape([2, 3, 4], [], true)).toEqual([2, 3, 4]);
    expect(reducedShape([2, 3], [0, 1], false)).toEqual([]);
    expect(reducedShape([], [], true)).toEqual([]);
  });
});

describe('what may not be read', () => {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  it('is no array, and not readable', () => {
    expect([isArray(proxy), isReadable(proxy)]).toEqual([false, false]);
    expect([isArray([]), isArray({ length: 0 }), isArray(undefined)]).toEqual([true, false, false]);
    for (const x of [undefined, null, 0, {}, []]) expect(isReadable(x)).toBe(true);
  });
});
