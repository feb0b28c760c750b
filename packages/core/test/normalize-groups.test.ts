/** Normalisation by group: each way of its kernels against operations, its derivatives, programs, and chunks of samples and groups. */
import {
  autograd,
  compile,
  type DType,
  manualSeed,
  normalizeGroups,
  randn,
  type Tensor,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';

interface Sizes {
  readonly samples: number;
  readonly outer: number;
  readonly groups: number;
  readonly parts: number;
  readonly run: number;
}

/** Rows, groups of channels, channels over a batch and columns, of sizes that fill vectors and blocks and that do not. */
const shapes: readonly Sizes[] = [
  { samples: 35, outer: 1, groups: 1, parts: 7, run: 1 },
  { samples: 6, outer: 1, groups: 2, parts: 33, run: 1 },
  { samples: 5, outer: 1, groups: 3, parts: 2, run: 9 },
  { samples: 1, outer: 4, groups: 3, parts: 1, run: 37 },
  { samples: 1, outer: 19, groups: 6, parts: 1, run: 1 },
  { samples: 2, outer: 1, groups: 1, parts: 75, run: 1 },
  { samples: 2, outer: 1, groups: 1, parts: 2, run: 75 },
  { samples: 1, outer: 9, groups: 23, parts: 1, run: 1 },
];
/** More than is worked on at a time, of samples or of groups. */
const large: readonly Sizes[] = [
  { samples: 300, outer: 1, groups: 1, parts: 130, run: 1 },
  { samples: 3, outer: 1, groups: 5, parts: 2, run: 4100 },
  { samples: 1, outer: 5, groups: 30, parts: 1, run: 401 },
];
const learned = [0, 1, 2] as const;
const eps = 1e-3;
const name = 'native_layer_norm';

/** x, and as many of factor and summand as wanted. */
function drawn(s: Sizes, count: 0 | 1 | 2, dtype: DType): [Tensor, ...Tensor[]] {
  manualSeed(1);
  const leaf = (n: number): Tensor => randn([n], { dtype }).add(0.5).detach().requiresGrad_();
  const factors = s.groups * s.parts;
  return [leaf(s.samples * s.outer * factors * s.run), ...Array.from({ length: count }, () => leaf(factors))];
}

const options = ({ run: _, ...sizes }: Sizes, centered: boolean, weight?: Tensor, bias?: Tensor) => ({
  ...{ name, eps, centered, ...sizes },
  ...(weight && { weight }),
  ...(bias && { bias }),
});

/** The same by operations: y, variances and means. */
function byOperations(s: Sizes, centered: boolean, [x, weight, bias]: [Tensor, ...Tensor[]]): Tensor[] {
  const all = x.reshape([s.samples, s.outer, s.groups, s.parts, s.run]);
  const mean = all.mean([1, 3, 4], { keepdim: true });
  const d = centered ? all.sub(mean) : all;
  const variance = d.square().mean([1, 3, 4], { keepdim: true });
  const factor = (p: Tensor): Tensor => p.reshape([s.groups, s.parts, 1]);
  let y = d.mul(variance.add(eps).rsqrt());
  if (weight !== undefined) y = y.mul(factor(weight));
  if (bias !== undefined) y = y.add(factor(bias));
  return [y.flatten(), variance.flatten(), ...(centered ? [mean.flatten()] : [])];
}

describe.each(shapes)('groups of %j', (sizes) => {
  it.each(learned)('give what operations give, with gradients of both kinds, %i learned', (count) => {
    for (const centered of [true, false]) {
      const inputs = drawn(sizes, count, 'float64');
      const results = (...[x, ...p]: [Tensor, ...Tensor[]]): readonly Tensor[] =>
        normalizeGroups(x, options(sizes, centered, ...p));
      const expected = byOperations(sizes, centered, inputs);
      for (const [i, y] of results(...inputs).entries())
        expect(y.allclose(expected[i] ?? y.neg(), { rtol: 1e-12, atol: 1e-13 })).toBe(true);
      const g = randn([inputs[0].count], { dtype: 'float64' });
      const loss = (found: readonly Tensor[]): Tensor => (found[0] ?? g).mul(g).sum();
      const plain = autograd.grad(loss(results(...inputs)), inputs);
      const again = autograd.grad(loss(results(...inputs)), inputs, { createGraph: true });
      const slopes = autograd.grad(loss(expected), inputs);
      for (const [i, slope] of slopes.entries())
        for (const found of [plain, again])
          expect(found[i]?.detach().allclose(slope ?? g, { rtol: 1e-10, atol: 1e-11 })).toBe(true);
    }
  });
});

it('the derivative by results, variances and means can be differentiated again', () => {
  const sizes = { samples: 2, outer: 1, groups: 2, parts: 2, run: 2 };
  for (const centered of [true, false]) {
    const call = (x: Tensor, ...p: Tensor[]): Tensor[] => [
      ...normalizeGroups(x, options(sizes, centered, ...p)),
    ];
    const inputs = drawn(sizes, 2, 'float64');
    expect(autograd.gradcheck(call, inputs)).toBe(true);
    expect(autograd.gradgradcheck(call, inputs)).toBe(true);
  }
});

it.each([...shapes, ...large])('a program gives the bits that chunks give: %j', (sizes) => {
  for (const dtype of ['float32', 'float64'] as const) {
    for (const count of learned) {
      const inputs = drawn(sizes, count, dtype);
      const both = (...[x, ...p]: [Tensor, ...Tensor[]]): Tensor[] => {
        const [y] = normalizeGroups(x, options(sizes, true, ...p));
        return [y, ...autograd.grad(y.mul(y).sum(), [x, ...p])].flatMap((found) => found ?? []);
      };
      const expected = both(...inputs);
      const compiled = compile(both);
      for (let call = 0; call < 3; call++)
        for (const [i, y] of compiled(...inputs).entries())
          expect(y.equal(expected[i] ?? y.neg())).toBe(true);
      expect(compiled.explain()).toContain(' 0 by eager kernels, 0 in JavaScript');
    }
  }
});

it('equal numbers are exactly their mean', () => {
  for (const value of [3.3, 1e6, -7e-3]) {
    const x = randn([4, 37]).mul(0).add(value);
    const [y] = normalizeGroups(x, { name, samples: 4, parts: 37 });
    expect(y.abs().max().item()).toBe(0);
  }
});

it('sizes, factors and summands that do not fit are refused', () => {
  const x = randn([6]);
  for (const wrong of [
    { samples: 4 },
    { samples: 2, outer: 3 },
    { groups: 2, weight: randn([3]) },
    { groups: 2, weight: randn([2], { dtype: 'float64' }) },
    { groups: 2, bias: randn([2]) },
  ] as const)
    expect(() => normalizeGroups(x, { name, ...wrong })).toThrow('normalizeGroups: expected');
});

it.each([...shapes, ...large])(
  'statistics of float32 are exact but for the last bits, far from 0 too: %j',
  (sizes) => {
    const x = drawn(sizes, 0, 'float32')[0].add(100).detach();
    const [y, variances, means] = normalizeGroups(x, options(sizes, true));
    const exact = byOperations(sizes, true, [x.to('float64')]);
    for (const [i, found] of [y, variances, means].entries()) {
      const expected = exact[i] ?? y;
      // The results are distances from the mean as it was rounded.
      const error = found?.to('float64').sub(expected).abs().max().item() ?? Number.NaN;
      expect(error).toBeLessThan(i === 0 ? 1e-5 : expected.abs().max().item() * 2 ** -23);
    }
  },
);

it.each([
  { samples: 3, outer: 1, groups: 2, parts: 4, run: 256 },
  { samples: 1, outer: 8, groups: 3, parts: 1, run: 130 },
  { samples: 3, outer: 1, groups: 1, parts: 5, run: 1 },
] as const)('statistics are as exact where what a group begins with is far from its mean: %j', (sizes) => {
  const { samples, outer, groups, parts, run } = sizes;
  const whole = drawn(sizes, 0, 'float32')[0]
    .detach()
    .reshape([samples, outer, groups, parts * run]);
  const quarter = Math.floor((parts * run) / 4);
  // All numbers but those in 16 places, a quarter of a block apart, four in each; of a short group but the first one.
  for (let k = 0; k < 4; k++) {
    const at = (n: number): number => Math.floor((k * n) / 4);
    const length = quarter < 4 ? 1 : 4;
    const first = quarter < 4 ? 0 : at(parts * run) & -4;
    whole.narrow(1, at(outer), 1).narrow(3, first, length).add_(1000);
  }
  const [, variances, means] = normalizeGroups(whole.flatten(), options(sizes, true));
  const [, exactVariances, exactMeans] = byOperations(sizes, true, [whole.flatten().to('float64')]);
  for (const [found, exact] of [
    [variances, exactVariances],
    [means, exactMeans],
  ] as const)
    expect(found?.to('float64').allclose(exact ?? variances, { rtol: 2 ** -22, atol: 0 })).toBe(true);
});

it('what is not finite makes the statistics that adding up gives', () => {
  for (const parts of [5, 400]) {
    const x = randn([3, parts]);
    const last = x.narrow(1, parts - 1, 1);
    for (const [row, value] of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].entries())
      last.narrow(0, row, 1).fill_(value);
    for (const from of [x, x.flip(1)]) {
      const [, variances, means] = normalizeGroups(from, { name, samples: 3, parts });
      expect(means?.tolist()).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]);
      expect(variances.isfinite().any().item()).toBe(false);
    }
  }
});
