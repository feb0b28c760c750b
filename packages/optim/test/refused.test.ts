/** What PyTorch's database of optimizers says is refused is refused, and in words that help; see tools/oracle/optimiser_runs.py. */
import { KindlingError, ones, type Tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { Recorded, readFixture } from '../../core/test/oracle/fixture.ts';
import { camelCase } from '../../core/test/oracle/signature.ts';
import { toTensor } from '../../core/test/oracle/tensors.ts';
import * as optim from '../src/index.ts';
import { make, type Options } from './support/runs.ts';

interface Refused {
  readonly op: string;
  /** What stands in the place of parameters. */
  readonly params: string;
  readonly options: Options;
  readonly message: string;
}

const parameter = (): Tensor => ones([2, 2], { requiresGrad: true });

/** What is given for parameters, and what our message says of it. */
const places: Readonly<Record<string, () => [given: unknown, message: RegExp]>> = {
  tensor: () => [parameter(), /should be an iterable of Tensors or groups, got a Tensor; write new/],
  twice: () => {
    const p = parameter();
    return [[p, p], /a parameter group with duplicate parameters/];
  },
  'groups that share': () => {
    const p = parameter();
    return [[{ params: p }, { params: p }], /some parameters appear in more than one parameter group/];
  },
  'with and without names': () => [
    [['weight', parameter()], parameter()],
    /all optimizer params should be with\/without names: 1 of 2 have names/,
  ],
  'groups with and without names': () => [
    [{ params: [parameter()] }, { params: [['weight', parameter()]] }],
    /all optimizer param groups should be with\/without names: cannot add a group with names to groups without names/,
  ],
};

const read = (x: unknown): unknown => {
  if (x instanceof Recorded) return toTensor(x);
  return Array.isArray(x) ? x.map(read) : x;
};

describe('what PyTorch refuses', () => {
  const { entries } = readFixture<Refused>(new URL('./fixtures/refused', import.meta.url));
  it.each(entries.map((entry) => [`${entry.op}: ${entry.message}`, entry] as const))('%s', (_, entry) => {
    const options = Object.fromEntries(Object.entries(entry.options).map(([key, x]) => [key, read(x)]));
    const wrong = Object.keys(options).at(-1) ?? '';
    const [given, message] = places[entry.params]?.() ?? [
      [parameter()],
      new RegExp(`^${entry.op}: ${camelCase(wrong)}: expected .*, got `),
    ];
    const construct = (): unknown => make(entry.op, given, options);
    expect(construct).toThrow(KindlingError);
    expect(construct).toThrow(message);
  });
});

describe('what PyTorch takes is refused where it would be lost or change nothing', () => {
  it.each<[object, RegExp]>([
    [{ capturable: true }, /^Adam: capturable: expected false, as there is no CUDA graph .*, got true$/],
    [{ fused: true, foreach: true }, /^Adam: `fused` and `foreach` cannot be `True` together/],
    [{ fused: true, differentiable: true }, /^Adam: `fused` does not support `differentiable`/],
    [{ fused: 'yes' }, /^Adam: fused: expected true or false or null, got "yes"$/],
  ])('choices of implementation that are none: %o', (options, message) => {
    expect(() => new optim.Adam([parameter()], options)).toThrow(message);
  });

  it('choices of implementation where PyTorch has them not', () => {
    for (const [name, option] of [
      ['SGD', 'capturable'],
      ['RMSprop', 'fused'],
      ['Adafactor', 'differentiable'],
      ['Muon', 'foreach'],
      ['LBFGS', 'foreach'],
      ['Lion', 'foreach'],
    ] as const)
      expect(() => make(name, [parameter()], { [option]: false })).toThrow(
        `${name}: unknown option ${option}`,
      );
  });

  it('a choice that a group was given since', () => {
    const optimizer = new optim.SGD([parameter()], { fused: true });
    for (const group of optimizer.paramGroups) group.foreach = true;
    expect(() => optimizer.step()).toThrow(/^SGD: `fused` and `foreach` cannot be/);
  });

  it('SparseAdam, with a word on what to use', () => {
    expect(() => new optim.SparseAdam([parameter()])).toThrow(KindlingError);
    expect(() => new optim.SparseAdam([parameter()])).toThrow(
      /^SparseAdam: Kindling has no sparse gradients.* optim.Adam, or/,
    );
  });

  it.each<[() => unknown, RegExp]>([
    [
      () => new optim.Rprop([parameter()], { stepSizes: [2, 1] }),
      /^Rprop: stepSizes: expected a pair of numbers, 0 <= stepSizes\[0\] <= stepSizes\[1\], got \[2, 1\]$/,
    ],
    [
      () => new optim.Adagrad([parameter()], { initialAccumulatorValue: -1 }),
      /^Adagrad: initialAccumulatorValue: expected a finite number >= 0, got -1$/,
    ],
    [
      () => new optim.ASGD([parameter()], { t0: Number.NaN }),
      /^ASGD: t0: expected a finite number, got NaN$/,
    ],
    [
      () => new optim.AdamWScheduleFree([parameter()], { betas: [0, 0.9] }),
      /^AdamWScheduleFree: betas: expected a pair of numbers in \[0, 1\), the first above 0, got \[0, 0.9\]$/,
    ],
    [
      () => new optim.SGDScheduleFree([parameter()], { momentum: 1 }),
      /^SGDScheduleFree: momentum: expected a number in \(0, 1\), got 1$/,
    ],
    [
      () => new optim.Lion([parameter()], { betas: [0.9, 1] }),
      /^Lion: betas: expected a pair of numbers in \[0, 1\)/,
    ],
  ])('values that mean nothing: %s', (construct, message) => {
    expect(construct).toThrow(message);
  });
});

describe('a Proxy that was revoked', () => {
  const sgd = () => new optim.SGD([parameter()], { lr: 0.1 });
  it.each<[string, (odd: never) => unknown]>([
    ['SGD', (odd) => new optim.SGD(odd)],
    ['SGD', (odd) => new optim.SGD([odd])],
    ['SGD', (odd) => new optim.SGD([['w', odd] as never])],
    ['SGD', (odd) => new optim.SGD([{ params: odd }])],
    ['SGD.addParamGroup', (odd) => sgd().addParamGroup(odd)],
    ['SGD.loadStateDict', (odd) => sgd().loadStateDict(odd)],
    ['StepLR', (odd) => new optim.lrScheduler.StepLR(odd, 2)],
    ['ChainedScheduler', (odd) => new optim.lrScheduler.ChainedScheduler(odd)],
    ['ChainedScheduler', (odd) => new optim.lrScheduler.ChainedScheduler([odd])],
    ['SequentialLR', (odd) => new optim.lrScheduler.SequentialLR(sgd(), odd, [])],
  ])('is refused by %s', (name, call) => {
    for (const target of [{}, [1], parameter(), () => {}]) {
      const { proxy, revoke } = Proxy.revocable(target, {});
      revoke();
      expect(() => call(proxy as never)).toThrow(KindlingError);
      expect(() => call(proxy as never)).toThrow(new RegExp(`^${name}: `));
    }
  });
});

describe('parameters with names', () => {
  const named = (): [string, Tensor][] => [
    ['weight', parameter()],
    ['bias', ones([2], { requiresGrad: true })],
  ];

  it('are optimized as without, and their names stand in the group and in the state dict', () => {
    const given = named();
    const optimizer = new optim.SGD(given, { lr: 0.5 });
    const tensors = given.map(([, p]) => p);
    expect(optimizer.paramGroups[0]?.params.every((p, i) => p === tensors[i])).toBe(true);
    for (const p of tensors) p.sum().backward();
    optimizer.step();
    expect(tensors.map((p) => p.toArray())).toEqual([
      [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
      [0.5, 0.5],
    ]);
    expect(optimizer.stateDict().param_groups[0]).toMatchObject({
      params: [0, 1],
      param_names: ['weight', 'bias'],
    });
    expect(String(optimizer)).toContain("    param_names: ['weight', 'bias']\n");
  });

  it("come behind what the group states itself, in PyTorch's order", () => {
    const optimizer = new optim.SGD([{ params: named(), lr: 0.1 }], { momentum: 0.9 });
    const first = ['params', 'lr', 'paramNames', 'momentum', 'dampening', 'weightDecay', 'nesterov'];
    expect(Object.keys(optimizer.paramGroups[0] as object).slice(0, 7)).toEqual(first);
  });

  it('keep the names that they have when a dict without names is loaded, and take those of one with names', () => {
    const optimizer = new optim.SGD(named());
    optimizer.loadStateDict(new optim.SGD([parameter(), parameter()]).stateDict());
    expect(optimizer.paramGroups[0]?.paramNames).toEqual(['weight', 'bias']);
    const other = new optim.SGD(named().map(([name, p]) => [`net.${name}`, p] as const));
    optimizer.loadStateDict(other.stateDict());
    expect(optimizer.paramGroups[0]?.paramNames).toEqual(['net.weight', 'net.bias']);
  });

  it('come in groups too, with options of their own', () => {
    const [weight, bias] = named() as [[string, Tensor], [string, Tensor]];
    const optimizer = new optim.SGD([{ params: [weight] }, { params: [bias], lr: 0.1 }]);
    expect(optimizer.paramGroups.map(({ paramNames, lr }) => [paramNames, lr])).toEqual([
      [['weight'], 1e-3],
      [['bias'], 0.1],
    ]);
    expect(() => optimizer.addParamGroup({ params: parameter() })).toThrow(
      /cannot add a group without names to groups with names/,
    );
  });
});

describe('options that change between steps', () => {
  it('are looked at again, the elements of pairs too, also where a group counts its steps among them', () => {
    const optimizer = new optim.AdamWScheduleFree([ones([2], { requiresGrad: true })]);
    const [group] = optimizer.paramGroups as unknown as [{ betas: number[]; weightDecay: number }];
    optimizer.train();
    for (const set of [() => (group.betas = [0.9, 0.99]), () => (group.weightDecay = 0.1)]) {
      set();
      expect(() => optimizer.step()).not.toThrow();
    }
    group.betas[1] = 1;
    expect(() => optimizer.step()).toThrow(/^AdamWScheduleFree.step: betas: expected a pair of numbers/);
    group.betas[1] = 0.99;
    expect(() => optimizer.step()).not.toThrow();
    group.weightDecay = Number.NaN;
    expect(() => optimizer.step()).toThrow(/^AdamWScheduleFree.step: weightDecay: expected/);
  });
});
