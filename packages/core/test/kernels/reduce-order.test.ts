import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ROWS } from '../../src/kernels/reduce/column-kernels.ts';
import type { ReduceKind } from '../../src/kernels/reduce/kinds.ts';
import { moments, reduce } from '../../src/kernels/reduce/reduce.ts';
import { reduceKernels } from '../../src/kernels/reduce/reduce-kernels.ts';
import { BLOCK } from '../../src/kernels/reduce/row-kernels.ts';
import { stridedOver } from '../../src/kernels/strided/strided.ts';
import { ensureBytes, f32, f64 } from '../../src/kernels/wasm/memory.ts';
import type { Shape } from '../../src/shape.ts';

const arrays = { float32: Float32Array, float64: Float64Array } as const;
type Floating = keyof typeof arrays;
const dtypes: Floating[] = ['float32', 'float64'];

/** Kinds whose result depends on the order in which elements are combined. */
const kinds: Exclude<ReduceKind, 'sumCentered'>[] = ['sum', 'prod', 'sumAbs', 'sumSquares', 'nansum'];

/** Numbers of many magnitudes, all of whose sums are inexact. */
function numbers(dtype: Floating, n: number, seed: number): Float32Array | Float64Array {
  const array = new arrays[dtype](n);
  let state = seed | 1;
  for (let i = 0; i < n; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    array[i] = (state / 2 ** 31) * 2 ** (state & 7);
  }
  return array;
}

function reduced(
  kind: ReduceKind,
  dtype: Floating,
  array: Float32Array | Float64Array,
  shape: Shape,
  dim: number,
  strides?: readonly number[],
): number[] {
  const x = stridedOver(array, dtype, shape, 0, strides);
  const kept = shape.filter((_, d) => d !== dim).reduce((a, b) => a * b, 1);
  const out = new arrays[dtype](kept);
  reduce(kind, x, [dim], out);
  return Array.from(out);
}

const lengths = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 41, max: 200 }),
  fc.constantFrom(BLOCK - 1, BLOCK, BLOCK + 1, BLOCK + 31, BLOCK + 40, 9 * BLOCK + 5),
);

describe('what becomes of a row or column depends on its elements alone', () => {
  test.each(dtypes)('rows of %s: alone, among others, and with gaps between them', (dtype) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        lengths,
        fc.integer({ min: 1, max: 6 }),
        fc.integer(),
        (kind, n, rows, seed) => {
          const array = numbers(dtype, rows * n, seed);
          const together = reduced(kind, dtype, array, [rows, n], 1);
          const alone = together.map(
            (_, r) => reduced(kind, dtype, array.slice(r * n, r * n + n), [n], 0)[0],
          );
          expect(together).toEqual(alone);
          const gaps = new arrays[dtype](rows * (n + 3));
          for (let r = 0; r < rows; r++) gaps.set(array.subarray(r * n, r * n + n), r * (n + 3));
          expect(reduced(kind, dtype, gaps, [rows, n], 1, [n + 3, 1])).toEqual(alone);
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each(dtypes)('columns of %s: among few and among many', (dtype) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(ROWS * 5, 333)),
        fc.oneof(fc.integer({ min: 2, max: 40 }), fc.constantFrom(500, 1500)),
        fc.integer(),
        (kind, n, inner, seed) => {
          const array = numbers(dtype, n * inner, seed);
          const together = reduced(kind, dtype, array, [n, inner], 0);
          // As two matrices side by side, of which each lies dense.
          const left = 1 + (Math.abs(seed) % (inner - 1));
          const part = (from: number, to: number): number[] => {
            const own = new arrays[dtype](n * (to - from));
            for (let r = 0; r < n; r++)
              own.set(array.subarray(r * inner + from, r * inner + to), r * (to - from));
            // A single column is a row, which is added up in another order.
            return to - from === 1 ? together.slice(from, to) : reduced(kind, dtype, own, [n, to - from], 0);
          };
          expect([...part(0, left), ...part(left, inner)]).toEqual(together);
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each(dtypes)('short columns of %s are combined as short rows are', (dtype) => {
    for (const kind of kinds)
      for (let n = 1; n < ROWS; n++) {
        const columns = numbers(dtype, n * 6, n);
        const rows = columns.map((_, i) => columns[(i % n) * 6 + Math.floor(i / n)]!);
        expect(reduced(kind, dtype, columns, [n, 6], 0)).toEqual(reduced(kind, dtype, rows, [6, n], 1));
      }
  });

  test('variances of rows, alone and among others', () => {
    for (const n of [5, 24, 31, 32, 100, BLOCK + 33]) {
      const array = numbers('float32', 4 * n, n);
      const variances = new Float32Array(4);
      const means = new Float32Array(4);
      moments(stridedOver(array, 'float32', [4, n]), [1], 1, false, variances, means);
      for (let r = 0; r < 4; r++) {
        const [variance, mean] = [new Float32Array(1), new Float32Array(1)];
        moments(stridedOver(array, 'float32', [n], r * n), [0], 1, false, variance, mean);
        expect([variance[0], mean[0]]).toEqual([variances[r], means[r]]);
      }
    }
  });
});

describe('kernels go on from partial results with the bits of one go', () => {
  const [xAt, outAt] = [0, 2 ** 20];

  test.each(['f32', 'f64'] as const)('rows and columns in lanes of %s', (lane) => {
    ensureBytes(2 ** 21);
    const memory = lane === 'f32' ? f32 : f64;
    for (const kind of kinds) {
      const { rows, columns } = reduceKernels(lane, kind);
      const bytes = memory.BYTES_PER_ELEMENT;
      memory.set(numbers(lane === 'f32' ? 'float32' : 'float64', 3 * BLOCK + 100, 5));
      rows(1, 3 * BLOCK + 100, xAt, outAt, 0, 0);
      const row = f64[outAt / 8];
      rows(1, 2 * BLOCK, xAt, outAt, 0, 0);
      rows(1, BLOCK + 100, xAt + 2 * BLOCK * bytes, outAt, 0, 1);
      expect(f64[outAt / 8]).toBe(row);

      const inner = 11;
      columns(1, 3 * ROWS + 9, inner, xAt, outAt, 0, 0);
      const totals = f64.slice(outAt / 8, outAt / 8 + inner);
      columns(1, ROWS, inner, xAt, outAt, 0, 0);
      columns(1, 2 * ROWS + 9, inner, xAt + ROWS * inner * bytes, outAt, 0, 1);
      expect(f64.slice(outAt / 8, outAt / 8 + inner)).toEqual(totals);
    }
  });
});

describe('sums of float32 reach as far as float64 does', () => {
  const n = 2 * BLOCK + 50;
  /** Of `n` elements as a row, and as the columns of a matrix among others that stay in range. */
  const both = (kind: ReduceKind, element: (i: number) => number): number[] => {
    const array = Float32Array.from({ length: n }, (_, i) => element(i));
    const columns = Float32Array.from({ length: 3 * n }, (_, i) => (i % 3 === 1 ? array[(i - 1) / 3]! : 1));
    const [before, middle, after] = reduced(kind, 'float32', columns, [n, 3], 0);
    expect([before, after]).toEqual([n, n]);
    return [reduced(kind, 'float32', array, [n], 0)[0]!, middle!];
  };

  test('elements that cancel each other after their sum has overflowed', () => {
    const element = (i: number): number => (i >= 2 * BLOCK ? 1 : i % 64 < 32 ? 3e38 : -3e38);
    expect(both('sum', element)).toEqual([50, 50]);
  });

  test('squares that underflow or overflow in float32', () => {
    for (const size of [1e-30, 1e-23, 1e15]) {
      const norm = (kind: ReduceKind): number => {
        const array = new Float32Array(n).fill(size);
        const out = new Float32Array(1);
        reduce(kind, stridedOver(array, 'float32', [n]), [0], out, 0, { root: true });
        return out[0]! / (Math.fround(size) * Math.sqrt(n));
      };
      expect(norm('sumSquares')).toBeCloseTo(1, 6);
    }
    const huge = new Float32Array(100).fill(1e25);
    const out = new Float32Array(1);
    reduce('sumSquares', stridedOver(huge, 'float32', [100]), [0], out, 0, { root: true });
    expect(out[0]! / 1e26).toBeCloseTo(1, 6);
    const columns = new Float32Array(3);
    const wide = Float32Array.from({ length: 300 }, (_, i) => [1e25, 1e-25, 1][i % 3]!);
    reduce('sumSquares', stridedOver(wide, 'float32', [100, 3]), [0], columns, 0, { root: true });
    expect(Array.from(columns, (x, i) => x / [1e26, 1e-24, 10][i]!)).toEqual([
      expect.closeTo(1, 6),
      expect.closeTo(1, 6),
      1,
    ]);
  });

  test('a variance far from zero', () => {
    const array = Float32Array.from({ length: n }, (_, i) => 4096 + (i % 2));
    const variance = new Float32Array(1);
    moments(stridedOver(array, 'float32', [n]), [0], 0, false, variance);
    expect(variance[0]).toBe(0.25);
  });
});
