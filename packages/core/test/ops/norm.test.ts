import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/index.ts';
import * as K from '../../src/index.ts';
import { assertClose, tensors } from '../../src/testing/index.ts';

const { linalg } = K;
const f64 = (data: K.NestedArray, requiresGrad = false): Tensor =>
  K.tensor(data, { dtype: 'float64', requiresGrad });
const values = (x: Tensor): number[] => [...x.data];
const gradientOf = (y: Tensor, x: Tensor): number[] => values(K.autograd.grad(y, [x])[0]!);

describe('vector norms', () => {
  const orders = [0.5, 1, 1.5, 2, 3, -1, -2.5];

  it('are what the formula says, over any dimensions', () => {
    const drawn = tensors({
      dtype: 'float64',
      shape: { minRank: 1, maxRank: 3, maxSize: 4 },
      min: 0.1,
      max: 3,
    });
    fc.assert(
      fc.property(drawn, fc.constantFrom(...orders), fc.nat(), (x, p, k) => {
        const dim = k % x.ndim;
        const expected = x
          .abs()
          .pow(p)
          .sum(dim)
          .pow(1 / p);
        assertClose(x.norm(p, dim), expected, { rtol: 1e-11 });
        assertClose(linalg.vectorNorm(x, p, dim), expected, { rtol: 1e-11 });
      }),
      { numRuns: 40 },
    );
  });

  it('of infinite order and order 0', () => {
    const x = f64([3, -7, 0, 2]);
    expect(x.norm(Infinity).item()).toBe(7);
    expect(x.norm(-Infinity).item()).toBe(0);
    expect(x.norm(0).item()).toBe(3);
    expect(x.norm().item()).toBeCloseTo(Math.sqrt(62));
    expect(f64([3, Number.NaN]).norm(Infinity).item()).toBeNaN();
    expect(x.reshape(2, 2).norm('fro', [0, 1], { keepdim: true }).shape).toEqual([1, 1]);
  });

  it('does not overflow in float32', () => {
    const x = K.tensor([3e30, 4e30], { dtype: 'float32' });
    expect((x.norm().item() as number) / 5e30).toBeCloseTo(1, 6);
  });

  it('of one element are its absolute value, to the last bit', () => {
    const x = f64([0.3, -1.7, 1e200, -1e-200, 0]);
    for (const p of [0.5, 1.5, 3, -1, -2.5])
      expect(values(x.unsqueeze(1).norm(p, 1))).toEqual(values(x.abs()));
    expect(values(x.unsqueeze(1).norm(0, 1))).toEqual([1, 1, 1, 1, 0]);
  });

  it('have subgradient 0 at 0, and no second derivative', () => {
    for (const p of [0.5, 1, 1.5, 2, 3, Infinity, -Infinity]) {
      const x = f64([0, 0], true);
      expect(gradientOf(x.norm(p), x).map(Math.abs)).toEqual([0, 0]);
    }
    const x = f64([0, 0], true);
    const [g] = K.autograd.grad(x.norm(), [x], { createGraph: true });
    expect(gradientOf(g!.sum(), x)).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('matrix norms', () => {
  const m = f64([
    [1, -2],
    [3, 4],
  ]);
  it('by columns, rows and squares', () => {
    expect(linalg.matrixNorm(m, 1).item()).toBe(6);
    expect(linalg.matrixNorm(m, -1).item()).toBe(4);
    expect(linalg.matrixNorm(m, Infinity).item()).toBe(7);
    expect(linalg.norm(m, -Infinity).item()).toBe(3);
    expect(linalg.norm(m).item()).toBeCloseTo(Math.sqrt(30));
    expect(linalg.norm(K.ones([2, 3, 4]), 1, [0, 2]).shape).toEqual([3]);
    expect(linalg.matrixNorm(K.ones([2, 3, 4]), Infinity, [2, 0], { keepdim: true }).shape).toEqual([
      1, 3, 1,
    ]);
  });

  it('by singular values', () => {
    const diagonal = f64([
      [0, 3, 0],
      [-4, 0, 0],
    ]);
    expect(values(linalg.svdvals(diagonal))).toEqual([4, 3]);
    expect(linalg.norm(diagonal, 'nuc').item()).toBe(7);
    expect(linalg.norm(diagonal, 2).item()).toBe(4);
    expect(linalg.norm(diagonal, -2).item()).toBe(3);
    expect(diagonal.norm('nuc').item()).toBe(7);
    expect(linalg.matrixNorm(K.ones([2, 3, 4]), 'nuc', [2, 0], { keepdim: true }).shape).toEqual([1, 3, 1]);
    const x = K.randn([2, 5, 3], { dtype: 'float64' });
    assertClose(linalg.svdvals(x).square().sum(-1), x.square().sum([1, 2]), { rtol: 1e-12 });
    assertClose(linalg.svdvals(x.mT.contiguous()), linalg.svdvals(x), { rtol: 1e-12 });
    expect(linalg.svdvals(K.zeros([0, 3])).shape).toEqual([0]);
    expect(() => linalg.svdvals(f64([[Number.NaN]]))).toThrow('contained non-finite values');
  });

  it('by singular values, where these are 0 or equal: the gradients of PyTorch', () => {
    const x = K.zeros([3, 2], { dtype: 'float64', requiresGrad: true });
    expect(gradientOf(linalg.norm(x, 'nuc'), x)).toEqual([1, 0, 0, 1, 0, 0]);
    expect(gradientOf(linalg.norm(x, 2), x)).toEqual([0.5, 0, 0, 0.5, 0, 0]);
  });

  it('says what it cannot do', () => {
    expect(() => linalg.norm(m, 3)).toThrow('not supported');
    expect(() => linalg.norm(K.ones([2, 2, 2]), 1)).toThrow('must be 1D or 2D');
    expect(() => linalg.matrixNorm(f64([1]))).toThrow('at least 2 dimensions');
    expect(() => m.norm('two' as never)).toThrow('norm: p: expected a number or one of "fro", "nuc"');
  });
});

describe('distances', () => {
  it('between vectors', () => {
    const a = f64([0, 0, 0]);
    const b = f64([2, 3, 6]);
    expect(K.dist(a, b).item()).toBe(7);
    expect(K.dist(a, b, { p: Infinity }).item()).toBe(6);
    expect(K.pairwiseDistance(a, b, { eps: 0 }).item()).toBe(7);
    expect(K.cosineSimilarity(b, b.mul(2), 0).item()).toBeCloseTo(1, 12);
    expect(K.cosineSimilarity(a, b, 0).item()).toBe(0);
  });

  it('of all pairs of rows, with broadcast batches', () => {
    const a = K.randn([3, 1, 4, 5], { dtype: 'float64' });
    const b = K.randn([2, 6, 5], { dtype: 'float64' });
    const d = K.cdist(a, b, { p: 1 });
    expect(d.shape).toEqual([3, 2, 4, 6]);
    expect(d.data[((2 * 2 + 1) * 4 + 3) * 6 + 5]).toBeCloseTo(
      K.dist(K.index(a, 2, 0, 3), K.index(b, 1, 5), { p: 1 }).item() as number,
      12,
    );
    expect(() => K.cdist(a, K.ones([2, 2]))).toThrow('same number of columns');
    const x = f64([[1, 2]], true);
    expect(gradientOf(K.cdist(x, x).sum(), x)).toEqual([0, 0]);
  });
});
