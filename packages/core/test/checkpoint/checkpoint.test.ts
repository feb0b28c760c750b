/** What a Checkpoint writes, keeps, passes over and refuses. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Checkpoint,
  type CheckpointOptions,
  type CheckpointStorage,
  defaultGenerator,
  Generator,
  indexedDBStorage,
  io,
  manualSeed,
  memoryStorage,
  noGrad,
  opfsStorage,
  rand,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from '@kindling/core';
import { folderStorage } from '@kindling/core/node';
import { afterEach, describe, expect, expectTypeOf, test, vi } from 'vitest';

afterEach(() => vi.restoreAllMocks());

/** A part of one tensor. */
const holding = (w: Tensor) => ({
  w,
  stateDict: () => ({ w }),
  loadStateDict(state: { w: Tensor }) {
    if (state.w.shape.join() !== w.shape.join())
      throw new ValueError(`w has shape [${state.w.shape.join(', ')}]`);
    noGrad(() => w.copy_(state.w));
  },
});

/** A part of one value, whatever it is. */
const box = (value: unknown) => {
  const part = {
    value,
    stateDict: () => ({ value: part.value }),
    loadStateDict(state: { value: unknown }) {
      part.value = state.value;
    },
  };
  return part;
};

const make = (options: Partial<CheckpointOptions<Readonly<Record<string, unknown>>>> = {}) => {
  const { storage = memoryStorage() } = options;
  const model = holding(zeros(2));
  return { storage, model, checkpoint: new Checkpoint({ storage, parts: { model }, ...options }) };
};

const numbers = (names: readonly string[]): number[] => names.map((name) => Number(/\d+/.exec(name)?.[0]));
const bytesOf = async (storage: CheckpointStorage, name: string): Promise<Uint8Array> => {
  const bytes = await storage.read(name);
  if (bytes === null) throw new Error(`no ${name}`);
  return bytes;
};

describe('a checkpoint', () => {
  test('gives back all parts, the place in the training, and values of every kind', async () => {
    const { storage, checkpoint, model } = make();
    noGrad(() => model.w.copy_(tensor([1.5, Number.NaN])));
    const values = {
      text: 'NaN',
      list: [1, -0, Number.NaN, Infinity, -Infinity, 5e-324, 2 ** 60],
      nested: { $tensor: 'x', $$: [null, true, {}], '__proto__ ': 1 },
      counts: tensor([1, 2]),
      bytes: Uint8Array.of(0, 255, 7),
    };
    const name = await checkpoint.save({ epoch: 3, step: 70, metric: Infinity, ...values });

    const next = make({ storage });
    const at = await next.checkpoint.resume();
    expect(next.model.w.toArray()).toEqual([1.5, Number.NaN]);
    const { counts, ...rest }: Record<string, unknown> = at ?? {};
    expect(String(counts)).toBe('tensor([1, 2])');
    const { counts: _, ...saved } = values;
    expect(rest).toEqual({ name, epoch: 3, step: 70, metric: Infinity, ...saved });
    expect(Object.is((rest.list as number[])[1], -0)).toBe(true);
  });

  test('is a safetensors file, in which tensors go by part and key', async () => {
    const { storage, checkpoint } = make({
      parts: { model: holding(tensor([0.5, 2])), shuffler: new Generator().manualSeed(1) },
    });
    const bytes = await bytesOf(storage, await checkpoint.save({ epoch: 1 }));
    const tensors = io.loadSafetensors(bytes);
    expect(Object.keys(tensors).sort()).toEqual(['defaultGenerator', 'model.w', 'shuffler']);
    expect(String(tensors['model.w'])).toBe('tensor([0.5000, 2.0000])');
    const { state } = io.safetensorsMetadata(bytes);
    expect(JSON.parse(state ?? '')).toMatchObject({
      epoch: 1,
      parts: { model: { w: { $tensor: 'model.w' } }, shuffler: { $bytes: 'shuffler' } },
    });
    expect(new Generator().setState(tensors.shuffler?.data as Uint8Array).initialSeed()).toBe(1);
  });

  test('holds the default generator, and those that are parts', async () => {
    const generator = new Generator().manualSeed(5);
    const { checkpoint } = make({ parts: { generator } });
    await checkpoint.save({});
    const draw = () => [rand(3).toArray(), rand(3, { generator }).toArray()];
    const first = draw();
    manualSeed(9);
    generator.manualSeed(9);
    await checkpoint.resume();
    expect(draw()).toEqual(first);
  });

  test('holds what the parts held at the call', async () => {
    const { storage, checkpoint, model } = make();
    const losses = [1];
    const saves = [checkpoint.save({ losses })];
    noGrad(() => model.w.fill_(1));
    losses.push(2);
    saves.push(checkpoint.save({ losses }));
    noGrad(() => model.w.fill_(2));
    const [first = '', second = ''] = await Promise.all(saves);
    const next = make({ storage });
    expect((await next.checkpoint.load(first)).losses).toEqual([1]);
    expect(next.model.w.toArray()).toEqual([0, 0]);
    expect((await next.checkpoint.load(second)).losses).toEqual([1, 2]);
    expect(next.model.w.toArray()).toEqual([1, 1]);
  });

  test('is none at the beginning: nothing is changed then', async () => {
    const { checkpoint } = make();
    const before = defaultGenerator.getState();
    expect([await checkpoint.resume(), await checkpoint.best(), await checkpoint.list()]).toEqual([
      null,
      null,
      [],
    ]);
    expect(defaultGenerator.getState()).toEqual(before);
  });
});

describe('what is kept', () => {
  test('are the last three, unless keepLast says otherwise', async () => {
    for (const [keepLast, kept] of [
      [undefined, [4, 5, 6]],
      [1, [6]],
      [Infinity, [1, 2, 3, 4, 5, 6]],
    ] as const) {
      const { checkpoint } = make(keepLast === undefined ? {} : { keepLast });
      for (let step = 1; step <= 6; step++) await checkpoint.save({ step });
      expect(numbers(await checkpoint.list())).toEqual(kept);
      expect((await checkpoint.resume())?.step).toBe(6);
    }
  });

  test('is the best too, where it is asked for, also after a new start', async () => {
    const storage = memoryStorage();
    const course: [metric: number | undefined, best: number | null][] = [
      [undefined, null],
      [Number.NaN, null],
      [3, 3],
      [1, 4],
      [1, 4],
      [undefined, 4],
      [2, 4],
      [-Infinity, 8],
      [-Infinity, 8],
    ];
    for (const [i, [metric, best]] of course.entries()) {
      // Each save is one of a new program, every second of which resumes.
      const { checkpoint } = make({ storage, keepLast: 1, best: 'min' });
      if (i % 2 === 1) await checkpoint.resume();
      await checkpoint.save(metric === undefined ? {} : { metric });
      const found = await checkpoint.best();
      expect(found === null ? null : numbers([found.name])[0]).toBe(best);
      const kept = [...new Set([best ?? i + 1, i + 1])].sort((a, b) => a - b);
      expect(numbers(await checkpoint.list())).toEqual(kept);
    }
  });

  test('is no best of an earlier run, where none is asked for any more', async () => {
    const storage = memoryStorage();
    const { checkpoint } = make({ storage, keepLast: 1, best: 'min' });
    for (const metric of [1, 5]) await checkpoint.save({ metric });
    expect(numbers(await checkpoint.list())).toEqual([1, 2]);
    const later = make({ storage, keepLast: 1 }).checkpoint;
    await later.save({ metric: 0 });
    expect(numbers(await later.list())).toEqual([3]);
    expect(await later.best()).toBeNull();
  });

  test('is the greatest with max; the best can be loaded', async () => {
    const { checkpoint, model } = make({ keepLast: 1, best: 'max' });
    for (const metric of [0.1, 0.9, 0.5]) {
      noGrad(() => model.w.fill_(metric));
      await checkpoint.save({ metric });
    }
    const best = await checkpoint.best();
    expect(best?.metric).toBe(0.9);
    expect((await checkpoint.load(best?.name ?? '')).metric).toBe(0.9);
    expect(model.w.toArray()).toEqual(tensor([0.9, 0.9]).toArray());
  });

  test('is the best of those that are there, where the run before was asked for none or for another', async () => {
    for (const before of [undefined, 'max', 'min'] as const) {
      const storage = memoryStorage();
      const first = make({ storage, ...(before && { best: before }) }).checkpoint;
      for (const metric of [1, 9, Number.NaN, 3]) await first.save({ metric });
      const there = numbers(await first.list());
      expect(there.includes(1)).toBe(before === 'min');
      for (const resumes of [true, false]) {
        const { checkpoint } = make({ storage, best: 'min' });
        if (resumes) await checkpoint.resume();
        expect((await checkpoint.best())?.metric).toBe(before === 'min' ? 1 : 3);
      }
      const { checkpoint } = make({ storage, keepLast: 1, best: 'min' });
      await checkpoint.save({ metric: 5 });
      expect(numbers(await checkpoint.list())).toEqual([before === 'min' ? 1 : 4, 5]);
    }
  });

  test('stays the best of all where a new program loads an older one', async () => {
    const storage = memoryStorage();
    for (const metric of [3, 2, 1]) await make({ storage, best: 'min' }).checkpoint.save({ metric });
    const { checkpoint } = make({ storage, keepLast: 1, best: 'min' });
    await checkpoint.load('checkpoint-00000001.safetensors');
    expect((await checkpoint.best())?.metric).toBe(1);
    await checkpoint.save({ metric: 2.5 });
    expect(numbers(await checkpoint.list())).toEqual([3, 4]);
  });

  test('leaves other files alone, and another name its own', async () => {
    const storage = memoryStorage();
    for (const name of ['notes.txt', 'checkpoint-1.safetensors', 'checkpoint-x.safetensors'])
      await storage.write(name, Uint8Array.of(1));
    const one = make({ storage, keepLast: 1 });
    const other = make({ storage, keepLast: 1, name: 'other-run' });
    for (let i = 0; i < 3; i++) {
      await one.checkpoint.save({});
      await other.checkpoint.save({});
    }
    expect([...(await storage.list())].sort()).toEqual([
      'checkpoint-00000003.safetensors',
      'checkpoint-1.safetensors',
      'checkpoint-x.safetensors',
      'notes.txt',
      'other-run-00000003.safetensors',
    ]);
  });

  test('is what a run left that was killed before it had removed the old ones, only until the next start', async () => {
    const storage = memoryStorage();
    const { write } = storage;
    const killed = make({ storage, keepLast: 2 });
    storage.write = (name, bytes) =>
      bytes === null ? Promise.reject(new Error('killed')) : write(name, bytes);
    for (let i = 0; i < 4; i++) await killed.checkpoint.save({}).catch(() => {});
    storage.write = write;
    const next = make({ storage, keepLast: 2 });
    expect(numbers(await next.checkpoint.list())).toEqual([1, 2, 3, 4]);
    await next.checkpoint.resume();
    expect(numbers(await next.checkpoint.list())).toEqual([3, 4]);
  });

  test('are files of their own where several programs save at one time into one folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kindling-'));
    const runs = [1, 2, 3, 4].map((value) => {
      const part = box(value);
      const options = { storage: folderStorage(folder), parts: { part }, keepLast: 9, best: 'min' } as const;
      return { part, checkpoint: new Checkpoint(options) };
    });
    try {
      const saved = await Promise.all(
        runs.map(({ checkpoint, part }) => checkpoint.save({ metric: Number(part.value) })),
      );
      expect(numbers([...saved].sort())).toEqual([1, 2, 3, 4]);
      for (const [i, { checkpoint, part }] of runs.entries()) {
        part.value = null;
        await checkpoint.load(saved[i] ?? '');
        expect(part.value).toBe(i + 1);
        expect(await checkpoint.best()).toEqual({ name: saved[i], metric: i + 1 });
      }
      expect(await readdir(folder)).toHaveLength(4);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('are files of their own where several save at one time into one memory', async () => {
    const storage = memoryStorage();
    const runs = [1, 2, 3].map(() => make({ storage, keepLast: 9 }));
    const saved = await Promise.all(runs.map(({ checkpoint }) => checkpoint.save({})));
    expect(numbers(saved)).toEqual([1, 2, 3]);
  });

  test('is refused where the storage does not list names', async () => {
    const storage = memoryStorage();
    for (const [files, got] of [
      [null, 'got null'],
      [[3], 'got [3]'],
    ]) {
      const { checkpoint } = make({ storage: { ...storage, list: async () => files as never } });
      const message = `Checkpoint: what storage.list() gives: expected an array of the names of files, ${got}`;
      for (const call of [() => checkpoint.list(), () => checkpoint.save({}), () => checkpoint.resume()])
        await expect(call()).rejects.toThrow(message);
    }
  });

  test('goes on after a save that failed', async () => {
    const storage = memoryStorage();
    const { create } = storage;
    const { checkpoint } = make({ storage });
    await checkpoint.save({ step: 1 });
    storage.create = () => Promise.reject(new Error('disk full'));
    await expect(checkpoint.save({ step: 2 })).rejects.toThrow('disk full');
    storage.create = create as NonNullable<typeof create>;
    await checkpoint.save({ step: 3 });
    expect((await checkpoint.resume())?.step).toBe(3);
  });
});

describe('a file that is torn, or none of a checkpoint', () => {
  const spoilt: [string, (bytes: Uint8Array) => Uint8Array, string][] = [
    ['cut short', (bytes) => bytes.subarray(0, bytes.length - 1), 'truncated'],
    ['empty', () => new Uint8Array(), 'too few'],
    [
      'with a bit that fell over',
      (bytes) => bytes.with(-3, (bytes.at(-3) ?? 0) ^ 0x80),
      'not what was saved',
    ],
    ['with zeros at its end', (bytes) => bytes.slice().fill(0, bytes.length - 600), 'not what was saved'],
    [
      'of weights',
      () => io.saveSafetensors({ w: zeros(2) }),
      'no checkpoint: its metadata say kindling: nothing',
    ],
    [
      'with other metadata',
      () => io.saveSafetensors({}, { metadata: { kindling: 'checkpoint 1' } }),
      'no checkpoint',
    ],
    [
      'without its tensors',
      (bytes) => {
        const { state = '' } = io.safetensorsMetadata(bytes);
        return io.saveSafetensors({}, { metadata: { kindling: 'checkpoint 1', state } });
      },
      'it names tensor "model.w", and has none of that name',
    ],
  ];
  test.each(spoilt)('%s is passed over with a warning', async (_, spoil, reason) => {
    const storage = memoryStorage();
    const first = make({ storage });
    await first.checkpoint.save({ step: 1 });
    const name = await first.checkpoint.save({ step: 2 });
    await storage.write(name, spoil(await bytesOf(storage, name)));
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const next = make({ storage, keepLast: 1 });
    expect((await next.checkpoint.resume())?.step).toBe(1);
    expect(warn.mock.calls).toEqual([[expect.stringContaining(name)]]);
    expect(warn.mock.calls[0]?.[0]).toContain(reason);
    // The one that is whole stays; the next takes no name that is there.
    expect(numbers(await next.checkpoint.list())).toEqual([1, 2]);
    await next.checkpoint.save({ step: 3 });
    expect(numbers(await next.checkpoint.list())).toEqual([3]);
    await expect(next.checkpoint.load(name)).rejects.toThrow('there is no');
  });

  test.each<[string, object]>([
    ['epoch', { epoch: -1 }],
    ['step', { step: 0.5 }],
    ['metric', { metric: 'x' }],
    ['best', { best: { name: 1, metric: 1 } }],
    ['best', { best: { name: 'x', metric: null } }],
    ['values', { values: [] }],
    ['parts', { parts: null }],
  ])('of a form that is none: %s', async (_, change) => {
    const { storage, checkpoint } = make({ storage: memoryStorage() });
    const name = await checkpoint.save({ step: 1 });
    const bytes = await bytesOf(storage, name);
    const state = JSON.stringify({ ...JSON.parse(io.safetensorsMetadata(bytes).state ?? ''), ...change });
    const metadata = { kindling: 'checkpoint 1', state };
    await storage.write(name, io.saveSafetensors(io.loadSafetensors(bytes), { metadata }));
    await expect(checkpoint.load(name)).rejects.toThrow('malformed state: it has not the form of one');
  });

  test('has a checksum that later versions know', async () => {
    const { storage, checkpoint } = make({
      parts: { model: holding(tensor([0.5, 2])), g: new Generator().manualSeed(1) },
    });
    manualSeed(0);
    const { kindling } = io.safetensorsMetadata(await bytesOf(storage, await checkpoint.save({ epoch: 1 })));
    expect(kindling).toMatchInlineSnapshot(`"checkpoint 1, checksum 75f05458"`);
  });

  test('every bit counts', async () => {
    const { storage, checkpoint } = make({ storage: memoryStorage() });
    const name = await checkpoint.save({ losses: [0.5, 0.25], x: tensor([1, 0, 1], { dtype: 'uint8' }) });
    const whole = await bytesOf(storage, name);
    for (let i = 0; i < whole.length; i += 7) {
      const bytes = whole.with(i, (whole[i] ?? 0) ^ (1 << (i % 8)));
      await storage.write(name, bytes);
      const loaded = await checkpoint.load(name).then(
        () =>
          `byte ${i} of ${whole.length}: ${String.fromCharCode(...whole.slice(Math.max(0, i - 20), i + 20))}`,
        () => null,
      );
      // Spaces behind the header may be other white space.
      if (loaded !== null) expect(loaded).toMatch(/ {5}/);
    }
  });

  test('is all that there is: then nothing begins anew unasked', async () => {
    const { storage, checkpoint } = make();
    await storage.write('checkpoint-00000007.safetensors', Uint8Array.of(1));
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    for (let i = 0; i < 2; i++)
      await expect(checkpoint.resume()).rejects.toThrow(
        'Checkpoint.resume: none of these is a whole checkpoint: checkpoint-00000007.safetensors; remove them to begin anew',
      );
    expect(warn).toHaveBeenCalledTimes(1);
    await expect(checkpoint.load('checkpoint-00000007.safetensors')).rejects.toThrow(
      "load('checkpoint-00000007",
    );
  });
});

describe('loading', () => {
  test('passes over what is undefined; a storage has nothing for a name that it does not know', async () => {
    const part = box({ here: 1, gone: undefined });
    const storage = memoryStorage();
    const checkpoint = new Checkpoint({ storage, parts: { part } });
    await checkpoint.save({});
    part.value = null;
    await checkpoint.resume();
    expect(Object.entries(part.value as unknown as object)).toEqual([['here', 1]]);
    expect(await storage.read('another')).toBeNull();
  });

  test('changes nothing unless all parts fit', async () => {
    const storage = memoryStorage();
    const saved = { a: holding(tensor([1, 2])), b: box(1), model: holding(zeros(3)) };
    const name = await new Checkpoint({ storage, parts: saved }).save({});
    manualSeed(4);
    const generator = defaultGenerator.getState();
    const parts = { a: holding(tensor([5, 6])), b: box('before'), model: holding(zeros(2)) };
    const checkpoint = new Checkpoint({ storage, parts });
    await expect(checkpoint.resume()).rejects.toThrow(
      `Checkpoint.resume('${name}'): part "model" does not fit, and nothing was changed: w has shape [3]`,
    );
    expect([parts.a.w.toArray(), parts.b.value]).toEqual([[5, 6], 'before']);
    expect(defaultGenerator.getState()).toEqual(generator);
  });

  test('says which part could not go back', async () => {
    const storage = memoryStorage();
    const name = await new Checkpoint({ storage, parts: { a: box(1), b: box(2) } }).save({});
    const stubborn = {
      stateDict: () => ({}),
      loadStateDict: () => {
        throw new TypeError('never');
      },
    };
    await expect(new Checkpoint({ storage, parts: { a: box(0), b: stubborn } }).load(name)).rejects.toThrow(
      `Checkpoint.load('${name}'): part "b" does not fit, and these could not go back: b (never): never`,
    );
  });

  test('refuses a part that would go on loading behind it', async () => {
    const storage = memoryStorage();
    const name = await new Checkpoint({ storage, parts: { a: box(1), b: box(2) } }).save({});
    const late = { stateDict: () => ({}), loadStateDict: () => Promise.reject(new Error('late')) };
    const a = box(0);
    await expect(new Checkpoint({ storage, parts: { a, b: late } }).resume()).rejects.toThrow(
      `Checkpoint.resume('${name}'): part "b" does not fit, and these could not go back: b (it loads its state ` +
        'asynchronously, and nothing waits for that: load it at once): it loads its state asynchronously',
    );
    expect(a.value).toBe(0);
  });

  test('refuses parts that only one of both has, unless it is not strict', async () => {
    const storage = memoryStorage();
    await new Checkpoint({ storage, parts: { a: box(1), b: box(2) } }).save({ step: 5 });
    const parts = { b: box(0), c: box('own'), none: undefined };
    const checkpoint = new Checkpoint({ storage, parts });
    await expect(checkpoint.resume()).rejects.toThrow(
      'the parts of the file are a, b, defaultGenerator, expected b, c, defaultGenerator: it has no c and nothing takes its a; ' +
        '{ strict: false } loads what both have',
    );
    expect(parts.b.value).toBe(0);
    expect((await checkpoint.resume({ strict: false }))?.step).toBe(5);
    expect([parts.b.value, parts.c.value]).toEqual([2, 'own']);
  });

  test('refuses a part that is missing on one side alone', async () => {
    const storage = memoryStorage();
    await new Checkpoint({ storage, parts: { a: box(1), b: box(2) } }).save({});
    const fewer = new Checkpoint({ storage, parts: { a: box(0) } });
    await expect(fewer.resume()).rejects.toThrow('defaultGenerator: nothing takes its b; {');
    const more = new Checkpoint({ storage, parts: { a: box(0), b: box(0), c: box(0) } });
    await expect(more.resume()).rejects.toThrow('defaultGenerator: it has no c; {');
  });

  test('gives parts memory of their own', async () => {
    const [one, other] = [box(tensor([1, 2])), box(null)];
    const storage = memoryStorage();
    await new Checkpoint({ storage, parts: { one, other } }).save({ x: tensor([3]) });
    const at = await new Checkpoint({ storage, parts: { one: other, other: one } }).resume();
    (other.value as Tensor).zero_();
    expect([one.value, String(other.value), String(at?.x)]).toEqual([null, 'tensor([0, 0])', 'tensor([3])']);
  });
});

describe('values of the user', () => {
  const values = { best: Infinity, losses: [] as number[], phase: 'warmup' };

  test('have the types of those at the beginning', async () => {
    const checkpoint = new Checkpoint({ storage: memoryStorage(), parts: {}, values });
    await checkpoint.save({ epoch: 1, best: 0.5, losses: [1], phase: 'main' });
    const at = await checkpoint.resume();
    expectTypeOf(at?.losses).toEqualTypeOf<number[] | undefined>();
    expectTypeOf(at?.epoch).toEqualTypeOf<number | undefined>();
    expect(at).toEqual({
      name: 'checkpoint-00000001.safetensors',
      epoch: 1,
      step: 0,
      metric: null,
      best: 0.5,
      losses: [1],
      phase: 'main',
    });
    // @ts-expect-error: phase is missing
    await expect(checkpoint.save({ best: 1, losses: [] })).rejects.toThrow(
      'no phase, which the option values names',
    );
    const open = new Checkpoint({ storage: memoryStorage(), parts: {} });
    await open.save({ whatever: 1 });
    expectTypeOf((await open.resume())?.whatever).toEqualTypeOf<unknown>();
    expectTypeOf((await open.resume())?.metric).toEqualTypeOf<number | null | undefined>();
  });

  test('are refused where they are others', async () => {
    const checkpoint = new Checkpoint({ storage: memoryStorage(), parts: {}, values });
    const given = { best: 1, losses: [], phase: 'x' };
    const wrong: [object, string][] = [
      [
        { ...given, fase: 'x' },
        'Checkpoint.save: unknown option fase; it takes { epoch, step, metric, best, losses, phase }',
      ],
      [{ ...given, best: '1' }, 'best'],
      [{ ...given, epoch: -1 }, 'expected an integer >= 0'],
      [
        { ...given, losses: [undefined] },
        'Checkpoint.save: values.losses.0 is undefined, and a checkpoint holds numbers',
      ],
      [{ ...given, losses: new Array(2) }, 'Checkpoint.save: values.losses.0 is undefined'],
      [{ ...given, losses: [new Map()] }, 'values.losses.0 is an instance of Map'],
      [{ ...given, losses: [2n] }, 'values.losses.0 is 2n'],
    ];
    for (const [at, message] of wrong)
      await expect(checkpoint.save(at as typeof given), message).rejects.toThrow(message);
    const loop: unknown[] = [];
    loop.push(loop);
    await expect(checkpoint.save({ ...given, losses: loop as number[] })).rejects.toThrow(
      'nested more than 100 deep',
    );
    // 100 lists in each other, in the object of all values, or as many objects, are too deep by one.
    const nested = (deep: number, wrap: (x: unknown) => unknown): unknown =>
      Array.from({ length: deep }).reduce<unknown>(wrap, 1);
    for (const wrap of [(x: unknown) => [x], (x: unknown) => ({ x })]) {
      const anything = new Checkpoint({ storage: memoryStorage(), parts: {} });
      await expect(anything.save({ x: nested(100, wrap) }), 'too deep').rejects.toThrow('100 deep');
      expect(await anything.save({ x: nested(99, wrap) })).toContain('1');
    }
    expect(await checkpoint.list()).toEqual([]);
    const open = new Checkpoint({ storage: memoryStorage(), parts: {} });
    await expect(open.save({ name: 'x' })).rejects.toThrow(
      'name is what the checkpoint itself says of a file',
    );
    await expect(open.save({ step: 0.5 })).rejects.toThrow('step');
    await expect(open.save(3 as never)).rejects.toThrow('Checkpoint.save: at: expected an object with epoch');
  });

  test('of a file that has others are an error, unless it is not strict: then they are as at the beginning', async () => {
    const storage = memoryStorage();
    await new Checkpoint({ storage, parts: {}, values: { losses: [0], old: 1 } }).save({
      losses: [2],
      old: 3,
    });
    const checkpoint = new Checkpoint({ storage, parts: {}, values });
    await expect(checkpoint.resume()).rejects.toThrow(
      'the values of the file are losses, old, expected best, losses, phase: it has no best, phase and nothing takes its old',
    );
    expect(await checkpoint.resume({ strict: false })).toMatchObject({
      best: Infinity,
      losses: [2],
      phase: 'warmup',
    });
    const other = new Checkpoint({ storage, parts: {}, values: { losses: 'none', old: 1 } });
    await expect(other.resume()).rejects.toThrow('losses');
  });
});

describe('options', () => {
  test.each<[object, string]>([
    [{ parts: {} }, 'Checkpoint: storage: expected a storage with list, read and write'],
    [{ storage: memoryStorage() }, 'Checkpoint: parts: expected parts by name'],
    [{ storage: memoryStorage(), parts: { model: zeros(2) } }, 'each with stateDict() and loadStateDict()'],
    [
      { storage: memoryStorage(), parts: { defaultGenerator: box(1) } },
      'the part defaultGenerator is in every checkpoint',
    ],
    [{ storage: memoryStorage(), parts: {}, keepLast: 0 }, 'keepLast'],
    [{ storage: memoryStorage(), parts: {}, best: 'least' }, 'best'],
    [{ storage: memoryStorage(), parts: {}, name: 'a/b' }, 'name'],
    [{ storage: { list() {}, read() {} }, parts: {} }, 'a storage with list, read and write'],
    [{ storage: { list() {}, read() {}, write: true }, parts: {} }, 'a storage with list, read and write'],
    [{ storage: memoryStorage(), parts: {}, keeplast: 3 }, 'unknown option keeplast; did you mean keepLast?'],
    [
      { storage: memoryStorage(), parts: {}, values: { step: 1 } },
      'step is what the checkpoint itself says of a file',
    ],
  ])('that cannot be are refused: %#', (options, message) => {
    expect(() => new Checkpoint(options as CheckpointOptions<object>)).toThrow(message);
  });

  test('of storages of browsers say where there are none', async () => {
    await expect(opfsStorage('run').list()).rejects.toThrow(
      'opfsStorage: no origin private file system here',
    );
    await expect(indexedDBStorage('run').list()).rejects.toThrow(
      'indexedDBStorage: there is no IndexedDB here',
    );
    for (const storage of [opfsStorage, indexedDBStorage])
      expect(() => storage('a/b')).toThrow('a name without slashes');
  });
});
