/** State of optimizers: into used ones, into others, by way of JSON, and PyTorch's layout. */
import { KindlingError, manualSeed, noGrad, ones, randn, type Tensor, tensor } from '@kindling/core';
import { beforeEach, describe, expect, it } from 'vitest';
import * as optim from '../src/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: as JSON.parse gives it
const js = (value: unknown): any => value;
const parameters = (): Tensor[] => [
  randn([3, 2], { requiresGrad: true }),
  randn([4], { requiresGrad: true }),
];
const values = (list: Iterable<Tensor>): unknown => [...list].map((x) => x.toArray());

/** Steps with gradients that depend on the number of the step alone. */
function train(optimizer: optim.Optimizer, from: number, to: number): void {
  for (let step = from; step < to; step++) {
    for (const p of optimizer.paramGroups.flatMap((g) => g.params))
      p.grad = tensor(Array.from({ length: p.count }, (_, i) => Math.sin(i + 5 * step)))
        .reshape([...p.shape])
        .to('float32');
    optimizer.step();
  }
}

const makes: Record<string, (params: Tensor[]) => optim.Optimizer> = {
  SGD: (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9, dampening: 0.2 }),
  Adam: (params) => new optim.Adam(params, { lr: 0.1, amsgrad: true }),
  AdamW: (params) => new optim.AdamW(params, { lr: 0.1 }),
};

beforeEach(() => {
  manualSeed(0);
});

describe.each(Object.entries(makes))('the state of %s', (_, make) => {
  /** An optimizer after three steps, its parameters then, and a check that another goes on from there as it does. */
  function trained(): {
    optimizer: optim.Optimizer;
    copies: Tensor[];
    dict: optim.OptimizerStateDict;
    expectSameCourse(other: optim.Optimizer): void;
  } {
    const params = parameters();
    const optimizer = make(params);
    train(optimizer, 0, 3);
    const dict = JSON.parse(JSON.stringify(optimizer.stateDict())) as optim.OptimizerStateDict;
    const copies = params.map((p) => p.detach().clone().requiresGrad_());
    return {
      optimizer,
      copies,
      dict,
      expectSameCourse(other) {
        for (const one of [other, optimizer]) train(one, 3, 6);
        expect(values(copies)).toEqual(values(params));
      },
    };
  }

  it('goes into a fresh optimizer', () => {
    const { optimizer, copies, expectSameCourse } = trained();
    const fresh = make(copies);
    fresh.loadStateDict(optimizer.stateDict());
    expectSameCourse(fresh);
  });

  it('goes into a used one, of whose own nothing is left', () => {
    const { optimizer, copies, expectSameCourse } = trained();
    const used = make(copies);
    const before = copies.map((p) => p.detach().clone());
    train(used, 20, 27);
    for (const [i, p] of copies.entries()) p.detach().copy_(before[i]!);
    used.loadStateDict(optimizer.stateDict());
    expectSameCourse(used);
  });

  it('goes by way of JSON', () => {
    const { copies, dict, expectSameCourse } = trained();
    const fresh = make(copies);
    fresh.loadStateDict(dict);
    expectSameCourse(fresh);
  });

  it('empty, as before the first step, makes a used optimizer begin anew', () => {
    const params = parameters();
    const optimizer = make(params);
    const empty = optimizer.stateDict();
    train(optimizer, 0, 3);
    optimizer.loadStateDict(empty);
    expect(optimizer.state.size).toBe(0);
  });

  it('is copied when it is loaded: neither optimizer changes the other', () => {
    const { optimizer, copies } = trained();
    const fresh = make(copies);
    const dict = optimizer.stateDict();
    fresh.loadStateDict(dict);
    const tensors = Object.values(dict.state[0]!) as Tensor[];
    const before = values(tensors);
    train(fresh, 3, 4);
    expect(values(tensors)).toEqual(before);
    js(dict.param_groups[0]).lr = 5;
    expect([optimizer.paramGroups[0]!.lr, fresh.paramGroups[0]!.lr]).toEqual([0.1, 0.1]);
  });

  it('changes nothing where it does not fit', () => {
    const { optimizer, dict } = trained();
    const text = JSON.stringify(optimizer.stateDict());
    const group = dict.param_groups[0]!;
    const { params: _, ...options } = group;
    const [first, ...rest] = Object.keys(dict.state[0]!).filter((key) => key !== 'step') as [
      string,
      ...string[],
    ];
    const { [first]: lost, ...others } = js(dict.state[0]);
    const state = (entry: unknown): unknown => ({ ...dict, state: { ...dict.state, 0: entry } });
    const groups = (...param_groups: unknown[]): unknown => ({ ...dict, param_groups });
    const bad: [dict: unknown, message: RegExp][] = [
      [{}, /expected { state, param_groups }, as stateDict\(\) gives, got an object with nothing/],
      [null, /expected { state, param_groups }/],
      [undefined, /expected { state, param_groups }/],
      ['{}', /expected { state, param_groups }/],
      [{ state: {} }, /expected { state, param_groups }, as stateDict\(\) gives, got an object with state/],
      [groups(), /different number of parameter groups: 0, expected 1/],
      [{ ...dict, param_groups: new Array(1) }, /param_groups\[0\]: expected options and params/],
      [groups(group, group), /different number of parameter groups: 2, expected 1/],
      [groups({ ...options, params: [0] }), /group 0 has 1 parameters, expected 2/],
      [groups({ ...options, params: [0, 0] }), /names parameter 0 twice/],
      [groups({ ...options, params: ['a', 'b'] }), /param_groups\[0\]: expected options and params/],
      [groups(options), /param_groups\[0\]: expected options and params/],
      [groups(null), /param_groups\[0\]: expected options and params/],
      [
        groups({ ...group, lr: null }),
        /lr: expected a finite number, or a floating-point Tensor of one element, got null/,
      ],
      [groups({ ...group, lr: '0.1' }), /lr: expected a finite number, or a .*Tensor.*, got "0.1"/],
      [
        groups({ params: [0, 1], lr: 0.1 }),
        /param_groups\[0\] has no \w+; it has params, lr: is it of another optimizer\?/,
      ],
      [
        { ...dict, state: { ...dict.state, 7: dict.state[0] } },
        /state for parameter 7, which no group names/,
      ],
      [state(dict.state[1]), /the state of parameter 0: \w+ has shape \[4\], expected \[3, 2\]/],
      [
        state({ ...others, [first]: { ...js(lost), shape: [2, 3] } }),
        new RegExp(`${first} has shape \\[2, 3\\], expected \\[3, 2\\]`),
      ],
      [state({ ...others, [first]: 3 }), /expected a Tensor, got 3/],
      [state({ unknown: 1 }), /the state of parameter 0 has no .*: is it of another optimizer\?/],
      [state(3), /the state of parameter 0: expected an object of tensors by name/],
    ];
    if (rest.length > 0) bad.push([state(others), new RegExp(`the state of parameter 0 has no ${first}`)]);
    for (const [wrong, message] of bad) {
      const load = (): void => optimizer.loadStateDict(js(wrong));
      expect(load, String(message)).toThrow(KindlingError);
      expect(load).toThrow(message);
      expect(JSON.stringify(optimizer.stateDict())).toBe(text);
    }
  });
});

describe('what a dict holds', () => {
  it('of a scheduler takes the place of what the groups have', () => {
    const [first, second] = [makes.SGD!(parameters()), makes.SGD!(parameters())];
    new optim.lrScheduler.OneCycleLR(second, 1, { totalSteps: 5 });
    new optim.lrScheduler.StepLR(first, 2);
    second.loadStateDict(first.stateDict());
    const { params: _, ...options } = second.paramGroups[0]!;
    expect(options).toEqual({
      lr: 0.1,
      momentum: 0.9,
      dampening: 0.2,
      weightDecay: 0,
      nesterov: false,
      maximize: false,
      foreach: null,
      differentiable: false,
      fused: null,
      initialLr: 0.1,
    });
  });

  it('has counts as PyTorch does: a step number as a float32 tensor, read from a number too', () => {
    const params = [ones([1], { requiresGrad: true })];
    const optimizer = new optim.Adam(params);
    train(optimizer, 0, 3);
    const step = optimizer.stateDict().state[0]!.step as Tensor;
    expect([step.dtype, step.ndim, step.item()]).toEqual(['float32', 0, 3]);
    const dict = js(optimizer.stateDict());
    dict.state[0].step = 9;
    optimizer.loadStateDict(dict);
    expect(optimizer.state.get(params[0]!)!.step).toBe(9);
    dict.state[0].step = Number.NaN;
    expect(() => optimizer.loadStateDict(dict)).toThrow(
      /the state of parameter 0: step: expected a finite number >= 0, got NaN/,
    );
  });

  it('is taken back where a schedule has led the rate below zero', () => {
    for (const Optimizer of [optim.ASGD, optim.NAdam, optim.Rprop, optim.Adafactor]) {
      const [one, other] = [parameters(), parameters()];
      const optimizer = new Optimizer(one, { lr: 0.1 });
      train(optimizer, 0, 2);
      for (const group of optimizer.paramGroups) group.lr = -0.1;
      train(optimizer, 2, 4);
      const fresh = new Optimizer(other, { lr: 0.1 });
      for (const [i, p] of other.entries()) noGrad(() => p.copy_(one[i] as Tensor));
      fresh.loadStateDict(js(JSON.parse(JSON.stringify(optimizer.stateDict()))));
      for (const each of [optimizer, fresh]) train(each, 4, 6);
      expect(values(other), Optimizer.name).toEqual(values(one));
    }
  });

  it('goes to parameters of another dtype, whose dtype it takes', () => {
    const optimizer = makes.AdamW!(parameters());
    train(optimizer, 0, 2);
    const other = makes.AdamW!([
      randn([3, 2], { dtype: 'float64', requiresGrad: true }),
      randn([4], { requiresGrad: true }),
    ]);
    other.loadStateDict(optimizer.stateDict());
    const moments = [...other.state.values()].map((state) => (state.expAvg as Tensor).dtype);
    expect(moments).toEqual(['float64', 'float32']);
  });

  it('keeps what the update does not name: a tensor of the shape of the parameter, or a number', () => {
    const w = ones([2], { requiresGrad: true });
    w.grad = ones([2]);
    const before = new optim.Adam([w], { amsgrad: true });
    before.step();
    const { state, param_groups: groups } = before.stateDict();
    const optimizer = new optim.Adam([w]);
    optimizer.loadStateDict({
      state: { 0: { ...state[0], rounds: tensor(3) } },
      param_groups: groups.map((group) => ({ ...group, amsgrad: false })),
    });
    optimizer.step();
    const kept = optimizer.state.get(w);
    expect([kept?.rounds, kept?.step]).toEqual([3, 2]);
    const own = before.state.get(w)?.maxExpAvgSq as Tensor;
    expect(kept?.maxExpAvgSq).toMatchObject({ shape: [2] });
    expect(own.equal(kept?.maxExpAvgSq as Tensor)).toBe(true);
  });

  it('keeps what an option that was switched off has left, of a scalar too, in its dtype', () => {
    const make = () => {
      const p = tensor(0.5, { dtype: 'float64', requiresGrad: true });
      return { p, optimizer: new optim.RMSprop([p], { centered: true }) };
    };
    const step = ({ p, optimizer }: ReturnType<typeof make>): void => {
      p.grad = tensor(0.1, { dtype: 'float64' });
      optimizer.step();
    };
    const [whole, resumed] = [make(), make()];
    step(whole);
    js(whole.optimizer.paramGroups[0]).centered = false;
    step(whole);
    resumed.optimizer.loadStateDict(whole.optimizer.stateDict());
    noGrad(() => resumed.p.copy_(whole.p));
    const average = js(resumed.optimizer.state.get(resumed.p)).gradAvg;
    expect([average.dtype, average.item()]).toEqual(['float64', 0.1 * (1 - 0.99)]);
    for (const run of [whole, resumed]) {
      js(run.optimizer.paramGroups[0]).centered = true;
      step(run);
    }
    expect(resumed.p.item()).toBe(whole.p.item());
  });

  it.each(['NAdam', 'ASGD'] as const)('of %s changes no bit of float64, whose counts are float32', (name) => {
    const make = () => {
      const p = tensor([0.5, -0.25], { dtype: 'float64', requiresGrad: true });
      return { p, optimizer: new optim[name]([p], { lr: 0.1 }) };
    };
    const steps = ({ p, optimizer }: ReturnType<typeof make>): void => {
      for (let i = 0; i < 3; i++) {
        p.grad = tensor([0.1 * i - 0.3, 0.7], { dtype: 'float64' });
        optimizer.step();
      }
    };
    const [whole, resumed] = [make(), make()];
    steps(whole);
    resumed.optimizer.loadStateDict(whole.optimizer.stateDict());
    noGrad(() => resumed.p.copy_(whole.p));
    for (const run of [whole, resumed]) steps(run);
    expect(resumed.p.toArray()).toEqual(whole.p.toArray());
  });

  it('begins with zeros of what an option needs that is switched on after steps without it', () => {
    const p = tensor([0.5], { requiresGrad: true });
    const adam = new optim.Adam([p], { lr: 0.1 });
    const rmsprop = new optim.RMSprop([p], { lr: 0.1 });
    const step = (optimizer: optim.Optimizer): void => {
      p.grad = tensor([2], { dtype: 'float32' });
      optimizer.step();
    };
    for (const optimizer of [adam, rmsprop]) step(optimizer);
    js(adam.paramGroups[0]).amsgrad = true;
    Object.assign(js(rmsprop.paramGroups[0]), { centered: true, momentum: 0.9 });
    for (const optimizer of [adam, rmsprop]) step(optimizer);
    const [ofAdam, ofRmsprop] = [js(adam.state.get(p)), js(rmsprop.state.get(p))];
    expect(ofAdam.maxExpAvgSq.equal(ofAdam.expAvgSq)).toBe(true);
    expect(ofRmsprop.gradAvg.item()).toBeCloseTo(0.01 * 2, 7);
    expect(ofRmsprop.momentumBuffer.item()).toBeGreaterThan(0);
  });

  it('from PyTorch: momentum that has not begun is None, switches that it lacks are off, its own are kept', () => {
    const params = [ones([2], { requiresGrad: true })];
    const optimizer = new optim.SGD(params, { lr: 1, momentum: 0.5, nesterov: true });
    const group = { lr: 0.25, momentum: 0.5, dampening: 0, weight_decay: 0, foreach: null, params: [4] };
    optimizer.loadStateDict({ state: { 4: js({ momentum_buffer: null }) }, param_groups: [group] });
    expect(optimizer.state.size).toBe(0);
    expect(optimizer.paramGroups[0]).toMatchObject({
      lr: 0.25,
      nesterov: false,
      maximize: false,
      foreach: null,
    });
    expect(optimizer.stateDict().param_groups[0]).toMatchObject({ foreach: null, params: [0] });
  });

  it("of Adam makes of AdamW's decay no L2 penalty, and AdamW's makes Adam's decoupled, as in PyTorch", () => {
    const [adam, adamW] = [new optim.Adam(parameters()), new optim.AdamW(parameters())];
    const [ofAdam, ofAdamW] = [adam.stateDict(), adamW.stateDict()];
    adamW.loadStateDict(ofAdam);
    adam.loadStateDict(ofAdamW);
    expect(adamW.paramGroups[0]).toMatchObject({ decoupledWeightDecay: true, weightDecay: 0 });
    expect(adam.paramGroups[0]).toMatchObject({ decoupledWeightDecay: true, weightDecay: 0.01 });
  });
});

describe('the state of schedulers', () => {
  const sgd = (): optim.SGD => makes.SGD!(parameters()) as optim.SGD;
  const { StepLR, CosineAnnealingLR, OneCycleLR, ReduceLROnPlateau, LambdaLR } = optim.lrScheduler;

  it.each([
    [
      'nothing',
      () => new StepLR(sgd(), 2),
      {},
      /^StepLR.loadStateDict: the state has no \w+.*; it has nothing: is it of another scheduler/,
    ],
    [
      'null',
      () => new StepLR(sgd(), 2),
      null,
      /^StepLR.loadStateDict: state: expected what stateDict\(\) gives, got null/,
    ],
    [
      'another scheduler',
      () => new CosineAnnealingLR(sgd(), 2),
      new StepLR(sgd(), 2).stateDict(),
      /has no T_max, eta_min; it has /,
    ],
    [
      'another scheduler',
      () => new LambdaLR(sgd(), () => 1),
      new StepLR(sgd(), 2).stateDict(),
      /has no lr_lambdas/,
    ],
    [
      'no cycle',
      () => new OneCycleLR(sgd(), 1, { totalSteps: 4 }),
      new StepLR(sgd(), 2).stateDict(),
      /has no _schedule_phases/,
    ],
    ['null', () => new OneCycleLR(sgd(), 1, { totalSteps: 4 }), null, /^OneCycleLR.loadStateDict: /],
    [
      'no phases',
      () => new OneCycleLR(sgd(), 1, { totalSteps: 4 }),
      { ...new OneCycleLR(sgd(), 1, { totalSteps: 4 }).stateDict(), _schedule_phases: [] },
      /has no _schedule_phases/,
    ],
    [
      'a value that cannot be',
      () => new StepLR(sgd(), 2),
      { ...new StepLR(sgd(), 2).stateDict(), step_size: 0 },
      /step_size: expected a number >= 1, got 0/,
    ],
    [
      'a rate that is none',
      () => new StepLR(sgd(), 2),
      { ...new StepLR(sgd(), 2).stateDict(), base_lrs: [null] },
      /base_lrs: expected an array, each item a finite number, got \[null\]/,
    ],
    [
      'more groups',
      () => new StepLR(sgd(), 2),
      { ...new StepLR(sgd(), 2).stateDict(), base_lrs: [1, 2] },
      /base_lrs has 2 rates, the optimizer has 1 parameter groups/,
    ],
    [
      'an unknown mode',
      () => new ReduceLROnPlateau(sgd()),
      { ...new ReduceLROnPlateau(sgd()).stateDict(), mode: 'mean' },
      /mode: expected one of "min", "max", got "mean"/,
    ],
  ])('is refused where it is %s, and nothing changes', (_, make, dict, message) => {
    const scheduler = make();
    const before = JSON.stringify(scheduler.stateDict());
    expect(() => scheduler.loadStateDict(js(dict))).toThrow(message);
    expect(JSON.stringify(scheduler.stateDict())).toBe(before);
  });

  type Make = (optimizer: optim.Optimizer) => optim.lrScheduler.LRScheduler;

  it.each<[name: string, make: Make, makeOther: Make]>([
    ['StepLR', (o) => new StepLR(o, 3, { gamma: 0.5 }), (o) => new StepLR(o, 7)],
    [
      'CosineAnnealingLR',
      (o) => new CosineAnnealingLR(o, 4, { etaMin: 0.01 }),
      (o) => new CosineAnnealingLR(o, 9),
    ],
    [
      'OneCycleLR',
      (o) => new OneCycleLR(o, 0.5, { totalSteps: 20, threePhase: true, annealStrategy: 'linear' }),
      (o) => new OneCycleLR(o, 2, { totalSteps: 90, pctStart: 0.5, cycleMomentum: false }),
    ],
  ])('is all that counts for %s: a scheduler made with other numbers goes on alike', (_, make, makeOther) => {
    const [optimizer, other] = [sgd(), sgd()];
    const scheduler = make(optimizer);
    const step = (o: optim.Optimizer, s: optim.lrScheduler.LRScheduler): unknown => {
      o.step();
      s.step();
      return [o.paramGroups[0]!.lr, o.paramGroups[0]!.momentum, s.getLastLr()];
    };
    for (let i = 0; i < 4; i++) step(optimizer, scheduler);
    const resumed = makeOther(other);
    other.loadStateDict(optimizer.stateDict());
    resumed.loadStateDict(scheduler.stateDict());
    expect(resumed.stateDict()).toEqual(scheduler.stateDict());
    expect(resumed.getLastLr()).toEqual(scheduler.getLastLr());
    for (let i = 0; i < 12; i++) expect(step(other, resumed)).toEqual(step(optimizer, scheduler));
  });

  it('is not reached through getLastLr', () => {
    const scheduler = new StepLR(sgd(), 2);
    scheduler.getLastLr()[0] = 9;
    expect(scheduler.getLastLr()).toEqual([0.1]);
  });

  it('brings the last rates of a plateau, of which the optimizer may have others', () => {
    const scheduler = new ReduceLROnPlateau(sgd());
    const before = scheduler.getLastLr();
    scheduler.loadStateDict({ ...scheduler.stateDict(), _last_lr: [0.125] });
    expect(before).not.toEqual([0.125]);
    expect(scheduler.getLastLr()).toEqual([0.125]);
  });

  it("keeps a plateau's infinite best value through JSON, also of a copy of the dict", () => {
    for (const [mode, best] of [
      ['min', Infinity],
      ['max', -Infinity],
    ] as const) {
      const scheduler = new ReduceLROnPlateau(sgd(), { mode });
      const dict = scheduler.stateDict();
      expect(JSON.parse(JSON.stringify(dict)).best).toBe(String(best));
      for (const text of [JSON.stringify(dict), JSON.stringify({ ...dict })]) {
        const other = new ReduceLROnPlateau(sgd());
        other.loadStateDict(JSON.parse(text) as Record<string, unknown>);
        expect(other.best).toBe(best);
        expect(other.mode).toBe(mode);
      }
    }
  });

  it('is a copy: later steps do not change what was saved', () => {
    const optimizer = sgd();
    const scheduler = new ReduceLROnPlateau(optimizer, { minLr: 0.5 });
    const dict = scheduler.stateDict();
    scheduler.minLrs[0] = 9;
    expect(dict.min_lrs).toEqual([0.5]);
  });

  it('holds the fields of a scheduler that a user wrote', () => {
    class Warm extends optim.lrScheduler.LRScheduler {
      warmSteps = 4;
      constructor(optimizer: optim.Optimizer, steps: number) {
        super(optimizer);
        this.warmSteps = steps;
        this.start();
      }
      protected override nextRate(_group: unknown, baseLr: number): number {
        return baseLr * Math.min(1, (this.lastEpoch + 1) / this.warmSteps);
      }
    }
    const dict = new Warm(sgd(), 8).stateDict();
    expect(dict.warm_steps).toBe(8);
    const other = new Warm(sgd(), 2);
    other.loadStateDict(dict);
    expect(other.warmSteps).toBe(8);
    expect(() => other.loadStateDict({ ...dict, warm_steps: 'many' })).toThrow(
      /warm_steps: expected a finite number/,
    );
  });
});

describe('groups that are added later', () => {
  const add = (optimizer: optim.Optimizer, more: object = {}): void =>
    optimizer.addParamGroup({ params: ones([1], { requiresGrad: true }), lr: 1, ...more });
  const steps = (optimizer: optim.Optimizer, scheduler: { step(): void }, count: number): number[] => {
    for (let i = 0; i < count; i++) {
      optimizer.step();
      scheduler.step();
    }
    return optimizer.paramGroups.map((g) => g.lr);
  };
  const sgd = (): optim.SGD => makes.SGD!(parameters()) as optim.SGD;
  const { LambdaLR, OneCycleLR, CosineAnnealingLR } = optim.lrScheduler;

  it('take the one function of LambdaLR, from the rate that they came with', () => {
    const optimizer = sgd();
    const scheduler = new LambdaLR(optimizer, (epoch) => 1 / (epoch + 1));
    steps(optimizer, scheduler, 1);
    add(optimizer);
    expect(steps(optimizer, scheduler, 2)).toEqual([0.1 / 4, 1 / 4]);
    expect(scheduler.baseLrs).toEqual([0.1, 1]);
  });

  it('need a function of their own where each group has one', () => {
    const optimizer = sgd();
    const scheduler = new LambdaLR(optimizer, [() => 0.5]);
    add(optimizer);
    optimizer.step();
    expect(() => scheduler.step()).toThrow(
      /^LambdaLR: the optimizer has a parameter group 1 now.*push one to lrLambdas/,
    );
    scheduler.lrLambdas.push(() => 0.25);
    expect(steps(optimizer, scheduler, 1)).toEqual([0.05, 0.25]);
  });

  it('join a cycle whose bounds are those of all groups', () => {
    const optimizer = sgd();
    const scheduler = new OneCycleLR(optimizer, 0.5, { totalSteps: 9 });
    steps(optimizer, scheduler, 2);
    add(optimizer);
    const [first, second] = steps(optimizer, scheduler, 3);
    expect(second).toBe(first);
    expect(optimizer.paramGroups[1]!.momentum).toBe(optimizer.paramGroups[0]!.momentum);
  });

  it('bring their own bounds to a cycle that has a list of them', () => {
    const optimizer = sgd();
    const scheduler = new OneCycleLR(optimizer, [0.5], { totalSteps: 9, cycleMomentum: false });
    add(optimizer);
    optimizer.step();
    expect(() => scheduler.step()).toThrow(/^OneCycleLR: .*parameter group 1 now, and maxLr was given for 1/);
    Object.assign(optimizer.paramGroups[1]!, { initialLr: 0.04, maxLr: 1, minLr: 0.04e-4 });
    const [first, second] = steps(optimizer, scheduler, 2);
    expect(second).toBeCloseTo(2 * first!, 12);
  });

  it('return to the rate that they came with, on a cosine', () => {
    const optimizer = sgd();
    const scheduler = new CosineAnnealingLR(optimizer, 4);
    add(optimizer);
    const [first, second] = steps(optimizer, scheduler, 8);
    expect([first, second]).toEqual([expect.closeTo(0.1, 12), expect.closeTo(1, 12)]);
  });
});

describe('hooks', () => {
  it('registered twice run twice, and each handle takes its own away', () => {
    const optimizer = makes.SGD!(parameters());
    let calls = 0;
    const hook = (): void => void calls++;
    const [first] = [optimizer.registerStepPreHook(hook), optimizer.registerStepPreHook(hook)];
    optimizer.step();
    first!.remove();
    first!.remove();
    optimizer.step();
    expect(calls).toBe(3);
  });

  it('may add and remove hooks: a step runs those that were there when it began', () => {
    const optimizer = makes.SGD!(parameters());
    const calls: string[] = [];
    const first = optimizer.registerStepPostHook(() => {
      calls.push('first');
      first.remove();
      optimizer.registerStepPostHook(() => calls.push('third'));
    });
    optimizer.registerStepPostHook(() => calls.push('second'));
    optimizer.step();
    expect(calls).toEqual(['first', 'second']);
    optimizer.step();
    expect(calls).toEqual(['first', 'second', 'second', 'third']);
  });
});

it('functions of a schedule stand in its state as null, which JSON keeps', () => {
  const sgd = new optim.SGD([ones([1], { requiresGrad: true })], { lr: 1 });
  const state = new optim.lrScheduler.LambdaLR(sgd, () => 0.5).stateDict();
  expect(state.lr_lambdas).toStrictEqual([null]);
  expect(JSON.parse(JSON.stringify(state))).toStrictEqual(state);
});

describe('JSON.stringify of what has a state writes its state, which loadStateDict takes', () => {
  const through = (x: unknown) => js(JSON.parse(JSON.stringify(x)));

  it.each(Object.entries(makes))('%s', (_, make) => {
    const optimizer = make(parameters());
    train(optimizer, 0, 3);
    expect(through(optimizer)).toEqual(through(optimizer.stateDict()));
    const other = make(
      optimizer.paramGroups[0]!.params.map((p: Tensor) => p.detach().clone().requiresGrad_()),
    );
    other.loadStateDict(through({ inside: optimizer }).inside);
    train(optimizer, 3, 6);
    train(other, 3, 6);
    const of = (o: optim.Optimizer) => values(o.paramGroups.flatMap((g) => g.params));
    expect(of(other)).toEqual(of(optimizer));
  });

  it('schedules, plateaus and SAM', () => {
    const base = new optim.SGD(parameters(), { lr: 0.1 });
    const { lrScheduler } = optim;
    const holders: { stateDict(): object; loadStateDict(state: never): void }[] = [
      new lrScheduler.StepLR(base, 2),
      new lrScheduler.SequentialLR(
        base,
        [new lrScheduler.ConstantLR(base), new lrScheduler.ExponentialLR(base, 0.9)],
        [2],
      ),
      new lrScheduler.ReduceLROnPlateau(base),
      new optim.EarlyStopping(),
      new optim.SAM(base),
    ];
    for (const holder of holders) {
      const text = JSON.stringify(holder);
      expect(text).toBe(JSON.stringify(holder.stateDict()));
      holder.loadStateDict(js(JSON.parse(text)) as never);
      expect(JSON.stringify(holder.stateDict())).toBe(text);
    }
  });

  it("L-BFGS's numbers that are not finite, by which it stops", () => {
    for (const factor of [Number.POSITIVE_INFINITY, Number.NaN]) {
      const run = (w: Tensor) => {
        const optimizer = new optim.LBFGS([w], { lr: 0.1, maxIter: 2 });
        let scale = 1;
        const step = () =>
          optimizer.step(() => {
            optimizer.zeroGrad();
            const loss = w.square().sum().mul(scale);
            loss.backward();
            return loss;
          });
        return { optimizer, step, setScale: (to: number) => void (scale = to) };
      };
      const w = ones([2], { requiresGrad: true });
      const a = run(w);
      a.step();
      a.setScale(factor);
      a.step();
      const copy = w.detach().clone().requiresGrad_();
      const b = run(copy);
      b.optimizer.loadStateDict(through(a.optimizer));
      expect(through(b.optimizer)).toEqual(through(a.optimizer));
      expect(Object.values(through(a.optimizer).state[0])).toContain(String(factor));
      a.setScale(1);
      a.step();
      b.step();
      expect(copy.toArray()).toEqual(w.toArray());
    }
  });
});
