/** What functions of `io` are given that is none of their arguments. */
import { io, ones, tensor, ValueError } from '@kindling/core';
import { expect, test } from 'vitest';

const x = tensor([0.5, 2]);
const safetensors = io.saveSafetensors({ x }, { metadata: { by: 'hand' } });
const array = Float32Array.of(0.5, 2);

const calls: Readonly<Record<string, readonly [fn: (...args: never[]) => unknown, ...args: unknown[]]>> = {
  saveSafetensors: [io.saveSafetensors, { x }, {}],
  loadSafetensors: [io.loadSafetensors, safetensors],
  safetensorsMetadata: [io.safetensorsMetadata, safetensors],
  saveNpy: [io.saveNpy, x, {}],
  loadNpy: [io.loadNpy, io.saveNpy(x)],
  fromJSON: [io.fromJSON, x.toJSON()],
  readElements: [io.readElements, array.buffer, 'f4', true, 'here'],
  writeElements: [io.writeElements, array, 'f4'],
};

test.each(Object.entries(calls))('%s refuses what stands beyond its parameters', (name, [fn, ...args]) => {
  const call = fn as (...args: unknown[]) => unknown;
  expect(() => call(...args)).not.toThrow();
  expect(() => call(...args, undefined)).not.toThrow();
  expect(() => call(...args, ones(1))).toThrow(ValueError);
  expect(() => call(...args, ones(1))).toThrow(name);
});

test('elements are read and written of arrays and by encodings alone', () => {
  const { readElements, writeElements } = io as unknown as Record<string, (...args: unknown[]) => unknown>;
  if (readElements === undefined || writeElements === undefined) throw new Error('both are there');
  expect(readElements(array.buffer, 'f4', true, 'here')).toEqual(array);
  expect(writeElements(array, 'f4')).toEqual(new Uint8Array(array.buffer));
  for (const args of [
    [array, 'f4', true, 'here'],
    [array.buffer, 'f5', true, 'here'],
    [array.buffer, 'f4', 1, 'here'],
    [array.buffer, 'f4', true],
  ])
    expect(() => readElements(...args)).toThrow(/^readElements: \w+: expected/);
  for (const args of [[array.buffer, 'f4'], [new DataView(array.buffer), 'f4'], [array, 'float'], [array]])
    expect(() => writeElements(...args)).toThrow(/^writeElements: \w+: expected/);
});
