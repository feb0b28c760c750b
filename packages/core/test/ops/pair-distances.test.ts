import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/index.ts';
import * as K from '../../src/index.ts';
import { assertClose } from '../../src/testing/index.ts';

const { gradcheck, gradgradcheck } = K.autograd;

const f64 = (data: K.NestedArray, requiresGrad = false): Tensor =>
  K.tensor(data, { dtype: 'float64', requiresGrad });

/** By operations on all differences at once. */
const byDifferences = (a: Tensor, b: Tensor, p: number): Tensor =>
  K.linalg.vectorNorm(a.unsqueeze(-2).sub(b.unsqueeze(-3)), p, -1);

/**
 * PyTorch's: for each order the distances, the derivatives by a and by b of sum(weights d), and then of sum(k grad a).
 */
const pytorch = JSON.parse(
  readFileSync(new URL('../fixtures/pair-distances.json', import.meta.url), 'utf8'),
) as Record<'a' | 'b' | 'weights' | 'k', number[][]> & { readonly orders: Record<string, number[][]> };

const orders = Object.keys(pytorch.orders).map(Number);

describe('distances of all pairs', () => {
  it.each(orders)('have the values and the first two derivatives of PyTorch, p = %d', (p) => {
    const a = f64(pytorch.a, true);
    const b = f64(pytorch.b, true);
    const [weights, k] = [f64(pytorch.weights), f64(pytorch.k)];
    const d = K.cdist(a, b, { p });
    const first = K.autograd.grad(d.mul(weights).sum(), [a, b], { createGraph: true });
    const second = K.autograd.grad(first[0]!.mul(k).sum(), [a, b], { allowUnused: true });
    [d, ...first, ...second].forEach((x, i) => {
      pytorch.orders[p]![i]!.forEach((value, j) => {
        // What no gradient leads to has the gradient 0, as PyTorch's zeros.
        expect(x?.data[j] ?? 0).toBeCloseTo(value, 12);
      });
    });
  });

  it.each(orders)('are the same by blocks as from all differences at once, p = %d', (p) => {
    K.manualSeed(7);
    for (const dtype of ['float32', 'float64'] as const) {
      for (const [rows, others, columns] of [
        [130, 140, 3],
        [3, 257, 70],
        [17, 5, 130],
      ] as const) {
        const a = K.randn([columns, rows], { dtype }).t().requiresGrad_();
        const b = K.randn([others, 2 * columns], { dtype })
          .narrow(1, 1, columns)
          .requiresGrad_();
        const weights = K.randn([rows, others], { dtype });
        const results = [K.cdist(a, b, { p }), byDifferences(a, b, p)].map((d) => [
          d,
          ...K.autograd.grad(d.mul(weights).sum(), [a, b], { allowUnused: true }),
        ]);
        // Below 1 the slopes near 0 are great, and cancel.
        const tolerance =
          dtype === 'float32' ? { rtol: 1e-4, atol: p < 1 ? 2e-3 : 2e-4 } : { rtol: 1e-10, atol: 1e-10 };
        results[0]!.forEach((x, i) => {
          assertClose(x!, results[1]![i] ?? K.zerosLike(x!), tolerance);
        });
      }
    }
  });

  it.each(orders.filter((p) => p >= 1))('pass gradcheck and gradgradcheck, p = %d', (p) => {
    K.manualSeed(11);
    const a = K.randn([2, 3, 4], { dtype: 'float64', requiresGrad: true });
    const b = K.randn([5, 4], { dtype: 'float64', requiresGrad: true });
    gradcheck((x, y) => K.cdist(x, y, { p }), [a, b]);
    gradgradcheck((x, y) => K.cdist(x, y, { p }), [a, b]);
  });

  it('can be differentiated a third time', () => {
    K.manualSeed(12);
    const a = K.randn([2, 3], { dtype: 'float64', requiresGrad: true });
    const b = K.randn([3, 3], { dtype: 'float64', requiresGrad: true });
    const slopes = (x: Tensor, y: Tensor): Tensor[] =>
      K.autograd.grad(K.cdist(x, y, { p: 4 }).sum(), [x, y], { createGraph: true }) as Tensor[];
    gradgradcheck(slopes, [a, b]);
  });

  it('have the gradient 0 for p = 0 and between equal rows, and NaN where PyTorch has it', () => {
    const x = f64([[1, 2]], true);
    for (const p of orders) {
      const [g] = K.autograd.grad(K.cdist(x, x, { p }).sum(), [x]);
      expect([...g!.data]).toEqual([0, 0]);
    }
    const a = f64([[1, Number.NaN, 0], [Number.POSITIVE_INFINITY, 0, 0]], true); // biome-ignore format: a matrix
    const b = f64([[0, 0, 3]]);
    const of = (p: number): number[][] => {
      const d = K.cdist(a, b, { p });
      return [[...d.data], [...K.autograd.grad(d.sum(), [a])[0]!.data]];
    };
    const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];
    expect(of(0)).toEqual([[nan, 2], [0, 0, 0, 0, 0, 0]]); // biome-ignore format: two lists
    expect(of(1)).toEqual([[nan, inf], [1, nan, -1, 1, 0, -1]]); // biome-ignore format: two lists
    expect(of(2)).toEqual([[nan, inf], [nan, nan, nan, nan, 0, 0]]); // biome-ignore format: two lists
    expect(of(inf)).toEqual([[3, inf], [0, nan, -1, nan, 0, 0]]); // biome-ignore format: two lists
  });

  it('take rows without columns, and no rows', () => {
    expect(K.cdist(K.zeros([2, 0]), K.zeros([3, 0]), { p: Infinity }).toArray()).toEqual([[0, 0, 0], [0, 0, 0]]); // biome-ignore format: a matrix
    expect(K.cdist(K.zeros([0, 2]), K.zeros([3, 2])).shape).toEqual([0, 3]);
    for (const [dtype, other] of [
      ['int32', 'int32'],
      ['float32', 'int32'],
      ['float64', 'float32'],
    ] as const) {
      // biome-ignore format: a table
      expect(() => K.cdist(K.zeros([2, 2], { dtype }), K.zeros([2, 2], { dtype: other }))).toThrow(
        `cdist only supports floating-point tensors of one dtype, got ${dtype} and ${other}`,
      );
    }
  });

  it('take the ways of PyTorch to compute them, which change nothing', () => {
    const [a, b] = [K.randn([30, 3]), K.randn([28, 3])];
    const plain = K.cdist(a, b).tolist();
    for (const computeMode of ['use_mm_for_euclid_dist', 'donot_use_mm_for_euclid_dist'] as const)
      expect(K.cdist(a, b, { computeMode }).tolist()).toEqual(plain);
    expect(() => K.cdist(a, b, { computeMode: 'fast' as never })).toThrow(/cdist: computeMode/);
  });

  it('and their derivatives make nothing greater than the result', () => {
    const [rows, columns] = [40, 64];
    const a = K.randn([rows, columns], { requiresGrad: true });
    const b = K.randn([rows, columns], { requiresGrad: true });
    for (const p of orders) {
      let greatest = 0;
      const stop = K.observe({
        after: (_, __, ___, outputs) => {
          greatest = Math.max(greatest, ...outputs.map((y) => y.count));
        },
      });
      const [g] = K.autograd.grad(K.cdist(a, b, { p }).sum(), [a], { createGraph: true });
      g!.sum().backward();
      stop();
      expect(greatest).toBe(rows * columns);
    }
  });
});
