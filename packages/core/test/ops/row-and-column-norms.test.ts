/** Norms of rows and columns in one pass over memory. */
import { describe, expect, it } from 'vitest';
import {
  AutogradError,
  DTypeError,
  linalg,
  manualSeed,
  ones,
  randn,
  rowAndColumnNorms,
  ShapeError,
  type Tensor,
} from '../../src/index.ts';
import { bitsOf, expectSameBits } from '../support/compiled.ts';

const shapes = [
  [1, 1],
  [1, 40],
  [40, 1],
  [3, 7],
  [20, 25],
  [31, 33],
  [32, 100],
  [100, 32],
  [70, 4100],
  [2, 3, 5],
  [4, 65, 6],
  [0, 3],
  [3, 0],
  [2, 20_000],
];

function expectSame(x: Tensor): void {
  const [rows, columns] = rowAndColumnNorms(x);
  for (const [found, dim] of [
    [rows, -1],
    [columns, -2],
  ] as const) {
    const expected = linalg.vectorNorm(x, 2, dim, { keepdim: true });
    expect(found.shape).toEqual(expected.shape);
    expect(found.dtype).toBe(x.dtype);
    expect(bitsOf(found)).toEqual(bitsOf(expected));
  }
}

describe('rowAndColumnNorms', () => {
  it.each(shapes)('has the bits of vectorNorm, of shape (%i, %i)', (...shape) => {
    manualSeed(shape.length);
    for (const dtype of ['float32', 'float64'] as const) {
      const x = randn(shape, { dtype });
      expectSame(x);
      expectSame(x.mul(1e25));
      expectSame(x.mul(1e-25));
      expectSame(randn([...shape.slice(0, -2), ...shape.slice(-2).reverse()], { dtype }).transpose(-1, -2));
    }
  });

  it('has them beside infinities and NaN, and where a block is too wide for a cache', () => {
    manualSeed(1);
    const x = randn([50, 90]);
    x.select(0, 3).fill_(Number.POSITIVE_INFINITY);
    x.select(1, 5).fill_(Number.NaN);
    expectSame(x);
    expectSame(randn([40, 20_000]));
  });

  it.each(shapes)('compiles, of shape (%i, %i)', (...shape) => {
    for (const dtype of ['float32', 'float64'] as const)
      expectSameBits(
        () => ({
          call: (x: Tensor) => rowAndColumnNorms(x),
          argumentsOf: () => [randn(shape, { dtype })],
          state: () => [],
        }),
        4,
      );
  });

  it('refuses what does not fit', () => {
    expect(() => rowAndColumnNorms(ones([3]))).toThrow(ShapeError);
    expect(() => rowAndColumnNorms(ones([3]))).toThrow(/^rowAndColumnNorms: .*2 dimensions, got one of 1/);
    expect(() => rowAndColumnNorms(ones([3, 3]).to('int32'))).toThrow(DTypeError);
    expect(() => rowAndColumnNorms(3 as never)).toThrow(/^rowAndColumnNorms: x: expected a tensor/i);
    expect(() => rowAndColumnNorms(ones([3, 3], { requiresGrad: true }))).toThrow(AutogradError);
  });
});
