import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TypedArray } from '../../src/dtype.ts';
import type { MatrixView } from '../../src/kernels/gemm/gemm.ts';
import { gemm, gemmBatched } from '../../src/kernels/gemm/gemm.ts';
import { sizesIn } from '../support/sizes.ts';

type Layout = 'rows' | 'columns' | 'padded' | 'paddedColumns' | 'strided' | 'sparse';
const layouts: readonly Layout[] = ['rows', 'columns', 'padded', 'paddedColumns', 'strided', 'sparse'];
const constructors = { f32: Float32Array, f64: Float64Array, i32: Int32Array } as const;
type Lane = keyof typeof constructors;

let seed = 1;
function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
  return seed / 2 ** 32;
}

function matrix(lane: Lane, rows: number, cols: number, layout: Layout, most = 1e5): MatrixView {
  const strides: Record<Layout, [number, number]> = {
    rows: [cols, 1],
    columns: [1, rows],
    padded: [cols + 3, 1],
    paddedColumns: [1, rows + 2],
    strided: [2 * cols + 1, 2],
    sparse: [5 * cols + 7, 1],
  };
  const [rowStride, colStride] = strides[layout];
  const offset = layout === 'rows' ? 0 : 3;
  const array = new constructors[lane](offset + rows * rowStride + cols * colStride + 1);
  for (let i = 0; i < array.length; i++) array[i] = lane === 'i32' ? Math.round(random() * most) : random();
  return { array, offset, rowStride, colStride };
}

const at = (v: MatrixView, i: number, j: number): number =>
  v.array[v.offset + i * v.rowStride + j * v.colStride]!;

function naive(
  m: number,
  n: number,
  k: number,
  a: MatrixView,
  b: MatrixView,
  added: (i: number, j: number) => number,
  alpha: number,
): number[] {
  const out: number[] = [];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += at(a, i, p) * at(b, p, j);
      out.push(alpha * sum + added(i, j));
    }
  }
  return out;
}

function expectClose(actual: TypedArray | number[], expected: number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(actual[i]! - expected[i]!) <= tolerance)) {
      expect.fail(`element ${i}: ${actual[i]} instead of ${expected[i]}`);
    }
  }
}

const size = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 24 }) },
  { weight: 1, arbitrary: fc.integer({ min: 25, max: 70 }) },
);

describe('gemm', () => {
  test.each(['f32', 'f64'] as const)('%s agrees with loops for drawn sizes, layouts and addends', (lane) => {
    fc.assert(
      fc.property(
        size,
        size,
        fc.oneof(size, fc.integer({ min: 250, max: 520 })),
        fc.constantFrom(...layouts),
        fc.constantFrom(...layouts),
        fc.constantFrom('none', 'c', 'row', 'column', 'matrix', 'scalar'),
        fc.constantFrom(1, 0.5, -2),
        (m, n, k, aLayout, bLayout, addend, alpha) => {
          const a = matrix(lane, m, k, aLayout);
          const b = matrix(lane, k, n, bLayout);
          const c = new constructors[lane](m * n + 2).map(random);
          const before = Array.from(c);
          const bias: MatrixView = {
            ...matrix(lane, Math.max(m, 1), Math.max(n, 1), 'padded'),
            ...(addend === 'row' || addend === 'scalar' ? { rowStride: 0 } : {}),
            ...(addend === 'column' || addend === 'scalar' ? { colStride: 0 } : {}),
          };
          const options =
            addend === 'none' ? { alpha } : addend === 'c' ? { alpha, beta: 0.5 } : { alpha, bias };
          gemm(m, n, k, a, b, c, 1, options);
          const expected = naive(
            m,
            n,
            k,
            a,
            b,
            (i, j) =>
              addend === 'none' ? 0 : addend === 'c' ? 0.5 * before[1 + i * n + j]! : at(bias, i, j),
            alpha,
          );
          expectClose(c.subarray(1, 1 + m * n), expected, (lane === 'f32' ? 2e-6 : 1e-14) * (k + 4));
          expect(c[0]).toBe(before[0]);
          expect(c[m * n + 1]).toBe(before[m * n + 1]);
        },
      ),
      { numRuns: 150 },
    );
  });

  test.each([20, 5e3, 1e5, 2 ** 32 - 2])('of int32 up to %d is exact, or refused', (most) => {
    const layout = fc.constantFrom(...layouts);
    const factor = fc.constantFrom(1, -1, 3);
    fc.assert(
      fc.property(size, size, size, layout, layout, factor, factor, (m, n, k, la, lb, alpha, beta) => {
        const a = matrix('i32', m, k, la, most);
        const b = matrix('i32', k, n, lb, most);
        const before = Int32Array.from({ length: m * n }, () => Math.round(random() * most));
        const wanted = Array.from(before, (x, place) => {
          let sum = 0n;
          const [i, j] = [Math.floor(place / n), place % n];
          for (let p = 0; p < k; p++) sum += BigInt(at(a, i, p)) * BigInt(at(b, p, j));
          return BigInt(alpha) * sum + BigInt(beta) * BigInt(x);
        });
        const c = before.slice();
        const run = () => gemm(m, n, k, a, b, c, 0, { alpha, beta });
        if (wanted.every((x) => x === BigInt.asIntN(32, x))) run();
        else {
          expect(run).toThrow('does not fit int32');
          expect(c).toEqual(before);
          return;
        }
        expect(Array.from(c, BigInt)).toEqual(wanted);
      }),
      { numRuns: 25, seed: 7 },
    );
  });

  test('of int32 is exact where partial sums are beyond 2^53 and the result is not', () => {
    const most = 2 ** 31 - 1;
    const view = (...list: number[]) => ({
      array: Int32Array.from(list),
      offset: 0,
      rowStride: 4,
      colStride: 1,
    });
    const column = { ...view(most, most, most, 5), rowStride: 1 };
    const c = new Int32Array(1);
    gemm(1, 1, 4, view(most, -most, 1, -1), column, c, 0);
    gemm(1, 1, 4, view(most, 1, -most, -1), column, c, 0);
    expect(() => gemm(1, 1, 4, view(most, 1, -most, 1), column, c, 0)).toThrow('2147483652 does not fit');
    expect(c[0]).toBe(most - 5);
  });

  test('of bytes wraps at 256', () => {
    fc.assert(
      fc.property(size, size, size, fc.constantFrom(1, -1, 300), (m, n, k, alpha) => {
        const bytes = (rows: number, cols: number): MatrixView => ({
          array: Uint8Array.from({ length: rows * cols }, () => random() * 256),
          offset: 0,
          rowStride: cols,
          colStride: 1,
        });
        const [a, b] = [bytes(m, k), bytes(k, n)];
        const c = new Uint8Array(m * n);
        gemm(m, n, k, a, b, c, 0, { alpha });
        const wanted = naive(m, n, k, a, b, () => 0, alpha);
        expect(Array.from(c, BigInt)).toEqual(wanted.map((x) => BigInt.asUintN(8, BigInt(x))));
      }),
      { numRuns: 20, seed: 8 },
    );
  });

  test('k = 0 gives zeros, or what is added', () => {
    const a = { array: new Float32Array(0), offset: 0, rowStride: 0, colStride: 1 };
    const c = Float32Array.of(1, 2, 3, 4);
    gemm(2, 2, 0, a, a, c, 0, { beta: 2 });
    expect(Array.from(c)).toEqual([2, 4, 6, 8]);
    gemm(2, 2, 0, a, a, c, 0);
    expect(Array.from(c)).toEqual([0, 0, 0, 0]);
  });

  test.each([3, 20])('NaN and infinity propagate, even against zeros (size %i)', (s) => {
    const a = new Float32Array(s * s);
    const b = new Float32Array(s * s).fill(1);
    a[0] = Number.NaN;
    b[s * s - 1] = Number.POSITIVE_INFINITY;
    const c = new Float32Array(s * s);
    const view = (array: Float32Array): MatrixView => ({ array, offset: 0, rowStride: s, colStride: 1 });
    gemm(s, s, s, view(a), view(b), c, 0);
    expect(c[0]).toBeNaN();
    expect(c[s]).toBe(0);
    expect(c[2 * s - 1]).toBeNaN(); // 0 * infinity
    gemm(s, s, s, view(a), view(b), c, 0, { alpha: 0, beta: 0 });
    expect(c.every((x) => x === 0)).toBe(true);
  });

  const blocks = sizesIn('1x1x40000 1x1300x900 1300x1x900 1100x1030x3 3x5x17000');
  test.each(blocks)('products of several blocks: %i x %i x %i', (m, n, k) => {
    for (const [la, lb] of [
      ['rows', 'rows'],
      ['rows', 'columns'],
      ['columns', 'rows'],
      ['sparse', 'paddedColumns'],
    ] as const) {
      const a = matrix('f64', m, k, la);
      const b = matrix('f64', k, n, lb);
      const c = new Float64Array(m * n);
      gemm(m, n, k, a, b, c, 0);
      for (let t = 0; t < 40; t++) {
        const i = Math.floor(((random() + 0.5) * m) % m);
        const j = Math.floor(((random() + 0.5) * n) % n);
        let sum = 0;
        for (let p = 0; p < k; p++) sum += at(a, i, p) * at(b, p, j);
        expect(Math.abs(c[i * n + j]! - sum)).toBeLessThan(1e-9);
      }
    }
  });

  test('a row has the same bits however many rows are computed with it', () => {
    const columns = fc.constantFrom(1, 3, 7, 16, 20, 37, 128, 300);
    const steps = fc.constantFrom(50, 77, 256, 300, 1030, 2100);
    const layout = fc.constantFrom(...layouts);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), columns, steps, layout, layout, (m, n, k, la, lb) => {
        const a = matrix('f32', m, k, la);
        const b = matrix('f32', k, n, lb);
        const all = new Float32Array(m * n);
        gemm(m, n, k, a, b, all, 0);
        const split = new Float32Array(m * n);
        for (let row = 0, count = 1; row < m; row += count, count = Math.min(3 * count, m - row)) {
          const part = { ...a, offset: a.offset + row * a.rowStride };
          gemm(count, n, k, part, b, split, row * n);
        }
        expect(split.findIndex((x, i) => x !== all[i])).toBe(-1);
      }),
      { numRuns: 40 },
    );
  });

  test.each(['f32', 'f64'] as const)(
    '%s: a row has the same bits by the tiles of any number of rows',
    (lane) => {
      const [most, k, n] = [26, 9, 21];
      for (const layout of ['rows', 'columns'] as const) {
        const [a, b] = [matrix(lane, most, k, layout), matrix(lane, k, n, 'rows')];
        const all = new constructors[lane](most * n);
        gemm(most, n, k, a, b, all, 0);
        for (let m = 1; m < most; m++) {
          const some = new constructors[lane](m * n);
          gemm(m, n, k, a, b, some, 0);
          expect(some).toEqual(all.subarray(0, m * n));
        }
      }
    },
  );

  test.each([127, 128, 129, 383, 384, 385, 513])('has the same bits of a by rows and by %d columns', (m) => {
    for (const lane of ['f32', 'f64'] as const) {
      const [k, n] = [261, 19];
      const [a, b] = [matrix(lane, m, k, 'columns'), matrix(lane, k, n, 'rows')];
      const rows = matrix(lane, m, k, 'rows');
      for (let i = 0; i < m; i++) for (let j = 0; j < k; j++) rows.array[i * k + j] = at(a, i, j);
      const [byColumns, byRows] = [new constructors[lane](m * n), new constructors[lane](m * n)];
      gemm(m, n, k, a, b, byColumns, 0);
      gemm(m, n, k, rows, b, byRows, 0);
      expect(byColumns).toEqual(byRows);
    }
  });

  test('float32 keeps the accuracy of BLAS on long sums', () => {
    const k = 1_000_000;
    const a = { array: new Float32Array(k).fill(0.1), offset: 0, rowStride: k, colStride: 1 };
    const b = { array: new Float32Array(k).fill(1), offset: 0, rowStride: 1, colStride: 1 };
    const c = new Float32Array(1);
    gemm(1, 1, k, a, b, c, 0);
    expect(Math.abs(c[0]! - 1e5) / 1e5).toBeLessThan(1e-4);
  });
});

test('gemmBatched agrees with gemm on every matrix, for dense, broadcast and scattered stacks', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5 }),
      size,
      size,
      size,
      fc.constantFrom(...layouts),
      fc.constantFrom(...layouts),
      fc.constantFrom('dense', 'shared', 'far'),
      fc.constantFrom(undefined, 0.5),
      (batch, m, n, k, la, lb, spacing, alpha) => {
        const one = matrix('f32', m, k, la);
        const batchStride =
          spacing === 'shared' ? 0 : spacing === 'dense' ? one.array.length : 4 * one.array.length;
        const array = new Float32Array(one.array.length + Math.max(0, batch - 1) * batchStride).map(random);
        const a = { ...one, array, batchStride };
        const b = matrix('f32', batch * k, n, lb);
        const bStride = k * b.rowStride;
        const c = new Float32Array(batch * m * n);
        gemmBatched(
          batch,
          m,
          n,
          k,
          a,
          { ...b, batchStride: bStride },
          c,
          0,
          alpha === undefined ? {} : { alpha },
        );
        const expected = new Float32Array(batch * m * n);
        for (let i = 0; i < batch; i++) {
          const aView = { ...a, offset: a.offset + i * batchStride };
          gemm(m, n, k, aView, { ...b, offset: b.offset + i * bStride }, expected, i * m * n, {
            alpha: alpha ?? 1,
          });
        }
        expectClose(c, Array.from(expected), 1e-4);
      },
    ),
    { numRuns: 100 },
  );
});
