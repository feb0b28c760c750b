import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DTypeError, KindlingError, ValueError } from '../../src/errors.ts';
import { parseNpy } from '../../src/io/npy.ts';
import { parseSafetensors, readSafetensor, serializeSafetensors } from '../../src/io/safetensors.ts';
import { dense, fixture, float32, fromBase64, toBase64 } from '../support/dense.ts';

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
      if (plain)
        for (const given of [read, read.toReversed()])
          expect(toBase64(serializeSafetensors(given, { metadata }))).toBe(bytes);
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
      [withHeader('{}', 0, 100_000_001n), /claims 100000001 bytes, more than the 100000000 allowed/],
      [withHeader('{}', 0, 100_000_000n), /claims 100000000 bytes, but only 2 follow/],
      [new Uint8Array(7), /7 bytes are too few/],
      [new Uint8Array(8), /does not begin with '\{'/],
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
      [withHeader(`{"a":${entry('F64', '[2251799813685248]', 0, 8)}}`, 8), /takes Infinity bytes/],
      [
        withHeader(`{"a":${entry('F32', `[${'2,'.repeat(63)}1]`, 0, 8)}}`, 8),
        /F32 of shape \[(2, ){63}1\], takes/,
      ],
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

  test('a nested header costs no memory: it is refused where it is too deep', () => {
    const depth = 1_000_000;
    const nest = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const known = '"dtype":"F32","shape":[1],"data_offsets":[0,4]';
    const before = process.memoryUsage().arrayBuffers;
    for (const [header, message] of [
      [`{"a":${nest}}`, 'tensor "a" is not described by an object'],
      [`{"a":{${known},"more":${nest}}}`, 'nested more than 127 deep'],
      [`{"a":{${known},"more":${'{"x":'.repeat(depth)}1${'}'.repeat(depth)}}}`, 'nested more than 127 deep'],
      [`{"a":{"dtype":${nest}}}`, 'the dtype of tensor "a" is no string'],
      [`{"a":{"shape":${nest}}}`, 'the shape of tensor "a" is no list of sizes'],
      [`{"__metadata__":${nest}}`, '__metadata__ must be an object of strings'],
      [
        `{"__metadata__":{"k":${nest}}}`,
        '__metadata__ must be an object of strings: the value of "k" is none',
      ],
      [`{"a":{"shape":[${'1,'.repeat(depth)}1]}}`, 'no list of sizes, of which there may be 64'],
    ] as const) {
      const file = withHeader(header, 4);
      const start = performance.now();
      expect(() => parseSafetensors(file)).toThrow(message);
      expect(performance.now() - start, message).toBeLessThan(2000);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6);
  });

  test('what lies in a header may be nested as deep as the reference reads, and no deeper', () => {
    const known = '"dtype":"F32","shape":[1],"data_offsets":[0,4]';
    const nested = (open: string, close: string, depth: number): Uint8Array =>
      withHeader(`{"a":{${known},"more":${open.repeat(depth)}1${close.repeat(depth)},"after":[[]]}}`, 4);
    for (const [open, close] of [
      ['[', ']'],
      ['{"x":', '}'],
    ] as const) {
      expect(parseSafetensors(nested(open, close, 125)).tensors.size).toBe(1);
      expect(() => parseSafetensors(nested(open, close, 126))).toThrow('nested more than 127 deep');
    }
  });

  test('a name is cut in messages where it has more than 100 characters', () => {
    const message = (length: number): string =>
      `the dtype of tensor "${'n'.repeat(Math.min(length, 100))}${length > 100 ? '...' : ''}" is missing`;
    for (const length of [1, 100, 101, 10_000])
      expect(() => parseSafetensors(withHeader(`{"${'n'.repeat(length)}":{}}`))).toThrow(message(length));
  });

  test('what the reference reads is read', () => {
    const w = '"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
    for (const header of [
      `{"__metadata__":null,${w}}`,
      `{${w},"__metadata__":null}`,
      `{${w}} \n\t\r `,
      `{ "__metadata__" : { } , ${w.replace(':', ' :\n')} }`,
      `{"__metadata__":{},${w.replace('{', '{"more":{"a":[1,{},"x"]},')}}`,
    ]) {
      const { tensors, metadata } = parseSafetensors(withHeader(header, 4));
      expect([[...tensors.keys()], metadata], header).toEqual([['w'], {}]);
    }
    expect([...parseSafetensors(withHeader(`{"\\ud83d\\ude00":${w.slice(4)}}`, 4)).tensors.keys()]).toEqual([
      '😀',
    ]);
    expect([...parseSafetensors(withHeader('{}')).tensors]).toEqual([]);
    const words = '1e9,1E+9,-0.5,0,-0,10,1e-7,true,false,null,"\\n","",[],{}';
    const more = `{${w.replace('{', `{"":[${words}],"more":{"a b":{},"~":[]},`)}}`;
    expect([...parseSafetensors(withHeader(more, 4)).tensors.keys()]).toEqual(['w']);
    const beside = `{"b":${entry('F32', '[1]', 0, 4)},"a":${entry('F32', '[0]', 0, 0)},"c":${entry('U8', '[0]', 4, 4)}}`;
    expect([...parseSafetensors(withHeader(beside, 4)).tensors.keys()]).toEqual(['b', 'a', 'c']);
    const wide = parseSafetensors(withHeader(`{"a":${entry('F32', '[9007199254740991,0]', 0, 0)}}`));
    expect(wide.tensors.get('a')!.shape).toEqual([2 ** 53 - 1, 0]);
    expect(
      parseSafetensors(withHeader(`{"a":${entry('U8', `[${'1,'.repeat(63)}1]`, 0, 1)}}`, 1)).tensors.size,
    ).toBe(1);
  });

  test('what the reference refuses is refused', () => {
    const w = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
    const max = 2 ** 53 - 1;
    for (const [header, message] of [
      [`{"__metadata__":{"a":null},"w":${w}}`, 'the value of "a" is none'],
      [`{"__metadata__":{"a":"1"},"__metadata__":{"a":"2"},"w":${w}}`, 'the key "__metadata__" twice'],
      [`{"w":${w.replace('1', '1.0')}}`, 'no list of sizes'],
      [`{"w":${w.replace('1', '1e0')}}`, 'no list of sizes'],
      [`{"w":${w.replace('1', '01')}}`, 'no list of sizes'],
      [`{"w":${w.replace('1', '9007199254740993')}}`, 'no list of sizes'],
      [`{"w":${w.replace('1', '"1"')}}`, 'no list of sizes'],
      [`{"w":${w.replace('1', '/')}}`, 'no list of sizes'],
      [`{"w":${w.replace('1', '1:')}}`, 'not valid JSON at byte 30'],
      [`{"w":${w.replace('1', `${'1,'.repeat(64)}1`)}}`, 'no list of sizes, of which there may be 64'],
      [`{"w":${w.replace('[1]', 'null')}}`, 'no list of sizes'],
      [`{"w":${w.replace('[0', '[-0')}}`, 'no pair of offsets'],
      [`{"w":{"dtype":"F32","shape":[1]}}`, 'no pair of offsets'],
      [`{"w":{"shape":[1],"data_offsets":[0,4]}}`, 'the dtype of tensor "w" is missing'],
      [`{"w":${w.replace('F32', 'f32')}}`, 'unknown dtype "f32"'],
      [`{"\\ud800":${w}}`, 'not valid Unicode'],
      [`{"a\nb":${w}}`, 'not valid JSON at byte 3'],
      [`{"a\\x":${w}}`, 'not valid JSON'],
      [`{"w":${w},}`, 'not valid JSON'],
      [`{"w":${w}}\0\0`, 'not valid JSON at byte 54'],
      [`{"w":${w}}{}`, 'not valid JSON'],
      [`{"w":${w}`, 'not valid JSON at its end'],
      [`{"w" ${w}}`, 'not valid JSON'],
      [`{w:${w}}`, 'not valid JSON'],
      [`{"w":${w.replace('}', ',"x":nul}')}}`, 'not valid JSON'],
      [`{"w":${w.replace('}', ',"x":01}')}}`, 'not valid JSON'],
      [`{"w":${w.replace('}', ',"x":1 2}')}}`, 'not valid JSON'],
      [`{"w":${w.replace('[1]', '[1 1]')}}`, 'not valid JSON'],
      [`{"a":${entry('F32', `[${max},${max},0]`, 0, 0)},"w":${w}}`, 'takes Infinity bytes'],
    ] as const) {
      expect(() => parseSafetensors(withHeader(header, 4)), header).toThrow(KindlingError);
      expect(() => parseSafetensors(withHeader(header, 4)), header).toThrow(message);
    }
    expect(() => parseSafetensors(withHeader(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)))).toThrow(
      "begin with '{'",
    );
  });

  test('another kind of file is named', () => {
    const kinds: [Uint8Array | string, string][] = [
      ['PK\x03\x04\x14\0\0\0\x08\0', 'like a ZIP archive'],
      ['\x93NUMPY\x01\0\0\0', 'like a NumPy array: read it with loadNpy'],
      ['\x80\x02}q\0\0\0\0\0\0', 'like a Python pickle'],
      ['\x1f\x8b\x08\0\0\0\0\0\0', 'compressed by gzip'],
      ['<!DOCTYPE html>', 'like HTML'],
      ['version https://git-lfs.github.com/spec/v1', 'pointer of Git LFS'],
    ];
    for (const [text, message] of kinds) {
      const bytes = Uint8Array.from(text as string, (c) => c.charCodeAt(0));
      expect(() => parseSafetensors(bytes)).toThrow(message);
      if (!message.includes('NumPy')) expect(() => parseNpy(bytes)).toThrow(message);
    }
    expect(() => parseNpy(serializeSafetensors([['a', float32(1)]]))).toThrow('read it with loadSafetensors');
    for (const [bytes, message] of [
      [new ArrayBuffer(8), 'got an instance of ArrayBuffer: write new Uint8Array(buffer)'],
      ['x.safetensors', 'got "x.safetensors"; files are read by @kindling/core/node'],
      [null, 'got null'],
      [undefined, 'got undefined'],
      [new Float32Array(4), 'got an instance of Float32Array'],
    ] as const) {
      expect(() => parseSafetensors(bytes as unknown as Uint8Array)).toThrow(
        `loadSafetensors: expected the bytes of a file, a Uint8Array, ${message}`,
      );
      expect(() => parseNpy(bytes as unknown as Uint8Array)).toThrow(
        `loadNpy: expected the bytes of a file, a Uint8Array, ${message}`,
      );
    }
  });

  test('integers beyond 32 bits are refused when read, not before', () => {
    const file = withHeader(`{"a":${entry('I64', '[3]', 0, 24)}}`, 24);
    file[file.length - 1] = 1;
    const { tensors, data } = parseSafetensors(file);
    const a = tensors.get('a')!;
    expect(() => readSafetensor(data, a)).toThrow(
      'element 2 is 72057594037927936, which does not fit into int32',
    );
  });
});
