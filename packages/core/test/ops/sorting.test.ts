import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randint } from '../../src/index.ts';
import * as T from '../../src/ops/arranging/triangle.ts';
import { ones, zeros } from '../../src/ops/creation/fill.ts';
import { tensor } from '../../src/ops/creation/from-data.ts';
import { arange } from '../../src/ops/creation/ranges.ts';
import { indexSelect } from '../../src/ops/indexing/index-along.ts';
import { nonzero } from '../../src/ops/indexing/nonzero.ts';
import { index } from '../../src/ops/indexing/subscript.ts';
import * as C from '../../src/ops/order/index.ts';
import { argsort, kthvalue, msort, sort, topk } from '../../src/ops/order/sorting.ts';
import { unique, uniqueConsecutive } from '../../src/ops/order/unique.ts';
import type { Tensor } from '../../src/tensor.ts';
import { assertClose, tensors } from '../../src/testing/index.ts';
import { checkLaws } from './laws.ts';

const operations: Record<string, (x: Tensor) => Tensor | readonly Tensor[]> = {
  sort: (x) => [sort(x).values, sort(x, 0, { descending: true }).values],
  msort: (x) => msort(x),
  topk: (x) => [topk(x, 1).values, topk(x, x.shape[0]!, { dim: 0, largest: false }).values],
  kthvalue: (x) => [kthvalue(x, 1).values, kthvalue(x, x.shape[0]!, { dim: 0, keepdim: true }).values],
  tril: (x) => [T.tril(x), T.tril(x, -1)],
  triu: (x) => [T.triu(x), T.triu(x, { diagonal: 1 })],
};

describe('sorting and triangles', () => {
  for (const [name, operation] of Object.entries(operations)) {
    it(`${name}: the same on any layout, with right first and second derivatives`, () => {
      checkLaws(operation, { distinct: true });
    });
  }
});

/** Ascending, NaN last. */
const ascending = (a: number, b: number): number =>
  Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : Number.isNaN(b) ? -1 : a - b;

describe('sort', () => {
  const vectors = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN)), {
    maxLength: 200,
  });

  it('is a stable permutation, NaN greatest', () => {
    fc.assert(
      fc.property(vectors, fc.boolean(), fc.constantFrom('float32', 'float64'), (list, descending, dtype) => {
        const { values, indices } = sort(tensor(list, { dtype }), 0, { descending });
        const order = list.map((_, i) => i);
        order.sort(
          (a, b) => (descending ? ascending(list[b]!, list[a]!) : ascending(list[a]!, list[b]!)) || a - b,
        );
        expect([...indices.data]).toEqual(order);
        expect([...values.data]).toEqual(order.map((i) => list[i]));
      }),
    );
  });

  it('does not tell 0 from -0', () => {
    const x = tensor(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 0 : -0)));
    expect([...argsort(x).data]).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('sorts many elements', () => {
    const list = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 5003);
    expect([...sort(tensor(list)).values.data]).toEqual(list.toSorted((a, b) => a - b));
  });

  it('takes tensors without dimensions or elements', () => {
    expect(sort(tensor(3)).indices.toArray()).toBe(0);
    expect(sort(zeros([2, 0])).values.shape).toEqual([2, 0]);
    expect(argsort(zeros([0, 2]), 0).shape).toEqual([0, 2]);
  });
});

describe('topk and kthvalue', () => {
  const drawn = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 150 }).chain((list) =>
    fc.record({
      list: fc.constant(list),
      k: fc.integer({ min: 1, max: list.length }),
      largest: fc.boolean(),
    }),
  );

  it('pick what sorting picks, and say where it stands', () => {
    fc.assert(
      fc.property(drawn, ({ list, k, largest }) => {
        const x = tensor(list, { dtype: 'float32' });
        const { values, indices } = topk(x, k, { largest });
        const sorted = sort(x, 0, { descending: largest }).values;
        assertClose(values, index(sorted, { stop: k }));
        assertClose(indexSelect(x, 0, indices), values);
        expect(new Set(indices.data).size).toBe(k);
        const kth = kthvalue(x, k);
        expect(kth.values.item()).toBe(sort(x).values.data[k - 1]);
        expect(x.data[kth.indices.item() as number]).toBe(kth.values.item());
      }),
    );
  });

  it('pick the same of equal elements as PyTorch 2.15', () => {
    const list = Array.from({ length: 70 }, (_, i) => (i * 13) % 5);
    const x = tensor(list, { dtype: 'float32' });
    expect([...topk(x, 5).indices.data]).toEqual([43, 13, 58, 23, 28]);
    expect([...topk(x, 5, { largest: false }).indices.data]).toEqual([15, 20, 50, 45, 55]);
    expect(topk(x, 1).indices.item()).toBe(3);
    expect([...topk(x, 20).indices.data]).toEqual([
      18, 53, 48, 23, 13, 58, 43, 28, 33, 63, 8, 68, 3, 38, 46, 26, 41, 36, 21, 31,
    ]);
    expect([1, 20, 40, 70].map((k) => kthvalue(x, k).indices.item())).toEqual([15, 37, 19, 18]);
  });

  it('NaN is the greatest', () => {
    const x = tensor([3, Number.NaN, 1]);
    expect([...topk(x, 2).indices.data]).toEqual([1, 0]);
    expect([...topk(x, 2, { largest: false }).indices.data]).toEqual([2, 0]);
    expect(kthvalue(x, 3).indices.item()).toBe(1);
  });

  it('refuse a k out of range', () => {
    expect(() => topk(zeros(3), 4)).toThrow(
      'selected index k out of range: k is 4 and dim 0 of [3] has size 3',
    );
    expect(() => kthvalue(zeros(3), 0)).toThrow('out of range for dimension 0');
  });
});

describe('unique', () => {
  it('gives the distinct elements ascending, where each went, and how often it occurs', () => {
    const x = tensor([
      [3, 1],
      [1, 2],
      [3, 1],
    ]);
    const all = unique(x, { returnInverse: true, returnCounts: true });
    expect(all.values.toArray()).toEqual([1, 2, 3]);
    expect(all.inverse!.toArray()).toEqual([
      [2, 0],
      [0, 1],
      [2, 0],
    ]);
    expect(all.counts!.toArray()).toEqual([3, 1, 2]);
    const rows = unique(x, { dim: 0, returnInverse: true, returnCounts: true });
    expect([rows.values, rows.inverse!, rows.counts!].map((y) => y.toArray())).toEqual([
      [
        [1, 2],
        [3, 1],
      ],
      [1, 0, 1],
      [1, 2],
    ]);
    expect(unique(x, { dim: 1 }).toArray()).toEqual([
      [1, 3],
      [2, 1],
      [1, 3],
    ]);
    expect(unique(tensor([Number.NaN, 1, Number.NaN])).shape).toEqual([3]);
  });

  it('index with the inverse gives back the tensor', () => {
    fc.assert(
      fc.property(tensors({ dtype: 'int32', min: -2, max: 2 }), (x) => {
        for (const f of [unique, uniqueConsecutive] as (typeof unique)[]) {
          const { values, inverse, counts } = f(x, { returnInverse: true, returnCounts: true });
          assertClose(index(values, inverse!), x);
          expect([...counts!.data].reduce((a, b) => a + b, 0)).toBe(x.count);
        }
      }),
    );
  });

  it('uniqueConsecutive joins neighbours only', () => {
    expect(uniqueConsecutive(tensor([1, 1, 2, 2, 3, 1, 1])).toArray()).toEqual([1, 2, 3, 1]);
  });
});

describe('searching and counting', () => {
  it('searchsorted keeps the sequence sorted', () => {
    const list = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        list,
        fc.array(fc.integer({ min: -6, max: 6 })),
        fc.boolean(),
        (boundaries, values, right) => {
          const s = boundaries.toSorted((a, b) => a - b);
          const found = C.searchsorted(tensor(s, { dtype: 'int32' }), tensor(values, { dtype: 'int32' }), {
            right,
          });
          const expected = values.map((v) => s.filter((b) => (right ? b <= v : b < v)).length);
          expect([...found.data]).toEqual(expected);
        },
      ),
    );
    expect(C.searchsorted(tensor([1, 2, 3]), Number.NaN).item()).toBe(3);
    expect(C.searchsorted(tensor([3, 1, 2]), 2, { sorter: tensor([1, 2, 0]) }).item()).toBe(1);
    expect(
      C.searchsorted(
        tensor([
          [1, 3],
          [2, 4],
        ]),
        tensor([[2], [2]]),
      ).toArray(),
    ).toEqual([[1], [0]]);
    expect(C.bucketize(tensor([0, 2, 9]), tensor([1, 2, 3])).toArray()).toEqual([0, 1, 3]);
    expect(() => C.searchsorted(zeros([2, 3]), zeros([3, 1]))).toThrow('we got boundaries tensor [2, 3]');
    const sorter = tensor([0, 1]);
    expect(() => C.searchsorted(zeros(3), zeros(1), { sorter })).toThrow(
      'boundary tensor [3] and sorter tensor [2]',
    );
  });

  it.each(['int32', 'uint8', 'float32', 'float64'] as const)(
    'unique: many rows of %s, in their order',
    (dtype) => {
      const least = dtype === 'uint8' ? 0 : -2;
      for (const n of [63, 64, 300, 1000]) {
        const x = randint(least, 3, [n, 3]).to(dtype);
        const rows = x.tolist() as number[][];
        const order = (a: readonly number[], b: readonly number[]): number =>
          a.map((v, i) => v - b[i]!).find((d) => d !== 0) ?? 0;
        const expected = [...new Map(rows.map((row) => [row.join(), row])).values()].sort(order);
        const found = unique(x, { dim: 0, returnInverse: true, returnCounts: true });
        expect(found.values.tolist()).toEqual(expected);
        expect(found.values.indexSelect(0, found.inverse as Tensor).tolist()).toEqual(rows);
        expect(found.counts?.tolist()).toEqual(
          expected.map((u) => rows.filter((r) => order(r, u) === 0).length),
        );
      }
    },
  );

  it.each([
    ['float32', 'float32'],
    ['float64', 'float64'],
    ['int32', 'float64'],
    ['uint8', 'float64'],
    ['bool', 'float64'],
  ] as const)('bincount: of weights in %s the sums are %s', (dtype, expected) => {
    const sums = C.bincount(tensor([0, 1, 1]), { weights: tensor([1, 0, 1], { dtype }) });
    expect([sums.dtype, sums.tolist()]).toEqual([expected, [1, 1]]);
  });

  it('nonzero, oneHot and bincount', () => {
    expect(
      nonzero(
        tensor([
          [0, 1],
          [2, 0],
        ]),
      ).toArray(),
    ).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(nonzero(tensor(3)).shape).toEqual([1, 0]);
    expect(nonzero(tensor(3), { asTuple: true }).map((y) => y.toArray())).toEqual([[0]]);
    expect(C.oneHot(tensor([0, 2])).toArray()).toEqual([
      [1, 0, 0],
      [0, 0, 1],
    ]);
    expect(C.oneHot(tensor([0]), { numClasses: 2 }).toArray()).toEqual([[1, 0]]);
    expect(() => C.oneHot(tensor([0, 2]), 2)).toThrow(
      'Class values must be smaller than numClasses. Got 2 at position [1]',
    );
    expect(() => C.oneHot(tensor([-1]))).toThrow('Class values must be non-negative');
    expect(() => C.oneHot(zeros(2))).toThrow('only applicable to index tensors of int32, got float32');
    expect(C.bincount(tensor([1, 1, 3])).toArray()).toEqual([0, 2, 0, 1]);
    expect(
      C.bincount(tensor([1, 1, 3]), { weights: tensor([0.5, 0.25, 2]), minlength: 5 }).toArray(),
    ).toEqual([0, 0.75, 0, 2, 0]);
    expect(() => C.bincount(tensor([-1]))).toThrow('got -1 at position [0]');
    expect(() => unique(zeros([0, 0, 2]), { dim: 1 })).toThrow('unique: There are 0 sized dimensions');
    expect(() => uniqueConsecutive(ones([]), { dim: 0 })).toThrow(
      'uniqueConsecutive: Dimension specified as 0',
    );
  });

  it('unique gives NaNs the order of PyTorch, whose sort moves equal elements', () => {
    const nan = Number.NaN;
    const row = [2, nan, 1, nan, nan, -1, nan, 2, nan, 5, 0, nan, 3, nan, nan, 1, nan, nan, nan, 7, nan];
    const inverse = (x: Tensor): number[] | undefined =>
      unique(x, { returnInverse: true }).inverse?.flatten().tolist() as number[] | undefined;
    const expected = [3, 18, 2, 17, 16, 0, 15, 3, 14, 5, 1, 13, 4, 12, 11, 2, 10, 9, 8, 6, 7];
    expect(inverse(tensor(row))).toEqual(expected);
    expect(inverse(tensor(row, { dtype: 'float64' }).reshape([3, 7]))).toEqual(expected);
    expect(inverse(tensor([nan, 1, nan, 0, nan, 1]))).toEqual([2, 1, 3, 0, 4, 1]);
    expect(inverse(tensor(new Array<number>(17).fill(nan)))).toEqual([
      9, 16, 15, 14, 13, 12, 11, 10, 0, 8, 7, 6, 5, 4, 3, 2, 1,
    ]);
  });

  it('trilIndices and triuIndices index the triangles', () => {
    const x = ones([3, 4]);
    for (const offset of [-2, 0, 1]) {
      const lower = T.trilIndices(3, 4, { offset });
      expect(index(x, ...lower).count).toBe(nonzero(T.tril(x, offset)).shape[0]);
      assertClose(T.triuIndices(3, 4, { offset }), nonzero(T.triu(x, offset)).t());
    }
    const y = ones([2, 2]);
    expect(T.tril_(y)).toBe(y);
    expect(y.toArray()).toEqual([
      [1, 0],
      [1, 1],
    ]);
    expect(() => T.tril(arange(3))).toThrow(
      'tril: input tensor must have at least 2 dimensions, got shape [3]',
    );
  });
});

it('bools are sorted, but refused by what picks them by their place in the order, as in PyTorch', () => {
  const x = tensor([true, false, true]);
  expect(sort(x).values.toArray()).toEqual([false, true, true]);
  const why = "not implemented for 'Bool'; convert with to(";
  expect(() => topk(x, 1)).toThrow(`topk: ${why}`);
  expect(() => kthvalue(x, 1)).toThrow(`kthvalue: ${why}`);
  expect(() => C.searchsorted(x, x)).toThrow(`searchsorted: ${why}`);
  expect(C.searchsorted(tensor([0, 1]), x).toArray()).toEqual([1, 0, 1]);
});
