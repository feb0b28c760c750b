/** Layers and losses inside compiled functions: the bits of eager, in values, gradients, state and random streams. */

import { compile, getRngState, manualSeed, randint, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import {
  type Entry,
  firstForms,
  fixturesIn,
  readFixture,
  recordedIn,
  type Value,
} from '../../core/test/oracle/fixture.ts';
import { gradientsOf, makeArguments } from '../../core/test/oracle/run.ts';
import { resultLeaves } from '../../core/test/oracle/tensors.ts';
import { bitsOf, change, expectSameBits } from '../../core/test/support/compiled.ts';
import { leftEager } from '../../core/test/support/lowered.ts';
import { trainingStep } from '../../core/test/support/training-step.ts';
import { Adam, SGD } from '../../optim/src/index.ts';
import { losses } from './losses/all.ts';
import { Dice, isTensor } from './losses/dice.ts';
import { functionOf, functions, moduleOf } from './oracle/modules.ts';

/** Losses whose kernels no program runs itself: it leaves them to eager kernels. */
const withEagerKernels: readonly string[] = [];

const isTensorLeaf = (x: unknown): x is Tensor => typeof x === 'object';

for (const name of [
  'losses',
  'beyond-losses',
  ...fixturesIn(new URL('./fixtures/', import.meta.url), 'modules'),
]) {
  const { entries } = readFixture<Entry>(new URL(`./fixtures/${name}`, import.meta.url));
  describe(`${name} of the fixtures, compiled, give the bits of eager`, () => {
    const labelled = entries.map((e) => [`${e.op}${e.variant && `[${e.variant}]`} ${e.dtype}`, e] as const);
    it.each(labelled)('%s', (_, entry) => {
      for (const sample of firstForms(entry.samples)) {
        const recorded = [...recordedIn(sample.a as Value), ...recordedIn((sample.k ?? {}) as Value)];
        const make = () => {
          const given = makeArguments(sample, 'contiguous', functions);
          const inputs = given.tensors.filter((_, i) => recorded[i]?.requiresGrad);
          const ofFunction = entry.op.startsWith('nn.functional.');
          const { module = null, call } = ofFunction ? { call: functionOf(entry) } : moduleOf(entry, sample);
          const parameters = module === null ? [] : Array.from(module.namedParameters(), ([, p]) => p);
          return {
            call: () => {
              const result = call(given);
              const gradients = gradientsOf(result, [...inputs, ...parameters]) ?? [];
              return [resultLeaves(result).filter(isTensorLeaf), gradients.filter((g) => g !== null)];
            },
            argumentsOf: () => {
              change(inputs);
              return [];
            },
            state: () => (module === null ? [] : Object.values(module.stateDict() as Record<string, Tensor>)),
          };
        };
        expectSameBits(make);
      }
    });
  });
}

describe('a step with each loss, compiled, trains as eager does', () => {
  it.each(losses.map((loss) => [loss.name ?? loss.fn, loss] as const))('%s', (name, loss) => {
    const fn = expectSameBits(() => {
      const { args, inputs, options } = loss.draw({ n: 5, c: 4, extra: [], dice: new Dice(11) });
      const call = (functions as Record<string, (...a: unknown[]) => Tensor>)[loss.fn]!;
      const leaves = inputs.map((i) => (args[i] as Tensor).detach().clone().requiresGrad_());
      const given = args.map((x, i) => (inputs.includes(i) ? leaves[inputs.indexOf(i)] : x));
      const optimizer = new SGD(leaves, { lr: 1e-3, momentum: 0.9 });
      const before = loss.before ?? ((x: Tensor) => x);
      return {
        call: () => {
          optimizer.zeroGrad();
          const value = call(
            ...given.map((x, i) => (i === inputs[0] && isTensor(x) ? before(x) : x)),
            options,
          );
          value.backward();
          optimizer.step();
          return value;
        },
        state: () => [
          ...leaves,
          ...leaves.map((w) => w.grad),
          ...[...optimizer.state.values()].map((s) => s.momentumBuffer as Tensor),
        ],
      };
    }, 6);
    expect(leftEager(fn).length > 0).toBe(withEagerKernels.includes(name));
  });
});

describe('what AdaptiveLogSoftmaxWithLoss says without targets, compiled, is what eager says', () => {
  it.each(['logProb', 'predict'] as const)('%s', (name) => {
    expectSameBits(() => {
      const layer = new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10]);
      return {
        call: (x: Tensor) => layer[name](x).detach(),
        argumentsOf: (i) => [randn([6, 8]).mul(i === 3 ? 0 : 4)],
      };
    }, 6);
  });
});

describe('a class that is none, in a compiled loss of margins', () => {
  const int32 = (x: number[] | number[][]): Tensor => tensor(x, { dtype: 'int32' });
  const cases: Readonly<Record<string, readonly [nn.Module<[Tensor, Tensor], Tensor>, Tensor, Tensor]>> = {
    MultiMarginLoss: [
      new nn.MultiMarginLoss({ weight: tensor([0.5, 2, 1]) }),
      int32([0, 2, 1]),
      int32([0, 3, 1]),
    ],
    MultiLabelMarginLoss: [
      new nn.MultiLabelMarginLoss(),
      int32([
        [2, 0, -1],
        [-1, 1, 1],
        [0, 1, 2],
      ]),
      int32([
        [2, 0, -1],
        [-1, 3, 1],
        [0, 1, 2],
      ]),
    ],
  };
  it.each(Object.entries(cases))(
    'is the error of eager, after which it goes on: %s',
    (_, [loss, good, bad]) => {
      const fn = expectSameBits(() => {
        const x = randn([3, 3]).requiresGrad_();
        return {
          call: (t: Tensor) => {
            x.grad = null;
            const value = loss(x, t);
            value.backward();
            return value;
          },
          argumentsOf: (i) => [i === 3 ? bad : good],
          state: () => [x, x.grad],
        };
      }, 6);
      expect(leftEager(fn)).toEqual([]);
    },
  );
});

describe('a compiled net', () => {
  const net = () =>
    new nn.Sequential(
      new nn.Linear(3, 6),
      new nn.BatchNorm1d(6),
      new nn.ReLU(),
      new nn.Dropout({ p: 0.3 }),
      new nn.Linear(6, 2),
    );

  it('draws dropout from the stream of eager, keeps running statistics, and follows train and eval', () => {
    const fn = expectSameBits(() => {
      const model = net();
      const optimizer = new SGD(model.parameters(), { lr: 0.1 });
      const dice = new Dice(5);
      const batches = Array.from({ length: 9 }, (_, i) =>
        dice.normal([i % 4 === 3 ? 2 : 4, 3]).to('float32'),
      );
      return {
        call: (x: Tensor) => {
          optimizer.zeroGrad();
          const loss = model(x).square().mean();
          if (model.training) {
            loss.backward();
            optimizer.step();
          }
          return loss.detach();
        },
        argumentsOf: (i) => {
          model.train(i % 3 !== 2);
          return [batches[i]];
        },
        state: () => [...Object.values(model.stateDict()), ...model.parameters().map((p) => p.grad)],
      };
    }, 9);
    expect(fn.programs.length).toBeGreaterThan(2);
    expect(fn.explain()).toMatch(/\w+\.training changed|arguments of another form/);
  });

  it('is compiled anew where a parameter, a hook or requiresGrad came or went', () => {
    expectSameBits(() => {
      const model = net();
      const x = new Dice(6).normal([4, 3]).to('float32');
      const seen: unknown[] = [];
      return {
        call: () => {
          model.zeroGrad();
          const loss = model(x).square().mean();
          loss.backward();
          return loss;
        },
        argumentsOf: (i) => {
          const first = model[0] as nn.Linear;
          if (i === 3) first.weight = new nn.Parameter(first.weight.detach().mul(2));
          if (i === 5) first.weight.requiresGrad_(false);
          if (i === 7)
            model[2]!.registerForwardHook((_m: unknown, _i: unknown, y: unknown) => (y as Tensor).mul(3));
          if (i === 8) seen.push(bitsOf(first.weight.grad));
          return [];
        },
        state: () => [...Object.values(model.stateDict()), ...model.parameters().map((p) => p.grad)],
      };
    }, 10);
  });
});

type Edited = nn.Sequential & Record<'extra', nn.Module>;

/** What may be done to a container between calls. */
const edits: Readonly<Record<string, (model: Edited) => void>> = {
  'puts another module in a place': (model) => {
    model[1] = new nn.Tanh();
  },
  'appends one': (model) => void model.append(new nn.Sigmoid()),
  'assigns one beyond the last': (model) => {
    model[3] = new nn.Sigmoid();
  },
  'assigns one further on': (model) => {
    model[7] = new nn.Sigmoid();
  },
  'assigns one by name': (model) => {
    model.extra = new nn.Sigmoid();
  },
  'registers one by name': (model) => model.registerModule('extra', new nn.Sigmoid()),
  'takes one out': (model) => void model.pop(),
  'inserts one': (model) => void model.insert(1, new nn.Sigmoid()),
  'deletes one': (model) => {
    delete model[2];
  },
  'puts one behind the others': (model) => {
    const { extra = new nn.Tanh() } = model;
    delete (model as Partial<Edited>).extra;
    model.extra = extra;
  },
  'turns training off in one': (model) => void (model[1] as nn.Module).train(false),
};

it.each(Object.entries(edits))('a program follows who %s', (_, edit) => {
  manualSeed(8);
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.RReLU(), new nn.Linear(4, 3));
  const x = randn([2, 3]);
  const forward = (input: Tensor): Tensor => {
    manualSeed(1);
    return model(input).detach();
  };
  const compiled = compile(forward, { check: false });
  for (let i = 0; i < 3; i++) compiled(x);
  for (let i = 0; i < 2; i++) {
    edit(model as Edited);
    const now = bitsOf(forward(x));
    for (let call = 0; call < 3; call++) expect(bitsOf(compiled(x))).toEqual(now);
  }
});

describe('a call with data that cannot be', () => {
  const make = () => {
    manualSeed(5);
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Dropout({ p: 0.5 }));
    const loss = new nn.CrossEntropyLoss();
    const optimizer = new Adam(model.parameters(), { lr: 0.1 });
    const step = trainingStep(optimizer, (x: Tensor, y: Tensor) => loss(model(x), y));
    const left = (): unknown => [
      Object.values(model.stateDict()).map(bitsOf),
      Array.from(model.parameters(), (p) => bitsOf(p.grad)),
      JSON.stringify(optimizer.stateDict()),
      Array.from(getRngState()),
    ];
    return { step, left };
  };

  it("ends in eager's error, and leaves parameters, statistics, state and random streams as they were", () => {
    const { step, left } = make();
    const compiled = compile(step);
    const classes = (...c: number[]): Tensor => tensor(c, { dtype: 'int32' });
    for (let i = 0; i < 4; i++) compiled(randn([3, 3]), classes(0, 1, 3));
    const x = randn([3, 3]);
    const before = left();
    const attempt = (run: typeof step): string => {
      try {
        run(x, classes(0, 4, 1));
      } catch (error) {
        return (error as Error).message;
      }
      return 'nothing was refused';
    };
    const message = attempt(compiled);
    expect(message).toContain('Target 4 is out of bounds');
    expect(left()).toEqual(before);
    expect(attempt(make().step)).toBe(message);
  });
});

describe('A compiled module', () => {
  class Scaled extends nn.Module<[Tensor], Tensor> {
    factor = 2;
    shift?: number;
    limit = Number.NaN;

    override forward(x: Tensor): Tensor {
      const y = x.mul(this.factor).add(this.shift ?? 0);
      return Number.isNaN(this.limit) ? y : y.clamp({ max: this.limit });
    }
  }

  it('is compiled anew when a property changes, comes or goes, and not otherwise', () => {
    const model = new Scaled();
    delete model.shift;
    const compiled = compile((x: Tensor) => model(x));
    const once = (): number => compiled(tensor([1.5])).item();
    const found: [value: number, programs: number][] = [];
    const changes = [
      () => {},
      () => {
        model.factor = 3;
      },
      () => {
        model.shift = 0.5;
      },
      () => {
        model.limit = 4;
      },
      () => {
        delete model.shift;
      },
    ];
    for (const change of changes) {
      change();
      for (let i = 0; i < 4; i++) once();
      found.push([once(), compiled.programs.length]);
    }
    expect(found).toEqual([
      [3, 1],
      [4.5, 2],
      [5, 3],
      [4, 4],
      [4, 5],
    ]);
  });
});

describe('AdaptiveLogSoftmaxWithLoss is trained compiled as eager does, whatever cluster the targets are in', () => {
  /** For each call how many classes the targets are drawn from: the clusters behind have none. */
  const classes = [20, 20, 4, 20, 20, 10, 4, 20, 10, 20, 4, 10];
  const cases = [
    ['Adam', 'float32', { divValue: 2, headBias: true }],
    ['SGD', 'float64', {}],
  ] as const;
  it.each(cases)('%s in %s', (name, dtype, options) => {
    const fn = expectSameBits(() => {
      const net = new nn.Linear(8, 8).to(dtype);
      const loss = new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], options).to(dtype);
      const params = [...net.parameters(), ...loss.parameters()];
      const optimizer =
        name === 'Adam' ? new Adam(params, { lr: 0.01 }) : new SGD(params, { lr: 0.1, momentum: 0.5 });
      return {
        call: (x: Tensor, y: Tensor) => {
          optimizer.zeroGrad();
          const { output, loss: mean } = loss(net(x), y);
          mean.backward();
          optimizer.step();
          return [output.detach(), mean];
        },
        argumentsOf: (i) => {
          const rows = i % 5 === 4 ? 3 : 6;
          return [randn([rows, 8], { dtype }), randint(0, classes[i % classes.length]!, [rows])];
        },
        state: () => [...params, ...params.map((p) => p.grad)],
      };
    }, 36);
    expect(leftEager(fn)).toEqual([]);
  });

  it('by one program, as long as the same clusters have some', () => {
    const loss = new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10]);
    const step = compile((x: Tensor, y: Tensor) => {
      loss.zeroGrad();
      const { loss: mean } = loss(x, y);
      mean.backward();
      return mean;
    });
    const targets = [
      [0, 5, 6, 15],
      [12, 13, 14, 4],
      [1, 4, 19, 2],
    ];
    for (let call = 0; call < 9; call++) step(randn([4, 8]), tensor(targets[call % 3]!));
    expect(step.programs).toHaveLength(1);
    expect(() => step(randn([4, 8]), tensor([0, 5, 20, 15]))).toThrow(/should be in \[0, 19\].*\[0, 20\]/);
  });

  it('but not where layers of a cluster ask for its rows', () => {
    const loss = new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10]);
    loss.tail[0]!.registerForwardHook(() => {});
    const step = compile((x: Tensor, y: Tensor) => loss(x, y).loss.detach());
    const call = (): Tensor => step(randn([2, 8]), tensor([5, 6]));
    call();
    expect(call).toThrow(/AdaptiveLogSoftmaxWithLoss: the layers of a cluster .* have hooks/);
  });
});
