/** A loader that is stopped and resumed gives what one that was not would have given. */
import * as K from '@kindling/core';
import { data, Generator, getRngState, manualSeed, setRngState, ValueError } from '@kindling/core';
import { describe, expect, test } from 'vitest';

const numbers = (n: number) => new data.TensorDataset(K.arange(n));

/** Batches drawn by a sampler that counts its epochs and turns its order round in every second one. */
class Turning implements data.Sampler {
  #epoch = 0;
  readonly length = 7;
  *[Symbol.iterator]() {
    const forth = this.#epoch++ % 2 === 0;
    for (let i = 0; i < 7; i++) yield forth ? i : 6 - i;
  }
  stateDict() {
    return { epoch: this.#epoch };
  }
  loadStateDict({ epoch }: { epoch: number }) {
    this.#epoch = epoch;
  }
}

/** A stream that knows where it stands. */
class Counting {
  #next = 0;
  #end = 6;
  *[Symbol.iterator]() {
    while (this.#next < this.#end) yield this.#next++;
    // The next epoch is longer.
    this.#next = 0;
    this.#end++;
  }
  stateDict() {
    return [this.#next, this.#end];
  }
  loadStateDict([next, end]: [number, number]) {
    this.#next = next;
    this.#end = end;
  }
}

const seeded = (seed: number) => new Generator().manualSeed(seed);
const weights = [1, 2, 3, 4, 5, 6, 7];

const loaders: Record<string, () => data.DataLoader<unknown>> = {
  'in order': () => new data.DataLoader<unknown>(numbers(7), { batchSize: 2 }),
  shuffled: () => new data.DataLoader<unknown>(numbers(7), { batchSize: 2, shuffle: true }),
  'shuffled without the last': () =>
    new data.DataLoader<unknown>(numbers(7), { batchSize: 2, shuffle: true, dropLast: true }),
  'shuffled by a generator': () =>
    new data.DataLoader<unknown>(numbers(7), { batchSize: 2, shuffle: true, generator: seeded(5) }),
  'in full batches, by a generator': () =>
    new data.DataLoader<unknown>(numbers(8), { batchSize: 2, shuffle: true, generator: seeded(5) }),
  'with replacement': () =>
    new data.DataLoader<unknown>(numbers(7), {
      batchSize: 5,
      sampler: new data.RandomSampler(weights, { replacement: true, numSamples: 80, generator: seeded(2) }),
    }),
  'by weights': () =>
    new data.DataLoader<unknown>(numbers(7), {
      batchSize: 2,
      sampler: new data.WeightedRandomSampler(weights, 9),
    }),
  'a subset': () =>
    new data.DataLoader<unknown>(numbers(7), {
      batchSize: 2,
      sampler: new data.SubsetRandomSampler([0, 2, 3, 5, 6], { generator: seeded(4) }),
      generator: seeded(9),
    }),
  'by batches': () =>
    new data.DataLoader<unknown>(numbers(7), {
      batchSampler: new data.BatchSampler(
        new data.RandomSampler(weights, { generator: seeded(4) }),
        2,
        false,
      ),
    }),
  'sample by sample': () => new data.DataLoader<unknown>(numbers(7), { batchSize: null, shuffle: true }),
  'a list': () => new data.DataLoader<unknown>(numbers(7), { batchSize: 2, sampler: [4, 5, 6, 0] }),
  'a sampler with a state': () =>
    new data.DataLoader<unknown>(numbers(7), { batchSize: 2, sampler: new Turning() }),
  'a stream': () =>
    new data.DataLoader<unknown>({ [Symbol.iterator]: () => weights.values() }, { batchSize: 2 }),
  'a stream with a state': () => new data.DataLoader<unknown>(new Counting(), { batchSize: 2 }),
};

const valueOf = (batch: unknown): unknown => {
  const x = Array.isArray(batch) ? (batch[0] as unknown) : batch;
  return x instanceof K.Tensor ? x.toArray() : x;
};

interface Saved {
  readonly loader: data.DataLoaderState;
  readonly generator: Uint8Array;
}

/** Three epochs of a program that draws between batches; what it saw, and its state after each batch and each epoch. */
function run(loader: data.DataLoader<unknown>, until = Infinity): { seen: unknown[]; saved: Saved[] } {
  const seen: unknown[] = [];
  const saved: Saved[] = [];
  const save = (): void => {
    saved.push({ loader: loader.stateDict(), generator: getRngState() });
  };
  for (let epoch = 0; epoch < 3; epoch++) {
    for (const batch of loader) {
      seen.push([valueOf(batch), K.rand(1).item()]);
      save();
      if (saved.length > until) return { seen, saved };
    }
    seen.push('end');
    save();
  }
  return { seen, saved };
}

/** Goes on as a new process would: what is left of three epochs. */
function goOn(
  make: () => data.DataLoader<unknown>,
  { loader: state, generator }: Saved,
  ends: number,
): unknown[] {
  manualSeed(99);
  const loader = make();
  loader.loadStateDict(JSON.parse(JSON.stringify(state)) as data.DataLoaderState);
  setRngState(generator);
  const seen: unknown[] = [];
  for (let epoch = ends; epoch < 3; epoch++) {
    for (const batch of loader) seen.push([valueOf(batch), K.rand(1).item()]);
    seen.push('end');
  }
  return seen;
}

describe.each(Object.entries(loaders))('%s', (_, make) => {
  test('goes on after any batch, and between epochs, by way of JSON', () => {
    manualSeed(1);
    const { seen, saved } = run(make());
    expect(seen.length).toBe(saved.length);
    for (const [i, state] of saved.entries()) {
      const ends = seen.slice(0, i + 1).filter((x) => x === 'end').length;
      expect(goOn(make, state, ends)).toEqual(seen.slice(i + 1));
    }
  });

  test('stands where it stood after what keepPlace ran: in an epoch, between two, with a state that was loaded', () => {
    manualSeed(1);
    const { seen, saved } = run(make());
    const aside = (loader: data.DataLoader<unknown>): void => {
      const [before, ownState] = [loader.stateDict(), getRngState()];
      expect(loader.keepPlace(() => [...loader].length + [...loader].length)).toBeGreaterThan(0);
      for (const _ of loader.keepPlace(() => [loader[Symbol.iterator]().next()])) setRngState(ownState);
      expect(loader.stateDict()).toEqual(before);
    };
    manualSeed(1);
    const loader = make();
    const again: unknown[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      aside(loader);
      for (const batch of loader) {
        again.push([valueOf(batch), K.rand(1).item()]);
        aside(loader);
      }
      again.push('end');
    }
    expect(again).toEqual(seen);
    const resumed = make();
    resumed.loadStateDict(saved[1]?.loader as data.DataLoaderState);
    aside(resumed);
    expect(() =>
      resumed.keepPlace(() => {
        throw new ValueError([...resumed].length.toFixed());
      }),
    ).toThrow(ValueError);
    expect(resumed.stateDict()).toEqual(saved[1]?.loader);
  });

  test('stands where it stood once what keepPlace ran is done, where that takes time', async () => {
    const loader = make();
    loader[Symbol.iterator]().next();
    const before = loader.stateDict();
    const done = loader.keepPlace(async () => {
      for await (const _ of loader) await null;
    });
    expect(loader.stateDict()).not.toEqual(before);
    await done;
    expect(loader.stateDict()).toEqual(before);
  });

  test('tells the state that was loaded until it goes on', () => {
    manualSeed(1);
    const { saved } = run(make(), 2);
    const loader = make();
    const state = saved.at(-1)?.loader as data.DataLoaderState;
    loader.loadStateDict(state);
    expect(loader.stateDict()).toEqual(state);
  });
});

test('going on draws nothing from the default generator', () => {
  manualSeed(3);
  const make = () => new data.DataLoader(numbers(9), { batchSize: 2, shuffle: true });
  const loader = make();
  let state = loader.stateDict();
  for (const _ of loader) {
    state = loader.stateDict();
    break;
  }
  manualSeed(4);
  const before = getRngState();
  const resumed = make();
  resumed.loadStateDict(state);
  const batches = [...resumed];
  expect(batches.length).toBe(4);
  expect(getRngState()).toEqual(before);
  expect(state.num_yielded).toBe(1);
});

test('after a loop was left the state is that of the place where it was', () => {
  const loader = new data.DataLoader(numbers(9), { batchSize: 2 });
  for (const [x] of loader) if (x.index(0).item() === 2) break;
  expect(loader.stateDict()).toMatchObject({ num_yielded: 2, iterator_finished: false });
  expect([...loader].length).toBe(5);
  expect(loader.stateDict()).toMatchObject({ num_yielded: 0, iterator_finished: true });
});

test('a batch that fails is asked for again', () => {
  let fails = true;
  const make = () =>
    new data.DataLoader<unknown>({
      length: 3,
      get: (i: number) => {
        if (i === 1 && fails) throw new Error('no such file');
        return i;
      },
    });
  const loader = make();
  expect(() => [...loader]).toThrow('no such file');
  fails = false;
  const resumed = make();
  resumed.loadStateDict(loader.stateDict());
  expect(Array.from(resumed, valueOf)).toEqual([[1], [2]]);
});

test('an asynchronous iteration goes on where one stood', async () => {
  const slow = {
    async *[Symbol.asyncIterator]() {
      yield* [1, 2, 3, 4, 5];
    },
  };
  for (const make of [
    () => new data.DataLoader<unknown>(slow, { batchSize: 2 }),
    () => new data.DataLoader<unknown>({ length: 5, get: async (i: number) => i + 1 }, { batchSize: 2 }),
  ]) {
    const loader = make();
    for await (const _ of loader) break;
    const resumed = make();
    resumed.loadStateDict(loader.stateDict());
    const seen: unknown[] = [];
    for await (const batch of resumed) seen.push(valueOf(batch));
    expect(seen).toEqual([[3, 4], [5]]);
  }
});

describe('states that do not fit are refused, and change nothing', () => {
  const make = (n = 4, batchSize = 2) =>
    new data.DataLoader(numbers(n), { batchSize, shuffle: true, generator: seeded(1) });
  const state = () => {
    const loader = make();
    for (const _ of loader) break;
    return loader.stateDict();
  };
  test.each<[Partial<Record<keyof data.DataLoaderState, unknown>> | null, string]>([
    [null, 'expected what stateDict() gives, got null'],
    [{ num_yielded: -1 }, 'num_yielded: expected an integer >= 0'],
    [{ iterator_finished: undefined }, 'iterator_finished: expected true or false'],
    [{ generators: [[1, 2, 300]] }, 'the bytes of a generator state'],
    [{ generators: [] }, 'the state holds 0 generators'],
    [{ epoch_generators: [] }, 'and 0 of the epoch, expected 1 and 2'],
    [{ dataset_length: 5 }, 'dataset_length is 5'],
    [{ batch_size: 3 }, 'batch_size is 3'],
  ])('%j', (change, message) => {
    const given = change === null ? null : { ...state(), ...change };
    const loader = make();
    const before = JSON.stringify(loader.stateDict());
    expect(() => loader.loadStateDict(given as never)).toThrow(ValueError);
    expect(() => loader.loadStateDict(given as never)).toThrow(`DataLoader.loadStateDict: `);
    expect(() => loader.loadStateDict(given as never)).toThrow(message);
    expect(JSON.stringify(loader.stateDict())).toBe(before);
  });

  test('bytes that are no generator state', () => {
    const loader = make();
    const before = JSON.stringify(loader.stateDict());
    for (const wrong of [
      { generators: [[1, 2, 3]] },
      { epoch_generators: [[], new Array<number>(5056).fill(0)] },
    ])
      expect(() => loader.loadStateDict({ ...state(), ...wrong })).toThrow(ValueError);
    expect(JSON.stringify(loader.stateDict())).toBe(before);
  });
});
