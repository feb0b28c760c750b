import { readFileSync } from 'node:fs';
import * as K from '@kindling/core';
import { data, Generator, KindlingError, manualSeed, type Tensor, ValueError } from '@kindling/core';
import { describe, expect, test, vi } from 'vitest';
import { endless } from './support.ts';

interface Loader {
  readonly n: number;
  readonly options: {
    readonly batch_size?: number;
    readonly shuffle?: boolean;
    readonly drop_last?: boolean;
    readonly sampler?: number[];
    readonly generator?: number;
  };
  readonly length: number;
  readonly epochs: number[][][];
  readonly next: number[];
}

/** Made by tools/oracle/tensor_random_fixtures.py. */
const { loaders } = JSON.parse(
  readFileSync(new URL('../fixtures/data/batches.json', import.meta.url), 'utf8'),
) as { loaders: Loader[] };

const numbers = (n: number) => new data.TensorDataset(K.arange(n));

function optionsOf({ batch_size, shuffle, drop_last, sampler, generator }: Loader['options']) {
  return {
    ...(batch_size === undefined ? {} : { batchSize: batch_size }),
    ...(shuffle === undefined ? {} : { shuffle }),
    ...(drop_last === undefined ? {} : { dropLast: drop_last }),
    ...(sampler === undefined ? {} : { sampler }),
    ...(generator === undefined ? {} : { generator: new Generator().manualSeed(generator) }),
  };
}

/** Samples one by one, so that nothing is fetched in batches. */
class Squares implements data.Dataset<number> {
  readonly length: number;
  readonly asked: number[] = [];
  constructor(length: number) {
    this.length = length;
  }
  get(index: number): number {
    this.asked.push(index);
    return index * index;
  }
}

class Slow implements data.Dataset<{ x: Tensor; y: number }> {
  readonly length = 5;
  async get(index: number) {
    await Promise.resolve();
    return { x: K.full([2], index), y: index };
  }
}

describe('order', () => {
  test.each(loaders.map((l) => [JSON.stringify([l.n, l.options]), l] as const))(
    "%s gives PyTorch's batches",
    (_, loader) => {
      manualSeed(2024);
      const batches = new data.DataLoader(numbers(loader.n), optionsOf(loader.options));
      expect(batches.length).toBe(loader.length);
      for (const epoch of loader.epochs) {
        expect(Array.from(batches, ([x]) => x.toArray())).toEqual(epoch);
      }
      expect(K.rand(2).toArray()).toEqual(loader.next);
    },
  );

  test('asynchronous iteration gives the same', async () => {
    for (const loader of loaders) {
      manualSeed(2024);
      const batches = new data.DataLoader(numbers(loader.n), optionsOf(loader.options));
      for (const epoch of loader.epochs) {
        const seen: unknown[] = [];
        for await (const [x] of batches) seen.push(x.toArray());
        expect(seen).toEqual(epoch);
      }
      expect(K.rand(2).toArray()).toEqual(loader.next);
    }
  });

  test('the order is drawn when iteration begins, and anew each time', () => {
    manualSeed(0);
    const loader = new data.DataLoader(numbers(50), { batchSize: 50, shuffle: true });
    const [first, second] = [0, 1].map(() => [...loader][0]![0].toArray<number[]>());
    expect(first).not.toEqual(second);
    expect([...first!].sort((a, b) => a - b)).toEqual([...second!].sort((a, b) => a - b));
  });
});

describe('batches', () => {
  test('hold what indexing the tensors gives, and no views of them', () => {
    const x = K.randn([7, 2, 3]);
    const y = K.randint(10, [7]);
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 3 });
    const batches = [...loader];
    expect(batches.map(([a, b]) => [a.shape, b.shape])).toEqual([
      [[3, 2, 3], [3]],
      [[3, 2, 3], [3]],
      [[1, 2, 3], [1]],
    ]);
    expect(batches[1]![0].equal(x.narrow(0, 3, 3))).toBe(true);
    batches[0]![0].zero_();
    expect(x.narrow(0, 0, 3).eq(0).any().item()).toBe(false);
  });

  test('a dataset without getBatch is asked for each sample, and collated', () => {
    const dataset = new Squares(5);
    const loader = new data.DataLoader<unknown>(dataset, { batchSize: 2 });
    const [first] = loader;
    expect((first as Tensor).toArray()).toEqual([0, 1]);
    expect(dataset.asked).toEqual([0, 1]);
  });

  test('collateFn joins the samples as the caller wants', () => {
    const loader = new data.DataLoader(new Squares(5), {
      batchSize: 2,
      collateFn: (xs) => xs.reduce((a, b) => a + b),
    });
    expect([...loader]).toEqual([1, 13, 16]);
  });

  test('an empty dataset has no batches', () => {
    expect([...new data.DataLoader(numbers(0), { batchSize: 4, shuffle: true })]).toEqual([]);
  });

  test('a sampler may be any iterable, whose length is then unknown', () => {
    const sampler = {
      *[Symbol.iterator]() {
        yield* [3, 1];
      },
    };
    const loader = new data.DataLoader(numbers(4), { sampler, batchSize: 2 });
    expect(loader.length).toBeNaN();
    expect([...loader].map(([x]) => x.toArray())).toEqual([[3, 1]]);
    expect([...loader].length).toBe(1);
    const endless = {
      *[Symbol.iterator]() {
        for (let i = 0; ; i++) yield i % 4;
      },
    };
    const [first] = new data.DataLoader(numbers(4), { sampler: endless, batchSize: 6 });
    expect(first![0].toArray()).toEqual([0, 1, 2, 3, 0, 1]);
    expect(() => [...new data.DataLoader(numbers(4), { sampler: [4] })]).toThrow(K.IndexError);
  });
});

describe('samplers', () => {
  test.each([4, -1, 0.5, Number.NaN, '1', null, undefined, 1n, true])(
    'of %s are refused at once',
    (wrong) => {
      const sampler = [0, wrong as number];
      expect(() => new data.DataLoader(numbers(4), { sampler })).toThrow(K.IndexError);
      expect(() => new data.DataLoader(numbers(4), { sampler })).toThrow('DataLoader: sampler: index');
      const drawn = new data.DataLoader(numbers(4), { sampler: new Set(sampler) });
      expect(() => [...drawn]).toThrow(K.IndexError);
      const changed = [0, 1];
      const loader = new data.DataLoader(numbers(4), { sampler: changed });
      changed[1] = wrong as number;
      expect(() => [...loader]).toThrow(K.IndexError);
    },
  );

  test('may be typed arrays, and sets', () => {
    for (const sampler of [Uint8Array.of(2, 0), new Set([2, 0]), Float64Array.of(2, 0)]) {
      expect([...new data.DataLoader(numbers(3), { sampler, batchSize: 2 })][0]![0].toArray()).toEqual([
        2, 0,
      ]);
    }
  });

  test('that are used up say so, where they would give no batches', () => {
    function* draw() {
      yield* [1, 0];
    }
    const loader = new data.DataLoader(numbers(2), { sampler: draw(), batchSize: 2 });
    expect([...loader].length).toBe(1);
    expect(() => [...loader]).toThrow('the sampler is an iterator, and at its end');
    const list = new data.DataLoader(numbers(2), { sampler: [1, 0], batchSize: 2 });
    expect([[...list].length, [...list].length]).toEqual([1, 1]);
  });

  test('are told when the loop is left', () => {
    const { zeros: sampler, open } = endless();
    for (const _ of new data.DataLoader(numbers(1), { sampler })) break;
    expect(open()).toBe(0);
  });
});

describe('asynchronous datasets', () => {
  test('are iterated with for await', async () => {
    const seen: unknown[] = [];
    for await (const batch of new data.DataLoader<unknown>(new Slow(), { batchSize: 2 })) {
      const { x, y } = batch as { x: Tensor; y: Tensor };
      seen.push([x.shape, y.toArray()]);
    }
    expect(seen).toEqual([
      [
        [2, 2],
        [0, 1],
      ],
      [
        [2, 2],
        [2, 3],
      ],
      [[1, 2], [4]],
    ]);
  });

  test('are refused by a plain for', () => {
    expect(() => [...new data.DataLoader<unknown>(new Slow())]).toThrow(KindlingError);
    expect(() => [...new data.DataLoader<unknown>(new Slow())]).toThrow('iterate it with `for await`');
  });

  test('come one by one, converted, where no batches are made', async () => {
    const dataset = { length: 2, get: async (i: number) => ({ x: Int32Array.of(i, 7), y: i }) };
    const seen: unknown[] = [];
    for await (const sample of new data.DataLoader<unknown>(dataset, { batchSize: null })) {
      const { x, y } = sample as { x: Tensor; y: number };
      seen.push([x.tolist(), y]);
    }
    expect(seen).toEqual([
      [[0, 7], 0],
      [[1, 7], 1],
    ]);
  });

  test('a rejected sample rejects the iteration', async () => {
    const dataset = {
      length: 3,
      get: async (i: number) => (i === 1 ? Promise.reject(new Error('no such file')) : i),
    };
    const run = async () => {
      for await (const _ of new data.DataLoader<unknown>(dataset));
    };
    await expect(run()).rejects.toThrow('no such file');
  });

  test('other tasks run between batches', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 0);
    for await (const _ of new data.DataLoader(numbers(20)));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  test('a signal ends the iteration with its reason', async () => {
    const controller = new AbortController();
    let count = 0;
    const run = async () => {
      for await (const _ of new data.DataLoader(numbers(10), { signal: controller.signal })) {
        if (++count === 3) controller.abort(new Error('enough'));
      }
    };
    await expect(run()).rejects.toThrow('enough');
    expect(count).toBe(3);
    await expect(run()).rejects.toThrow('enough');
    expect(count).toBe(3);
  });

  test('a signal ends the wait for a sample that never comes, and leaves nobody listening', async () => {
    const controller = new AbortController();
    const reason = new Error('gave up');
    const { signal } = controller;
    const listening = vi.spyOn(signal, 'addEventListener');
    const ended = vi.spyOn(signal, 'removeEventListener');
    const first = Promise.resolve(1);
    const never = { length: 4, get: (i: number) => (i === 0 ? first : new Promise<number>(() => {})) };
    const stream = {
      async *[Symbol.asyncIterator]() {
        yield 1;
        await new Promise(() => {});
      },
    };
    for (const dataset of [never, stream]) {
      const fresh = new AbortController();
      const given: unknown[] = [];
      const epoch = async (by: AbortSignal) => {
        for await (const batch of new data.DataLoader<unknown>(dataset as typeof never, { signal: by })) {
          given.push(batch);
          setTimeout(() => fresh.abort(reason), 1);
        }
      };
      await expect(epoch(fresh.signal)).rejects.toBe(reason);
      expect(given).toHaveLength(1);
    }
    for await (const _ of new data.DataLoader({ length: 3, get: () => first }, { signal }));
    expect(listening).toHaveBeenCalledTimes(3);
    expect(ended).toHaveBeenCalledTimes(3);
  });

  test('a signal that is none is refused', () => {
    for (const signal of [1, {}, 'x', { aborted: true }])
      expect(() => new data.DataLoader(numbers(2), { signal: signal as never })).toThrow(
        /^DataLoader: signal: expected an AbortSignal or null, got /,
      );
  });

  test('a signal ends a plain for too, and a batch that came after it is not given', async () => {
    const plain = new AbortController();
    let seen = 0;
    const loop = () => {
      for (const _ of new data.DataLoader(numbers(10), { signal: plain.signal }))
        if (++seen === 2) plain.abort(new Error('enough'));
    };
    expect(loop).toThrow('enough');
    expect(seen).toBe(2);
    const slow = new AbortController();
    const dataset = {
      length: 3,
      get: async (i: number) => {
        if (i === 1) slow.abort(new Error('too late'));
        return i;
      },
    };
    const batches: unknown[] = [];
    const run = async () => {
      for await (const batch of new data.DataLoader<unknown>(dataset, { signal: slow.signal }))
        batches.push(batch);
    };
    await expect(run()).rejects.toThrow('too late');
    expect(batches.length).toBe(1);
  });

  test('leaving the loop early ends the iteration', async () => {
    const dataset = new Squares(10);
    for await (const _ of new data.DataLoader<unknown>(dataset)) break;
    for (const _ of new data.DataLoader<unknown>(dataset)) break;
    expect(dataset.asked).toEqual([0, 0]);
  });
});

test('a batch may be as large as numbers go: it holds what there is', () => {
  for (const batchSize of [2 ** 31, 2 ** 53 - 1]) {
    const loader = new data.DataLoader(numbers(3), { batchSize });
    expect([loader.length, ...[...loader].map(([x]) => x.toArray())]).toEqual([1, [0, 1, 2]]);
    expect([...new data.DataLoader(numbers(3), { batchSize, dropLast: true })]).toEqual([]);
  }
});

test('a dataset whose length goes wrong between two epochs is refused', () => {
  const dataset = { length: 2, get: (i: number) => i };
  const loader = new data.DataLoader<unknown>(dataset);
  expect([...loader].length).toBe(2);
  dataset.length = Number.NaN;
  expect(() => [...loader]).toThrow(ValueError);
});

describe('bad options', () => {
  test.each<[() => unknown, string]>([
    [
      () => new data.DataLoader(numbers(3), { batchSize: 0 }),
      'batchSize should be a positive integer, got 0',
    ],
    [
      () => new data.DataLoader(numbers(3), { batchSize: 1.5 }),
      'batchSize should be a positive integer, got 1.5',
    ],
    [
      () => new data.DataLoader(numbers(3), { shuffle: true, sampler: [0] }),
      'mutually exclusive with shuffle',
    ],
    [
      () => new data.DataLoader(undefined as unknown as data.Dataset<number>),
      'expected a dataset with a length',
    ],
    [() => new data.DataLoader({} as data.Dataset<number>), 'expected a dataset with a length'],
    [
      () => new data.DataLoader([1, 2, 3] as never),
      'of an array xs write { length: xs.length, get: (i) => xs[i] }',
    ],
    [() => new data.DataLoader(K.arange(3) as never), 'write new data.TensorDataset(x)'],
    [() => new data.DataLoader(numbers(3), { batchSize: Number.NaN }), 'positive integer, got NaN'],
    [() => new data.DataLoader(numbers(3), { batchSize: Infinity }), 'positive integer, got Infinity'],
    [
      () => new data.DataLoader(numbers(3), { sampler: 5 as never }),
      'DataLoader: expected a sampler that can be iterated, such as a list of indices, got 5',
    ],
    [() => new data.DataLoader(numbers(3), { sampler: null as never }), 'a list of indices, got null'],
    [
      () => new data.DataLoader(numbers(3), { sampler: {} as never }),
      'a list of indices, got an empty object',
    ],
  ])('are errors %#', (f, message) => {
    expect(f).toThrow(ValueError);
    expect(f).toThrow(message);
  });
});
