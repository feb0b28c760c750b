/** What becomes a safetensors file, in which order, and what cannot be written. */
import { expect, test } from 'vitest';
import { arrayConstructor, type DType } from '../../src/dtype.ts';
import { ValueError } from '../../src/errors.ts';
import type { DenseArray } from '../../src/io/encodings.ts';
import { parseNpy, serializeNpy } from '../../src/io/npy.ts';
import {
  parseSafetensors,
  readSafetensor,
  serializeSafetensors,
  serializeSafetensorsInParts,
} from '../../src/io/safetensors.ts';
import { float32 } from '../support/dense.ts';

test('tensors lie by dtype, the widest first, and then by the bytes of their names', () => {
  const order = (tensors: readonly (readonly [string, DenseArray])[]): string[] => [
    ...parseSafetensors(serializeSafetensors(tensors)).tensors.keys(),
  ];
  const one = (dtype: DType): DenseArray => ({ dtype, shape: [1], array: new (arrayConstructor(dtype))(1) });
  const dtypes = ['bool', 'float32', 'float64', 'int32', 'uint8'] as const;
  const widestFirst = ['int32', 'float64', 'float32', 'uint8', 'bool'];
  expect(order(dtypes.map((dtype) => [dtype, one(dtype)]))).toEqual(widestFirst);
  // As UTF-16 the last would come before the one before it.
  const names = ['', 'B', 'a', 'ab', 'b', 'é', '\uffff', '😀'];
  expect(order(names.toReversed().map((name) => [name, float32(1)]))).toEqual(names);
});

test('names and arrays that cannot be written', () => {
  const one = float32(1);
  expect(() =>
    serializeSafetensors([
      ['a', one],
      ['a', one],
    ]),
  ).toThrow(/"a" is given twice/);
  expect(() => serializeSafetensors([['__metadata__', one]])).toThrow(/reserved/);
  expect(() => serializeSafetensors([['\ud800', one]])).toThrow(/not valid Unicode/);
  expect(() => serializeSafetensors([['a', { ...one, shape: [2] }]])).toThrow(
    /needs 2 elements in a Float32Array/,
  );
  expect(() => serializeSafetensors([['a', { ...one, dtype: 'int32' }]])).toThrow(ValueError);
  expect(() => serializeNpy({ ...one, shape: [1, 3] })).toThrow(/saveNpy: .* needs 3 elements/);
});

test('metadata that is no strings is refused when written', () => {
  const save = (metadata: unknown) => () =>
    serializeSafetensors([], { metadata: metadata as Record<string, string> });
  for (const [metadata, message] of [
    [{ epoch: 3 }, 'saveSafetensors: metadata holds strings, but "epoch" is number; write String(value)'],
    [{ a: 'b', c: null }, '"c" is null'],
    [{ a: { b: 'c' } }, '"a" is object'],
    [['a'], 'metadata must be an object of strings, got ["a"]'],
    [null, 'metadata must be an object of strings, got null'],
    ['a', 'metadata must be an object of strings, got "a"'],
    [{ a: '\ud800' }, 'metadata "a" is not valid Unicode'],
    [{ '\udc00': 'a' }, 'is not valid Unicode'],
  ] as const) {
    expect(save(metadata)).toThrow(ValueError);
    expect(save(metadata)).toThrow(message);
  }
  expect(parseSafetensors(save({ a: '', é: '"\n' })()).metadata).toEqual({ a: '', é: '"\n' });
  // Around it stands {"__metadata__":{"a":""}}, of 25 bytes.
  expect(save({ a: 'x'.repeat(1e8 - 24) })).toThrow(
    'take 100000001 bytes, more than the 100000000 of a header',
  );
});

test('shapes that no reader takes are refused when written', () => {
  const none = { dtype: 'float32' as const, array: new Float32Array(0) };
  const one = { dtype: 'float32' as const, array: new Float32Array(1) };
  for (const wrong of [
    { ...none, shape: [2 ** 40, 2 ** 40, 0] },
    { ...one, shape: new Array<number>(65).fill(1) },
  ]) {
    const sizes =
      wrong.shape.length === 65 ? 'a shape of 65 dimensions' : `shape [${wrong.shape.join(', ')}]`;
    expect(() => serializeSafetensors([['a', wrong]])).toThrow(
      `saveSafetensors: tensor "a": ${sizes} fits into no file`,
    );
    expect(() => serializeNpy(wrong)).toThrow(`saveNpy: ${sizes} fits into no file`);
  }
  for (const right of [
    { ...one, shape: new Array<number>(64).fill(1) },
    { ...none, shape: [2 ** 40, 0] },
  ]) {
    expect(parseNpy(serializeNpy(right))).toEqual(right);
    const { tensors, data } = parseSafetensors(serializeSafetensors([['a', right]]));
    expect(readSafetensor(data, tensors.get('a')!)).toEqual(right);
  }
});

test('integers are 64 or 32 bits wide', () => {
  const x = { dtype: 'int32' as const, shape: [1], array: Int32Array.of(-5) };
  expect(() => serializeSafetensors([['a', x]], { integers: 'int16' as 'int32' })).toThrow(
    "saveSafetensors: integers must be 'int64' or 'int32', got int16",
  );
  for (const [integers, stored] of [
    ['int64', 'I64'],
    ['int32', 'I32'],
  ] as const) {
    const { tensors, data } = parseSafetensors(serializeSafetensors([['a', x]], { integers }));
    expect([tensors.get('a')!.storedDtype, ...readSafetensor(data, tensors.get('a')!).array]).toEqual([
      stored,
      -5,
    ]);
  }
});

test('parts are the file, and copies', () => {
  const x = float32(1, 2, 3);
  const tensors = [
    ['a', x],
    ['b', { dtype: 'int32' as const, shape: [2], array: Int32Array.of(7, -8) }],
  ] as const;
  const whole = serializeSafetensors(tensors);
  const parts = serializeSafetensorsInParts(tensors);
  x.array.fill(9);
  expect(Buffer.concat(parts).equals(whole)).toBe(true);
  expect(parts.length).toBe(3);
});
