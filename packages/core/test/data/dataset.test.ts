import { readFileSync } from 'node:fs';
import * as K from '@kindling/core';
import {
  data,
  Generator,
  IndexError,
  manualSeed,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
} from '@kindling/core';
import { describe, expect, test } from 'vitest';

interface Split {
  readonly n: number;
  readonly lengths: number[];
  readonly generator: number | null;
  readonly parts: number[][];
  readonly next: number;
}

/** Made by tools/oracle/tensor_random_fixtures.py. */
const { splits } = JSON.parse(
  readFileSync(new URL('../fixtures/data/batches.json', import.meta.url), 'utf8'),
) as { splits: Split[] };

const numbers = (n: number) => new data.TensorDataset(K.arange(n));

describe('TensorDataset', () => {
  test('a sample is that element of each tensor, as views', () => {
    const x = K.arange(6).reshape(3, 2);
    const dataset = new data.TensorDataset(x, tensor([7, 8, 9]));
    expect(dataset.length).toBe(3);
    const [row, label] = dataset.get(1);
    expect([row.toArray(), label.item()]).toEqual([[2, 3], 8]);
    row.fill_(0);
    expect(x.index(1).toArray()).toEqual([0, 0]);
  });

  test('a batch is a copy, with repeated samples where they are asked for', () => {
    const dataset = new data.TensorDataset(K.arange(4).reshape(4, 1));
    expect(dataset.getBatch(Int32Array.of(2, 0, 2))[0].toArray()).toEqual([[2], [0], [2]]);
    expect(dataset.getBatch(new Int32Array(0))[0].shape).toEqual([0, 1]);
  });

  test('keeps the types of its tensors', () => {
    const dataset = new data.TensorDataset(K.zeros([2]), K.zeros([2], { dtype: 'int32' }));
    const sample: readonly [Tensor, Tensor] = dataset.get(0);
    expect(sample.map((x) => x.dtype)).toEqual(['float32', 'int32']);
  });

  test('errors', () => {
    expect(() => new data.TensorDataset()).toThrow(ValueError);
    expect(() => new data.TensorDataset(K.zeros([3]), K.zeros([2, 3]))).toThrow(ShapeError);
    expect(() => new data.TensorDataset(K.zeros([3]), K.zeros([2, 3]))).toThrow(
      'size mismatch between tensors: number 1 has shape [2, 3], the first [3]',
    );
    expect(() => new data.TensorDataset(tensor(1))).toThrow(ShapeError);
    expect(() => new data.TensorDataset([1, 2] as unknown as Tensor)).toThrow('expected a Tensor');
    for (const index of [3, -1, 0.5, Number.NaN]) {
      expect(() => numbers(3).get(index)).toThrow(IndexError);
      expect(() => numbers(3).get(index)).toThrow(`index ${index} is out of range for a dataset of length 3`);
    }
  });
});

describe('Subset', () => {
  test('shows the chosen samples in the given order, also of another subset', () => {
    const outer = new data.Subset(numbers(10), [9, 5, 5, 1]);
    const inner = new data.Subset(outer, [3, 0]);
    expect([outer.length, inner.length]).toEqual([4, 2]);
    expect([...new data.DataLoader(inner, { batchSize: 2 })].map(([x]) => x.toArray())).toEqual([[1, 9]]);
    expect((inner.get(1) as readonly [Tensor])[0].item()).toBe(9);
    expect(() => new data.Subset(numbers(3), [3])).toThrow(IndexError);
    expect(() => inner.get(2)).toThrow(IndexError);
  });

  test('of a dataset that gives no whole batches gives none either', () => {
    const squares = { length: 4, get: (i: number) => i * i };
    const subset = new data.Subset(squares, [3, 1]);
    expect(subset.getBatch).toBeUndefined();
    expect([...new data.DataLoader<unknown>(subset)].map(String)).toEqual(['tensor([9])', 'tensor([1])']);
  });

  test('indices that are no numbers of samples are refused at once', () => {
    for (const wrong of [
      3,
      -1,
      0.5,
      Number.NaN,
      Infinity,
      2 ** 32,
      '1',
      null,
      undefined,
      true,
      1n,
      tensor(1),
    ]) {
      expect(() => new data.Subset(numbers(3), [0, wrong as number]), String(wrong)).toThrow(IndexError);
      expect(() => new data.Subset(numbers(3), [0, wrong as number])).toThrow(
        /^Subset: index .* is out of range/,
      );
    }
    expect(() => new data.Subset(numbers(3), Float32Array.of(0.5))).toThrow('index 0.5 is out of range');
    for (const wrong of [3, null, undefined, 'abc', new Set([1]), tensor([1]), { length: 2 }]) {
      expect(() => new data.Subset(numbers(3), wrong as number[])).toThrow(
        'Subset: expected a list of indices, got',
      );
    }
    expect([...new data.Subset(numbers(3), Uint8Array.of(2, 0)).indices]).toEqual([2, 0]);
  });

  test('a batch of samples that are not there is refused, not the first sample instead', () => {
    const subset = new data.Subset(numbers(10), [7, 8]);
    for (const wrong of [[2], [-1], [0.5], ['0']]) {
      expect(() => subset.getBatch!(wrong as unknown as Int32Array)).toThrow(
        /^Subset.getBatch: index .* out of range/,
      );
      expect(() => subset.get(wrong[0] as number)).toThrow(/^Subset.get: index .* out of range/);
    }
    expect((subset.getBatch!(Int32Array.of(1, 1)) as Tensor[])[0]!.toArray()).toEqual([8, 8]);
    const whole = numbers(3);
    expect(() => whole.getBatch(Int32Array.of(0, 3))).toThrow(
      'TensorDataset.getBatch: index 3 is out of range',
    );
    expect(whole.getBatch([2, 0] as unknown as Int32Array)[0].toArray()).toEqual([2, 0]);
  });
});

describe('randomSplit', () => {
  test.each(splits.map((s) => [JSON.stringify([s.n, s.lengths, s.generator]), s] as const))(
    "%s gives PyTorch's parts",
    (_, { n, lengths, generator, parts, next }) => {
      manualSeed(2024);
      const options = generator === null ? {} : { generator: new Generator().manualSeed(generator) };
      const actual = data.randomSplit(numbers(n), lengths, options);
      expect(actual.map((part) => [...part.indices])).toEqual(parts);
      expect(K.rand(1).item()).toBe(next);
    },
  );

  test('what fractions leave over goes to the first parts, one each', () => {
    const sizes = data.randomSplit(numbers(5), [1 / 3, 1 / 3, 1 / 3]).map((part) => part.length);
    // One part for each length, which the type says too.
    const [train, rest] = data.randomSplit(numbers(5), [3, 2]);
    expect([train.length, rest.length]).toEqual([3, 2]);
    expect(sizes).toEqual([2, 2, 1]);
  });

  test('one sample goes where most of it belongs', () => {
    const sizes = (lengths: number[]) => data.randomSplit(numbers(1), lengths).map((part) => part.length);
    expect([sizes([0.5, 0.5]), sizes([1, 0]), sizes([0, 1]), sizes([0.25, 0.75])]).toEqual([
      [1, 0],
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
  });

  test('what is no dataset, or no list of lengths, is refused', () => {
    for (const wrong of [[1, 2, 3], null, undefined, 5, 'abc', {}, { length: 3 }, new Map()]) {
      expect(() => data.randomSplit(wrong as never, [1, 2])).toThrow(
        'randomSplit: expected a dataset with a length',
      );
      expect(() => new data.Subset(wrong as never, [0])).toThrow('Subset: expected a dataset with a length');
    }
    expect(() => new data.Subset([1, 2] as never, [0])).toThrow(
      'of an array xs write { length: xs.length, get: (i) => xs[i] }',
    );
    for (const length of [Number.NaN, -1, 1.5, '3', undefined, Infinity, 2 ** 31]) {
      const dataset = { length, get: () => 0 } as data.Dataset<number>;
      expect(() => data.randomSplit(dataset, [1])).toThrow('a whole number up to 2^31 - 1, got');
      expect(() => new data.DataLoader(dataset)).toThrow('a whole number up to 2^31 - 1, got');
    }
    for (const wrong of [undefined, null, 5, 'ab', [1, '4'], [Number.NaN, 5], [null, 5]]) {
      expect(() => data.randomSplit(numbers(5), wrong as number[])).toThrow(ValueError);
      expect(() => data.randomSplit(numbers(5), wrong as number[])).toThrow(/^randomSplit: /);
    }
  });

  test.each<[number[], string]>([
    [[1, 1], "sum to the dataset's length 5"],
    [[0.5, 0.4], 'fractions that sum to 1'],
    [[6, -1], 'randomSplit: lengths: expected an array, each item a number >= 0, got [6, -1]'],
    [[2.5, 2.5], 'must be whole'],
    [[Number.NaN, 5], 'each item a number >= 0'],
  ])('%j are no lengths for five samples', (lengths, message) => {
    expect(() => data.randomSplit(numbers(5), lengths)).toThrow(ValueError);
    expect(() => data.randomSplit(numbers(5), lengths)).toThrow(message);
  });
});

describe('defaultCollate', () => {
  test('stacks tensors and joins numbers, booleans, arrays and objects', () => {
    const { x, y, z, w, names } = data.defaultCollate([
      { x: tensor([1]), y: 0, z: 0.5, w: true, names: ['a', 1] as [string, number] },
      { x: tensor([2]), y: 1, z: 1, w: false, names: ['b', 2] as [string, number] },
    ]);
    expect(x.toArray()).toEqual([[1], [2]]);
    expect([y.dtype, y.toArray()]).toEqual(['int32', [0, 1]]);
    expect([z.dtype, z.toArray()]).toEqual(['float32', [0.5, 1]]);
    expect([w.dtype, w.toArray()]).toEqual(['bool', [true, false]]);
    expect([names[0], names[1].toArray()]).toEqual([
      ['a', 'b'],
      [1, 2],
    ]);
  });

  // As torch.utils.data.default_collate of the same lists.
  test.each<[readonly unknown[], string, unknown]>([
    [[7, true, tensor(3)], 'int32', [7, 1, 3]],
    [[true, 2.5], 'float32', [1, 2.5]],
    [[7, tensor(2, { dtype: 'float32' })], 'float32', [7, 2]],
    [[true, tensor(false)], 'bool', [true, false]],
    [
      [Int32Array.of(1, 2), [3, 4], tensor([0.5, 1])],
      'float32',
      [
        [1, 2],
        [3, 4],
        [0.5, 1],
      ],
    ],
  ])('of other kinds after the first: %j', (samples, dtype, values) => {
    const joined = data.defaultCollate(samples) as unknown as Tensor;
    expect([joined.dtype, joined.toArray()]).toEqual([dtype, values]);
  });

  test('tensors and typed arrays beside arrays are joined entry by entry; whatever comes after a string is a list', () => {
    const rows = data.defaultCollate([
      [1, 2],
      tensor([3, 4]),
      Float32Array.of(5, 6),
    ] as unknown[]) as Tensor[];
    expect(rows.map((x) => [x.dtype, x.toArray()])).toEqual([
      ['float32', [1, 3, 5]],
      ['float32', [2, 4, 6]],
    ]);
    expect(data.defaultCollate<unknown>(['a', 1, null])).toEqual(['a', 1, null]);
  });

  test('what differs in form is an error', () => {
    expect(() => data.defaultCollate([[1, 2], [3]])).toThrow(
      'sample 0 of the batch has 2, sample 1 of the batch 1',
    );
    expect(() => data.defaultCollate([tensor([1]), tensor([1, 2])])).toThrow(ShapeError);
    const point = (x: unknown) => ({ p: [x] });
    for (const [samples, message] of [
      [[tensor([1]), 2], 'sample 0 of the batch is of kind tensor, sample 1 of the batch number'],
      [[1, 'a'], 'sample 0 of the batch is of kind number, sample 1 of the batch other'],
      [[1, tensor([1])], 'is of kind number, sample 1 of the batch tensor'],
      [[tensor([1]), Int32Array.of(1)], 'is of kind tensor, sample 1 of the batch typed array'],
      [[[1], tensor(1)], 'is of kind array, sample 1 of the batch tensor'],
      [['a', undefined], 'sample 1 of the batch is undefined'],
      [[1, null], 'sample 1 of the batch is null: does the dataset return it?'],
      [[undefined, undefined], 'sample 0 of the batch is undefined'],
      [
        [{ a: 1 }, { a: 1, b: 2 }],
        'should have the same keys: sample 0 of the batch has a, sample 1 of the batch a, b',
      ],
      [[{ a: 1, b: 2 }, { a: 1 }], 'sample 0 of the batch has a, b, sample 1 of the batch a'],
      [[{ a: 1 }, { b: 1 }], 'sample 0 of the batch has a, sample 1 of the batch b'],
      [[point(1), point('x')], 'sample 1 of the batch (.p[0]) other'],
      [
        [point(tensor([1])), point(tensor([1, 2]))],
        'sample 0 of the batch (.p[0]) has [1], sample 1 of the batch (.p[0]) [2]',
      ],
      [[0, 2 ** 31], 'sample 1 of the batch is 2147483648, which does not fit into int32'],
      [[-(2 ** 31) - 1], 'sample 0 of the batch is -2147483649'],
      [[], 'expected a list of samples, got an empty one'],
      [5, 'expected a list of samples, got number'],
    ] as const) {
      expect(() => data.defaultCollate(samples as unknown as unknown[])).toThrow(K.KindlingError);
      expect(() => data.defaultCollate(samples as unknown as unknown[])).toThrow(`defaultCollate: `);
      expect(() => data.defaultCollate(samples as unknown as unknown[])).toThrow(message);
    }
    const endless: unknown[] = [];
    endless.push(endless);
    expect(() => data.defaultCollate([endless])).toThrow('nested more than 100 deep');
  });

  test('takes the ends of int32, numbers that are none, and objects of any prototype', () => {
    expect((data.defaultCollate([2 ** 31 - 1, -(2 ** 31)]) as Tensor).toArray()).toEqual([
      2 ** 31 - 1,
      -(2 ** 31),
    ]);
    expect((data.defaultCollate([1, Number.NaN, Infinity]) as Tensor).toArray()).toEqual([
      1,
      Number.NaN,
      Infinity,
    ]);
    const bare = Object.assign(Object.create(null), { a: 1 });
    expect((data.defaultCollate([bare, { a: 2 }]) as { a: Tensor }).a.toArray()).toEqual([1, 2]);
    const names = ['a', 'b'];
    expect(data.defaultCollate(names)).toEqual(['a', 'b']);
    expect(data.defaultCollate(names)).not.toBe(names);
    const date = new Date(0);
    expect(data.defaultCollate([date])).toEqual([date]);
  });
});
