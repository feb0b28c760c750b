import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/index.ts';
import * as K from '../../src/index.ts';
import { assertClose, tensors } from '../../src/testing/index.ts';

const f32 = (data: K.NestedArray): Tensor => K.tensor(data, { dtype: 'float32' });
const f64 = (data: K.NestedArray, requiresGrad = false): Tensor =>
  K.tensor(data, { dtype: 'float64', requiresGrad });
const values = (x: Tensor): number[] => [...x.data];
const gradientOf = (y: Tensor, x: Tensor): number[] => values(K.autograd.grad(y, [x])[0]!);

/** All places of a shape. */
function* places(shape: readonly number[]): Generator<number[]> {
  const n = shape.reduce((a, b) => a * b, 1);
  for (let i = 0; i < n; i++) {
    const place: number[] = [];
    let rest = i;
    for (let d = shape.length - 1; d >= 0; d--) {
      place.unshift(rest % shape[d]!);
      rest = Math.floor(rest / shape[d]!);
    }
    yield place;
  }
}

/** What a reduction should give, from the definition. */
function reference(x: Tensor, dims: readonly number[], combine: (list: number[]) => number): Tensor {
  const groups = new Map<string, number[]>();
  const kept = x.shape.map((size, d) => (dims.includes(d) ? 1 : size));
  for (const place of places(kept)) groups.set(place.join(), []);
  const { data } = x;
  let i = 0;
  for (const place of places(x.shape)) {
    groups.get(place.map((p, d) => (dims.includes(d) ? 0 : p)).join())!.push(data[i++]!);
  }
  return f64([...groups.values()].map(combine)).reshape(kept);
}

const total = (list: number[]): number => list.reduce((a, b) => a + b, 0);
const average = (list: number[]): number => total(list) / list.length;
const squares = (list: number[]): number => total(list.map((v) => (v - average(list)) ** 2));

const definitions: Record<string, [(x: Tensor, dims: number[]) => Tensor, (list: number[]) => number]> = {
  sum: [(x, d) => x.sum(d, { keepdim: true }), total],
  mean: [(x, d) => x.mean(d, { keepdim: true }), average],
  prod: [(x, d) => x.prod(d, { keepdim: true }), (list) => list.reduce((a, b) => a * b, 1)],
  var: [(x, d) => x.var(d, { keepdim: true, correction: 0 }), (list) => squares(list) / list.length],
  std: [
    (x, d) => x.std(d, { keepdim: true, correction: 0 }),
    (list) => Math.sqrt(squares(list) / list.length),
  ],
  amax: [(x, d) => x.amax(d, { keepdim: true }), (list) => Math.max(...list)],
  amin: [(x, d) => x.amin(d, { keepdim: true }), (list) => Math.min(...list)],
  logsumexp: [(x, d) => x.logsumexp(d, { keepdim: true }), (list) => Math.log(total(list.map(Math.exp)))],
};

describe('reductions over any dimensions', () => {
  const cases = tensors({
    dtype: 'float64',
    shape: { minRank: 1, maxRank: 4, maxSize: 4 },
    min: -2,
    max: 2,
  }).chain((x) =>
    fc
      .subarray(
        x.shape.map((_, d) => d),
        { minLength: 1 },
      )
      .map((dims): [Tensor, number[]] => [x, dims]),
  );
  it.each(Object.entries(definitions))('%s is what its definition says', (_, [reduce, define]) => {
    fc.assert(
      fc.property(cases, ([x, dims]) => {
        const expected = reference(x, dims, define);
        assertClose(reduce(x, dims), expected, { rtol: 1e-10, atol: 1e-10 });
      }),
      { numRuns: 30 },
    );
  });

  it('keepdim only keeps sizes of 1, negative dims count from the end', () => {
    const x = K.rand([2, 3, 4]);
    expect(x.sum(-1).shape).toEqual([2, 3]);
    expect(x.sum([0, -1]).shape).toEqual([3]);
    expect(x.mean([0, 2], { keepdim: true }).shape).toEqual([1, 3, 1]);
    expect(x.sum([]).shape).toEqual([]);
    expect(K.tensor(3).sum(0).shape).toEqual([]);
    expect(() => x.sum([1, 1])).toThrow('dim 1 appears multiple times');
    expect(() => x.sum(3)).toThrow('Dimension out of range');
  });
});

describe('precision', () => {
  const n = 10_000_000;
  const x = K.full([n], 0.1);

  it('10 million times 0.1 in float32', () => {
    expect(Math.abs((x.sum().item() as number) / 1e6 - 1)).toBeLessThan(1e-6);
    expect(Math.abs((x.mean().item() as number) / 0.1 - 1)).toBeLessThan(1e-6);
    expect(x.var().item()).toBeLessThan(1e-12);
    expect(Math.abs((x.norm().item() as number) / Math.sqrt(n * 0.01) - 1)).toBeLessThan(1e-6);
    expect(values(x.reshape(4, -1).sum(1))).toEqual([250000, 250000, 250000, 250000]);
  });

  it('the variance of large numbers that differ little', () => {
    const y = f64([1e8, 1e8 + 1, 1e8 + 2]);
    expect(y.var().item()).toBe(1);
    expect(f32([4097, 4098, 4099]).var().item()).toBe(1);
  });
});

describe('dtypes', () => {
  it('sums and products of bools and integers are int32', () => {
    for (const dtype of ['bool', 'uint8', 'int32'] as const) {
      const x = K.ones([3], { dtype });
      expect(x.sum().dtype).toBe('int32');
      expect(x.sum().item()).toBe(3);
      expect(x.prod().dtype).toBe('int32');
      expect(x.cumsum(0).dtype).toBe('int32');
    }
    expect(K.full([300], 1, { dtype: 'uint8' }).sum().item()).toBe(300);
  });

  it('a dtype converts first', () => {
    expect(f32([0.6, 0.6]).sum(0, { dtype: 'int32' }).item()).toBe(0);
    expect(K.tensor([1, 2]).mean(0, { dtype: 'float64' }).dtype).toBe('float64');
    expect(K.tensor([1, 2]).mean(0, { dtype: 'float32' }).item()).toBe(1.5);
  });

  it('refuses means and variances of integers', () => {
    expect(() => K.tensor([1, 2]).mean()).toThrow('mean(): could not infer output dtype');
    expect(() => K.tensor([1, 2]).var()).toThrow('only support floating point');
    expect(() => K.tensor([true]).argmax()).toThrow('does not support bool');
    expect(() => K.tensor([1]).norm()).toThrow('Expected a floating point tensor');
  });

  it('all and any keep uint8 and give bool else', () => {
    expect(K.tensor([1, 0]).any().dtype).toBe('bool');
    expect(K.tensor([1, 0], { dtype: 'uint8' }).all().dtype).toBe('uint8');
    expect(f32([Number.NaN, 0]).any().item()).toBe(true);
  });
});

describe('without elements', () => {
  const x = K.zeros([0, 3]);
  it('sums, products, means', () => {
    expect(values(x.sum(0))).toEqual([0, 0, 0]);
    expect(values(x.prod(0))).toEqual([1, 1, 1]);
    expect(values(x.mean(0))).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(x.sum(1).shape).toEqual([0]);
    expect(x.all().item()).toBe(true);
    expect(x.any().item()).toBe(false);
    expect(values(x.logsumexp(0))).toEqual([-Infinity, -Infinity, -Infinity]);
  });

  it('extremes are errors where there is nothing to choose from', () => {
    expect(() => x.max()).toThrow('Expected reduction dim to be specified');
    expect(() => x.amax(0)).toThrow('Expected reduction dim 0 to have non-zero size');
    expect(() => x.argmin(0)).toThrow('non-zero size');
    expect(() => x.median(0)).toThrow('non-zero size');
    expect(x.amax(1).shape).toEqual([0]);
    expect(x.max(1).indices.shape).toEqual([0]);
    expect(() => x.norm(Infinity)).toThrow('does not have an identity');
  });
});

describe('extremes', () => {
  it('NaN wins, the first of equals is the index', () => {
    const x = f32([
      [1, 3, 3, 2],
      [Number.NaN, 1, 2, Number.NaN],
    ]);
    const { values: best, indices } = x.max(1);
    expect(values(best)).toEqual([3, Number.NaN]);
    expect(values(indices)).toEqual([1, 0]);
    expect(values(x.argmax(1))).toEqual([1, 0]);
    expect(values(x.argmin(0))).toEqual([1, 1, 1, 1]);
    expect(x.argmax().item()).toBe(4);
    expect(x.argmax(1, { keepdim: true }).shape).toEqual([2, 1]);
  });

  it('with another tensor they are maximum and minimum', () => {
    expect(values(K.max(f32([1, 5]), f32([3, 4])))).toEqual([3, 5]);
    expect(values(f32([1, 5]).min(f32([3, 4])))).toEqual([1, 4]);
  });

  it('ties share the gradient over all, not along a dimension', () => {
    const x = f64([2, 5, 5, 1], true);
    expect(gradientOf(x.max(), x)).toEqual([0, 0.5, 0.5, 0]);
    expect(gradientOf(x.amax(0), x)).toEqual([0, 0.5, 0.5, 0]);
    expect(gradientOf(x.max(0).values, x)).toEqual([0, 1, 0, 0]);
    expect(gradientOf(x.aminmax().min, x)).toEqual([0, 0, 0, 1]);
  });
});

describe('gradients at the corners', () => {
  it('prod with none, one and two zeros', () => {
    const gradientsOf = (...data: number[]): number[][] => {
      const x = f64(data, true);
      return [x.prod(), x.prod(0)].map((y) => gradientOf(y, x));
    };
    const twice = (...gradient: number[]): number[][] => [gradient, gradient];
    expect(gradientsOf(2, 3, 4)).toEqual(twice(12, 8, 6));
    expect(gradientsOf(2, 0, 4)).toEqual(twice(0, 8, 0));
    expect(gradientsOf(0, 3, 0)).toEqual(twice(0, 0, 0));
  });

  it('prod of a row whose product leaves the range: divided by each element, as in PyTorch, in whatever order it leaves it', () => {
    const [inf, many] = [Number.POSITIVE_INFINITY, Array.from({ length: 1500 }, () => 4)];
    for (const dims of [undefined, 0]) {
      for (const [data, expected] of [
        [
          [1e200, 1e200, 1e-300, 1e-300, 3],
          [inf, inf, inf, inf, inf],
        ],
        [
          [1e-200, 1e-200, -1e-120],
          [0, 0, 0],
        ],
        [[...many, ...many.map((v) => 1 / v), 0.5], null],
        [[...many.map((v) => 1 / v), ...many, 1e-30], null],
        [
          [1e200, 1e200, 0, 1e-200, 2],
          [0, 0, inf, Number.NaN, Number.NaN],
        ],
      ] as const) {
        const x = f64([...data], true);
        const y = x.prod(dims);
        const gradient = gradientOf(y, x) as number[];
        const whole = y.item() as number;
        expect(gradient.map((v) => v + 0)).toEqual(expected ?? data.map((v) => whole / v));
      }
    }
  });

  it('the median of no elements is NaN, 0 of bytes, and no int32', () => {
    expect(K.zeros([0]).median().item()).toBeNaN();
    expect(K.zeros([0], { dtype: 'uint8' }).nanmedian().item()).toBe(0);
    const none = K.zeros([0, 2], { dtype: 'int32' });
    expect(() => none.median()).toThrow('median: that of no elements does not fit int32');
    expect(() => none.nanmedian()).toThrow('nanmedian: that of no elements does not fit int32');
  });

  it('prod with zeros, twice', () => {
    const x = f64([0, 3, 4], true);
    const [g] = K.autograd.grad(x.prod(), [x], { createGraph: true });
    // d²/dx² of x0 x1 x2: the sum of each row of the Hessian.
    expect(gradientOf(g!.sum(), x)).toEqual([7, 4, 3]);
  });

  it.each([[[2, 3, 4, -1]], [[2, 0, 4, 3]], [[0, 3, 0, 2]]])(
    'prod and cumprod of %j, three times',
    (data) => {
      const x = f64(data, true);
      for (const f of [(y: Tensor) => y.prod(0), (y: Tensor) => y.cumprod(0)]) {
        const gradient = (y: Tensor): Tensor =>
          K.autograd.grad(f(y).square().sum(), [y], { createGraph: true })[0]!;
        K.autograd.gradcheck(gradient, [x]);
        K.autograd.gradgradcheck(gradient, [x]);
      }
    },
  );

  it('std at 0 has gradient 0, var without degrees of freedom NaN', () => {
    const x = f64([1, 1], true);
    expect(gradientOf(x.std(), x)).toEqual([0, 0]);
    expect(gradientOf(x.var(0, { correction: 2 }), x)).toEqual([Number.NaN, Number.NaN]);
  });

  it('var with fewer than no degrees of freedom has a gradient of the other sign where dims are named', () => {
    const x = f64([1, 2, 6], true);
    expect(gradientOf(x.var(0, { correction: 5 }), x)).toEqual([2, 1, -3]);
    expect(gradientOf(x.var(undefined, { correction: 5 }), x)).toEqual([Infinity, Infinity, Infinity]);
    expect(gradientOf(x.var(null, { correction: 5 }), x)).toEqual([Infinity, Infinity, Infinity]);
  });

  it('nothing has no variance, whatever it would be divided by', () => {
    for (const correction of [-3, -0.5, 0, 2]) {
      expect(f64([]).var({ correction }).item()).toBe(Number.NaN);
      expect(values(K.zeros([2, 0]).std(1, { correction }))).toEqual([Number.NaN, Number.NaN]);
      expect(K.varMean(K.zeros([0]), { correction })[0].item()).toBe(Number.NaN);
    }
  });

  it.each([3, 7, 30, 5000])('%d equal elements have no variance, and std has the gradient 0', (n) => {
    const x = K.full([n, 2], 0.1, { dtype: 'float64', requiresGrad: true });
    const y = x.std(0);
    expect(values(y)).toEqual([0, 0]);
    expect(gradientOf(y.sum(), x).every((g) => g === 0)).toBe(true);
    expect(values(x.transpose(0, 1).var(1))).toEqual([0, 0]);
  });

  it('a sum of an expanded tensor, and its gradient', () => {
    const x = f64([1, 2], true);
    const y = x.expand(3, 2).sum();
    expect(y.item()).toBe(9);
    expect(gradientOf(y, x)).toEqual([3, 3]);
    expect(values(K.ones([4, 3]).sumToSize([1, 3]))).toEqual([4, 4, 4]);
    expect(K.ones([2, 4, 3]).sumToSize([4, 1]).shape).toEqual([4, 1]);
    expect(() => K.ones([4, 3]).sumToSize([2])).toThrow('not expandable');
  });
});

describe('order statistics', () => {
  it('median takes the lower of two, in its place', () => {
    expect(f32([4, 1, 3, 2]).median().item()).toBe(2);
    const { values: middle, indices } = K.tensor([
      [4, 1, 3],
      [1, 9, 1],
    ]).median(1);
    expect(values(middle)).toEqual([3, 1]);
    expect(values(indices)).toEqual([2, 2]);
    expect(f32([1, Number.NaN, 3]).median().item()).toBeNaN();
    expect(f32([1, Number.NaN, 3]).nanmedian().item()).toBe(1);
    expect(f32([Number.NaN]).nanmedian().item()).toBeNaN();
  });

  it('mode takes the least of the most frequent, at its last place', () => {
    const { values: most, indices } = K.tensor([2, 2, 1, 1, 3]).mode();
    expect([most.item(), indices.item()]).toEqual([1, 3]);
  });

  it('quantile interpolates', () => {
    const x = f32([0, 1, 2, 4]);
    expect(x.quantile(0.5).item()).toBe(1.5);
    expect(values(x.quantile(f32([0, 0.25, 1])))).toEqual([0, 0.75, 4]);
    expect(x.quantile(0.5, 0, { interpolation: 'higher', keepdim: true }).shape).toEqual([1]);
    expect(K.rand([2, 5]).quantile(f32([0.1, 0.9]), 1).shape).toEqual([2, 2]);
    expect(f32([1, Number.NaN]).quantile(0).item()).toBeNaN();
    expect(f32([1, Number.NaN]).nanquantile(1).item()).toBe(1);
    expect(() => x.quantile(1.5)).toThrow('range [0, 1]');
  });

  it('a mean of nothing has no share to give, and the second gradient is the 0 of a sum of nothing', () => {
    for (const meanOf of [
      (x: Tensor) => x.mean(),
      (x: Tensor) => x.mean(0),
      (x: Tensor) => K.varMean(x, 0)[1],
      (x: Tensor) => K.stdMean(x)[1],
    ]) {
      const x = K.zeros([0, 3], { dtype: 'float64', requiresGrad: true });
      const y = meanOf(x);
      const v = K.onesLike(y, { requiresGrad: true });
      const [g] = K.autograd.grad(y, [x], { gradOutputs: v, createGraph: true });
      expect(g?.shape).toEqual([0, 3]);
      expect(gradientOf(g!.sum(), v)).toEqual(values(K.zerosLike(y)));
    }
  });

  it('histc counts', () => {
    expect(values(f32([1, 2, 1, 9]).histc({ bins: 4, min: 0, max: 3 }))).toEqual([0, 2, 1, 0]);
  });
});
