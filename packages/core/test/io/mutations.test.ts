/** Files with errors in them: each is read, or refused in so many words. (IDX: examples/test/idx.test.ts.) */
import * as K from '@kindling/core';
import { io, KindlingError, type Tensor, tensor } from '@kindling/core';
import { describe, expect, test } from 'vitest';
import { mutations } from '../support/mutations.ts';

const safetensors = [
  io.saveSafetensors(
    {
      'fc.weight': K.arange(6).reshape(2, 3).to('float32'),
      'fc.bias': tensor([0.5, -1]),
      n: tensor(3),
      m: tensor([true]),
    },
    { metadata: { format: 'pt', note: 'é"\\' } },
  ),
  io.saveSafetensors({
    a: K.zeros([0, 4]),
    b: K.arange(5).to('uint8'),
    c: tensor([1.5], { dtype: 'float64' }),
  }),
  io.saveSafetensors({}),
];
const npy = [
  io.saveNpy(K.arange(120).reshape(10, 12).to('float32')),
  io.saveNpy(K.arange(50)),
  io.saveNpy(K.ones([300], { dtype: 'bool' })),
  io.saveNpy(tensor(1.5, { dtype: 'float64' })),
];

/** Loads every file; counts what could be loaded. */
function tryAll(files: Iterable<Uint8Array>, load: (bytes: Uint8Array) => Tensor[]) {
  const outcomes = { loaded: 0, refused: 0, slowest: 0, greatest: 0 };
  for (const bytes of files) {
    const start = performance.now();
    try {
      let held = 0;
      for (const x of load(bytes)) {
        expect(x.count).toBe(x.data.length);
        held += x.data.byteLength;
      }
      outcomes.greatest = Math.max(outcomes.greatest, held / bytes.length);
      outcomes.loaded++;
    } catch (error) {
      if (!(error instanceof KindlingError)) {
        throw new Error(`${String(error)} of ${Buffer.from(bytes).toString('base64')}`, { cause: error });
      }
      expect(error.message).toMatch(/^load(Safetensors|Npy): /);
      outcomes.refused++;
    }
    outcomes.slowest = Math.max(outcomes.slowest, performance.now() - start);
  }
  return outcomes;
}

describe('mutated files are loaded or refused, quickly, and hold no more than they are', () => {
  test.each<[string, readonly Uint8Array[], number, (bytes: Uint8Array) => Tensor[]]>([
    ['9,000 safetensors files', safetensors, 9000, (bytes) => Object.values(io.loadSafetensors(bytes))],
    ['9,000 npy files', npy, 9000, (bytes) => [io.loadNpy(bytes)]],
  ])('%s', (_, files, count, load) => {
    const { loaded, refused, slowest, greatest } = tryAll(mutations(files, count, 7), load);
    expect(loaded + refused).toBe(count);
    expect(loaded).toBeGreaterThan(count / 50);
    expect(refused).toBeGreaterThan(count / 2);
    expect(slowest).toBeLessThan(1000);
    expect(greatest).toBeLessThanOrEqual(4);
  });

  test('the same seed gives the same files, another one others', () => {
    const take = (seed: number): string =>
      [...mutations(npy, 50, seed)].map((b) => Buffer.from(b).toString('hex')).join();
    expect(take(1)).toBe(take(1));
    expect(take(1)).not.toBe(take(2));
  });
});
