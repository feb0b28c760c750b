/** The reader of MNIST's files, on good ones and on broken ones. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { mutations } from '../../packages/core/test/support/mutations.ts';
import { UsageError } from '../flags.ts';
import { loadMnist } from '../mnist/data.ts';
import { parseIdx } from '../mnist/idx.ts';

/** An IDX file: kind of elements, sizes, elements that count up. */
function idx(kind: number, shape: readonly number[], elements?: readonly number[]): Uint8Array {
  const count = shape.reduce((a, b) => a * b, 1);
  const sizes = new Uint8Array(4 * shape.length);
  for (const [d, size] of shape.entries()) new DataView(sizes.buffer).setUint32(4 * d, size);
  const bytes = elements ?? Array.from({ length: count }, (_, i) => i % 256);
  return Uint8Array.of(0, 0, kind, shape.length, ...sizes, ...bytes);
}

const images = idx(8, [2, 3, 4]);

describe('parseIdx', () => {
  it('gives sizes and bytes, of a compressed file too, and of one within a larger buffer', () => {
    const around = new Uint8Array(images.length + 5);
    around.set(images, 5);
    for (const file of [images, gzipSync(images), around.subarray(5)]) {
      const { shape, bytes } = parseIdx(file, 'x');
      expect(shape).toEqual([2, 3, 4]);
      expect([...bytes]).toEqual(Array.from({ length: 24 }, (_, i) => i));
    }
    expect(parseIdx(idx(8, [0, 28, 28]), 'x')).toEqual({ shape: [0, 28, 28], bytes: new Uint8Array(0) });
  });

  const zipped = gzipSync(images);
  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'x: no IDX file'],
    ['three bytes', images.subarray(0, 3), 'x: no IDX file'],
    ['another magic', Uint8Array.of(1, ...images.subarray(1)), 'x: no IDX file'],
    ['another magic in the second byte', images.with(1, 1), 'x: no IDX file'],
    ['an unknown kind', images.with(2, 7), 'x: no IDX file'],
    ['text', new TextEncoder().encode('<html>404</html>'), 'x: no IDX file'],
    ['floats', images.with(2, 13), 'x: holds 32-bit floats, expected bytes'],
    ['no dimensions', Uint8Array.of(0, 0, 8, 0, 1), 'x: has no dimensions'],
    [
      'a cut in the sizes',
      images.subarray(0, 15),
      'x: ends within the sizes of its 3 dimensions (truncated?)',
    ],
    ['a cut in the elements', images.subarray(0, 39), 'takes 24 bytes, but 23 follow the sizes (truncated?)'],
    ['a byte too many', Uint8Array.of(...images, 0), 'takes 24 bytes, but 25 follow the sizes'],
    [
      'absurd sizes',
      idx(8, [2 ** 32 - 1, 2 ** 32 - 1], []),
      'takes 18446744065119617000 bytes, but 0 follow',
    ],
    ['a cut in the compressed', zipped.subarray(0, 20), 'x: cannot be decompressed: unexpected end of file'],
    [
      'a broken checksum',
      zipped.map((b, i) => (i === zipped.length - 6 ? b ^ 1 : b)),
      'x: cannot be decompressed',
    ],
  ])('refuses %s', (_, file, message) => {
    expect(() => parseIdx(file, 'x')).toThrow(UsageError);
    expect(() => parseIdx(file, 'x')).toThrow(message);
  });

  it('unpacks no more than 256 MiB, whatever a few bytes claim', () => {
    const bomb = gzipSync(new Uint8Array(2 ** 28 + 1), { level: 1 });
    expect(() => parseIdx(bomb, 'x')).toThrow(
      'x: cannot be decompressed: Cannot create a Buffer larger than',
    );
  });

  it('loads or refuses 4,000 mutated files, plain and compressed, each quickly', () => {
    const outcomes = { loaded: 0, refused: 0 };
    for (const file of mutations([images, idx(8, [5]), zipped], 4000, 11)) {
      try {
        const { shape, bytes } = parseIdx(file, 'x');
        expect(bytes.length).toBe(shape.reduce((a, b) => a * b, 1));
        outcomes.loaded++;
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        outcomes.refused++;
      }
    }
    expect(outcomes.loaded).toBeGreaterThan(100);
    expect(outcomes.refused).toBeGreaterThan(1000);
  });
});

describe('loadMnist of a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kindling-idx-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, file: Uint8Array): void => writeFileSync(join(folder, name), file);

  it('takes compressed files, and says which one is wrong', () => {
    expect(() => loadMnist(folder)).toThrow(/train-images-idx3-ubyte: cannot be read: ENOENT/);
    const first = join(folder, 'train-images-idx3-ubyte');
    symlinkSync('/dev/zero', first);
    expect(() => loadMnist(folder)).toThrow('train-images-idx3-ubyte: cannot be read: it is no file');
    rmSync(first);
    for (const split of ['train', 't10k']) {
      write(`${split}-images-idx3-ubyte.gz`, gzipSync(idx(8, [2, 28, 28])));
      write(`${split}-labels-idx1-ubyte`, idx(8, [2], [7, 9]));
    }
    const { train } = loadMnist(folder);
    expect([train.images.shape, train.labels.toArray()]).toEqual([
      [2, 784],
      [7, 9],
    ]);
    const labels = 't10k-labels-idx1-ubyte';
    write(labels, idx(8, [3], [1, 2, 3]));
    expect(() => loadMnist(folder)).toThrow(`${labels}: expected 2 labels, one an image, got shape [3]`);
    write(labels, idx(8, [2, 1], [1, 2]));
    expect(() => loadMnist(folder)).toThrow(`${labels}: expected 2 labels, one an image, got shape [2, 1]`);
    write(labels, idx(8, [2], [1, 10]));
    expect(() => loadMnist(folder)).toThrow(`${labels}: label 1 is 10, which is no digit`);
    write('train-images-idx3-ubyte', idx(8, [2, 4, 4]));
    expect(() => loadMnist(folder)).toThrow('expected images of shape [n, 28, 28], got [2, 4, 4]');
  });
});
