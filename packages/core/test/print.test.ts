import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { arrayConstructor, type DType, type TypedArray } from '../src/dtype.ts';
import { ValueError } from '../src/errors.ts';
import { type FormatOptions, formatTensor } from '../src/print/format.ts';
import { toPythonExponential, toPythonFixed } from '../src/print/number.ts';
import { getPrintOptions, type PrintOptions, setPrintOptions } from '../src/print/options.ts';
import { contiguousStrides, numelOf, type StridedElements } from '../src/shape.ts';

interface Case extends FormatOptions {
  shape: number[];
  dtype: DType;
  bytes?: string;
  formula?: [number, number, number];
  permute?: number[];
  options?: Partial<PrintOptions>;
  text: string;
}

const fixture = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`./fixtures/print/${name}.json`, import.meta.url), 'utf8')) as T;

function arrayOf({ shape, dtype, bytes, formula }: Case): TypedArray {
  const array = new (arrayConstructor(dtype))(numelOf(shape));
  if (bytes !== undefined) new Uint8Array(array.buffer).set(Buffer.from(bytes, 'base64'));
  if (formula) {
    const [modulus, shift, scale] = formula;
    for (let i = 0; i < array.length; i++) array[i] = (((7919 * i) % modulus) - shift) * scale;
  }
  return array;
}

function printable(item: Case): StridedElements {
  const strides = contiguousStrides(item.shape);
  const order = item.permute ?? item.shape.map((_, dim) => dim);
  return {
    storage: { array: arrayOf(item) },
    shape: order.map((dim) => item.shape[dim]!),
    strides: order.map((dim) => strides[dim]!),
    offset: 0,
    dtype: item.dtype,
  };
}

const vector = (...values: number[]): StridedElements => ({
  storage: { array: Float64Array.from(values) },
  shape: [values.length],
  strides: [1],
  offset: 0,
  dtype: 'float64',
});

afterEach(() => setPrintOptions({ profile: 'default' }));

describe('the printed form equals PyTorch, byte for byte', () => {
  for (const name of ['tensors', 'large']) {
    test(name, () => {
      for (const item of fixture<Case[]>(name)) {
        setPrintOptions({ profile: 'default' });
        if (item.options) setPrintOptions(item.options);
        const { text, bytes, ...label } = item;
        expect(formatTensor(printable(item), item), JSON.stringify(label)).toBe(text);
      }
    });
  }

  test('single numbers', () => {
    for (const [bytes, precision, fixed, exponential] of fixture<[string, number, string | null, string][]>(
      'numbers',
    )) {
      const x = Buffer.from(bytes, 'base64').readDoubleLE();
      if (fixed !== null) expect(toPythonFixed(x, precision)).toBe(fixed);
      expect(toPythonExponential(x, precision)).toBe(exponential);
    }
  });
});

describe('reading elements', () => {
  test('a huge tensor is printed from its ends alone', () => {
    let reads = 0;
    const array = new Proxy(new Float32Array(0), {
      get(target, key) {
        if (typeof key === 'string' && /^\d+$/.test(key)) {
          reads++;
          return Number(key) % 10;
        }
        return Reflect.get(target, key) as unknown;
      },
    });
    const tensor: StridedElements = {
      storage: { array },
      shape: [1e6, 1e6],
      strides: [1e6, 1],
      offset: 0,
      dtype: 'float32',
    };
    expect(formatTensor(tensor).split('\n')).toHaveLength(7);
    expect(reads).toBeLessThanOrEqual(2 * 36);
  });

  test('offset and strides are followed', () => {
    const array = Int32Array.from({ length: 24 }, (_, i) => i);
    const view = { storage: { array }, shape: [2, 3], strides: [1, 8], offset: 5, dtype: 'int32' } as const;
    expect(formatTensor(view)).toBe('tensor([[ 5, 13, 21],\n        [ 6, 14, 22]])');
  });
});

describe('laws', () => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 });

  test('a printed decimal lies within half a unit of the number', () => {
    fc.assert(
      fc.property(number, fc.integer({ min: 0, max: 10 }), (x, precision) => {
        const text = toPythonFixed(x, precision);
        expect(text).toMatch(precision === 0 ? /^-?\d+$/ : /^-?\d+\.\d+$/);
        expect(Math.abs(Number(text) - x)).toBeLessThanOrEqual(
          0.5 * 10 ** -precision + Math.abs(x) * 2 ** -52,
        );
      }),
    );
  });

  test('seventeen digits in scientific notation read back as the same number', () => {
    fc.assert(
      fc.property(number, (x) => {
        expect(Number(toPythonExponential(x, 16))).toBe(x);
      }),
    );
  });
});

describe('options', () => {
  test('sciMode returns to automatic unless given, as in PyTorch', () => {
    setPrintOptions({ sciMode: true });
    expect(formatTensor(vector(1.5))).toBe('tensor([1.5000e+00], dtype=torch.float64)');
    setPrintOptions({ precision: 2 });
    expect(getPrintOptions().sciMode).toBeNull();
    expect(formatTensor(vector(1.5))).toBe('tensor([1.50], dtype=torch.float64)');
  });

  test('unusable options are refused', () => {
    expect(() => setPrintOptions({ precision: -1 })).toThrow(ValueError);
    expect(() => setPrintOptions({ precision: 1.5 })).toThrow(/precision must be an integer/);
    expect(() => setPrintOptions({ profile: 'long' as 'full' })).toThrow(
      /expected one of "default", "short", "full"/,
    );
    expect(() => setPrintOptions({ edgeitems: -1 })).toThrow(/edgeitems/);
    expect(getPrintOptions().precision).toBe(4);
  });
});
