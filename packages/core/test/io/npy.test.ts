import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DTypeError, KindlingError, ValueError } from '../../src/errors.ts';
import { parseNpy, serializeNpy } from '../../src/io/npy.ts';
import { dense, fixture, float32, fromBase64, toBase64 } from '../support/dense.ts';

const ones = (dims: number): number[] => new Array<number>(dims).fill(1);

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

  test.each([
    [[], 128],
    [[...ones(13), 10], 128],
    [[...ones(13), 100], 192],
    [[10, ...ones(13)], 128],
    [[10, ...ones(14)], 192],
    [ones(15), 192],
  ])('the header of shape %j takes %i bytes, as from NumPy', (shape, bytes) => {
    const array = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const file = serializeNpy({ dtype: 'float32', shape, array });
    expect(file.length - array.byteLength).toBe(bytes);
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
    const version = (...of: number[]): Uint8Array =>
      Uint8Array.of(...file.subarray(0, 6), ...of, ...file.subarray(8));
    const wide = Uint8Array.of(...file.subarray(0, 6), 2, 0, 255, 255, 255, 255, ...file.subarray(10));
    const cases: [Uint8Array, RegExp][] = [
      [new Uint8Array(0), /magic/],
      [Uint8Array.of(1, ...file.subarray(1)), /magic/],
      [file.subarray(0, 9), /magic bytes \\x93NUMPY and a version$/],
      [file.subarray(0, 10), /claims 118 bytes, but only 0 follow/],
      [version(0, 0), /version 0\.0 is unknown/],
      [version(4, 0), /version 4\.0 is unknown/],
      [version(1, 1), /version 1\.1 is unknown/],
      [wide.subarray(0, 11), /ends within the length of the header/],
      [wide.subarray(0, 12), /claims 4294967295 bytes, but only 0 follow/],
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
    for (const [kind, value] of [
      ['i8', 2n ** 31n],
      ['i8', -(2n ** 31n) - 1n],
      ['i8', 2n ** 63n - 1n],
      ['u8', 2n ** 31n],
      ['u8', 2n ** 32n],
      ['u8', 2n ** 64n - 1n],
      ['u4', 2n ** 31n],
      ['u4', 2n ** 32n - 1n],
    ] as const) {
      for (const [order, littleEndian] of [
        ['<', true],
        ['>', false],
      ] as const) {
        const header = `{'descr': '${order}${kind}', 'fortran_order': False, 'shape': (3,), }`;
        const body = new Uint8Array(3 * Number(kind[1]));
        const view = new DataView(body.buffer);
        if (kind === 'u4') view.setUint32(2 * 4, Number(value), littleEndian);
        else view.setBigInt64(2 * 8, value, littleEndian);
        const message = `element 2 is ${value}, which does not fit into int32`;
        expect(() => parseNpy(withHeader(header, body))).toThrow(message);
      }
    }
    const edge = withHeader(good.replace('<f4', '<i8').replace('(2,)', '(1,)'), new Uint8Array(8).fill(255));
    expect([...parseNpy(edge).array]).toEqual([-1]);
  });

  test('the header is Latin-1, of version 3 UTF-8', () => {
    const keyed = (version: number, key: readonly number[]): Uint8Array => {
      const head = [0x93, ...new TextEncoder().encode('NUMPY'), version, 0];
      const text = [...new TextEncoder().encode("{'"), ...key, ...new TextEncoder().encode("': True}")];
      const length = version === 1 ? [text.length, 0] : [text.length, 0, 0, 0];
      return Uint8Array.from([...head, ...length, ...text]);
    };
    for (const version of [1, 2]) expect(() => parseNpy(keyed(version, [0xe9]))).toThrow(/got é$/);
    expect(() => parseNpy(keyed(3, [0xc3, 0xa9]))).toThrow(/got é$/);
    expect(() => parseNpy(keyed(3, [0xe9]))).toThrow('the header is not valid UTF-8');
    // A mark of byte order is a character of the header like any other.
    const marked = keyed(3, []);
    const text = [0xef, 0xbb, 0xbf, ...marked.subarray(12)];
    const file = Uint8Array.from([...marked.subarray(0, 8), text.length, 0, 0, 0, ...text]);
    expect(() => parseNpy(file)).toThrow('the header is no Python dictionary');
  });

  test('what NumPy refuses is refused, what it reads is read', () => {
    const refused: [string, string][] = [
      [good.replace('(2,)', '(2)'), 'the shape (2) is no tuple'],
      [good.replace(', }', ", 'more': True}"), 'got descr, fortran_order, shape, more'],
      [good.replace('(2,)', 'True'), 'must hold descr, fortran_order and shape'],
      [good.replace("'<f4'", 'False'), 'must hold descr, fortran_order and shape'],
      [good.replace('False', "'False'"), 'must hold descr, fortran_order and shape'],
      [good.replace('<f4', '<f3'), "unknown dtype '<f3'"],
      [good.replace('<f4', '<<f4'), "unknown dtype '<<f4'"],
      [good.replace('<f4', '<f4 '), "unknown dtype '<f4 '"],
      [good.slice(0, 10), 'cannot be read at its end'],
      [good.replace('{', `{${'x'.repeat(30)}`), `cannot be read at "${'x'.repeat(20)}"`],
      [good.replace('(2,)', '[2]'), 'structured dtypes'],
      [good.replace('(2,)', '(-2,)'), 'cannot be read at "-2'],
      [good.replace('(2,)', '(2.0,)'), 'cannot be read at ".0'],
      [good.replace('(2,)', '(True,)'), 'cannot be read at "True'],
      [good.replace('(2,)', '(2,,)'), 'cannot be read at ",)'],
      [good.replace('(2,)', '(,)'), 'cannot be read at ",)'],
      [good.replace('(2,)', '(1 2)'), 'cannot be read at "2)'],
      [good.replace('(2,)', '(2,'), 'cannot be read at '],
      [good.replace("'descr':", "'descr'"), `cannot be read at "'<f4'`],
      [good.replace("'descr':", "'descr',"), `cannot be read at ", '<f4'`],
      [good.replace('False', '0'), 'cannot be read at "0'],
      [good.replace('False', 'None'), 'cannot be read at "None'],
      [good.replace('(2,)', `(${'1, '.repeat(65)})`), 'takes Infinity bytes'],
      [good.replace('(2,)', '(9007199254740991, 9007199254740991, 0)'), 'takes Infinity bytes'],
      [good.replace('(2,)', '(9007199254740993,)'), 'is beyond any file'],
      [good.replace("'<f4'", "[('a', '<f4')]"), 'structured dtypes are not supported'],
      [good.replace('<f4', '|O'), "unknown dtype '|O'"],
      [good.replace('<f4', '<c8'), "unknown dtype '<c8'"],
      [good.replace('<f4', '<U5'), "unknown dtype '<U5'"],
      [good.replace('<f4', '<M8[ns]'), "unknown dtype '<M8[ns]'"],
      [good.replace('<f4', '<bf2'), "unknown dtype '<bf2'"],
      [`${good}\0`, 'cannot be read at'],
      [`${good}}`, 'cannot be read at "}'],
      // White space to JavaScript, and none to Python; and a number that Python does not read.
      [good.replace("'descr': ", "'descr':\v"), 'cannot be read at "\\u000b'],
      [good.replace('(2,)', '(02,)'), 'cannot be read at "2,)'],
    ];
    for (const [header, message] of refused) {
      expect(() => parseNpy(withHeader(header)), header).toThrow(KindlingError);
      expect(() => parseNpy(withHeader(header)), header).toThrow(message);
    }
    for (const header of [
      good.replace('(2,)', '(2L,)'),
      good.replace('(2,)', '(1,2)'),
      good.replace('(2,)', '( 1 , 2 , )'),
      good.replaceAll("'", '"'),
      good.replaceAll(', ', ',\n'),
      good.replaceAll(', ', ',\t\f\r\n'),
      good.replace('<f4', '|f4'),
      good.replace('<f4', '=f4'),
      good.replace('<f4', 'f4'),
    ]) {
      expect([...parseNpy(withHeader(header)).array], header).toEqual([0, 0]);
    }
    expect(parseNpy(withHeader(good.replace('(2,)', '()'), new Uint8Array(4))).shape).toEqual([]);
  });

  test('a header may have 10,000 bytes, as in NumPy, and no more', () => {
    const padded = (length: number): Uint8Array => {
      const bytes = new Uint8Array(12 + length + 8);
      bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 2, 0, length % 256, length >> 8]);
      bytes.set(new TextEncoder().encode(good.padEnd(length)), 12);
      return bytes;
    };
    expect(parseNpy(padded(10_000)).shape).toEqual([2]);
    expect(() => parseNpy(padded(10_001))).toThrow('the header has 10001 bytes, more than the 10000 allowed');
  });

  test('no header takes more time than it is long', () => {
    const long = (text: string): Uint8Array => {
      const bytes = new Uint8Array(10 + 9990);
      bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, 9990 % 256, 9990 >> 8]);
      bytes.set(new TextEncoder().encode(text.slice(0, 9990).padEnd(9990)), 10);
      return bytes;
    };
    const shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
    for (const text of [
      `${shape}${' '.repeat(9990)}`,
      `${shape}${'1 , '.repeat(2500)}`,
      `${shape}${'1'.repeat(9990)}`,
      `{${' '.repeat(9990)}`,
      `{'${'a'.repeat(9990)}`,
      `{${"'a':'b' , ".repeat(990)}`,
      '{'.repeat(9990),
    ]) {
      const start = performance.now();
      expect(() => parseNpy(long(text))).toThrow(ValueError);
      expect(performance.now() - start, text.slice(0, 60)).toBeLessThan(500);
    }
  });

  test('every stored dtype is read in both byte orders', () => {
    const orders = ['<', '>'] as const;
    const cases: [string, number[], (view: DataView, at: number, little: boolean, x: number) => void][] = [
      ['i2', [-2, 515], (v, at, le, x) => v.setInt16(at, x, le)],
      ['u2', [65535, 258], (v, at, le, x) => v.setUint16(at, x, le)],
      ['i4', [-(2 ** 31), 16909060], (v, at, le, x) => v.setInt32(at, x, le)],
      ['u4', [2 ** 31 - 1, 16909060], (v, at, le, x) => v.setUint32(at, x, le)],
      ['i8', [-(2 ** 31), 2 ** 31 - 1], (v, at, le, x) => v.setBigInt64(at, BigInt(x), le)],
      ['u8', [0, 2 ** 31 - 1], (v, at, le, x) => v.setBigUint64(at, BigInt(x), le)],
      ['f4', [-0.5, 1e30], (v, at, le, x) => v.setFloat32(at, x, le)],
      ['f8', [-0.1, 1e300], (v, at, le, x) => v.setFloat64(at, x, le)],
    ];
    for (const [kind, values, set] of cases) {
      for (const order of orders) {
        const body = new Uint8Array(2 * Number(kind[1]));
        for (const [i, x] of values.entries())
          set(new DataView(body.buffer), i * Number(kind[1]), order === '<', x);
        const { array } = parseNpy(withHeader(good.replace('<f4', order + kind), body));
        expect([...array], order + kind).toEqual(kind === 'f4' ? values.map(Math.fround) : values);
      }
    }
    const bytes = Uint8Array.of(0, 0x80, 255, 1);
    const read = (kind: string): number[] => [
      ...parseNpy(withHeader(good.replace('<f4', kind).replace('(2,)', '(4,)'), bytes)).array,
    ];
    expect(read('|i1')).toEqual([0, -128, -1, 1]);
    expect(read('|u1')).toEqual([0, 128, 255, 1]);
    expect(read('|b1')).toEqual([0, 1, 1, 1]);
    const halves: [number, number][] = [
      [0x3c00, 1],
      [0xc001, -2.001953125],
      [0x7bff, 65504],
      [0xfbff, -65504],
      [0x7c00, Infinity],
      [0xfc00, -Infinity],
      [0x7e00, Number.NaN],
      [0x7c01, Number.NaN],
      [0xffff, Number.NaN],
      [0x0000, 0],
      [0x8000, -0],
      [0x0001, 2 ** -24],
      [0x83ff, -1023 * 2 ** -24],
      [0x0400, 2 ** -14],
    ];
    const body = new Uint8Array(Uint16Array.from(halves, ([bits]) => bits).buffer);
    const header = good.replace('<f4', '<f2').replace('(2,)', `(${halves.length},)`);
    expect([...parseNpy(withHeader(header, body)).array]).toEqual(halves.map(([, value]) => value));
  });
});
