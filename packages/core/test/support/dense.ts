/** Arrays for the file formats: fixtures, and drawn ones. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { arrayConstructor, type DType, dtypes } from '../../src/dtype.ts';
import type { DenseArray } from '../../src/io/encodings.ts';
import { numelOf } from '../../src/shape.ts';

export const fixture = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../fixtures/io/${name}.json`, import.meta.url), 'utf8')) as T;
export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
export const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

export const float32 = (...values: number[]): DenseArray => ({
  dtype: 'float32',
  shape: [values.length],
  array: Float32Array.from(values),
});

/** Drawn arrays of any dtype and shape. */
export const dense: fc.Arbitrary<DenseArray> = fc
  .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(4), { maxLength: 4 }), fc.infiniteStream(fc.double()))
  .map(([dtype, shape, stream]) => {
    const array = new (arrayConstructor(dtype as DType))(numelOf(shape));
    for (let i = 0; i < array.length; i++) {
      const value = stream.next().value as number;
      array[i] = dtype === 'bool' ? Number(value > 0) : dtype.startsWith('float') ? value : value * 1e9;
    }
    return { dtype: dtype as DType, shape, array };
  });
