import { readFileSync } from 'node:fs';
import * as K from '@kindling/core';
import { data, Generator, manualSeed, ValueError } from '@kindling/core';
import { describe, expect, test } from 'vitest';
import { optionsOf } from '../oracle/signature.ts';
import { endless } from './support.ts';

interface Case {
  readonly name: 'SequentialSampler' | 'RandomSampler' | 'SubsetRandomSampler' | 'WeightedRandomSampler';
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly length: number;
  readonly orders: number[][];
  /** Batches of 4: all, and without a last one that is not full. */
  readonly batched: number[][][];
  readonly epochs: number[][][];
  readonly byBatches: number[][];
  readonly next: number[];
}

interface Stream {
  readonly n: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly epochs: unknown[][];
  readonly next: number[];
}

/** Made by tools/oracle/tensor_random_fixtures.py. */
const { samplers, streams } = JSON.parse(
  readFileSync(new URL('../fixtures/data/samplers.json', import.meta.url), 'utf8'),
) as { samplers: Case[]; streams: Stream[] };

const numbers = (n: number) => new data.TensorDataset(K.arange(n));
const classes = data as unknown as Record<string, new (...args: unknown[]) => data.Sampler>;

function samplerOf({ name, args, options }: Case): data.Sampler {
  const { generator, ...others } = options;
  const given = optionsOf(Object.entries(others));
  if (generator !== undefined) given.generator = new Generator().manualSeed(generator as number);
  const [first, ...more] = args;
  const counted = typeof first === 'number' ? { length: first } : first;
  const Class = classes[name];
  if (Class === undefined) throw new Error(name);
  return new Class(counted, ...more, ...(name === 'SequentialSampler' ? [] : [given]));
}

describe('samplers', () => {
  test.each(samplers.map((c) => [`${c.name} ${JSON.stringify([...c.args, c.options])}`, c] as const))(
    "%s gives PyTorch's orders",
    (_, c) => {
      manualSeed(2024);
      const sampler = samplerOf(c);
      expect(sampler.length).toBe(c.length);
      for (const order of c.orders) expect([...sampler]).toEqual(order);
      for (const [i, batches] of c.batched.entries()) {
        const batched = new data.BatchSampler(samplerOf(c), 4, i === 1);
        expect([...batched]).toEqual(batches);
        expect(batched.length).toBe(batches.length);
      }
      const loader = new data.DataLoader(numbers(1000), { batchSize: 4, sampler: samplerOf(c) });
      for (const epoch of c.epochs) expect(Array.from(loader, ([x]) => x.toArray())).toEqual(epoch);
      const batchSampler = new data.BatchSampler(samplerOf(c), 3, true);
      const byBatches = new data.DataLoader(numbers(1000), { batchSampler });
      expect(byBatches.length).toBe(c.byBatches.length);
      expect(Array.from(byBatches, ([x]) => x.toArray())).toEqual(c.byBatches);
      expect(K.rand(2).toArray()).toEqual(c.next);
    },
  );

  test('a random sampler of nothing gives nothing, and refuses to give more', () => {
    for (const replacement of [true, false]) {
      const sampler = new data.RandomSampler([], { replacement, numSamples: 3 });
      expect(() => [...sampler]).toThrow(
        'RandomSampler: numSamples is 3, but there are no samples to draw from',
      );
    }
    expect([...new data.RandomSampler([])]).toEqual([]);
  });

  test('a random sampler follows a source whose length changes', () => {
    const source = { length: 2 };
    const sampler = new data.RandomSampler(source);
    source.length = 5;
    expect(sampler.length).toBe(5);
    expect([...sampler].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  test('a batch sampler takes any iterable, whose length it need not know', () => {
    const batches = new data.BatchSampler(new Set(['a', 'b', 'c']), 2, false);
    expect([...batches]).toEqual([['a', 'b'], ['c']]);
    expect(batches.length).toBeNaN();
  });

  test('weights may be a tensor', () => {
    const sampler = new data.WeightedRandomSampler(K.tensor([0, 1.5, 0]), 4);
    expect([sampler.weights.dtype, ...sampler]).toEqual(['float64', 1, 1, 1, 1]);
  });

  test.each<[() => unknown, string]>([
    [
      () => new data.SequentialSampler(5 as never),
      'SequentialSampler: dataSource: expected what has a length',
    ],
    [() => new data.RandomSampler({} as never), 'RandomSampler: dataSource: expected what has a length'],
    [() => new data.RandomSampler([1], { numSamples: 0 }), 'numSamples: expected an integer >= 1, got 0'],
    [() => new data.RandomSampler([1], { numSamples: 1.5 }), 'numSamples: expected an integer >= 1'],
    [() => new data.RandomSampler([1], { replacement: 1 as never }), 'replacement: expected true or false'],
    [() => new data.RandomSampler([1], { num_samples: 1 } as never), 'did you mean numSamples?'],
    [() => new data.SubsetRandomSampler([0, -1]), 'SubsetRandomSampler: indices: expected a list of indices'],
    [() => new data.SubsetRandomSampler([0, 0.5]), 'expected a list of indices'],
    [() => new data.SubsetRandomSampler(3 as never), 'expected a list of indices'],
    [() => new data.WeightedRandomSampler([1, -1], 1), 'weight 1: expected a finite number >= 0, got -1'],
    [
      () => new data.WeightedRandomSampler([Number.NaN], 1),
      'weight 0: expected a finite number >= 0, got NaN',
    ],
    [() => new data.WeightedRandomSampler([Infinity], 1), 'weight 0: expected a finite number >= 0'],
    [() => new data.WeightedRandomSampler([0, 0], 1), 'one at least is above 0'],
    [() => new data.WeightedRandomSampler([], 1), 'one at least is above 0'],
    [() => new data.WeightedRandomSampler([1], 0), 'numSamples: expected an integer >= 1'],
    [
      () => new data.WeightedRandomSampler([1, 0, 2], 4, { replacement: false }),
      'WeightedRandomSampler: cannot sample num_samples=4 > 3 categories without replacement',
    ],
    [() => new data.BatchSampler([1], 0, false), 'batchSize: expected a positive integer'],
    [() => new data.BatchSampler([1], 2, undefined as never), 'dropLast: expected true or false'],
    [() => new data.BatchSampler(1 as never, 2, false), 'expected a sampler that can be iterated'],
  ])('bad arguments are errors %#', (f, message) => {
    expect(f).toThrow(ValueError);
    expect(f).toThrow(message);
  });

  test('weights are a vector', () => {
    expect(() => new data.WeightedRandomSampler(K.ones([2, 2]), 1)).toThrow(K.ShapeError);
  });
});

/** A stream of n numbers. */
class Stream_ {
  readonly n: number;
  constructor(n: number) {
    this.n = n;
  }
  *[Symbol.iterator]() {
    for (let i = 0; i < this.n; i++) yield i;
  }
}

describe('streams', () => {
  const valueOf = (batch: unknown): unknown => (batch instanceof K.Tensor ? batch.toArray() : batch);

  test.each(streams.map((s) => [JSON.stringify([s.n, s.options]), s] as const))(
    "%s gives PyTorch's batches",
    async (_, s) => {
      for (const waits of [false, true]) {
        manualSeed(2024);
        const loader = new data.DataLoader<unknown>(new Stream_(s.n), {
          ...optionsOf(Object.entries(s.options)),
          ...('batch_size' in s.options ? { batchSize: s.options.batch_size as number | null } : {}),
        });
        for (const epoch of s.epochs) {
          const seen: unknown[] = [];
          if (waits) for await (const batch of loader) seen.push(valueOf(batch));
          else for (const batch of loader) seen.push(valueOf(batch));
          expect(seen).toEqual(epoch);
        }
        expect(K.rand(2).toArray()).toEqual(s.next);
      }
    },
  );

  test('tell their length where they know it', () => {
    const known = { length: 7, [Symbol.iterator]: () => new Stream_(7)[Symbol.iterator]() };
    const lengths = [{ batchSize: 2 }, { batchSize: 2, dropLast: true }, { batchSize: null }].map(
      (options) => new data.DataLoader<unknown>(known, options).length,
    );
    expect(lengths).toEqual([4, 3, 7]);
    expect(new data.DataLoader<unknown>(new Stream_(7)).length).toBeNaN();
  });

  test('that answer with promises are iterated with for await', async () => {
    const slow = {
      async *[Symbol.asyncIterator]() {
        yield* [1, 2, 3];
      },
    };
    const loader = new data.DataLoader<unknown>(slow, { batchSize: 2 });
    const seen: unknown[] = [];
    for await (const batch of loader) seen.push(valueOf(batch));
    expect(seen).toEqual([[1, 2], [3]]);
    expect(() => [...loader]).toThrow(
      'DataLoader: the dataset answers with promises; iterate it with `for await`',
    );
    const chained = new data.ChainDataset<unknown>([new Stream_(2), slow]);
    const all: unknown[] = [];
    for await (const sample of chained) all.push(sample);
    expect(all).toEqual([0, 1, 1, 2, 3]);
    expect(() => [...chained]).toThrow('ChainDataset: the dataset answers with promises');
  });

  test('are told when the loop is left', async () => {
    const { zeros: stream, open } = endless();
    for (const _ of new data.DataLoader<unknown>(stream, { batchSize: 3 })) break;
    for await (const _ of new data.DataLoader<unknown>(stream, { batchSize: 3 })) break;
    for (const _ of new data.DataLoader<unknown>(new data.ChainDataset([stream]))) break;
    expect(open()).toBe(0);
  });

  test('are chained, with the sum of their lengths', () => {
    const chained = new data.ChainDataset<unknown>([new Stream_(2), new Set(['a'])]);
    expect([...chained]).toEqual([0, 1, 'a']);
    expect(chained.length).toBeNaN();
    const counted = { length: 2, [Symbol.iterator]: () => [5, 6][Symbol.iterator]() };
    expect(new data.ChainDataset([counted, counted]).length).toBe(4);
    expect(new data.ChainDataset([]).length).toBe(0);
  });

  test.each<[() => unknown, string]>([
    [() => new data.DataLoader<unknown>(new Stream_(1), { shuffle: true }), 'expected no shuffle option'],
    [() => new data.DataLoader<unknown>(new Stream_(1), { sampler: [0] }), 'expected no sampler option'],
    [
      () => new data.DataLoader<unknown>(new Stream_(1), { batchSampler: [[0]] }),
      'expected no batchSampler option',
    ],
    [() => new data.ChainDataset([numbers(1) as never]), 'number 0 is none; ConcatDataset joins others'],
    [() => new data.ChainDataset(5 as never), 'expected a list of iterable datasets'],
  ])('bad arguments are errors %#', (f, message) => {
    expect(f).toThrow(ValueError);
    expect(f).toThrow(message);
  });
});

describe('loaders', () => {
  test('give the samples themselves where no batches are wanted', () => {
    const loader = new data.DataLoader<unknown>(
      { length: 3, get: (i: number) => ({ x: Float32Array.of(i), name: `${i}` }) },
      { batchSize: null, sampler: [2, 0] },
    );
    expect(loader.length).toBe(2);
    expect([loader.batchSize, loader.batchSampler]).toEqual([null, null]);
    const [first, second] = loader as Iterable<{ x: K.Tensor; name: string }>;
    expect([first?.x.toArray(), first?.name, second?.name]).toEqual([[2], '2', '0']);
    const twice = new data.DataLoader(
      { length: 2, get: (i: number) => i + 1 },
      {
        batchSize: null,
        collateFn: (x) => 2 * (x as unknown as number),
      },
    );
    expect([...twice]).toEqual([2, 4]);
  });

  test('take lists of lists as batches, checked at once', () => {
    const loader = new data.DataLoader(numbers(5), { batchSampler: [[4, 0], [], [1]] });
    expect(loader.length).toBe(3);
    expect(Array.from(loader, ([x]) => x.toArray())).toEqual([[4, 0], [], [1]]);
    expect(() => new data.DataLoader(numbers(5), { batchSampler: [[5]] })).toThrow(K.IndexError);
    const drawn = new data.DataLoader(numbers(5), { batchSampler: new Set([[0], [5]]) });
    expect(() => [...drawn]).toThrow('DataLoader: batchSampler: index 5 is out of range');
  });

  test('join samples to what collateFn makes of them, which may come as a promise', async () => {
    const loader = new data.DataLoader(
      { length: 3, get: (i: number) => `${i}` },
      { batchSize: 2, collateFn: async (xs: string[]) => xs.join('+') },
    );
    const seen: string[] = [];
    for await (const batch of loader) seen.push(batch);
    expect(seen).toEqual(['0+1', '2']);
    expect(() => [...loader]).toThrow('iterate it with `for await`');
  });

  test.each<[() => unknown, string]>([
    [
      () => new data.DataLoader(numbers(3), { batchSampler: [[0]], batchSize: 2 }),
      'mutually exclusive with batchSize',
    ],
    [
      () => new data.DataLoader(numbers(3), { batchSampler: [[0]], shuffle: true }),
      'mutually exclusive with batchSize',
    ],
    [
      () => new data.DataLoader(numbers(3), { batchSampler: [[0]], sampler: [0] }),
      'mutually exclusive with batchSize',
    ],
    [
      () => new data.DataLoader(numbers(3), { batchSampler: [[0]], dropLast: true }),
      'mutually exclusive with batchSize',
    ],
    [
      () => new data.DataLoader(numbers(3), { batchSize: null, dropLast: true }),
      'mutually exclusive with dropLast',
    ],
    [() => new data.DataLoader(numbers(3), { batchSampler: [0] as never }), 'expected a list of indices'],
    [
      () => new data.DataLoader(numbers(3), { batchSampler: 3 as never }),
      'such as a list of lists of indices, got 3',
    ],
    [() => new data.DataLoader(K.ones([3]) as never), 'expected a dataset with a length'],
  ])('bad options are errors %#', (f, message) => {
    expect(f).toThrow(ValueError);
    expect(f).toThrow(message);
  });
});
