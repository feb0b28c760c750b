/** What the fixtures do not hold: what is refused, compiled steps, expanded distributions, gradients by finite differences. */
import {
  autograd,
  compile,
  Generator,
  manualSeed,
  ones,
  randn,
  type Tensor,
  tensor,
  zeros,
} from '@kindling/core';
import { assertClose, tensorsWith } from '@kindling/core/testing';
import * as D from '@kindling/distributions';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** As in JavaScript, without types. */
const untyped = D as unknown as Record<string, new (...args: unknown[]) => D.Distribution>;

describe('what is refused', () => {
  it.each([
    [
      'a scale below 0',
      () => new D.Normal(0, tensor([1, -2])),
      'Normal: scale: expected numbers > 0, got -2',
    ],
    ['a scale of 0', () => new D.Laplace(0, 0), 'Laplace: scale: expected numbers > 0, got 0'],
    ['NaN', () => new D.Normal(Number.NaN, 1), 'Normal: loc: expected real numbers, got NaN'],
    [
      'probabilities above 1',
      () => new D.Bernoulli({ probs: 1.5 }),
      'Bernoulli: probs: expected numbers in [0, 1], got 1.5',
    ],
    [
      'a negative weight',
      () => new D.Categorical({ probs: tensor([1, -0.5]) }),
      'Categorical: probs: expected numbers >= 0',
    ],
    [
      'bounds in the wrong order',
      () => new D.Uniform(1, 0),
      'Uniform: high: expected numbers greater than low, got 0',
    ],
    [
      'a value out of bounds',
      () => new D.Uniform(0, 1).logProb(2),
      'Uniform.logProb: value: expected numbers between low and high, got 2',
    ],
    [
      'half a coin',
      () => new D.Bernoulli({ probs: 0.5 }).logProb(0.5),
      'Bernoulli.logProb: value: expected 0 or 1, got 0.5',
    ],
    [
      'a class that is none',
      () => new D.Categorical({ probs: ones([3]) }).logProb(3),
      'Categorical.logProb: value: expected classes from 0 to 2, got 3',
    ],
    [
      'a row of two',
      () => new D.OneHotCategorical({ probs: ones([2]) }).logProb(ones([2])),
      'OneHotCategorical.logProb: value: expected rows of zeros with a 1',
    ],
    [
      'both of two',
      () => new D.Categorical({ probs: ones([2]), logits: ones([2]) }),
      'Categorical: expected one of probs and logits: write new Categorical({ logits })',
    ],
    [
      'what the classes beneath refuse',
      () => new D.OneHotCategorical({ probs: tensor([-1, 2]) }),
      'OneHotCategorical: probs: expected numbers >= 0',
    ],
    [
      'a shape below 0',
      () => new D.Normal(0, 1).sample([-2]),
      'Normal.sample: randn: sizes must be non-negative integers, got [-2]',
    ],
    ['none of two', () => new D.OneHotCategorical({}), 'OneHotCategorical: expected one of probs and logits'],
    [
      'probabilities without a name',
      () => new (untyped.Categorical as (typeof untyped)[string])(ones([2])),
      'Categorical: expected an options object',
    ],
    [
      'gradients through a choice',
      () => new D.Categorical({ probs: ones([2]) }).rsample(),
      'Categorical.rsample: its samples are no differentiable function',
    ],
    [
      'an entropy without a form',
      () =>
        new D.MixtureSameFamily(
          new D.Categorical({ probs: ones([1]) }),
          new D.Normal(zeros([1]), 1),
        ).entropy(),
      'MixtureSameFamily.entropy: there is no closed form',
    ],
    [
      'a divergence that is not known',
      () => D.klDivergence(new D.Normal(0, 1), new D.Poisson(1)),
      'klDivergence: none is known of Normal and Poisson',
    ],
    [
      'a mixture of another number',
      () => new D.MixtureSameFamily(new D.Categorical({ probs: ones([2]) }), new D.Normal(zeros([3]), 1)),
      'MixtureSameFamily: the mixture is of 2 components',
    ],
    [
      'no triangle',
      () => new D.MultivariateNormal(zeros([2]), { scaleTril: ones([2, 2]) }),
      'MultivariateNormal: scaleTril: expected a lower triangular matrix',
    ],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message);
  });

  const two = ['Cauchy', 'Gumbel', 'Laplace', 'LogNormal', 'Normal', 'Pareto', 'Uniform', 'Weibull'];
  const one = ['Exponential', 'HalfCauchy', 'HalfNormal', 'Poisson'];
  const byProbs = ['Bernoulli', 'Geometric'];

  it.each(two)('parameters of %s that do not broadcast, by its name', (name) => {
    const Class = untyped[name] as (typeof untyped)[string];
    expect(() => new Class(ones([2]), ones([3]).mul(2))).toThrow(
      new RegExp(`^${name}: .*shapes \\[2\\] and \\[3\\] do not broadcast`),
    );
  });

  it.each([...two, ...one, ...byProbs])(
    'a value or a shape that does not broadcast, by the method of %s',
    (name) => {
      const Class = untyped[name] as (typeof untyped)[string];
      const half = ones([2]).mul(0.5);
      const d = byProbs.includes(name)
        ? new Class({ probs: half })
        : new Class(half, ...(two.includes(name) ? [ones([2]).mul(2)] : []));
      const given = { logProb: ones([3]), cdf: ones([3]), icdf: ones([3]), expand: [3] };
      for (const [method, value] of Object.entries(given))
        expect(() => (d as unknown as Record<string, (x: unknown) => unknown>)[method]?.(value)).toThrow(
          new RegExp(`^${name}\\.${method}: .*(\\[3\\]|closed form)`),
        );
    },
  );

  it('two whose batches do not broadcast, by the divergence', () => {
    expect(() => D.klDivergence(new D.Normal(ones([2]), 1), new D.Normal(ones([3]), 1))).toThrow(
      /^klDivergence: .*do not broadcast/,
    );
  });

  it('nothing where nothing is to be checked', () => {
    const d = new D.Normal(0, -1, { validateArgs: false });
    expect(d.logProb(Number.NaN).item()).toBeNaN();
  });
});

it('integers count as floats', () => {
  assertClose(new D.Normal(tensor([0, 1]), 1).logProb(tensor([0, 1])), [-0.9189385, -0.9189385]);
});

it('draws from a generator of its own leave the default one alone', () => {
  const draw = () => new D.Normal(0, 1).sample([3], { generator: new Generator().manualSeed(3) });
  manualSeed(0);
  const before = randn([2]);
  manualSeed(0);
  assertClose(draw(), draw());
  assertClose(randn([2]), before);
});

it('the perplexity of as many equal chances is their number', () => {
  const dice = new D.Categorical({ probs: ones([2, 6]) });
  assertClose(dice.perplexity(), [6, 6]);
  assertClose(new D.Uniform(0, tensor([1, 8])).perplexity(), [1, 8]);
});

it('one distribution of leaves serves for several walks back', () => {
  const loc = tensor([0.5, 1], { requiresGrad: true });
  const d = new D.Normal(loc, 1);
  d.logProb(0).sum().backward();
  d.logProb(1).sum().backward();
  assertClose(loc.grad as Tensor, [0, -1]);
});

it('an expanded distribution has the parameters of each', () => {
  const d = new D.Independent(new D.Normal(tensor([0.5, 1]), 2), 1).expand([3]);
  expect([d.batchShape, d.eventShape]).toEqual([[3], [2]]);
  const all = [
    new D.Categorical({ logits: ones([2]) }),
    new D.OneHotCategorical({ probs: ones([2]) }),
    new D.Bernoulli({ logits: 1 }),
    new D.MixtureSameFamily(new D.Categorical({ probs: ones([2]) }), new D.Normal(zeros([2]), 1)),
    new D.MultivariateNormal(zeros([2]), {
      covarianceMatrix: tensor([
        [2, 0.5],
        [0.5, 1],
      ]),
    }),
    new D.Exponential(2),
    new D.Poisson(2),
    new D.Uniform(0, 1),
    new D.HalfNormal(1),
  ];
  for (const one of all) {
    const many = one.expand([4, 3]);
    expect(many.batchShape).toEqual([4, 3]);
    const value = many.sample();
    assertClose(many.logProb(value), one.logProb(value));
  }
});

it.each([
  ['Normal', new D.Normal(zeros([0]), 1)],
  ['Bernoulli', new D.Bernoulli({ logits: zeros([0]) })],
  ['Categorical', new D.Categorical({ logits: zeros([0, 2]) })],
  ['Independent in nothing', new D.Independent(new D.Normal(zeros([2, 0]), 1), 0)],
] as const)('a batch of none has samples, densities and entropies of none: %s', (_, d) => {
  const value = d.sample();
  const all = [value, d.logProb(value), d.entropy(), d.mean, D.klDivergence(d, d)];
  expect(all.map((x) => x.shape)).toEqual(all.map(() => d.batchShape));
});

describe('a distribution of your own', () => {
  /** All of its mass is at one number. */
  class Certain extends D.Distribution {
    readonly place: number;

    constructor(place: number, batchShape: readonly number[] = [], options = {}) {
      super(batchShape, [], options);
      this.place = place;
    }

    override get mean(): Tensor {
      return zeros(this.batchShape).add(this.place);
    }
    override get variance(): Tensor {
      return zeros(this.batchShape);
    }
    override get mode(): Tensor {
      return this.mean;
    }
    protected override draw(sampleShape: readonly number[]): Tensor {
      return this.mean.expand([...sampleShape, ...this.batchShape]);
    }
    protected override logDensity(value: Tensor): Tensor {
      return value.eq(this.mean).log();
    }
    protected override supported(_: string, value: Tensor): Tensor {
      return value;
    }
    protected override expanded(batchShape: readonly number[]): D.Distribution {
      return new Certain(this.place, batchShape);
    }
  }

  it('has what is made of its parts', () => {
    const d = new Certain(3, [2]);
    expect(d.sample([4]).shape).toEqual([4, 2]);
    expect(d.logProb(tensor([3, 4])).tolist()).toEqual([0, -Infinity]);
    expect([d.stddev.tolist(), d.expand([3, 2]).batchShape]).toEqual([
      [0, 0],
      [3, 2],
    ]);
    expect(() => d.rsample()).toThrow('Certain.rsample');
  });

  it('says by its name which sizes and options it does not take', () => {
    expect(() => new Certain(3, [1.5])).toThrow('Certain: batchShape: expected');
    expect(() => new Certain(3, [], 5 as never)).toThrow(
      'Certain: options: expected an options object, got 5',
    );
  });
});

describe('a compiled step', () => {
  const step = (logits: Tensor, mean: Tensor): Tensor[] => {
    const policy = new D.Categorical({ logits });
    const action = policy.sample();
    const z = new D.Normal(mean, 0.5);
    const drawn = z.rsample();
    return [
      policy.logProb(action),
      policy.entropy(),
      z.logProb(drawn),
      D.klDivergence(z, new D.Normal(0, 1)),
      new D.Bernoulli({ logits: mean }).logProb(1),
    ];
  };

  it('has the bits of the step', () => {
    const compiled = compile(step);
    for (let i = 0; i < 5; i++) {
      const [logits, mean] = [randn([4, 3]), randn([4])];
      manualSeed(i);
      const expected = step(logits, mean);
      manualSeed(i);
      const actual = compiled(logits, mean);
      for (const [k, x] of actual.entries()) expect(x.tolist()).toEqual(expected[k]?.tolist());
    }
  });

  it('refuses what the step refuses', () => {
    const density = compile((scale: Tensor) => new D.Normal(0, scale).logProb(1));
    for (let i = 0; i < 4; i++) density(tensor([1.5]));
    expect(() => density(tensor([-1.5]))).toThrow('Normal: scale: expected numbers > 0, got -1.5');
  });
});

it('densities and divergences have the derivatives of finite differences', () => {
  const wide = tensorsWith([3], { requiresGrad: true, min: -2, max: 2 });
  const positive = tensorsWith([3], { requiresGrad: true, min: 0.5, max: 2 });
  const classes = [D.Normal, D.Laplace, D.Cauchy, D.Gumbel] as const;
  const value = tensor([3.25, 4.5, -5], { dtype: 'float64' });
  fc.assert(
    fc.property(wide, positive, fc.constantFrom(...classes), (loc, scale, Class) => {
      const density = (l: Tensor, s: Tensor) => new Class(l, s).logProb(value);
      return autograd.gradcheck(density, [loc, scale]) && autograd.gradgradcheck(density, [loc, scale]);
    }),
    { numRuns: 20 },
  );
});

it('the mean of samples is the mean', () => {
  manualSeed(0);
  const all = [
    new D.Gumbel(1, 2),
    new D.Geometric({ probs: 0.25 }),
    new D.LogNormal(0, 0.5),
    new D.Laplace(1, 2),
  ];
  for (const d of all) {
    const samples = d.sample([20_000]);
    assertClose(samples.mean(), d.mean, { atol: 0.1, rtol: 0 });
    assertClose(samples.std(), d.stddev, { atol: 0.15, rtol: 0 });
  }
});
