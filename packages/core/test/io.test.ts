import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrayConstructor, type DType, dtypes } from '../src/dtype.ts';
import { DTypeError, KindlingError, ValueError } from '../src/errors.ts';
import type { DenseArray } from '../src/io/elements.ts';
import { parseNpy, serializeNpy } from '../src/io/npy.ts';
import { parseSafetensors, readSafetensor, serializeSafetensors } from '../src/io/safetensors.ts';
import { numelOf } from '../src/shape.ts';

const fixture = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`./fixtures/io/${name}.json`, import.meta.url), 'utf8')) as T;
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const float32 = (...values: number[]): DenseArray => ({
  dtype: 'float32',
  shape: [values.length],
  array: Float32Array.from(values),
});

/** Drawn arrays of any dtype and shape. */
const dense: fc.Arbitrary<DenseArray> = fc
  .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(4), { maxLength: 4 }), fc.infiniteStream(fc.double()))
  .map(([dtype, shape, stream]) => {
    const array = new (arrayConstructor(dtype as DType))(numelOf(shape));
    for (let i = 0; i < array.length; i++) {
      const value = stream.next().value as number;
      array[i] = dtype === 'bool' ? Number(value > 0) : dtype.startsWith('float') ? value : value * 1e9;
    }
    return { dtype: dtype as DType, shape, array };
  });

/** A change to a file: bytes overwritten, a tail cut off, bytes inserted. */
const mutation = fc.record({
  edits: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
  keep: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  insert: fc.oneof(fc.constant(null), fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 6 }))),
});

function mutate(
  bytes: Uint8Array,
  { edits, keep, insert }: typeof mutation extends fc.Arbitrary<infer T> ? T : never,
) {
  let out = Uint8Array.from(bytes.subarray(0, Math.ceil(bytes.length * keep)));
  // Most of a small file is header: that is where a change hurts.
  for (const [at, value] of edits) if (out.length > 0) out[at % out.length] = value;
  if (insert) {
    const at = insert[0] % (out.length + 1);
    out = Uint8Array.from([...out.subarray(0, at), ...insert[1], ...out.subarray(at)]);
  }
  return out;
}

function expectNoCrash(parse: () => void): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof KindlingError)) throw error;
  }
}

describe('npy', () => {
  interface Case {
    dtype: string;
    bytes: string;
    plain?: boolean;
    shape: number[];
    values: number[];
  }

  test("NumPy's files are read, and written byte for byte", () => {
    for (const { dtype, bytes, plain, shape, values } of fixture<Case[]>('npy')) {
      const file = fromBase64(bytes);
      const read = parseNpy(file);
      expect(read.shape, dtype).toEqual(shape);
      expect([...read.array], dtype).toEqual(values);
      if (plain && ['f4', 'f8', 'i8', 'u1', 'b1'].includes(dtype))
        expect(toBase64(serializeNpy(read))).toBe(bytes);
      if (plain && dtype === 'i4') expect(toBase64(serializeNpy(read, { integers: 'int32' }))).toBe(bytes);
    }
  });

  test('what is written reads back the same', () => {
    fc.assert(
      fc.property(dense, fc.constantFrom('int32' as const, 'int64' as const), (array, integers) => {
        expect(parseNpy(serializeNpy(array, { integers }))).toEqual(array);
      }),
    );
  });

  test('a file within a larger buffer is read in place', () => {
    const file = serializeNpy(float32(1, 2, 3));
    const around = new Uint8Array(file.length + 7);
    around.set(file, 3);
    expect([...parseNpy(around.subarray(3, 3 + file.length)).array]).toEqual([1, 2, 3]);
  });

  const withHeader = (header: string, body = new Uint8Array(8)): Uint8Array => {
    const text = new TextEncoder().encode(`${header}\n`);
    return Uint8Array.from([
      0x93,
      ...new TextEncoder().encode('NUMPY'),
      1,
      0,
      text.length,
      0,
      ...text,
      ...body,
    ]);
  };
  const good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

  test('headers of other writers', () => {
    for (const header of [
      good,
      '{"shape": (2,), "descr": "<f4", "fortran_order": False}',
      "{'descr':'<f4','fortran_order':True,'shape':(2L,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': ( 2 , 1 )}",
    ]) {
      expect(parseNpy(withHeader(header)).array).toEqual(new Float32Array(2));
    }
  });

  test('malformed files are refused with the reason', () => {
    const file = serializeNpy(float32(1, 2, 3));
    const wide = Uint8Array.of(...file.subarray(0, 6), 2, 0, 255, 255, 255, 255, ...file.subarray(10));
    const cases: [Uint8Array, RegExp][] = [
      [new Uint8Array(0), /magic/],
      [Uint8Array.of(1, ...file.subarray(1)), /magic/],
      [Uint8Array.of(...file.subarray(0, 6), 9, 0, ...file.subarray(8)), /version 9\.0 is unknown/],
      [file.subarray(0, 40), /claims 118 bytes, but only 30 follow \(truncated\?\)/],
      [wide, /claims 4294967295 bytes/],
      [file.subarray(0, -1), /takes 12 bytes, but 11 follow/],
      [Uint8Array.of(...file, 0), /takes 12 bytes, but 13 follow/],
      [withHeader(good.replace('(2,)', '(9007199254740993, 2)')), /beyond any file/],
      [withHeader(good.replace('(2,)', '(4000000000, 4000000000)')), /takes Infinity bytes, but 8/],
      [withHeader(good.replace('(2,)', '(-2,)')), /cannot be read at/],
      [withHeader(good.replace("'descr': '<f4', ", '')), /must hold descr, fortran_order and shape/],
      [withHeader(good.replace('False', '0')), /cannot be read at "0/],
      [withHeader(good.replace("'shape'", "'descr'")), /key 'descr' twice/],
      [withHeader('[1, 2]'), /no Python dictionary/],
      [withHeader(good.replace("'<f4', 'fort", "'<f4' 'fort")), /comma/],
    ];
    for (const [bytes, message] of cases) {
      expect(() => parseNpy(bytes), message.source).toThrow(message);
      expect(() => parseNpy(bytes)).toThrow(ValueError);
    }
    expect(() => parseNpy(withHeader(good.replace('<f4', '<c8')))).toThrow(DTypeError);
    expect(() => parseNpy(withHeader(good.replace('<f4', '|O')))).toThrow(/unknown dtype '\|O'/);
    expect(() => parseNpy(withHeader(good.replace("'<f4'", "[('a', '<f4')]")))).toThrow(/structured dtypes/);
  });

  test('integers beyond 32 bits are refused, not wrapped', () => {
    for (const [descr, values] of [
      ['<i8', [2n ** 31n]],
      ['<i8', [-(2n ** 31n) - 1n]],
      ['<u8', [2n ** 64n - 1n]],
      ['<u4', [2n ** 31n]],
    ] as const) {
      const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (1,), }`;
      const body = new Uint8Array(BigUint64Array.from(values, (v) => BigInt.asUintN(64, v)).buffer);
      const file = withHeader(header, body.subarray(0, Number(descr[2])));
      expect(() => parseNpy(file)).toThrow(`element 0 is ${values[0]}, which does not fit into int32`);
    }
    const edge = withHeader(good.replace('<f4', '<i8').replace('(2,)', '(1,)'), new Uint8Array(8).fill(255));
    expect([...parseNpy(edge).array]).toEqual([-1]);
  });

  test('no change to a file gives anything but an array or a KindlingError', () => {
    fc.assert(
      fc.property(dense, mutation, (array, change) => {
        expectNoCrash(() => parseNpy(mutate(serializeNpy(array), change)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('safetensors', () => {
  interface Case {
    bytes: string;
    metadata: Record<string, string>;
    plain: boolean;
    tensors: Record<string, { dtype: string; shape: number[]; values: number[] }>;
  }

  test("the reference implementation's files are read, and written byte for byte", () => {
    for (const { bytes, metadata, plain, tensors } of fixture<Case[]>('safetensors')) {
      const file = parseSafetensors(fromBase64(bytes));
      expect(file.metadata).toEqual(metadata);
      expect([...file.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
      const read = [...file.tensors].map(
        ([name, entry]) => [name, readSafetensor(file.data, entry)] as const,
      );
      for (const [name, { shape, array }] of read) {
        expect(file.tensors.get(name)!.storedDtype).toBe(tensors[name]!.dtype);
        expect(shape, name).toEqual(tensors[name]!.shape);
        expect([...array], name).toEqual(tensors[name]!.values);
      }
      if (plain) expect(toBase64(serializeSafetensors(read, { metadata }))).toBe(bytes);
    }
  });

  const named = fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 8 }), dense), {
    selector: ([name]) => name,
    maxLength: 5,
  });

  test('what is written reads back the same', () => {
    const strings = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true });
    fc.assert(
      fc.property(named, strings, (tensors, metadata) => {
        const file = parseSafetensors(serializeSafetensors(tensors, { metadata }));
        const read = new Map(
          [...file.tensors].map(([name, entry]) => [name, readSafetensor(file.data, entry)]),
        );
        expect(read).toEqual(new Map(tensors));
        expect({ ...file.metadata }).toEqual({ ...metadata });
      }),
    );
  });

  test('names that objects treat specially', () => {
    const tensors = ['__proto__', 'constructor', 'toString', '1', '0'].map(
      (name) => [name, float32(1)] as const,
    );
    expect([...parseSafetensors(serializeSafetensors(tensors)).tensors.keys()].sort()).toEqual(
      tensors.map(([name]) => name).sort(),
    );
  });

  const withHeader = (header: string | Uint8Array, body = 0, claimed?: bigint): Uint8Array => {
    const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
    const bytes = new Uint8Array(8 + text.length + body);
    new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
    bytes.set(text, 8);
    return bytes;
  };
  const entry = (dtype: string, shape: string, begin: number | string, end: number | string): string =>
    `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;

  test('malformed files are refused with the reason', () => {
    const cases: [Uint8Array, RegExp][] = [
      [new Uint8Array(3), /3 bytes are too few/],
      [withHeader('{}', 0, 2n ** 63n), /claims 9223372036854775808 bytes, more than the 100000000 allowed/],
      [withHeader('{}', 0, 3n), /claims 3 bytes, but only 2 follow \(truncated\?\)/],
      [withHeader(''), /does not begin with '\{'/],
      [withHeader('[]'), /does not begin with '\{'/],
      [withHeader(' {}'), /does not begin with '\{'/],
      [withHeader('{"a"'), /not valid JSON/],
      [withHeader(Uint8Array.of(0x7b, 0x22, 0xff, 0x22)), /not valid UTF-8/],
      [withHeader('{"a":1}'), /"a" is not described by an object/],
      [withHeader('{"__metadata__":{"a":1}}'), /__metadata__ must be an object of strings/],
      [withHeader('{"__metadata__":[]}'), /__metadata__ must be an object of strings/],
      [withHeader(`{"a":${entry('F32', '[1]', 0, 4)},"a":${entry('F32', '[1]', 0, 4)}}`, 4), /key "a" twice/],
      [
        withHeader(`{"a":${entry('F32', '[1]', 0, 4)},"\\u0061":${entry('F32', '[1]', 4, 8)}}`, 8),
        /key "a" twice/,
      ],
      [
        withHeader('{"a":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,8]}}', 8),
        /key "dtype" twice/,
      ],
      [withHeader(`{"a":${entry('F32', '[-1]', 0, 4)}}`, 4), /shape of tensor "a" is no list of sizes/],
      [withHeader(`{"a":${entry('F32', '[1.5]', 0, 6)}}`, 6), /shape of tensor "a"/],
      [withHeader('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4), /shape of tensor "a"/],
      [withHeader(`{"a":${entry('F32', '[1]', -4, 0)}}`, 4), /no pair of offsets/],
      [withHeader('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', 8), /no pair of offsets/],
      [withHeader(`{"a":${entry('F32', '[1]', 4, 0)}}`, 4), /bytes 4 to 0, outside/],
      [withHeader(`{"a":${entry('F32', '[2]', 0, 8)}}`, 7), /bytes 0 to 8, outside the 7 bytes of data/],
      [withHeader(`{"a":${entry('F32', '[3]', 0, 8)}}`, 8), /takes 12 bytes, but its data_offsets span 8/],
      [withHeader(`{"a":${entry('F32', '[4294967296,4294967296]', 0, 8)}}`, 8), /takes Infinity bytes/],
      [withHeader(`{"a":${entry('F32', '[1e300]', 0, 8)}}`, 8), /shape of tensor "a"/],
      [withHeader(`{"a":${entry('F32', '[1]', 4, 8)}}`, 8), /leaves a hole after byte 0/],
      [withHeader(`{"a":${entry('F32', '[1]', 0, 4)}}`, 8), /4 bytes of data belong to no tensor/],
      [
        withHeader(`{"a":${entry('F32', '[2]', 0, 8)},"b":${entry('F32', '[2]', 4, 12)}}`, 12),
        /"b", at bytes 4 to 12, overlaps/,
      ],
    ];
    for (const [bytes, message] of cases) {
      expect(() => parseSafetensors(bytes), message.source).toThrow(message);
      expect(() => parseSafetensors(bytes)).toThrow(ValueError);
    }
    const unknown = withHeader(`{"a":${entry('F8_E4M3', '[1]', 0, 1)}}`, 1);
    expect(() => parseSafetensors(unknown)).toThrow(DTypeError);
    expect(() => parseSafetensors(unknown)).toThrow(/"a" has the unknown dtype "F8_E4M3"; known are/);
  });

  test('a deeply nested header is refused', () => {
    expectNoCrash(() => parseSafetensors(withHeader(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`)));
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

  test('integers beyond 32 bits are refused when read, not before', () => {
    const file = withHeader(`{"a":${entry('I64', '[1]', 0, 8)}}`, 8);
    file[file.length - 1] = 1;
    const { tensors, data } = parseSafetensors(file);
    const a = tensors.get('a')!;
    expect(() => readSafetensor(data, a)).toThrow(/72057594037927936, which does not fit into int32/);
  });

  test('no change to a file gives anything but tensors or a KindlingError', () => {
    fc.assert(
      fc.property(named, mutation, (tensors, change) => {
        const bytes = mutate(serializeSafetensors(tensors, { metadata: { k: 'v' } }), change);
        expectNoCrash(() => {
          const { tensors: found, data } = parseSafetensors(bytes);
          for (const item of found.values()) readSafetensor(data, item);
        });
      }),
      { numRuns: 1000 },
    );
  });
});
