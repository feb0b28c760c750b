/** Which products of a program have functions of their own: those that are served better so, by sizes and by how operands lie. */
import { expect, it } from 'vitest';
import {
  isWorthTurning,
  isWrittenOut,
  type Matrix,
  type Product,
  readsOfProduct,
} from '../../src/kernels/recording/index.ts';
import { sizesIn } from '../support/sizes.ts';

const areaOf = (length: number) => ({ dtype: 'float32' as const, length });
const [inA, inB, inC] = [areaOf(2 ** 16), areaOf(2 ** 16), areaOf(2 ** 16)];
const matrix = (area: Matrix['at']['area'], row: number, column = 4): Matrix => ({
  at: { area, bytes: 0 },
  row,
  column,
});

/** A product of float32 matrices that lie row by row. */
const product = (m: number, k: number, n: number, others: Partial<Product> = {}): Product => ({
  ...{ kind: 'product', name: 'mm', lane: 'f32', summing: 'steps', m, n, k },
  ...{ a: matrix(inA, 4 * k), b: matrix(inB, 4 * n), c: { area: inC, bytes: 0 } },
  ...{ added: null, alpha: 1, beta: 1 },
  ...others,
});

const byColumns = (k: number) => ({ b: matrix(inB, 4, 4 * k) });

it('are those of few multiply-adds and terms', () => {
  for (const [m, k, n] of sizesIn('1x1x1 32x32x32 8x256x16'))
    expect(isWrittenOut(product(m, k, n)), `${m}x${k}x${n}`).toBe(true);
  for (const [m, k, n] of sizesIn('0x3x3 3x0x3 3x3x0 0x0x3 33x32x32 8x257x8'))
    expect(isWrittenOut(product(m, k, n)), `${m}x${k}x${n}`).toBe(false);
});

it('are those of which vectors find the columns of b side by side, unless few are put together', () => {
  expect(isWrittenOut(product(5, 5, 5, byColumns(5)))).toBe(false);
  for (const [m, k, n] of sizesIn('4x5x5 5x4x5 5x5x1'))
    expect(isWrittenOut(product(m, k, n, byColumns(k))), `${m}x${k}x${n}`).toBe(true);
  expect(isWrittenOut(product(5, 5, 5, { ...byColumns(5), summing: 'wide' }))).toBe(true);
});

it('are, by lanes, those of which vectors find the terms side by side, where there are enough for a vector', () => {
  const lanes = { summing: 'lanes' } as const;
  expect(isWrittenOut(product(9, 4, 9, lanes))).toBe(false);
  expect(isWrittenOut(product(9, 4, 9, { ...lanes, ...byColumns(4) }))).toBe(true);
  expect(isWrittenOut(product(9, 4, 9, { ...lanes, ...byColumns(4), a: matrix(inA, 4, 36) }))).toBe(false);
  expect(isWrittenOut(product(9, 3, 9, lanes))).toBe(true);
  // Of float64 two make a vector.
  const doubles = { ...lanes, lane: 'f64', a: matrix(inA, 16, 8) } as const;
  expect(isWrittenOut(product(9, 2, 9, { ...doubles, b: matrix(inB, 72, 8) }))).toBe(false);
  expect(isWrittenOut(product(9, 2, 9, { ...doubles, b: matrix(inB, 8, 16) }))).toBe(true);
});

it('are those of which one element may be all that there is, none lies backwards, and none under the result', () => {
  const at = { row: 0, column: 0 };
  expect(isWrittenOut(product(3, 3, 3, { added: { ...matrix(areaOf(1), 0), ...at } }))).toBe(true);
  expect(isWrittenOut(product(3, 3, 3, { a: matrix(inA, 0, 0) }))).toBe(true);
  for (const [row, column] of [
    [-12, 4],
    [12, -4],
  ] as const) {
    expect(isWrittenOut(product(3, 3, 3, { a: matrix(inA, row, column) }))).toBe(false);
    expect(isWrittenOut(product(3, 3, 3, { b: matrix(inB, row, column) }))).toBe(false);
    expect(isWrittenOut(product(3, 3, 3, { added: matrix(inB, row, column) }))).toBe(false);
  }
  expect(isWrittenOut(product(3, 3, 3, { a: matrix(inC, 12) }))).toBe(false);
  expect(isWrittenOut(product(3, 3, 3, { b: matrix(inC, 12) }))).toBe(false);
});

it('are worth a copy of b with its columns side by side where it serves many rows', () => {
  for (const [m, n, k] of sizesIn('8x8x5 16x16x32 8x8x128'))
    expect(isWorthTurning(m, n, k), `${m}x${k}x${n}`).toBe(true);
  for (const [m, n, k] of sizesIn('7x8x5 8x7x5 8x8x4 8x8x129 16x17x32'))
    expect(isWorthTurning(m, n, k), `${m}x${k}x${n}`).toBe(false);
});

it('read what they are of, what is added, and what they leave of where they write', () => {
  const c = areaOf(9);
  const added = areaOf(9);
  const whole = product(3, 3, 3, { c: { area: c, bytes: 0 } });
  expect(readsOfProduct(whole)).toEqual([inA, inB]);
  expect(readsOfProduct({ ...whole, added: matrix(added, 12) })).toEqual([inA, inB, added]);
  expect(readsOfProduct(product(3, 3, 2, { c: { area: c, bytes: 0 } }))).toEqual([inA, inB, c]);
});
