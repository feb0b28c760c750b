import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayConstructor, type DType, dtypes } from '../../src/dtype.ts';
import { copyStrided, scatterStrided } from '../../src/kernels/elementwise/copy.ts';
import { stridedOver } from '../../src/kernels/strided/strided.ts';
import { anyBroadcast, anyDType, elementsOf, holds, layouts, operand, shapes, shrink } from './support.ts';

/** PyTorch's conversion of one number. */
function converted(value: number, dtype: DType): number {
  if (dtype === 'bool') return Number(value !== 0);
  if (dtype === 'int32') return Math.trunc(value) | 0;
  if (dtype === 'uint8') return Math.trunc(value) & 255;
  return dtype === 'float32' ? Math.fround(value) : value;
}

describe('copyStrided', () => {
  it('copies any layout, converting between any dtypes', () => {
    holds(shapes, anyDType, anyDType, layouts, fc.nat(3), (shape, from, to, layout, at) => {
      const x = operand(shape, from, layout);
      const out = new (arrayConstructor(to))(x.count + at + 2).fill(9);
      copyStrided(x, out, at, to);
      const expected = elementsOf(x).map((v) => converted(v, to));
      expect(Array.from(out)).toEqual([...new Array(at).fill(9), ...expected, 9, 9]);
    });
  });

  it.each(dtypes)('brings rows of %s that lie apart side by side, whichever way they lie', (dtype) => {
    const array = new (arrayConstructor(dtype))(90_000);
    for (let i = 0; i < array.length; i++) array[i] = dtype === 'bool' ? Number(i % 3 === 0) : i % 251;
    for (const n of [1, 3, 5, 17, 63])
      for (const step of [1, 2, -1, -3])
        for (const pitch of [n * Math.abs(step), n * Math.abs(step) + 2, -n * Math.abs(step) - 1, 0]) {
          const rows = Math.min(400, Math.floor(40_000 / Math.max(1, Math.abs(pitch))));
          const x = stridedOver(array, dtype, [rows, n], 45_000, [pitch, step]);
          const out = new (arrayConstructor(dtype))(rows * n + 2).fill(1);
          copyStrided(x, out, 1);
          const expected = Array.from(
            { length: rows * n },
            (_, i) => array[45_000 + Math.floor(i / n) * pitch + (i % n) * step],
          );
          expect(Array.from(out)).toEqual([1, ...expected, 1]);
        }
  });

  it.each(dtypes)('brings blocks of rows of %s side by side, whichever way they lie', (dtype) => {
    const array = new (arrayConstructor(dtype))(60_000);
    for (let i = 0; i < array.length; i++) array[i] = dtype === 'bool' ? Number(i % 3 === 0) : i % 251;
    for (const n of [1, 4, 7, 40])
      for (const rows of [2, 5])
        for (const step of [1, -1, 2])
          for (const pitch of [0, 64, -90])
            for (const leap of [0, 3, 170, -170]) {
              const shape = [3, 50, rows, n];
              const x = stridedOver(array, dtype, shape, 30_000, [5, leap, pitch, step]);
              const out = new (arrayConstructor(dtype))(x.count + 2).fill(1);
              copyStrided(x, out, 1);
              const expected = Array.from({ length: x.count }, (_, i) => {
                const [b, r] = [Math.floor(i / (rows * n)), Math.floor(i / n) % rows];
                return array[30_000 + Math.floor(b / 50) * 5 + (b % 50) * leap + r * pitch + (i % n) * step];
              });
              expect(Array.from(out)).toEqual([1, ...expected, 1]);
            }
  });

  it.each([1e20, -1e20, 2 ** 31, -(2 ** 31) - 1, Number.NaN, Infinity])(
    'refuses %d as int32, and leaves the target as it was',
    (beyond) => {
      for (const n of [4, 20_000]) {
        const array = new Float64Array(n).fill(0.5);
        array[n - 2] = beyond;
        const out = new Int32Array(n).fill(9);
        expect(() => copyStrided(stridedOver(array, 'float64', [n]), out, 0, 'int32')).toThrow(
          `the result ${beyond} does not fit int32`,
        );
        expect(out.every((x) => x === 9)).toBe(true);
      }
    },
  );

  it('keeps the low byte of any float, none of NaN and infinity', () => {
    const x = Float64Array.of(1e20, 2 ** 40 + 513, -3e9 - 0.5, 4e9 + 7, Number.NaN, -Infinity, -0.5, -1);
    const bytes = new Uint8Array(x.length);
    copyStrided(stridedOver(x, 'float64', [x.length]), bytes, 0, 'uint8');
    expect(Array.from(bytes)).toEqual([0, 1, 0, 7, 0, 0, 0, 255]);
    copyStrided(stridedOver(Float32Array.from(x), 'float32', [x.length]), bytes, 0, 'uint8');
    expect(Array.from(bytes)).toEqual([0, 0, 0, 0, 0, 0, 0, 255]);
    copyStrided(stridedOver(x, 'float64', [x.length]), bytes, 0, 'bool');
    expect(Array.from(bytes)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('keeps the bits of NaN and -0', () => {
    const x = stridedOver(Float32Array.of(-0, Number.NaN, 1), 'float32', [3, 1], 0, [1, 1]);
    const out = new Float32Array(3);
    copyStrided(x, out);
    expect(Object.is(out[0], -0)).toBe(true);
    expect(out[1]).toBeNaN();
  });

  it('transposes large matrices', () => {
    const [m, n] = [130, 517];
    const array = Float32Array.from({ length: m * n }, (_, i) => i);
    const x = stridedOver(array, 'float32', [n, m], 0, [1, n]);
    const out = new Float32Array(m * n);
    copyStrided(x, out);
    expect(Array.from(out)).toEqual(elementsOf(x));
  });
});

describe('scatterStrided', () => {
  it('copies between any two layouts and dtypes, broadcasting', () => {
    holds(
      shapes,
      anyBroadcast,
      fc.tuple(anyDType, anyDType),
      fc.tuple(layouts, layouts),
      (shape, [ones, drop], [from, to], [la, lb]) => {
        const x = operand(shrink(shape, ones, drop), from, la);
        const out = operand(shape, to, lb, true);
        scatterStrided(x, out);
        expect(elementsOf(out)).toEqual(elementsOf(x, shape).map((v) => converted(v, to)));
      },
    );
  });

  it('leaves what lies between the elements alone', () => {
    const array = Float32Array.from({ length: 12 }, (_, i) => i);
    const column = stridedOver(array, 'float32', [3], 1, [4]);
    scatterStrided(stridedOver(Float32Array.of(-1, -2, -3), 'float32', [3]), column);
    expect(Array.from(array)).toEqual([0, -1, 2, 3, 4, -2, 6, 7, 8, -3, 10, 11]);
  });

  it('copies within one array as if through a copy', () => {
    const array = Float32Array.from({ length: 9 }, (_, i) => i);
    const x = stridedOver(array, 'float32', [3, 3]);
    scatterStrided(stridedOver(array, 'float32', [3, 3], 0, [1, 3]), x);
    expect(Array.from(array)).toEqual([0, 3, 6, 1, 4, 7, 2, 5, 8]);
    scatterStrided(stridedOver(array, 'float32', [3], 1), x);
    expect(Array.from(array)).toEqual([3, 6, 1, 3, 6, 1, 3, 6, 1]);
    scatterStrided(stridedOver(array, 'float32', [8]), stridedOver(array, 'float32', [8], 1));
    expect(Array.from(array)).toEqual([3, 3, 6, 1, 3, 6, 1, 3, 6]);
  });
});
