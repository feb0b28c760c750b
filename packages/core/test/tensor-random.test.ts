import { readFileSync } from 'node:fs';
import * as K from '@kindling/core';
import {
  AutogradError,
  type DType,
  DTypeError,
  Generator,
  manualSeed,
  ShapeError,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { describe, expect, test } from 'vitest';
import { crc32 } from './support/crc32.ts';

interface Draw {
  readonly dtype: DType;
  readonly shape: number[];
  readonly values: (number | boolean)[];
  readonly state: number;
}

/** Made by tools/oracle/tensor_random_fixtures.py, which has the same names. */
const fixture = JSON.parse(
  readFileSync(new URL('./fixtures/random/tensors.json', import.meta.url), 'utf8'),
) as Record<string, Draw>;

const seed = 2024;
const empty = (...shape: number[]): Tensor => K.empty(shape);
const every2nd = { step: 2 };
const rare = K.tensor([0, 0, 3, 0, 1, 0, 0, 0, 0], { dtype: 'float32' });
const weights = K.tensor([
  [0.1, 0.2, 0.3, 0.4],
  [0, 5, 1, 2],
]);
const probabilities = K.arange(12, { dtype: 'float32' }).reshape(3, 4).div(11);

const rates = K.arange(40, { dtype: 'float32' }).reshape(5, 8).square().div(8);
const trials = K.arange(60, { dtype: 'float32' }).reshape(15, 4).square();

const draws: Record<string, () => Tensor> = {
  rand: () => K.rand([2, 3]),
  'rand float64': () => K.rand(5, { dtype: 'float64' }),
  'rand of no element': () => K.rand([0, 3]),
  'rand 0-dim': () => K.rand([]),
  'randn small': () => K.randn([3, 5]),
  'randn large': () => K.randn([4, 5]),
  'randn float64': () => K.randn([3, 6], { dtype: 'float64' }),
  randint: () => K.randint(10, [3, 4]),
  'randint low': () => K.randint(-5, 5, [8]),
  'randint uint8': () => K.randint(0, 256, [6], { dtype: 'uint8' }),
  'randint float32': () => K.randint(3, 9, [6], { dtype: 'float32' }),
  randperm: () => K.randperm(11),
  bernoulli: () => K.bernoulli(probabilities),
  'bernoulli transposed': () => K.bernoulli(probabilities.t()),
  'normal numbers': () => K.normal(1, 2, { shape: [3, 7] }),
  'normal mean': () => K.normal(K.arange(5, { dtype: 'float32' }), 0.5),
  'normal both': () =>
    K.normal(K.arange(4, { dtype: 'float32' }).reshape(4, 1), K.arange(1, 6, { dtype: 'float32' })),
  'normal transposed mean': () => K.normal(K.zeros([5, 4]).t(), 1),
  multinomial: () => K.multinomial(weights, 3),
  'multinomial of few': () => K.multinomial(rare, 7),
  'multinomial of few, once': () => K.multinomial(rare, 1),
  'multinomial of few, many': () =>
    K.multinomial(K.arange(90).float().remainder(9).div(8, { roundingMode: 'trunc' }), 60),
  'multinomial row': () => K.multinomial(weights.index(0), 2),
  'multinomial replacement': () => K.multinomial(weights, 6, { replacement: true }),
  randLike: () => K.randLike(K.zeros([2, 3])),
  'randLike transposed': () => K.randLike(K.zeros([3, 4]).t()),
  'randLike sliced': () => K.randLike(K.zeros([3, 8]).index(':', every2nd)),
  'randnLike transposed': () => K.randnLike(K.zeros([4, 5]).t()),
  'randintLike transposed': () => K.randintLike(K.zeros([3, 4], { dtype: 'int32' }).t(), 0, 50),
  uniform_: () => empty(2, 3).uniform_(-1, 3),
  'uniform_ transposed': () => empty(3, 4).t().uniform_(),
  'uniform_ permuted': () => empty(2, 3, 4).permute(2, 0, 1).uniform_(),
  'uniform_ sliced': () => empty(3, 8).index(':', every2nd).uniform_(),
  'normal_ transposed small': () => empty(3, 4).t().normal_(),
  'normal_ transposed large': () => empty(4, 5).t().normal_(2, 3),
  'normal_ sliced large': () => empty(5, 8).index(':', every2nd).normal_(),
  'normal_ sliced float64': () =>
    K.empty([9, 4], { dtype: 'float64' }).index({ start: 1, step: 2 }).normal_(),
  'bernoulli_ transposed': () => empty(3, 4).t().bernoulli_(0.3),
  'bernoulli_ tensor': () => empty(3, 4).bernoulli_(probabilities),
  'bernoulli_ tensor transposed': () => empty(3, 4).t().bernoulli_(probabilities.reshape(4, 3)),
  'bernoulli_ int': () => K.empty([4, 3], { dtype: 'int32' }).t().bernoulli_(0.5),
  'random_ transposed': () => K.empty([3, 4], { dtype: 'int32' }).t().random_(0, 100),
  'exponential_ transposed': () => empty(3, 4).t().exponential_(),
  'cauchy_ transposed': () => empty(3, 4).t().cauchy_(),
  'logNormal_ transposed': () => empty(3, 4).t().logNormal_(),
  'geometric_ transposed': () => empty(3, 4).t().geometric_(0.3),
  poisson: () => K.poisson(rates),
  'poisson transposed': () => K.poisson(rates.t()),
  'poisson float64': () => K.poisson(rates.double().add(0.1)),
  binomial: () => K.binomial(trials, probabilities.index(0)),
  'binomial probabilities': () => K.binomial(K.full([3, 4], 70, { dtype: 'float32' }), probabilities),
  'binomial float64': () => K.binomial(trials.double(), K.full([], 0.61, { dtype: 'float64' })),
};

/** Transcendental functions of doubles differ between platforms in the last place. */
function expectEqual(x: Tensor, { dtype, values }: Draw): void {
  const actual = Array.from(x.data, (v: number) => (dtype === 'bool' ? v !== 0 : v));
  if (dtype !== 'float64') expect(actual).toEqual(values);
  else {
    const differences = actual.map((v, i) => Math.abs(Number(v) - Number(values[i])));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1e-14);
  }
}

describe("PyTorch's numbers for a seed", () => {
  test('the names are those of the fixture', () => {
    expect(Object.keys(draws)).toEqual(Object.keys(fixture));
  });

  test.each(Object.entries(draws))('%s', (name, draw) => {
    const expected = fixture[name]!;
    manualSeed(seed);
    const x = draw();
    expect([x.dtype, x.shape]).toEqual([expected.dtype, expected.shape]);
    expectEqual(x, expected);
    expect(crc32(K.getRngState())).toBe(expected.state);
  });

  test.each(Object.entries(draws))('%s leaves elements outside a view alone', (name, draw) => {
    manualSeed(seed);
    const { storage, shape, dtype } = draw();
    if (!name.includes('sliced') || !name.includes('_')) return;
    const outside = Array.from(storage.array).filter((_, i) => i % 2 === 1 && dtype === 'float32');
    expect(outside.every((v) => v === 0)).toBe(true);
    expect(shape.length).toBe(2);
  });
});

describe('generators', () => {
  test('a generator of its own leaves the default one alone', () => {
    manualSeed(1);
    const expected = K.rand(3);
    manualSeed(1);
    const generator = new Generator().manualSeed(1);
    const first = K.rand(3, { generator });
    K.randn([20], { generator });
    K.empty([4]).t().uniform_(0, 1, { generator });
    K.multinomial(weights, 2, { generator });
    K.normal(0, K.ones([3]), { generator });
    K.dropoutMask(K.ones([3]), 0.5, generator);
    expect(first.equal(expected)).toBe(true);
    expect(K.rand(3).equal(expected)).toBe(true);
  });

  test('a state brings back the stream', () => {
    manualSeed(5);
    K.randn([3]);
    const state = K.getRngState();
    const next = K.randn([7]);
    K.setRngState(state);
    expect(K.randn([7]).equal(next)).toBe(true);
  });

  test('a draw is recorded in no graph, and refused to a leaf that requires a gradient', () => {
    const p = K.full([3], 0.5, { requiresGrad: true });
    expect(K.bernoulli(p).requiresGrad).toBe(false);
    expect(K.normal(p, 1).requiresGrad).toBe(false);
    expect(K.rand(2, { requiresGrad: true }).requiresGrad).toBe(true);
    expect(() => p.uniform_()).toThrow(AutogradError);
    K.noGrad(() => p.uniform_());
    const version = p.storage.version;
    K.noGrad(() => p.normal_());
    expect(p.storage.version).toBe(version + 1);
  });
});

describe('dtypes of draws', () => {
  test("randintLike takes an upper bound alone, as randint does, and PyTorch's numbers come", () => {
    K.manualSeed(0);
    expect(K.randintLike(K.zeros([5]), 10).toArray()).toEqual([4, 9, 3, 0, 3]);
    K.manualSeed(0);
    expect(K.randintLike(K.zeros([5]), 0, 10, { dtype: 'int32' }).toArray()).toEqual([4, 9, 3, 0, 3]);
    expect(K.randintLike(K.zeros([5]), 10, { dtype: 'uint8' }).dtype).toBe('uint8');
  });

  test("the dtype of normal numbers is the mean's, or else the std's, and the std may be of integers", () => {
    K.manualSeed(0);
    const floats = K.normal(K.zeros([3]), K.ones([3])).toArray();
    K.manualSeed(0);
    expect(K.normal(K.zeros([3]), K.tensor([1, 1, 1])).toArray()).toEqual(floats);
    K.manualSeed(0);
    expect(K.normal(K.zeros([3]), K.tensor([true, true, true])).toArray()).toEqual(floats);
    expect(K.normal(K.tensor([Infinity]), 1).item()).toBe(Infinity);
    expect(K.normal(K.zeros([1]), K.ones([1]).double()).dtype).toBe('float32');
  });

  test('whole numbers go into integers, ones and zeros into bools too', () => {
    expect(K.empty([9], { dtype: 'uint8' }).geometric_(0.5).ge(1).all().item()).toBe(true);
    expect(K.randperm(256, { dtype: 'uint8' }).max().item()).toBe(255);
    expect(
      K.empty([2], { dtype: 'bool' })
        .bernoulli_(K.ones([2]))
        .toArray(),
    ).toEqual([true, true]);
    expect(
      K.empty([2], { dtype: 'int32' })
        .bernoulli_(K.ones([2]).double())
        .toArray(),
    ).toEqual([1, 1]);
  });
});

describe('bad arguments', () => {
  test.each<[() => unknown, new (message?: string) => K.KindlingError, string]>([
    [
      () => K.rand([2], { dtype: 'int32' }),
      DTypeError,
      'rand: not implemented for int32; use float32 or float64',
    ],
    [() => K.randLike(K.ones([2], { dtype: 'int32' })), DTypeError, 'randLike: not implemented for int32'],
    [() => K.empty([2], { dtype: 'int32' }).normal_(), DTypeError, 'normal_: not implemented for int32'],
    [() => K.randint(5, 5, [2]), ValueError, "'from' to be less than 'to'"],
    [() => K.randint(0, 2.5, [2]), ValueError, 'expects integers'],
    [() => K.randint(0, 1e12, [2]), ValueError, 'out of bounds for int32'],
    [
      () => K.normal(K.tensor([1]), 1),
      DTypeError,
      'normal: not implemented for int32; use float32 or float64',
    ],
    [() => K.normal(K.tensor([1]), K.ones([1])), DTypeError, 'normal: not implemented for int32'],
    [() => K.normal(Infinity, K.tensor([1])), DTypeError, 'normal: not implemented for int32'],
    [() => K.normal(K.tensor([true]), 1), DTypeError, 'normal: not implemented for bool'],
    [() => K.normal(0, 1, { shape: [1], dtype: 'uint8' }), DTypeError, 'normal: not implemented for uint8'],
    [
      () => K.empty([2], { dtype: 'bool' }).geometric_(0.5),
      DTypeError,
      'geometric_: not implemented for bool',
    ],
    [() => K.randperm(2, { dtype: 'bool' }), DTypeError, 'randperm: not implemented for bool'],
    [() => K.randperm(257, { dtype: 'uint8' }), ValueError, 'randperm: n - 1=256 is out of bounds for uint8'],
    [
      () => empty(2).bernoulli_(K.ones([2], { dtype: 'int32' })),
      DTypeError,
      'bernoulli_: expected probabilities of a float',
    ],
    [() => empty(2).bernoulli_(K.tensor([true, true])), DTypeError, 'of a float dtype, got bool'],
    [() => K.randintLike(empty(2), 0), ValueError, 'randintLike: '],
    [
      () => (K.randintLike as (...given: unknown[]) => unknown)(empty(2), 1, 5, {}, 3),
      ValueError,
      'randintLike: takes',
    ],
    [() => (K.randint as (...given: unknown[]) => unknown)(1, 5, [2], {}, 3), ValueError, 'randint: takes'],
    [() => K.randperm(-1), ShapeError, 'sizes must be non-negative integers'],
    [
      () => K.bernoulli(K.tensor([0.5, 1.5])),
      ValueError,
      'expects probabilities in [0, 1], but got 1.5 at element 1',
    ],
    [() => K.bernoulli(K.tensor([1])), DTypeError, 'expected probabilities of a float dtype, got int32'],
    [() => K.poisson(K.tensor([0.5, -1.5])), ValueError, '0 or more, but got -1.5 at element 1'],
    [() => K.poisson(K.tensor([1])), DTypeError, 'poisson'],
    [() => K.binomial(K.tensor([2.5, Infinity]), K.ones([2])), ValueError, 'but got Infinity at element 1'],
    [() => K.binomial(K.tensor([2]), K.ones([1])), DTypeError, 'binomial'],
    [
      () => K.binomial(K.ones([1]).double(), K.ones([1])),
      DTypeError,
      'of one dtype, got float64 and float32',
    ],
    [() => K.binomial(K.ones([2]), K.ones([3])), ShapeError, 'do not broadcast'],
    [() => empty(2).bernoulli_(2), ValueError, 'expects p to be in [0, 1], but got p=2'],
    [() => empty(2).uniform_(2, 1), ValueError, 'found from=2 > to=1'],
    [() => empty(2).normal_(0, -1), ValueError, 'std >= 0.0, but found std -1'],
    [() => K.normal(0, 1), ShapeError, 'pass { shape }'],
    [() => K.normal(0, K.tensor([-1.5])), ValueError, 'all elements of std >= 0.0'],
    [() => K.normal(K.zeros([2]), K.ones([3])), ShapeError, 'do not broadcast'],
    [() => empty(2).exponential_(0), ValueError, 'lambda > 0.0'],
    [() => empty(2).geometric_(1), ValueError, 'p to be in (0, 1)'],
    [() => K.multinomial(weights, 5), ValueError, '5 > 4 categories without replacement'],
    [() => K.multinomial(weights, 0), ValueError, '0 <= 0 samples'],
    [() => K.multinomial(K.zeros([3]), 1), ValueError, 'sum of probabilities <= 0'],
    [() => K.multinomial(K.tensor([1, Number.NaN]), 1), ValueError, 'either inf, nan or element < 0'],
    [() => K.multinomial(K.ones([2, 2, 2]), 1), ShapeError, 'must be 1 or 2 dim, got shape [2, 2, 2]'],
    [
      () => K.multinomial(K.ones([2], { dtype: 'int32' }), 1),
      DTypeError,
      'floating-point dtypes for the weights',
    ],
    [() => manualSeed(1.5), ValueError, 'the seed must be an integer, got 1.5'],
    [() => manualSeed('1' as unknown as number), ValueError, 'the seed must be an integer'],
  ])('are errors that teach %#', (f, type, message) => {
    expect(f).toThrow(type);
    expect(f).toThrow(message);
  });

  test('and draw nothing', () => {
    manualSeed(3);
    const before = K.getRngState();
    expect(() => empty(20).uniform_(2, 1)).toThrow();
    expect(() => K.multinomial(weights, 5)).toThrow();
    expect(() => K.randint(5, 5, [2])).toThrow();
    expect(K.getRngState()).toEqual(before);
  });
});
