import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arange, ones, type Tensor, tensor, zeros } from '@kindling/core';
import { FileError } from '@kindling/core/node';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { Uint8ArrayReader, ZipReader } from '@zip.js/zip.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  loadTorch,
  pyFloat,
  saveTorch,
  serializeTorch,
  type TorchValue,
} from '../../src/torch-file/index.ts';
import { elements } from './support/fixtures.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kindling-torch-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const again = async <T = TorchValue>(value: unknown): Promise<T> => loadTorch<T>(await serializeTorch(value));

/** The text of the pickle, for what stands in it as text. */
const pickleText = async (value: unknown): Promise<string> => {
  const bytes = await serializeTorch(value);
  return Buffer.from(bytes.subarray(0, Buffer.from(bytes).indexOf('archive/byteorder'))).toString('latin1');
};

describe('values', () => {
  const leaf = fc.oneof(
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 200n }),
    fc.bigInt({ min: -(2n ** 200n), max: -(2n ** 53n) }),
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
  );
  const key = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'constructor', 'state', ''),
  );
  const values = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, leaf, tie('list'), tie('dict'), tie('map'), tie('set')),
    list: fc.array(tie('value')),
    dict: fc.dictionary(
      key.filter((name) => !/^-?\d+$/.test(name)),
      tie('value'),
    ),
    map: fc
      .array(fc.tuple(fc.oneof(fc.integer(), fc.double({ noNaN: true, noInteger: true })), tie('value')), {
        minLength: 1,
      })
      .map((entries) => new Map<unknown, unknown>([...entries, ['text', 1]])),
    set: fc.array(fc.oneof(fc.integer(), fc.string({ unit: 'binary' }))).map((items) => new Set(items)),
  })).value;

  it('come back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const plain = (x: unknown): unknown =>
          typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === null ? { ...x } : x;
        expect(await again(value)).toEqual(plain(value));
      }),
      { numRuns: 40 },
    );
  });

  it('are dicts with int keys where an object has whole numbers as keys, unless it holds tensors alone', async () => {
    expect(await again({ 1: 'a', 0: 'b', '-3': 'c' })).toEqual({ 1: 'a', 0: 'b', '-3': 'c' });
    expect(await pickleText({ 1: 'a' })).not.toContain('\x01\0\0\x001');
    expect(Object.keys(await again<object>({ 0: ones(1), 1: ones(1) }))).toEqual(['0', '1']);
    expect(
      await again(
        new Map([
          [1, 'a'],
          [0, 'b'],
        ]),
      ),
    ).toEqual({ 1: 'a', 0: 'b' });
    expect(await again(new Map([['1', 'a']]))).toEqual(new Map([['1', 'a']]));
    expect([...(await again<Map<number, Tensor>>(new Map([[1, ones(1)]]))).keys()]).toEqual([1]);
  });

  it('of arrays as keys are tuples', async () => {
    expect(await again(new Map([[[1, 'a'], 2]]))).toEqual(new Map([[[1, 'a'], 2]]));
  });

  it('that stand twice are one', async () => {
    const list = [1];
    const [first, second] = await again<number[][]>([list, list]);
    expect(second).toBe(first);
  });

  it('are floats where one says so', async () => {
    expect(await pickleText({ a: 1 })).toContain('K\x01');
    expect(await pickleText({ a: pyFloat(1) })).toContain('G\x3f\xf0\0\0\0\0\0\0');
  });

  it('without a like in Python are errors that say where', async () => {
    const cyclic: unknown[] = [];
    cyclic.push({ cyclic });
    let deep: unknown = 1;
    for (let i = 0; i < 300; i++) deep = [deep];
    const cases: [unknown, RegExp][] = [
      [{ a: [1, undefined] }, /serializeTorch: \['a'\]\[1\] is undefined; leave it out/],
      [{ f: () => 1 }, /\['f'\] is a function, of which Python has no like/],
      [new nn.Linear(1, 1), /the value is a module; save its stateDict\(\)/],
      [
        { o: new optim.SGD([ones(1, { requiresGrad: true })]) },
        /\['o'\] is an instance of SGD; save its stateDict\(\)/,
      ],
      [new Date(0), /an instance of Date/],
      [(function* () {})(), /an instance of Generator: tensors/],
      [new (class {})(), /an instance of a class without a name: tensors/],
      [new Float32Array(2), /a Float32Array; write tensor\(\.\.\.\)/],
      [cyclic, /\[0\]\['cyclic'\] holds itself/],
      [deep, /nested deeper than 256 levels/],
      ['\ud800', /a text that is no Unicode/],
      [new Map([[{}, 1]]), /a key that is an object/],
      [2n ** 3000n, /an integer of 376 bytes/],
    ];
    for (const [value, message] of cases) await expect(serializeTorch(value)).rejects.toThrow(message);
    await expect(serializeTorch(1, { integers: 'int16' as 'int32' })).rejects.toThrow(/integers/);
  });
});

describe('tensors', () => {
  it('come back with dtype, shape, strides and values', async () => {
    const dtypes = fc.constantFrom('float32', 'float64', 'int32', 'uint8', 'bool');
    await fc.assert(
      fc.asyncProperty(
        dtypes,
        fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
        fc.integer({ min: 0, max: 2 ** 31 - 1 }),
        fc.array(fc.nat(3), { maxLength: 2 }),
        async (dtype, shape, seed, cuts) => {
          const count = shape.reduce((n, size) => n * size, 1);
          let x = arange(count)
            .mul(seed % 1000)
            .sub(500)
            .to(dtype)
            .reshape(shape);
          if (x.ndim > 1 && seed % 2 === 0) x = x.transpose(0, x.ndim - 1);
          for (const d of cuts) if (d < x.ndim && x.size(d) > 1) x = x.narrow(d, 1, x.size(d) - 1);
          const y = await again<Tensor>(x);
          expect([y.dtype, y.shape, y.count === 0 || y.strides]).toEqual([
            x.dtype,
            x.shape,
            x.count === 0 || x.strides,
          ]);
          expect(elements(y)).toEqual(elements(x));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('are written with the part of their memory that they show, once for all that share it', async () => {
    const large = zeros(10_000);
    const bytes = await serializeTorch({ a: large.narrow(0, 100, 10), b: large.narrow(0, 105, 10) });
    expect(bytes.length).toBeLessThan(2000);
    const { a, b } = await loadTorch<Record<string, Tensor>>(bytes);
    expect(b?.storage).toBe(a?.storage);
    expect(b?.offset).toBe((a?.offset ?? 0) + 5);
  });

  it('of parameters are parameters, and want the gradients that they wanted', async () => {
    const weight = new nn.Parameter(ones(2));
    const [p, frozen, leaf, plain] = await again<Tensor[]>([
      weight,
      new nn.Parameter(ones(1), { requiresGrad: false }),
      ones(1, { requiresGrad: true }),
      ones(1),
    ]);
    expect([p instanceof nn.Parameter, p?.requiresGrad]).toEqual([true, true]);
    expect([frozen instanceof nn.Parameter, frozen?.requiresGrad]).toEqual([true, false]);
    expect([leaf instanceof nn.Parameter, leaf?.requiresGrad]).toEqual([false, true]);
    expect(plain?.requiresGrad).toBe(false);
  });

  it('are written as they are at the call', async () => {
    const x = ones(3);
    const written = serializeTorch({ x });
    x.zero_();
    expect(elements((await loadTorch<{ x: Tensor }>(await written)).x)).toEqual([1, 1, 1]);
  });

  it('of integers are int64 there, or int32', async () => {
    const x = tensor([1, -2], { dtype: 'int32' });
    expect(await pickleText(x)).toContain('LongStorage');
    const narrow = await serializeTorch(x, { integers: 'int32' });
    expect(Buffer.from(narrow).toString('latin1')).toContain('IntStorage');
    expect(elements(await loadTorch<Tensor>(narrow))).toEqual([1, -2]);
  });
});

describe('the archive', () => {
  it('has each entry at a multiple of 64 bytes, stored, the same for the same value', async () => {
    const value = { a: ones(3), b: zeros(0), c: tensor(1) };
    const bytes = await serializeTorch(value);
    const reader = new ZipReader(new Uint8ArrayReader(bytes), { strictness: 'strict', useWebWorkers: false });
    const entries = await reader.getEntries();
    expect(entries.map(({ filename }) => filename)).toEqual(
      ['data.pkl', 'byteorder', 'data/0', 'data/1', 'data/2', 'version'].map((name) => `archive/${name}`),
    );
    for (const entry of entries) {
      if (entry.directory) continue;
      await entry.arrayBuffer({ checkCrc32: true });
      expect(entry.compressionMethod).toBe(0);
      expect((entry.localDirectory?.dataOffset ?? 1) % 64).toBe(0);
    }
    expect(await serializeTorch(value)).toEqual(bytes);
  });
});

describe('a training', () => {
  it('comes back whole, with int keys, floats and tuples in the optimizer', async () => {
    const model = new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3));
    const optimizer = new optim.Adam(model.parameters(), { lr: 1, betas: [0.5, 0.9] });
    model(
      tensor([
        [1, 2.5],
        [3, 5],
      ]),
    )
      .sum()
      .backward();
    optimizer.step();
    const value = { model: model.stateDict(), optimizer: optimizer.stateDict(), epoch: 1 };
    const text = await pickleText(value);
    expect(text).toContain('lrq'); // the key, and then 1.0
    expect(text).toMatch(/lrq.G\x3f\xf0/s);
    expect(text).toMatch(/betasq.\(G\x3f\xe0\0{6}G.{8}t/s);
    const saved = await again<typeof value>(value);
    const other = new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3));
    other.loadStateDict(saved.model);
    const resumed = new optim.Adam(other.parameters());
    resumed.loadStateDict(saved.optimizer);
    expect(JSON.stringify(resumed.stateDict())).toBe(JSON.stringify(optimizer.stateDict()));
    expect(JSON.stringify(other.stateDict())).toBe(JSON.stringify(model.stateDict()));
  });
});

describe('saveTorch', () => {
  it('replaces the file as a whole', async () => {
    const path = join(folder, 'model.pt');
    await saveTorch(path, { a: 1 });
    await saveTorch(new URL(`file://${path}`), { a: 2 });
    expect(await loadTorch(path)).toEqual({ a: 2 });
    await expect(saveTorch(path, { a: Symbol('x') })).rejects.toThrow(/\['a'\] is a symbol/);
    expect(await loadTorch(path)).toEqual({ a: 2 });
  });

  it('says which file could not be written or read', async () => {
    const nowhere = join(folder, 'none', 'x.pt');
    await expect(saveTorch(nowhere, 1)).rejects.toThrow(FileError);
    await expect(loadTorch(nowhere)).rejects.toThrow(/loadTorch\('.*x\.pt'\): ENOENT/);
    const text = join(folder, 'text.pt');
    writeFileSync(text, '<html>');
    await expect(loadTorch(text)).rejects.toThrow(/text\.pt'\): malformed file: it begins like HTML/);
    await expect(loadTorch(new URL('https://example.org/x.pt'))).rejects.toThrow(
      /names no file; write loadTorch\(await \(await fetch/,
    );
    await expect(loadTorch(5 as never)).rejects.toThrow(/expected the path of a file.*got number/);
    expect(readFileSync(text, 'utf8')).toBe('<html>');
  });
});
