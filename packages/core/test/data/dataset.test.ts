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

  test.each<[number[], string]>([
    [[1, 1], "sum to the dataset's length 5"],
    [[0.5, 0.4], 'fractions that sum to 1'],
    [[6, -1], 'lengths must be at least 0, got [6, -1]'],
    [[2.5, 2.5], 'must be whole'],
    [[Number.NaN, 5], 'at least 0'],
  ])('%j are no lengths for five samples', (lengths, message) => {
    expect(() => data.randomSplit(numbers(5), lengths)).toThrow(ValueError);
    expect(() => data.randomSplit(numbers(5), lengths)).toThrow(message);
  });
});

describe('defaultCollate', () => {
  test('stacks tensors and joins numbers, booleans, arrays and objects', () => {
    const { x, y, z, w, names } = data.defaultCollate([
      { x: tensor([1]), y: 0, z: 0.5, w: true, names: ['a', 1] },
      { x: tensor([2]), y: 1, z: 1, w: false, names: ['b', 2] },
    ]) as Record<string, Tensor> & { names: [string[], Tensor] };
    expect(x!.toArray()).toEqual([[1], [2]]);
    expect([y!.dtype, y!.toArray()]).toEqual(['int32', [0, 1]]);
    expect([z!.dtype, z!.toArray()]).toEqual(['float32', [0.5, 1]]);
    expect([w!.dtype, w!.toArray()]).toEqual(['bool', [true, false]]);
    expect([names[0], names[1].toArray()]).toEqual([
      ['a', 'b'],
      [1, 2],
    ]);
  });

  test('what differs in form is an error', () => {
    expect(() => data.defaultCollate([[1, 2], [3]])).toThrow('sample 0 has 2, sample 1 of the batch 1');
    expect(() => data.defaultCollate([tensor([1]), tensor([1, 2])])).toThrow(ShapeError);
    expect(() => data.defaultCollate([tensor([1]), 2])).toThrow(K.KindlingError);
    expect(() => data.defaultCollate([1, 'a'])).toThrow(K.KindlingError);
  });
});
