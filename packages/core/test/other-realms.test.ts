/** Jest, jsdom and frames hand over values whose classes are not this realm's: no `instanceof` knows them. */
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { data, fromBuffer, Generator, io, stack, type Tensor, tensor, zeros } from '../src/index.ts';
import { saveBytes } from '../src/node/index.ts';

const other = <T>(code: string, values: object = {}): T => runInNewContext(code, values) as T;

test('numbers, shapes and options', () => {
  expect(tensor(other('new Float32Array([1.5, 2])')).tolist()).toEqual([1.5, 2]);
  expect(tensor(other('[[1], [2]]')).shape).toEqual([2, 1]);
  expect(zeros(other('[2]'), other('({ dtype: "float64" })')).dtype).toBe('float64');
});

test('buffers', () => {
  expect(fromBuffer(other('new Float32Array([1.5, 2]).buffer')).tolist()).toEqual([1.5, 2]);
  expect(fromBuffer(other('new Int32Array([1, 2])')).tolist()).toEqual([1, 2]);
  const written = io.saveSafetensors({ x: tensor([1, 2]) });
  const bytes = other<Uint8Array>('Uint8Array.from(written)', { written });
  expect(io.loadSafetensors(bytes)['x']?.tolist()).toEqual([1, 2]);
  const state = other<Uint8Array>('Uint8Array.from(state)', { state: new Generator().getState() });
  new Generator().setState(state);
});

test('errors say of which kind the bytes for a file are to be', async () => {
  await expect(saveBytes('nowhere/x', other('new ArrayBuffer(1)'))).rejects.toThrow(/Uint8Array/);
});

test('promises of samples, and thenables of other libraries', async () => {
  const x = tensor([1, 2]);
  const dataset = (get: string): data.Dataset<Tensor> => ({ length: 4, get: other(get, { x }) });
  const gets = ['async () => x', 'async () => x', '() => ({ then: (done) => void done(x) })'];
  for (const get of gets)
    for await (const batch of new data.DataLoader(dataset(get), { batchSize: 2 }))
      expect(batch.equal(stack([x, x]))).toBe(true);
});
