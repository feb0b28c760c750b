import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/index.ts';
import * as K from '../../src/index.ts';
import { assertClose, tensors } from '../../src/testing/index.ts';

const f64 = (data: K.NestedArray, requiresGrad = false): Tensor =>
  K.tensor(data, { dtype: 'float64', requiresGrad });
const values = (x: Tensor): number[] => [...x.data];
const gradientOf = (y: Tensor, x: Tensor): number[] => values(K.autograd.grad(y, [x])[0]!);

describe('scans', () => {
  const drawn = tensors({ dtype: 'float64', shape: { minRank: 1, maxRank: 3, maxSize: 5 }, min: -2, max: 2 });
  /** A scan at place i is the reduction of what comes up to i. */
  const prefixes: Record<string, [(x: Tensor, d: number) => Tensor, (x: Tensor, d: number) => Tensor]> = {
    cumsum: [(x, d) => x.cumsum(d), (x, d) => x.sum(d)],
    cumprod: [(x, d) => x.cumprod(d), (x, d) => x.prod(d)],
    cummax: [(x, d) => x.cummax(d).values, (x, d) => x.amax(d)],
    cummin: [(x, d) => x.cummin(d).values, (x, d) => x.amin(d)],
    logcumsumexp: [(x, d) => x.logcumsumexp(d), (x, d) => x.logsumexp(d)],
  };
  it.each(Object.entries(prefixes))('%s reduces each beginning', (_, [scan, reduce]) => {
    fc.assert(
      fc.property(drawn, (x) => {
        for (let d = 0; d < x.ndim; d++) {
          const y = scan(x, d);
          for (let i = 0; i < x.shape[d]!; i++) {
            const expected = reduce(K.narrow(x, d, 0, i + 1), d);
            assertClose(K.select(y, d, i), expected, { rtol: 1e-11, atol: 1e-12 });
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('cummax and cummin give the last index of equals, and stay at NaN', () => {
    const x = f64([1, 2, 2, Number.NaN, 3]);
    expect(values(x.cummax(0).values)).toEqual([1, 2, 2, Number.NaN, Number.NaN]);
    expect(values(x.cummax(0).indices)).toEqual([0, 1, 2, 3, 3]);
  });

  it('diff undoes cumsum', () => {
    const x = f64([3, 1, 4, 1, 5]);
    expect(values(x.cumsum(0).diff({ prepend: f64([0]) }))).toEqual(values(x));
    expect(values(f64([1, 4, 9]).diff({ n: 2 }))).toEqual([2]);
    expect(values(K.tensor([true, false, false]).diff())).toEqual([1, 0]);
    expect(K.rand([2, 1]).diff().shape).toEqual([2, 0]);
    expect(() => K.tensor(1).diff()).toThrow('at least one-dimensional');
    const prepend = K.ones([2, 2]);
    expect(() => K.ones([2, 3]).diff({ n: 0, dim: 1, prepend: K.ones([3, 1]) })).toThrow(
      'to have the shape of input',
    );
    expect(K.ones([2, 3]).diff({ dim: 1, prepend }).shape).toEqual([2, 4]);
  });
});

describe('gradients of scans', () => {
  it('cumprod, where there are zeros', () => {
    for (const data of [
      [2, 0, 3, 4],
      [0, 2, 0, 3],
      [0, 0],
      [1, 2, 3],
    ]) {
      const x = f64(data, true);
      const expected = data.map((_, k) => {
        let sum = 0;
        for (let i = k; i < data.length; i++) {
          sum += data.slice(0, i + 1).reduce((product, v, j) => (j === k ? product : product * v), 1);
        }
        return sum;
      });
      expect(gradientOf(x.cumprod(0).sum(), x)).toEqual(expected);
      K.autograd.gradcheck((y: Tensor) => y.cumprod(0), [x]);
      K.autograd.gradgradcheck((y: Tensor) => y.cumprod(0), [x]);
    }
  });

  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  // PyTorch's: what is NaN beside an infinity stays there, but NaN itself is in all that it was made of.
  it.each<[number[], number[], number[]]>([
    [
      [0, inf],
      [1, nan],
      [0, nan],
    ],
    [
      [-inf, 0, 3],
      [nan, 2.1422776195327, 2.8577223804673],
      [nan, -0.271059958385464, 0.271059958385464],
    ],
    [
      [-inf, -inf, 0],
      [nan, nan, 3],
      [nan, nan, 0],
    ],
    [
      [3, inf, nan],
      [nan, nan, nan],
      [nan, nan, nan],
    ],
  ])('logcumsumexp of %j, its gradient and the gradient of that', (data, first, second) => {
    const x = f64(data, true);
    const g = f64([1, 2, 3].slice(0, data.length));
    const [gx] = K.autograd.grad(x.logcumsumexp(0), [x], { gradOutputs: [g], createGraph: true });
    assertClose(gx!.detach(), f64(first), { rtol: 1e-12, atol: 1e-12, equalNan: true });
    const [gxx] = K.autograd.grad(gx!, [x], { gradOutputs: [f64([1, 2, 4].slice(0, data.length))] });
    assertClose(gxx!, f64(second), { rtol: 1e-12, atol: 1e-12, equalNan: true });
  });

  it('logcumsumexp, over a wide range', () => {
    const x = f64([-1000, 0, -Infinity, 700, 3], true);
    const y = x.logcumsumexp(0);
    expect(y.data[4]).toBe(700);
    expect(gradientOf(y.sum(), x).map((g) => Math.round(g))).toEqual([1, 2, 0, 2, 0]);
  });

  it('cummax gives to where the value came from', () => {
    const x = f64([1, 3, 2, 4], true);
    expect(gradientOf(x.cummax(0).values.sum(), x)).toEqual([1, 2, 0, 1]);
  });
});
