/** Datasets made of datasets, and samples made to batches. */
import * as K from '@kindling/core';
import { data, tensor, ValueError } from '@kindling/core';
import { describe, expect, test } from 'vitest';

const numbers = (from: number, to: number) => new data.TensorDataset(K.arange(from, to));
const letters = { length: 3, get: (i: number) => 'abc'[i] };

describe('ConcatDataset', () => {
  test('holds the samples of each part, behind those of the parts before it', () => {
    const all = new data.ConcatDataset([numbers(0, 2), numbers(10, 10), numbers(20, 23)]);
    expect([all.length, all.cumulativeSizes]).toEqual([5, [2, 2, 5]]);
    expect([0, 1, 2, 3, 4].map((i) => all.get(i)).map((x) => (x as [K.Tensor])[0].item())).toEqual([
      0, 1, 20, 21, 22,
    ]);
    const [batch] = new data.DataLoader<unknown>(all, { batchSize: 5 });
    expect((batch as [K.Tensor])[0].toArray()).toEqual([0, 1, 20, 21, 22]);
  });

  test.each([-1, 5, 1.5, Number.NaN, '1'])('has no sample %s', (index) => {
    const all = new data.ConcatDataset([numbers(0, 2), numbers(0, 3)]);
    expect(() => all.get(index as number)).toThrow(K.IndexError);
  });

  test.each<[() => unknown, string]>([
    [() => new data.ConcatDataset([]), 'datasets should not be an empty iterable'],
    [() => new data.ConcatDataset([new Set([1]) as never]), 'number 0 is one; ChainDataset joins them'],
    [
      () => new data.ConcatDataset([{} as never]),
      'ConcatDataset: dataset 0: expected a dataset with a length',
    ],
    [() => new data.ConcatDataset(numbers(0, 2) as never), 'expected a list of datasets'],
    [
      () => new data.ConcatDataset([{ length: 1, getBatch: () => 1 } as never]),
      'expected a dataset with a get(index) method',
    ],
  ])('bad arguments are errors %#', (f, message) => {
    expect(f).toThrow(ValueError);
    expect(f).toThrow(message);
  });
});

describe('StackDataset', () => {
  test('holds samples side by side, in order or under names', () => {
    const both = new data.StackDataset(numbers(5, 8), letters);
    const [[x], name] = both.get(1) as [[K.Tensor], string];
    expect([both.length, x.item(), name]).toEqual([3, 6, 'b']);
    const named = new data.StackDataset({ x: numbers(5, 8), name: letters });
    const sample = named.get(2) as { x: [K.Tensor]; name: string };
    expect([sample.x[0].item(), sample.name]).toEqual([7, 'c']);
    const [batch] = new data.DataLoader<unknown>(named, { batchSize: 3 });
    expect((batch as { name: string[] }).name).toEqual(['a', 'b', 'c']);
  });

  test('asks its parts for whole batches where all of them have such', () => {
    const stacked = new data.StackDataset({ x: numbers(0, 4), y: numbers(10, 14) });
    const batch = stacked.getBatch?.(Int32Array.of(3, 0)) as { x: [K.Tensor]; y: [K.Tensor] };
    expect([batch.x[0].toArray(), batch.y[0].toArray()]).toEqual([
      [3, 0],
      [13, 10],
    ]);
    expect(new data.StackDataset(numbers(0, 3), letters).getBatch).toBeUndefined();
    expect(() => stacked.getBatch?.(Int32Array.of(4))).toThrow(K.IndexError);
  });

  test('waits for parts that answer with promises', async () => {
    const slow = { length: 3, get: async (i: number) => i * i };
    expect(await new data.StackDataset(slow, letters).get(2)).toEqual([4, 'c']);
    expect(await new data.StackDataset({ slow }).get(2)).toEqual({ slow: 4 });
  });

  test.each<[() => unknown, string]>([
    [() => new data.StackDataset(), 'at least one dataset should be passed'],
    [() => new data.StackDataset({}), 'at least one dataset should be passed'],
    [() => new data.StackDataset(numbers(0, 3), numbers(0, 2)), 'dataset 1 has 2 samples, the first 3'],
    [() => new data.StackDataset({ x: letters, y: numbers(0, 2) }), 'dataset y has 2 samples, the first 3'],
    [() => new data.StackDataset(letters, 5 as never), 'StackDataset: dataset 1: expected a dataset'],
  ])('bad arguments are errors %#', (f, message) => {
    expect(f).toThrow(ValueError);
    expect(f).toThrow(message);
  });
});

describe('collation', () => {
  test('typed arrays are stacked as tensors of their dtype', () => {
    const batch = data.defaultCollate([
      { x: Float64Array.of(1, 2), y: Uint8Array.of(1) },
      { x: Float64Array.of(3, 4), y: Uint8Array.of(2) },
    ]) as { x: K.Tensor; y: K.Tensor };
    expect([batch.x.dtype, batch.x.toArray(), batch.y.dtype]).toEqual([
      'float64',
      [
        [1, 2],
        [3, 4],
      ],
      'uint8',
    ]);
    expect(() => data.defaultCollate([Float32Array.of(1), Float32Array.of(1, 2)])).toThrow(K.ShapeError);
    const beside = data.defaultCollate([Float32Array.of(1.5), tensor([1])]) as K.Tensor;
    expect([beside.dtype, beside.toArray()]).toEqual(['float32', [[1.5], [1]]]);
    expect(() => data.defaultCollate([tensor([1]), Float32Array.of(1)])).toThrow(K.DTypeError);
  });

  test('a sample that is converted keeps its form', () => {
    const when = new Date(0);
    const x = tensor([1]);
    const sample = data.defaultConvert({ a: [Int32Array.of(1, 2), 'text', null], x, when, n: 1.5 }) as {
      a: [K.Tensor, string, null];
      x: K.Tensor;
      when: Date;
      n: number;
    };
    expect([sample.a[0].dtype, sample.a[0].toArray(), sample.a[1], sample.a[2]]).toEqual([
      'int32',
      [1, 2],
      'text',
      null,
    ]);
    expect(sample.x).toBe(x);
    expect([sample.when, sample.n]).toEqual([when, 1.5]);
    const own: unknown[] = [];
    own.push(own);
    expect(() => data.defaultConvert(own)).toThrow('nested more than 100 deep');
  });

  test.each([
    ['arrays', (x: unknown) => [x]],
    ['objects', (x: unknown) => ({ x })],
  ])('and collation go 100 %s deep, and take a sample or samples alone', (_, wrap) => {
    const deep = (depth: number): unknown => (depth === 0 ? 1 : wrap(deep(depth - 1)));
    const inside = (x: unknown): unknown =>
      typeof x === 'object' && !(x instanceof K.Tensor) ? inside(Object.values(x as object)[0]) : x;
    expect(inside(data.defaultConvert(deep(100)))).toBe(1);
    expect(() => data.defaultConvert(deep(101))).toThrow('nested more than 100 deep');
    expect(inside(data.defaultCollate([deep(100), deep(100)]))).toBeInstanceOf(K.Tensor);
    expect(() => data.defaultCollate([deep(101)])).toThrow('nested more than 100 deep');
    for (const call of [data.defaultConvert, data.defaultCollate] as ((...args: unknown[]) => unknown)[])
      expect(() => call([deep(1)], 7)).toThrow(ValueError);
  });
});
