/** What PyTorch's fixtures do not say of schedules: Kindling's own, groups that are added later, states that do not fit, bad arguments. */
import { ValueError, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { lrScheduler, swaUtils } from '@kindling/optim';
import { beforeAll, describe, expect, it, test, vi } from 'vitest';

const parameter = (): nn.Parameter => new nn.Parameter(zeros([1]));
const sgd = (lr = 1, momentum = 0.9): optim.SGD => new optim.SGD([parameter()], { lr, momentum });

type Scheduler = {
  step(): void;
  getLastLr(): number[];
  stateDict(): object;
  loadStateDict(dict: never): void;
};

/** The rates before each of some steps. */
function ratesOf(scheduler: Scheduler, steps: number): number[] {
  const rates: number[] = [];
  for (let i = 0; i < steps; i++) {
    rates.push(...scheduler.getLastLr());
    scheduler.step();
  }
  return rates;
}

beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});

describe('warmup, stable, decay', () => {
  const { WarmupStableDecayLR } = lrScheduler;

  test('rises in equal steps, stays, and falls by the root, a line or half a cosine, then stays least', () => {
    const of = (decay: 'sqrt' | 'linear' | 'cos', minFactor = 0) =>
      ratesOf(new WarmupStableDecayLR(sgd(2), 9, { warmupSteps: 4, decaySteps: 4, decay, minFactor }), 12);
    expect(of('linear')).toEqual([0.5, 1, 1.5, 2, 2, 2, 1.5, 1, 0.5, 0, 0, 0]);
    expect(of('linear', 0.5)).toEqual([1.25, 1.5, 1.75, 2, 2, 2, 1.75, 1.5, 1.25, 1, 1, 1]);
    expect(of('sqrt').slice(5, 10)).toEqual([0, 1, 2, 3, 4].map((n) => 2 * (1 - Math.sqrt(n / 4))));
    expect(of('cos').slice(5, 10)).toEqual([0, 1, 2, 3, 4].map((n) => 1 + Math.cos((Math.PI * n) / 4)));
  });

  test('falls for a tenth of all steps unless told otherwise', () => {
    expect(new WarmupStableDecayLR(sgd(), 25).decaySteps).toBe(3);
    expect(ratesOf(new WarmupStableDecayLR(sgd(), 3, { decaySteps: 0 }), 4)).toEqual([1, 1, 1, 0]);
  });

  test('stays without an end until a decay is begun, also from a state by way of JSON', () => {
    const scheduler = new WarmupStableDecayLR(sgd(), Infinity, {
      warmupSteps: 2,
      decaySteps: 2,
      decay: 'linear',
    });
    expect(ratesOf(scheduler, 50).slice(2)).toEqual(new Array(48).fill(1));
    const resumed = new WarmupStableDecayLR(sgd(), Infinity);
    resumed.loadStateDict(JSON.parse(JSON.stringify(scheduler.stateDict())));
    expect([resumed.totalSteps, resumed.lastEpoch, resumed.decay]).toEqual([Infinity, 50, 'linear']);
    resumed.totalSteps = resumed.lastEpoch + resumed.decaySteps;
    expect(ratesOf(resumed, 3)).toEqual([1, 0.5, 0]);
  });

  test.each<[() => unknown, string]>([
    [() => new WarmupStableDecayLR(sgd(), 0), 'totalSteps: expected an integer >= 1, or Infinity, got 0'],
    [() => new WarmupStableDecayLR(sgd(), 1.5), 'totalSteps: expected'],
    [
      () => new WarmupStableDecayLR(sgd(), 5, { warmupSteps: 4, decaySteps: 2 }),
      'are more than totalSteps 5',
    ],
    [() => new WarmupStableDecayLR(sgd(), 5, { warmupSteps: -1 }), 'warmupSteps: expected an integer >= 0'],
    [() => new WarmupStableDecayLR(sgd(), 5, { decay: 'exp' as never }), 'decay: expected one of'],
    [() => new WarmupStableDecayLR(sgd(), 5, { minFactor: 2 }), 'minFactor: expected a number in [0, 1]'],
  ])('bad arguments are errors %#', (f, message) => {
    expect(f).toThrow(ValueError);
    expect(f).toThrow(message);
  });
});

test.each([
  [
    'CyclicLR',
    (o: optim.SGD) => new lrScheduler.CyclicLR(o, 0.25, 0.75, { baseMomentum: 0.5, maxMomentum: 0.75 }),
    { lr: 0.25, momentum: 0.75, initial_lr: 0.25 },
  ],
  [
    'OneCycleLR',
    (o: optim.SGD) =>
      new lrScheduler.OneCycleLR(o, 0.5, { totalSteps: 4, baseMomentum: 0.5, maxMomentum: 0.75 }),
    { lr: 0.5 / 25, momentum: 0.75, initial_lr: 0.5 / 25, max_lr: 0.5, min_lr: 0.5 / 25 / 1e4 },
  ],
])(
  '%s: what a cycle moves between stands in the groups, by the names of PyTorch in their state',
  (_, make, rates) => {
    const optimizer = new optim.SGD([parameter()], { lr: 0.125, momentum: 0.9 });
    make(optimizer);
    const [group] = optimizer.stateDict().param_groups;
    expect(group).toMatchObject({ base_momentum: 0.5, max_momentum: 0.75 });
    for (const [name, rate] of Object.entries(rates)) expect(group?.[name], name).toBeCloseTo(rate, 12);
  },
);

describe('groups that are added later', () => {
  const add = (optimizer: optim.SGD, lr: number): unknown =>
    optimizer.addParamGroup({ params: parameter(), lr });

  test('take part in a cycle with the bounds of all, and the greatest momentum', () => {
    const optimizer = sgd();
    const scheduler = new lrScheduler.CyclicLR(optimizer, 0.25, 0.75, {
      stepSizeUp: 2,
      maxMomentum: 0.75,
      baseMomentum: 0.25,
    });
    scheduler.step();
    add(optimizer, 5);
    scheduler.step();
    expect(scheduler.getLastLr()).toEqual([0.75, 0.75]);
    expect(optimizer.paramGroups.map(({ momentum }) => momentum)).toEqual([0.25, 0.25]);
    expect(scheduler.maxLrs).toEqual([0.75, 0.75]);
  });

  test('are refused where each group was given its own bound', () => {
    const optimizer = sgd();
    const cyclic = new lrScheduler.CyclicLR(optimizer, 0.25, [0.75]);
    const averaging = new swaUtils.SWALR(optimizer, [0.5]);
    add(optimizer, 5);
    expect(() => cyclic.step()).toThrow(
      'maxLr was given for 1; groups that are added later need one value for all',
    );
    expect(() => averaging.step()).toThrow('swaLr was given for 1; give the new group a swaLr of its own');
  });

  test('are annealed to the rate of all, and to their own if they bring one', () => {
    const optimizer = sgd();
    const scheduler = new swaUtils.SWALR(optimizer, 0.5, { annealEpochs: 2, annealStrategy: 'linear' });
    scheduler.step();
    add(optimizer, 2);
    optimizer.addParamGroup({ params: parameter(), lr: 2, swaLr: 1 } as never);
    scheduler.step();
    scheduler.step();
    expect(scheduler.getLastLr()).toEqual([0.5, 0.5, 1]);
  });

  test('have one first rate for all schedules, that with which they were added', () => {
    const optimizer = sgd();
    const schedules = [
      new lrScheduler.LinearLR(optimizer, { startFactor: 0.5, totalIters: 4 }),
      new lrScheduler.LambdaLR(optimizer, () => 0.5),
    ];
    add(optimizer, 8);
    for (const schedule of schedules) schedule.step();
    expect(schedules.map(({ baseLrs }) => baseLrs)).toEqual([
      [1, 8],
      [1, 8],
    ]);
    expect(schedules[1]?.getLastLr()).toEqual([0.5, 4]);
  });

  test('take part in schedules of schedules', () => {
    const optimizer = sgd();
    const chained = new lrScheduler.ChainedScheduler([
      new lrScheduler.ExponentialLR(optimizer, 0.5),
      new lrScheduler.StepLR(optimizer, 2, { gamma: 0.5 }),
    ]);
    chained.step();
    add(optimizer, 8);
    chained.step();
    expect(chained.getLastLr()).toEqual([0.125, 2]);
  });
});

describe('states', () => {
  const make = {
    MultiStepLR: (o: optim.SGD) => new lrScheduler.MultiStepLR(o, [1, 1, 3], { gamma: 0.5 }),
    CyclicLR: (o: optim.SGD) => new lrScheduler.CyclicLR(o, 0.1, 0.5, { stepSizeUp: 3 }),
    CosineAnnealingWarmRestarts: (o: optim.SGD) =>
      new lrScheduler.CosineAnnealingWarmRestarts(o, 2, { tMult: 2 }),
    SWALR: (o: optim.SGD) => new swaUtils.SWALR(o, 0.1, { annealEpochs: 3 }),
    ChainedScheduler: (o: optim.SGD) =>
      new lrScheduler.ChainedScheduler([
        new lrScheduler.ExponentialLR(o, 0.5),
        new lrScheduler.ConstantLR(o),
      ]),
    SequentialLR: (o: optim.SGD) =>
      new lrScheduler.SequentialLR(
        o,
        [new lrScheduler.ConstantLR(o), new lrScheduler.ExponentialLR(o, 0.5)],
        [2],
      ),
  } satisfies Record<string, (o: optim.SGD) => Scheduler>;

  test.each(Object.entries(make))('of a %s are copies', (_, made) => {
    const scheduler: Scheduler = made(sgd());
    const before = JSON.stringify(scheduler.stateDict());
    const state = scheduler.stateDict();
    for (const value of Object.values(state)) {
      if (Array.isArray(value)) value.length = 0;
      else if (typeof value === 'object' && value !== null) Object.assign(value, { 99: 1 });
    }
    expect(JSON.stringify(scheduler.stateDict())).toBe(before);
  });

  test.each(Object.entries(make))('that are not of a %s are refused, and change nothing', (_, made) => {
    const scheduler: Scheduler = made(sgd());
    scheduler.step();
    const before = JSON.stringify(scheduler.stateDict());
    const own = scheduler.stateDict() as Record<string, unknown>;
    for (const wrong of [null, {}, [], 5, new lrScheduler.StepLR(sgd(), 3).stateDict()])
      expect(() => scheduler.loadStateDict(wrong as never)).toThrow(ValueError);
    for (const name of Object.keys(own)) {
      if (['_is_initial', '_get_lr_called_within_step', 'use_beta1', '_scale_fn_custom'].includes(name))
        continue;
      expect(() => scheduler.loadStateDict({ ...own, [name]: 'nonsense' } as never)).toThrow(ValueError);
      expect(JSON.stringify(scheduler.stateDict())).toBe(before);
    }
  });

  test('of schedules of schedules are taken as a whole or not at all', () => {
    const chained = make.ChainedScheduler(sgd());
    chained.step();
    const before = JSON.stringify(chained.stateDict());
    const state = chained.stateDict();
    const [first, second] = state._schedulers as Record<string, unknown>[];
    for (const parts of [
      [first],
      [
        { ...first, gamma: 0.25 },
        { ...second, factor: 7 },
      ],
      [first, null],
    ])
      expect(() => chained.loadStateDict({ ...state, _schedulers: parts })).toThrow(ValueError);
    expect(JSON.stringify(chained.stateDict())).toBe(before);
    const sequential = make.SequentialLR(sgd());
    expect(() => sequential.loadStateDict({ ...sequential.stateDict(), _milestones: [] })).toThrow(
      'the state has 0 milestones, expected 1',
    );
  });
});

describe('schedules made of others, within a sequence', () => {
  const { StepLR, ConstantLR, ExponentialLR, ChainedScheduler, SequentialLR } = lrScheduler;
  const chained = (o: optim.SGD) =>
    new ChainedScheduler([new ConstantLR(o, { factor: 0.5, totalIters: 2 }), new ExponentialLR(o, 0.5)]);

  it("begin at epoch 0, with PyTorch's rates, wherever they stand", () => {
    const o = sgd();
    const parts = [new StepLR(o, 3), chained(o), new ExponentialLR(o, 0.25)];
    const sequence = new SequentialLR(o, parts, [0, 4]);
    const rates = Array.from({ length: 6 }, () => {
      const [rate] = sequence.getLastLr();
      o.step();
      sequence.step();
      return rate;
    });
    expect(rates).toEqual([0.25, 0.125, 0.125, 0.0625, 1, 0.25]);
  });

  it('are refused where they would begin at a later milestone, which PyTorch finds out when it comes to it', () => {
    const o = sgd();
    expect(() => new SequentialLR(o, [new StepLR(o, 3), new StepLR(o, 3), chained(o)], [0, 4])).toThrow(
      'cannot begin at a milestone, but at epoch 0 only, with number 1 here: got one at index 2',
    );
  });
});

describe('errors', () => {
  const o = sgd();
  const step = new lrScheduler.StepLR(o, 3);
  it.each<[() => unknown, string]>([
    [
      () => new lrScheduler.MultiplicativeLR(o, 3 as never),
      'MultiplicativeLR: lrLambda: expected a function or an array',
    ],
    [() => new lrScheduler.MultiplicativeLR(o, []), 'expected 1 functions, one for each group, got 0'],
    [() => new lrScheduler.MultiStepLR(o, 3 as never), 'MultiStepLR: milestones: expected an array'],
    [() => new lrScheduler.MultiStepLR(o, [1.5]), 'milestones: expected an array, each item an integer'],
    [
      () => new lrScheduler.MultiStepLR(o, [1], { gamma: Number.NaN }),
      'gamma: expected a finite number, got NaN',
    ],
    [() => new lrScheduler.ConstantLR(o, 0.5 as never), 'write new ConstantLR(optimizer, { factor: 0.5 })'],
    [() => new lrScheduler.ConstantLR(o, { totalIters: -1 }), 'totalIters: expected a finite number >= 0'],
    [() => new lrScheduler.LinearLR(o, { total_iters: 3 } as never), 'did you mean totalIters?'],
    [() => new lrScheduler.ExponentialLR(o, Infinity), 'gamma: expected a finite number, got Infinity'],
    [
      () => new lrScheduler.ExponentialLR(o, undefined as never),
      'gamma: expected a finite number, got undefined',
    ],
    [() => new lrScheduler.PolynomialLR(o, { power: Number.NaN }), 'power: expected a finite number'],
    [
      () => new lrScheduler.CosineAnnealingWarmRestarts(o, 2, { T_mult: 2 } as never),
      'CosineAnnealingWarmRestarts: unknown option T_mult',
    ],
    [
      () => new lrScheduler.CosineAnnealingWarmRestarts(o, 2).step(Number.NaN),
      'step: epoch: expected a finite number >= 0',
    ],
    [
      () => new lrScheduler.CyclicLR(o, 0.1, 0.5, { scaleFn: () => null as never }),
      'what scaleFn returned for 1: expected a number, got null',
    ],
    [
      () => new lrScheduler.CyclicLR(new optim.Adam([parameter()]), 0.1, 0.5, { maxMomentum: 1 }),
      'the first beta cannot be a momentum of 1',
    ],
    [
      () => new lrScheduler.ChainedScheduler(step as never),
      'expected a list of at least one scheduler, got an instance of StepLR',
    ],
    [() => new lrScheduler.ChainedScheduler([5 as never]), 'schedulers[0]: expected a scheduler, got 5'],
    [
      () => new lrScheduler.ChainedScheduler([step], { optimizer: sgd() }),
      'StepLR at index 0 has another one',
    ],
    [() => new lrScheduler.SequentialLR(o, [step, step], [1.5]), 'milestones: expected an array of integers'],
    [() => new lrScheduler.SequentialLR(o, [step, step, step], [3, 2]), 'each at least the one before'],
    [() => new lrScheduler.SequentialLR(o, [step, step], []), '2 schedulers and 0 milestones'],
    [
      () => (new lrScheduler.ChainedScheduler([step]) as { step(n?: number): void }).step(3),
      'ChainedScheduler.step',
    ],
  ])('teach %#', (f, message) => {
    expect(f).toThrow(ValueError);
    expect(f).toThrow(message);
  });
});
