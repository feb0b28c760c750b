/** Files of other formats are refused with a word on what they are. */
import { describe, expect, test } from 'vitest';
import { parseNpy, serializeNpy } from '../../src/io/npy.ts';
import { parseSafetensors, serializeSafetensors } from '../../src/io/safetensors.ts';
import { float32 } from '../support/dense.ts';

const bytesOf = (start: string): Uint8Array => {
  const bytes = new Uint8Array(64);
  bytes.set(Uint8Array.from(start, (c) => c.charCodeAt(0)));
  return bytes;
};

describe('a file of another format is refused, and the error says what it looks like', () => {
  test.each([
    ['PK\x03\x04', 'a ZIP archive'],
    ['\x1f\x8b', 'compressed by gzip'],
    ['\x80\x02', 'a Python pickle'],
    ['\x80\x04', 'a Python pickle'],
    ['\x89HDF', 'an HDF5 file'],
    ['<!doctype html>', 'HTML or XML'],
    ['{"a":1}', 'JSON'],
    ['version https://git-lfs', 'a pointer of Git LFS'],
  ])('%j', (start, what) => {
    expect(() => parseNpy(bytesOf(start))).toThrow(`(it begins like ${what}`);
    expect(() => parseSafetensors(bytesOf(start))).toThrow(`(it begins like ${what}`);
  });

  test('each of the two formats by the reader of the other', () => {
    expect(() => parseSafetensors(serializeNpy(float32(1)))).toThrow(
      '(it begins like a NumPy array: read it with loadNpy)',
    );
    expect(() => parseNpy(serializeSafetensors([['a', float32(1)]]))).toThrow(
      '(it begins like a safetensors file: read it with loadSafetensors)',
    );
    // What is one of its own, and torn, is not said to be another's.
    const torn = serializeSafetensors([['a', float32(1)]]).slice(0, 20);
    expect(() => parseSafetensors(torn)).toThrow(/truncated\?\)$/);
    expect(() => parseNpy(bytesOf('nothing that is known'))).toThrow(/^(?!.*it begins like)/);
  });
});
