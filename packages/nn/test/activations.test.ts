import { arange, autograd, manualSeed, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { F } from '@kindling/nn';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import * as faces from '../src/activations/index.ts';

const inf = Infinity;

interface Case {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly slope: readonly number[];
  /** Where it is not that function alone. */
  readonly run?: (x: Tensor) => Tensor;
}
const functions = F as unknown as Readonly<Record<string, (x: Tensor) => Tensor>>;

/** Values and gradients of PyTorch 2.15 in float64, as its vectors have them, with the kinks and what is not finite. */
const cases: readonly Case[] = [
  {
    name: 'relu',
    x: [-1, -0, 0, 2, NaN, inf, -inf],
    y: [0, -0, 0, 2, NaN, inf, 0],
    slope: [0, 0, 0, 1, 1, 1, 0],
  },
  {
    name: 'relu6',
    x: [-1, -0, 0, 3, 6, 7, NaN],
    y: [0, -0, 0, 3, 6, 6, NaN],
    slope: [0, 0, 0, 1, 0, 0, 0],
  },
  {
    name: 'hardtanh(x, { minVal: -2, maxVal: 1 })',
    x: [-3, -2, 0.5, 1, NaN, inf],
    y: [-2, -2, 0.5, 1, NaN, 1],
    slope: [0, 0, 1, 0, 0, 0],
    run: (x) => F.hardtanh(x, { minVal: -2, maxVal: 1 }),
  },
  {
    name: 'hardsigmoid',
    x: [-4, -3, 0.5, 3, NaN, inf, -inf],
    y: [0, 0, 0.5833333333333334, 1, NaN, 1, 0],
    slope: [0, 0, 0.1666666716337204, 0, 0, 0, 0],
  },
  {
    name: 'hardswish',
    x: [-4, -3, -1, 3, 4, NaN, inf, -inf],
    y: [-0, -0, -0.3333333333333333, 3, 4, NaN, inf, NaN],
    slope: [0, 0, 0.16666666666666669, 1, 1, NaN, 1, 0],
  },
  {
    name: 'hardshrink',
    x: [-1, -0.5, 0.25, 0.5, 0.75, NaN],
    y: [-1, 0, 0, 0, 0.75, NaN],
    slope: [1, 0, 0, 0, 1, 0],
  },
  {
    name: 'softshrink',
    x: [-1, -0.5, -0.25, 0.25, 0.5, 0.75, NaN],
    y: [-0.5, 0, 0, 0, 0, 0.25, NaN],
    slope: [1, 0, 0, 0, 0, 1, 0],
  },
  {
    name: 'leakyRelu(x, { negativeSlope: 0.2 })',
    x: [-2, -0, 0, 1.5, NaN, -inf],
    y: [-0.4, -0, 0, 1.5, NaN, -inf],
    slope: [0.2, 0.2, 0.2, 1, 0.2, 0.2],
    run: (x) => F.leakyRelu(x, { negativeSlope: 0.2 }),
  },
  {
    name: 'elu(x, { alpha: 0.5 })',
    x: [-2, -0, 0, 1.5, NaN, -inf, inf],
    y: [-0.43233235838169365, -0, 0, 1.5, NaN, -0.5, inf],
    slope: [0.06766764161830635, 0.5, 0.5, 1, NaN, 0, 1],
    run: (x) => F.elu(x, { alpha: 0.5 }),
  },
  {
    name: 'celu(x, { alpha: 2 })',
    x: [-2, -0, 0, 1.5, NaN, -inf],
    y: [-1.2642411176571153, -0, 0, 1.5, NaN, -2],
    slope: [0.36787944117144233, 1, 1, 1, NaN, 0],
    run: (x) => F.celu(x, { alpha: 2 }),
  },
  {
    name: 'selu',
    x: [-2, -0, 0, 1.5, NaN, -inf],
    y: [-1.5201664685956948, -0, 0, 1.5760514810332207, NaN, -1.7580993408473766],
    slope: [0.2379328722516818, 1.7580993408473766, 1.7580993408473766, 1.0507009873554805, NaN, 0],
  },
  {
    name: 'threshold(x, 1, 5)',
    x: [0, 1, 1.5, NaN],
    y: [5, 5, 1.5, NaN],
    slope: [0, 0, 1, 1],
    run: (x) => F.threshold(x, 1, 5),
  },
  {
    name: 'softplus',
    x: [-800, -1, 0, 20, 20.5, 100, NaN, inf, -inf],
    y: [0, 0.31326168751822286, Math.LN2, 20.000000002061153, 20.5, 100, NaN, inf, 0],
    slope: [0, 0.2689414213699951, 0.5, 0.9999999979388464, 1, 1, NaN, 1, 0],
  },
  {
    name: 'softplus(x, { beta: 2, threshold: 4 })',
    x: [-1, 0, 2, 2.5],
    y: [0.06346400552148625, 0.34657359027997264, 2.0090749639589047, 2.5],
    slope: [0.11920292202211755, 0.5, 0.9820137900379085, 1],
    run: (x) => F.softplus(x, { beta: 2, threshold: 4 }),
  },
  {
    name: 'gelu',
    x: [-40, -1, 0, 2.5, NaN, inf, -inf],
    y: [-0, -0.15865525393145702, 0, 2.4844758366855597, NaN, inf, NaN],
    slope: [0, -0.08331547058768635, 0.5, 1.037611085908145, NaN, NaN, NaN],
  },
  {
    name: "gelu(x, { approximate: 'tanh' })",
    x: [-40, -1, 0, 2.5, NaN, inf],
    y: [-0, -0.15880800939172324, 0, 2.484915733910001, NaN, inf],
    slope: [0, -0.08296408384578252, 0.5, 1.037951576212666, NaN, NaN],
    run: (x) => F.gelu(x, { approximate: 'tanh' }),
  },
  {
    name: 'silu',
    x: [-800, -1, 0, 2.5, 800, NaN, inf],
    y: [-0, -0.2689414213699951, 0, 2.3103545499468914, 800, NaN, inf],
    slope: [-0, 0.07232948812851325, 0.5, 1.0994011113415267, 1, NaN, NaN],
  },
  {
    name: 'mish',
    x: [-30, -1, 0, 2.5, 800, NaN, inf],
    y: [-2.807286890651921e-12, -0.30340146137410895, 0, 2.471392304557881, 800, NaN, inf],
    slope: [-2.713710660963392e-12, 0.059216755877395014, 0.6, 1.041129530131353, 1, NaN, NaN],
  },
  {
    name: 'logSigmoid',
    x: [-800, -100, -1, 0, 2.5, 800, NaN, inf, -inf],
    y: [-800, -100, -1.3132616875182228, -Math.LN2, -0.07888973429254963, 0, NaN, 0, -inf],
    slope: [1, 1, 0.7310585786300049, 0.5, 0.07585818002124356, 0, NaN, 0, 1],
  },
  {
    name: 'softsign',
    x: [-3, -0, 0, 1, NaN],
    y: [-0.75, -0, 0, 0.5, NaN],
    slope: [0.0625, 1, 1, 0.25, NaN],
  },
  {
    name: 'tanhshrink',
    x: [-3, 0, 0.001, 1, NaN, inf, -inf],
    y: [-2.0049452463132695, 0, 3.333332000178546e-10, 0.23840584404423515, NaN, inf, -inf],
    slope: [0.9901339628345598, 0, 9.999993333398294e-7, 0.5800256583859739, NaN, 1, 1],
  },
  {
    name: 'sigmoid',
    x: [-800, -1, 0, 800, NaN],
    y: [0, 0.2689414213699951, 0.5, 1, NaN],
    slope: [0, 0.19661193324148185, 0.25, 0, NaN],
  },
  {
    name: 'tanh',
    x: [-30, -1, 0, 30, NaN],
    y: [-1, -0.7615941559557649, 0, 1, NaN],
    slope: [0, 0.41997434161402614, 1, 0, NaN],
  },
  {
    name: 'rrelu(x, { lower: 0.2, upper: 0.6 })',
    x: [-2, 0, 1],
    y: [-0.8, 0, 1],
    slope: [0.4, 0.4, 1],
    run: (x) => F.rrelu(x, { lower: 0.2, upper: 0.6 }),
  },
  {
    name: 'softmin(x, 0)',
    x: [1, 2, 4],
    y: [0, 0.25949646034241913, 0.07023805391867946],
    slope: [0.2325896196618563, -0.17393152103893714, -0.05865809862291915],
    run: (x) => F.softmin(x, 0).mul(arange(3)),
  },
  {
    name: 'glu',
    x: [1, -2, 0.5, 3],
    y: [0.6224593312018546, -1.9051482536448667],
    slope: [0.6224593312018546, 0.9525741268224334, 0.2350037122015945, -0.090353319461824],
  },
];

const double = (values: readonly number[], requiresGrad = true): Tensor =>
  tensor([...values], { dtype: 'float64', requiresGrad });

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    const want = expected[i]!;
    if (!Number.isFinite(want) || want === 0) expect(value).toBe(want);
    else expect(Math.abs(value - want)).toBeLessThanOrEqual(1e-14 + 4e-15 * Math.abs(want) * 10);
  });
}

describe("PyTorch's values and gradients", () => {
  it.each(cases)('$name', ({ name, x, y, slope, run = functions[name]! }) => {
    const input = double(x);
    const output = run(input);
    expectClose([...output.data], y);
    output.sum().backward();
    expectClose([...input.grad!.data], slope);
  });

  it('in float32 far from zero', () => {
    const at = (value: number): Tensor => tensor(value, { dtype: 'float32' });
    expect(F.softplus(at(100)).item()).toBe(100);
    expect(F.logSigmoid(at(-100)).item()).toBe(-100);
    expect(F.logSigmoid(at(-1e30)).item()).toBe(Math.fround(-1e30));
    expect(F.silu(at(-100)).item()).toBeCloseTo(0, 30);
  });

  it('of prelu, for one slope and for one a channel', () => {
    const x = double([0, -2, 3, -4]).detach().reshape([2, 2]).requiresGrad_(true);
    const one = double([0.25]);
    F.prelu(x, one).sum().backward();
    expect([...x.grad!.data]).toEqual([0.25, 0.25, 1, 0.25]);
    expect([...one.grad!.data]).toEqual([-6]);
    const two = double([0.5, 0.25]);
    const y = F.prelu(x, two);
    expect([...y.data]).toEqual([0, -0.5, 3, -1]);
    y.sum().backward();
    expect([...two.grad!.data]).toEqual([0, -6]);
    expect(() => F.prelu(x, double([1, 2, 3]))).toThrow('Found parameter numbers = 3 and channel size = 2');
  });
});

describe('options', () => {
  const inPlace: readonly [string, (x: Tensor, inplace: boolean) => Tensor][] = [
    ['relu', (x, inplace) => F.relu(x, { inplace })],
    ['relu6', (x, inplace) => F.relu6(x, { inplace })],
    ['leakyRelu', (x, inplace) => F.leakyRelu(x, { inplace })],
    ['elu', (x, inplace) => F.elu(x, { inplace })],
    ['selu', (x, inplace) => F.selu(x, { inplace })],
    ['celu', (x, inplace) => F.celu(x, { inplace, alpha: 2 })],
    ['silu', (x, inplace) => F.silu(x, { inplace })],
    ['mish', (x, inplace) => F.mish(x, { inplace })],
    ['hardswish', (x, inplace) => F.hardswish(x, { inplace })],
    ['hardsigmoid', (x, inplace) => F.hardsigmoid(x, { inplace })],
    ['hardtanh', (x, inplace) => F.hardtanh(x, { inplace })],
    ['threshold', (x, inplace) => F.threshold(x, 0.5, 2, { inplace })],
    ['rrelu', (x, inplace) => F.rrelu(x, { inplace, training: true })],
  ];

  it.each(inPlace)('%s in place has the same values and gradients', (_, run) => {
    const values = [-4, -1, -0.25, 0.25, 0.75, 5];
    const outcome = (inplace: boolean) => {
      manualSeed(1);
      const leaf = double(values);
      const x = leaf.mul(1);
      const y = run(x, inplace);
      expect(y === x).toBe(inplace);
      y.mul(arange(1, 7)).sum().backward();
      return [[...y.data], [...leaf.grad!.data]];
    };
    expect(outcome(true)).toEqual(outcome(false));
    expect(() => run(double(values), true)).toThrow('leaf Variable that requires grad');
    const plain = double(values, false);
    manualSeed(1);
    run(plain, true);
    expect([...plain.data]).toEqual(outcome(false)[0]);
  });
});

/** Each activation as a module, and the function that it stands for. */
const modules: readonly [nn.Module, (x: Tensor) => Tensor][] = [
  [new nn.ReLU(), (x) => F.relu(x)],
  [new nn.ReLU6(), (x) => F.relu6(x)],
  [new nn.LeakyReLU({ negativeSlope: 0.1 }), (x) => F.leakyRelu(x, { negativeSlope: 0.1 })],
  [new nn.PReLU({ init: 0.5 }).double(), (x) => F.prelu(x, double([0.5], false))],
  [new nn.RReLU().eval(), (x) => F.rrelu(x)],
  [new nn.ELU({ alpha: 0.5 }), (x) => F.elu(x, { alpha: 0.5 })],
  [new nn.CELU({ alpha: 0.5 }), (x) => F.celu(x, { alpha: 0.5 })],
  [new nn.SELU(), (x) => F.selu(x)],
  [new nn.GELU(), (x) => F.gelu(x)],
  [new nn.GELU({ approximate: 'tanh' }), (x) => F.gelu(x, { approximate: 'tanh' })],
  [new nn.SiLU(), (x) => F.silu(x)],
  [new nn.Mish(), (x) => F.mish(x)],
  [new nn.Hardswish(), (x) => F.hardswish(x)],
  [new nn.Hardsigmoid(), (x) => F.hardsigmoid(x)],
  [new nn.Hardtanh({ minVal: -2, maxVal: 1 }), (x) => F.hardtanh(x, { minVal: -2, maxVal: 1 })],
  [new nn.Hardshrink({ lambd: 0.25 }), (x) => F.hardshrink(x, { lambd: 0.25 })],
  [new nn.Softshrink({ lambd: 0.25 }), (x) => F.softshrink(x, { lambd: 0.25 })],
  [new nn.Tanhshrink(), (x) => F.tanhshrink(x)],
  [new nn.Softplus({ beta: 2, threshold: 3 }), (x) => F.softplus(x, { beta: 2, threshold: 3 })],
  [new nn.Softsign(), (x) => F.softsign(x)],
  [new nn.Sigmoid(), (x) => F.sigmoid(x)],
  [new nn.LogSigmoid(), (x) => F.logSigmoid(x)],
  [new nn.Tanh(), (x) => F.tanh(x)],
  [new nn.Threshold(0.1, 3), (x) => F.threshold(x, 0.1, 3)],
  [new nn.GLU(1), (x) => F.glu(x, 1)],
  [new nn.Softmin(1), (x) => F.softmin(x, 1)],
  [new nn.Softmax(1), (x) => F.softmax(x, 1)],
  [new nn.Softmax2d(), (x) => F.softmax(x, 1)],
  [new nn.LogSoftmax(1), (x) => F.logSoftmax(x, 1)],
];

describe('modules', () => {
  it('are all that there are', () => {
    const classes = Object.values<unknown>(faces).filter(
      (face) => typeof face === 'function' && face.prototype instanceof nn.Module,
    );
    const tested = new Set<unknown>(modules.map(([{ constructor }]) => constructor));
    expect(classes.filter((face) => !tested.has(face))).toEqual([]);
  });

  it.each(modules)('%s', (module, run) => {
    const x = double([-3, -1.5, -0.3, 0.05, 0.4, 0.8, 1.7, 2.5], false).reshape([1, 2, 2, 2]);
    expect([...module(x).data]).toEqual([...run(x).data]);
  });

  it('are differentiated once and twice', () => {
    // Away from the kinks, where a difference quotient says nothing.
    const kinks = [-3, -2, -0.5, -0.25, 0, 0.1, 0.25, 0.5, 1, 1.5, 3, 6];
    const value = fc
      .double({ min: -5, max: 5, noNaN: true })
      .filter((v) => kinks.every((kink) => Math.abs(v - kink) > 1e-3));
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 8, maxLength: 8 }),
        fc.constantFrom(...modules),
        (values, [, run]) => {
          const x = double(values, false).reshape([1, 2, 2, 2]).clone().requiresGrad_(true);
          return autograd.gradcheck(run, [x]) && autograd.gradgradcheck(run, [x]);
        },
      ),
      { numRuns: 150, seed: 1 },
    );
  });
});

describe('random activations', () => {
  it('draw slopes as PyTorch does, only where they are needed', () => {
    manualSeed(0);
    const y = F.rrelu(tensor([-1, 2, -3, 0.5, -1], { dtype: 'float64' }), { training: true });
    expectClose([...y.data], [-0.3270943753763652, 2.0, -0.8173874152498675, 0.5, -0.22070477981821893]);
  });

  it('sample Gumbel-softmax as PyTorch does, one-hot where asked', () => {
    manualSeed(0);
    const logits = tensor(
      [
        [0.1, 0.2, 0.3],
        [1, 2, 3],
      ],
      { dtype: 'float32', requiresGrad: true },
    );
    const soft = F.gumbelSoftmax(logits, { tau: 0.5 });
    const expected = [
      0.01681484840810299, 0.16698211431503296, 0.8162029981613159, 0.005309807602316141, 0.23506703972816467,
      0.7596231698989868,
    ];
    expect([...soft.data].every((value, i) => Math.abs(value - expected[i]!) < 1e-5)).toBe(true);
    const hard = F.gumbelSoftmax(logits, { hard: true, eps: 1e-10 });
    for (const row of hard.toArray<number[][]>()) expect(row.map(Math.round).sort()).toEqual([0, 0, 1]);
    hard.mul(arange(3)).sum().backward();
    expect(logits.grad!.abs().sum().item()).toBeGreaterThan(0);
  });
});

describe('functions with a weight or an underscore', () => {
  it('prelu has exact derivatives for its weight too', () => {
    const x = double([-1, 2, -3, 0.5, -0.25, 4], false).reshape([1, 3, 2]).clone().requiresGrad_(true);
    for (const weight of [double([0.3]), double([0.3, -0.2, 1.5])]) {
      expect(autograd.gradcheck(F.prelu, [x, weight])).toBe(true);
      expect(autograd.gradgradcheck(F.prelu, [x, weight])).toBe(true);
    }
  });

  it('an underscore means in place', () => {
    const runs: readonly ((x: Tensor) => Tensor)[] = [
      F.relu_,
      F.leakyRelu_,
      F.rrelu_,
      F.elu_,
      F.celu_,
      F.selu_,
      F.hardtanh_,
      (x) => F.elu_(x, { alpha: 0.5 }),
      (x) => F.hardtanh_(x, { minVal: -1.5, maxVal: 2 }),
      (x) => F.threshold_(x, 0, 7),
    ];
    for (const run of runs) {
      const x = double([-2, 3], false);
      expect(run(x)).toBe(x);
      expect(x.data[0]).not.toBe(-2);
    }
  });
});

it('a softmax without its dimension warns once, and takes the one that PyTorch takes', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  for (const [shape, dim] of [
    [[], 0],
    [[6], 0],
    [[2, 3], 1],
    [[2, 3, 2], 0],
    [[2, 3, 2, 1], 1],
  ] as const) {
    const x = randn([...shape], { dtype: 'float64' });
    expect(F.softmin(x).tolist()).toEqual(F.softmin(x, dim).tolist());
  }
  expect(warn.mock.calls).toEqual([
    [
      'Implicit dimension choice for softmin has been deprecated. Change the call to include dim as an argument.',
    ],
  ]);
  warn.mockRestore();
});

it('a PReLU is set back to the slopes it began with', () => {
  const layer = new nn.PReLU({ numParameters: 2, init: 0.5 });
  const { weight } = layer;
  layer.loadStateDict({ weight: tensor([3, 4]) });
  layer.resetParameters();
  expect(layer.weight).toBe(weight);
  expect(weight.toArray()).toEqual([0.5, 0.5]);
  expect(weight.requiresGrad).toBe(true);
});
