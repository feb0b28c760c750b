/** Norms of expressions in one pass over memory, which are not stored. */
import { describe, expect, it } from 'vitest';
import {
  AutogradError,
  compile,
  DTypeError,
  E,
  FusedNorms,
  manualSeed,
  randn,
  ShapeError,
  type Tensor,
  ValueError,
} from '../../src/index.ts';
import { bitsOf, expectSameBits } from '../support/compiled.ts';

const sizes = new FusedNorms('sizes', 4, 2, (w, byRow, byColumn, g, scale) => [
  w,
  E.mul(scale, E.mul(E.mul(byRow, byColumn), g)),
]);

const operands = (shape: readonly number[], dtype: 'float32' | 'float64') => {
  const at = (d: number): number[] => shape.map((size, i) => (i === shape.length - d ? 1 : size));
  return [shape, at(1), at(2), shape].map((s) => randn([...s], { dtype })) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
};

describe('FusedNorms', () => {
  it.each([
    [[1]],
    [[7]],
    [[5000]],
    [[3, 1]],
    [[700, 1]],
    [[20, 25]],
    [[33, 131]],
    [[2, 9000]],
    [[3, 5, 7]],
    [[0, 4]],
    [[4, 0]],
  ])('is as near to float64 as it can be, of shape %j', (shape) => {
    manualSeed(shape.length);
    for (const dtype of ['float32', 'float64'] as const) {
      const [w, byRow, byColumn, g] = operands(shape, dtype);
      const [ofWeights, ofStep] = sizes.run([w, byRow, byColumn, g], [0.5]) as [Tensor, Tensor];
      const step = byRow.mul(byColumn).mul(g).mul(0.5);
      for (const [norm, x] of [
        [ofWeights, w],
        [ofStep, step],
      ] as const) {
        const exact = Math.hypot(...(x.to('float64').flatten().tolist() as number[]));
        expect(norm.shape).toEqual([]);
        expect(norm.dtype).toBe(dtype);
        expect(Math.abs(norm.item() - exact)).toBeLessThanOrEqual(
          exact * (dtype === 'float32' ? 2 ** -24 : 2 ** -50),
        );
      }
    }
  });

  it('has the bits of vectorNorm along a row', () => {
    const norm = new FusedNorms('norm', 1, 1, (x) => [x]);
    for (const n of [1, 30, 4096, 10_001]) {
      const x = randn([n]);
      expect(bitsOf(norm.run([x])[0] as Tensor)).toEqual(bitsOf(x.norm()));
    }
  });

  it('is exact where squares overflow or underflow', () => {
    const norm = new FusedNorms('norm', 1, 1, (x) => [x]);
    for (const factor of [1e30, 1e-30]) {
      const x = randn([40, 50]).mul(factor);
      const [found] = norm.run([x]) as [Tensor];
      expect(found.item() / factor).toBeCloseTo(x.to('float64').div(factor).norm().item(), 4);
    }
  });

  it('takes views, and operands that broadcast in any way', () => {
    manualSeed(3);
    const product = new FusedNorms('product', 2, 1, (x, y) => [E.mul(x, y)]);
    const x = randn([4, 30, 6]).transpose(0, 1).narrow(2, 1, 5);
    const same = (y: Tensor): void =>
      expect(product.run([x, y])[0]?.item()).toBeCloseTo(x.mul(y).to('float64').norm().item(), 3);
    for (const shape of [[], [1], [5], [4, 1], [4, 5], [30, 1, 1], [30, 1, 5], [1, 1, 5]]) same(randn(shape));
    same(randn([5, 4]).t());
  });

  it.each([[[300]], [[40, 50]], [[9, 5000]], [[600, 3]], [[3, 5, 7]], [[64, 1]]])(
    'compiles, of shape %j',
    (shape) => {
      for (const dtype of ['float32', 'float64'] as const)
        expectSameBits(() => {
          manualSeed(4);
          const given = operands(shape, dtype);
          return {
            call: (g: Tensor) => sizes.run([given[0], given[1], given[2], g], [0.25]),
            argumentsOf: () => [randn([...shape], { dtype })],
            state: () => [],
          };
        }, 5);
    },
  );

  it.each([[[40, 52]], [[40, 50]], [[3, 9000]], [[3, 8220]], [[7, 31]]])(
    'compiles where squares overflow or underflow, or there is NaN, of shape %j',
    (shape) => {
      const places = [1e30, 1e-30, Number.NaN, Number.NEGATIVE_INFINITY];
      expectSameBits(() => {
        manualSeed(5);
        const given = operands(shape, 'float32');
        return {
          call: (g: Tensor) => sizes.run([given[0], given[1], given[2], g], [0.25]),
          argumentsOf: (i: number) => {
            const g = randn([...shape]).mul(i % 2 === 0 ? 1 : (places[(i >> 1) % 2] ?? 1));
            g.select(0, i % 3)
              .narrow(0, 3, 5)
              .mul_(places[i % places.length] ?? 1);
            return [g];
          },
          state: () => [],
        };
      }, 9);
    },
  );

  it('stores no values in a program', () => {
    const [w, byRow, byColumn, g] = operands([128, 512], 'float32');
    const call = compile(() => sizes.run([w, byRow, byColumn, g], [0.25]));
    for (let i = 0; i < 4; i++) call();
    const [, own] = /memory: ([\d.]+) KiB of its own/.exec(call.explain()) ?? [];
    // Those of a row at a time, and a sum for each row; all values would take 256 KiB each.
    expect(Number(own)).toBeLessThan(16);
  });

  it('refuses what does not fit', () => {
    const x = randn([2, 3]);
    const norm = new FusedNorms('norm', 2, 1, (a, b, t) => [E.mul(a, E.mul(b, t))]);
    const refused: [call: () => unknown, error: new (...x: never[]) => Error, message: RegExp][] = [
      [() => norm.run([x], [1]), ValueError, /^norm: expected 2 tensors and 1 numbers, got 1 and 1/],
      [() => norm.run([x, randn([2, 3], { requiresGrad: true })], [1]), AutogradError, /^norm/],
      [() => norm.run([], [1]), ValueError, /^norm: expected 2 tensors/],
      [() => norm.run([x, x]), ValueError, /^norm: expected 2 tensors and 1 numbers, got 2 and 0/],
      [() => norm.run([x, randn([2])], [1]), ShapeError, /^norm: .*broadcasts to \[2, 3\], got \[2\]/],
      [() => norm.run([x, x.to('float64')], [1]), DTypeError, /^norm: .*float32, got float64/],
      [() => norm.run([x.to('int32'), x.to('int32')], [1]), DTypeError, /^norm: .*got int32/],
    ];
    for (const [call, error, message] of refused) {
      expect(call).toThrow(error);
      expect(call).toThrow(message);
    }
  });
});
