import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as K from '@kindling/core';
import { type DType, dtypes, io, type Tensor, tensor, ValueError } from '@kindling/core';
import * as files from '@kindling/core/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kindling-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);

function samples(): Record<string, Tensor> {
  const shapes: Record<string, number[]> = { matrix: [2, 3], row: [5], none: [0, 4], scalar: [] };
  const named = dtypes.flatMap((dtype) =>
    Object.entries(shapes).map(([name, shape]) => {
      const n = shape.reduce((a, b) => a * b, 1);
      const x = K.arange(n)
        .sub(1)
        .to('float64')
        .mul(dtype === 'uint8' ? -1 : 0.5);
      return [`${name}.${dtype}`, x.to(dtype as DType).reshape(shape)] as const;
    }),
  );
  return Object.fromEntries(named);
}

function expectSame(actual: Tensor, expected: Tensor): void {
  expect([actual.dtype, actual.shape, actual.toArray()]).toEqual([
    expected.dtype,
    expected.shape,
    expected.toArray(),
  ]);
}

describe('safetensors files', () => {
  test('what is saved is loaded', async () => {
    const tensors = { ...samples(), 'odd name: "ü\n': tensor([Number.NaN, -0, Infinity]) };
    await files.saveSafetensors(at('x.safetensors'), tensors, { metadata: { format: 'pt' } });
    const loaded = await files.loadSafetensors(at('x.safetensors'));
    expect(Object.keys(loaded).sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, x] of Object.entries(tensors)) expectSame(loaded[name]!, x);
    expect(io.safetensorsMetadata(await readFile(at('x.safetensors')))).toEqual({ format: 'pt' });
  });

  test('views are saved as they look, and maps are taken too', async () => {
    const x = K.arange(6).reshape(2, 3);
    await files.saveSafetensors(
      at('x'),
      new Map([
        ['t', x.t()],
        ['row', x.index(1)],
        ['wide', x.index(0, 0).expand(3)],
      ]),
    );
    const { t, row, wide } = await files.loadSafetensors(at('x'));
    expectSame(t!, x.t().contiguous());
    expectSame(row!, tensor([3, 4, 5]));
    expectSame(wide!, tensor([0, 0, 0]));
  });

  test('a loaded tensor is a leaf of its own, not aligned to the file', async () => {
    await files.saveSafetensors(at('x'), { a: tensor([true]), b: tensor([1.5]).to('float64') });
    const { a, b } = await files.loadSafetensors(at('x'));
    b!.fill_(2);
    expect([b!.requiresGrad, a!.item(), (await files.loadSafetensors(at('x'))).b!.item()]).toEqual([
      false,
      true,
      1.5,
    ]);
  });

  test('a URL names a file too', async () => {
    const url = pathToFileURL(at('with space.safetensors'));
    await files.saveSafetensors(url, { x: tensor([1, 2]) });
    expectSame((await files.loadSafetensors(url)).x!, tensor([1, 2]));
    await files.saveNpy(pathToFileURL(at('#1.npy')), tensor([3]));
    expectSame(await files.loadNpy(at('#1.npy')), tensor([3]));
  });
});

describe('npy files', () => {
  test('what is saved is loaded', async () => {
    for (const x of Object.values(samples())) {
      await files.saveNpy(at('x.npy'), x);
      expectSame(await files.loadNpy(at('x.npy')), x);
    }
    await files.saveNpy(at('x.npy'), K.arange(6).reshape(2, 3).t());
    expect((await files.loadNpy(at('x.npy'))).toArray()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
  });
});

describe('bad files', () => {
  const kinds: [string, (path: string) => Promise<unknown>, () => Uint8Array][] = [
    [
      'safetensors',
      files.loadSafetensors,
      () => io.saveSafetensors({ a: K.ones([3, 4]), b: tensor([1, 2]) }),
    ],
    ['npy', files.loadNpy, () => io.saveNpy(K.ones([3, 4]))],
  ];

  test.each(kinds)('a truncated %s file is a ValueError, wherever it was cut', async (_, load, bytes) => {
    const whole = bytes();
    for (let length = 0; length < whole.length; length += length < 16 ? 1 : 7) {
      await writeFile(at('cut'), whole.subarray(0, length));
      await expect(load(at('cut')), `${length} bytes`).rejects.toThrow(ValueError);
    }
  });

  test.each(kinds)(
    'a %s file with bytes behind its end, or of another kind, is a ValueError',
    async (_, load, bytes) => {
      await writeFile(at('long'), Buffer.concat([bytes(), Buffer.from([0])]));
      await expect(load(at('long'))).rejects.toThrow(ValueError);
      for (const content of [
        '',
        'no tensors here, just a few words of text',
        '\u0000'.repeat(64),
        '\u00ff'.repeat(64),
      ]) {
        await writeFile(at('other'), content, 'latin1');
        await expect(load(at('other'))).rejects.toThrow(ValueError);
      }
    },
  );

  test('a safetensors header of absurd size allocates nothing', async () => {
    const claim = Buffer.alloc(16);
    claim.writeBigUInt64LE(2n ** 40n);
    await writeFile(at('x'), claim);
    await expect(files.loadSafetensors(at('x'))).rejects.toThrow(ValueError);
  });

  test.each(kinds)('a missing %s file is the error of the file system', async (_, load) => {
    await expect(load(at('missing'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(load(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('writing', () => {
  test('replaces a file as a whole, and leaves nothing else behind', async () => {
    await files.saveNpy(at('x.npy'), tensor([1]));
    await files.saveNpy(at('x.npy'), tensor([2]));
    await Promise.all([1, 2, 3, 4].map((i) => files.saveSafetensors(at('y'), { x: K.full([1000], i) })));
    expect((await readdir(folder)).sort()).toEqual(['x.npy', 'y']);
    expectSame(await files.loadNpy(at('x.npy')), tensor([2]));
    const { x } = await files.loadSafetensors(at('y'));
    expect(x!.eq(x!.index(0)).all().item()).toBe(true);
  });

  test('what fails leaves the old file, and no half-written one', async () => {
    await mkdir(at('folder'));
    await expect(files.saveNpy(at('folder'), tensor([1]))).rejects.toThrow();
    await expect(files.saveNpy(join(folder, 'missing', 'x.npy'), tensor([1]))).rejects.toMatchObject({
      code: 'ENOENT',
    });
    await files.saveSafetensors(at('x'), { x: tensor([1]) });
    await expect(files.saveSafetensors(at('x'), { x: [1, 2] as unknown as Tensor })).rejects.toThrow(
      K.KindlingError,
    );
    expect((await readdir(folder)).sort()).toEqual(['folder', 'x']);
    expectSame((await files.loadSafetensors(at('x'))).x!, tensor([1]));
  });
});
