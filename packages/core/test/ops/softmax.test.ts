import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as K from '../../src/index.ts';
import { assertClose, tensors } from '../../src/testing/index.ts';

const f64 = (data: K.NestedArray, requiresGrad = false): K.Tensor =>
  K.tensor(data, { dtype: 'float64', requiresGrad });

describe('softmax and its kin', () => {
  const drawn = tensors({ dtype: 'float64', shape: { minRank: 1, maxRank: 3, maxSize: 5 }, min: -5, max: 5 });

  it('agree with their definitions along every dimension', () => {
    fc.assert(
      fc.property(drawn, (x) => {
        for (let dim = -x.ndim; dim < x.ndim; dim++) {
          const e = x.exp();
          const expected = e.div(e.sum(dim, { keepdim: true }));
          assertClose(x.softmax(dim), expected, { rtol: 1e-12 });
          assertClose(x.logSoftmax(dim), expected.log(), { rtol: 1e-11, atol: 1e-12 });
          assertClose(K.softmin(x, dim), x.neg().softmax(dim), { rtol: 1e-12 });
          assertClose(x.logsumexp(dim), e.sum(dim).log(), { rtol: 1e-11, atol: 1e-12 });
        }
      }),
      { numRuns: 25 },
    );
  });

  it('do not move when all inputs do, however far', () => {
    const x = K.randn([4, 7]);
    assertClose(x.add(1e4).softmax(1), x.add(1e4).sub(1e4).softmax(1), { rtol: 1e-5, atol: 1e-7 });
    expect(f64([1000, 1000]).logsumexp(0).item()).toBeCloseTo(1000 + Math.LN2, 10);
    expect([...f64([0, -1e5]).logSoftmax(0).data]).toEqual([0, -1e5]);
  });

  it('a row of -Infinity: NaN, and -Infinity for logsumexp', () => {
    const x = f64([
      [-Infinity, -Infinity],
      [0, -Infinity],
    ]);
    expect([...x.softmax(1).data]).toEqual([Number.NaN, Number.NaN, 1, 0]);
    expect([...x.logsumexp(1).data]).toEqual([-Infinity, 0]);
    expect(f64([Infinity, 1]).logsumexp(0).item()).toBe(Infinity);
  });

  it('take scalars and, with a dtype, integers', () => {
    expect(f64(3).softmax(0).item()).toBe(1);
    expect(K.tensor([1, 1]).softmax(0, { dtype: 'float32' }).dtype).toBe('float32');
    expect(() => K.tensor([1, 1]).softmax(0)).toThrow("not implemented for 'Int'");
    expect(K.tensor([0, 0]).logsumexp(0).item()).toBeCloseTo(Math.LN2);
    expect(() => f64([1]).softmax(1)).toThrow('Dimension out of range');
  });

  it('logsumexp of several dimensions', () => {
    const x = K.rand([2, 3, 4], { dtype: 'float64' });
    assertClose(x.logsumexp([0, 2]), x.exp().sum([0, 2]).log(), { rtol: 1e-12 });
    expect(x.logsumexp([0, 2], { keepdim: true }).shape).toEqual([1, 3, 1]);
    expect(x.logsumexp([0, 2]).shape).toEqual([3]);
  });

  it('logSoftmax has the gradient of PyTorch where that of the result is infinite, or tiny', () => {
    const x = K.tensor([[0, -Infinity, -300, 1]], { requiresGrad: true });
    const y = x.logSoftmax(1);
    const gradient = (g: number[]): K.Tensor => {
      const [found] = K.autograd.grad([y], [x], {
        gradOutputs: [K.tensor([g], { dtype: 'float32' })],
        retainGraph: true,
      });
      return found as K.Tensor;
    };
    // Of a probability that is 0 an infinite sum takes NaN, not infinity.
    expect([...gradient([Infinity, 1, 1, 1]).data]).toEqual([Number.NaN, Number.NaN, Number.NaN, -Infinity]);
    const tiny = [
      -1.9583557209557985e-30, 2.0000000063421537e-30, 3.0000000095132306e-30, -3.041644671057778e-30,
    ];
    assertClose(gradient([1e-30, 2e-30, 3e-30, 5e-30]), K.tensor([tiny]), { rtol: 1e-6, atol: 0 });
  });
});
