/** What optimizers and schedulers refuse, at once and before anything is changed, and how they say it. */
import { K, KindlingError, ones, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import * as optim from '../src/index.ts';

const leaf = (...values: number[]): Tensor => tensor(values, { dtype: 'float32', requiresGrad: true });
const sgd = (): optim.SGD => new optim.SGD([leaf(1)], { lr: 0.1, momentum: 0.9 });
// biome-ignore lint/suspicious/noExplicitAny: as plain JavaScript would
const js = (value: unknown): any => value;

function* endless(): Generator<unknown> {
  yield leaf(1);
  for (;;) yield 1;
}

/** Calls, and the beginnings of the errors that they give. */
const refused: [call: () => unknown, message: RegExp][] = [
  // Options under other names, or something else in their place.
  [
    () => new optim.Adam([leaf(1)], js({ weight_decay: 0.5 })),
    /^Adam: unknown option weight_decay; did you mean weightDecay\?/,
  ],
  [
    () => new optim.SGD([leaf(1)], js({ learningRate: 0.5 })),
    /^SGD: unknown option learningRate; did you mean lr\?/,
  ],
  [
    () => new optim.AdamW([leaf(1)], js({ decoupledWeightDecay: true })),
    /^AdamW: unknown option decoupledWeightDecay/,
  ],
  [
    () => new optim.SGD([leaf(1)], js(0.1)),
    /^SGD: expected an options object, got 0.1; write new SGD\(params, { lr: 0.1 }\)/,
  ],
  [() => new optim.SGD([leaf(1)], js(null)), /^SGD: expected an options object, got null/],
  [
    () => new optim.SGD([{ params: [leaf(1)], ...js({ weight_decay: 1 }) }]),
    /^SGD: unknown option weight_decay; did you mean weightDecay/,
  ],
  [
    () => sgd().addParamGroup({ params: [leaf(1)], ...js({ LR: 1 }) }),
    /^SGD.addParamGroup: unknown option LR; did you mean lr/,
  ],
  [() => sgd().zeroGrad(js({ set_to_none: true })), /^SGD.zeroGrad: unknown option set_to_none/],
  // Values that make NaN, now or later.
  ...[-1, Number.NaN, Infinity, '0.1', null, [0.1]].flatMap((lr): typeof refused => [
    [
      () => new optim.SGD([leaf(1)], js({ lr })),
      /^SGD: lr: expected a finite number >= 0, or a .*Tensor.*, got /,
    ],
    [
      () => new optim.AdamW([leaf(1)], js({ lr })),
      /^AdamW: lr: expected a finite number >= 0, or a .*Tensor.*, got /,
    ],
  ]),
  ...[-1, Number.NaN, Infinity, '0.1', null, [0.1], tensor(0.5)].flatMap((value): typeof refused => [
    ...['momentum', 'weightDecay', ...(value === -1 ? [] : ['dampening'])].map(
      (name): (typeof refused)[0] => [
        () => new optim.SGD([leaf(1)], js({ [name]: value })),
        new RegExp(`^SGD: ${name}: expected a finite number${name === 'dampening' ? '' : ' >= 0'}, got `),
      ],
    ),
    ...['eps', 'weightDecay'].map((name): (typeof refused)[0] => [
      () => new optim.AdamW([leaf(1)], js({ [name]: value })),
      new RegExp(`^AdamW: ${name}: expected a finite number >= 0, got `),
    ]),
  ]),
  ...[[0.9], [0.9, 0.99, 0.999], [0.9, 1], [-0.1, 0.9], [0.9, Number.NaN], ['0.9', 0.9], 0.9, null].map(
    (betas): (typeof refused)[0] => [
      () => new optim.Adam([leaf(1)], js({ betas })),
      /^Adam: betas: expected a pair of numbers in \[0, 1\), or a pair, each a .*Tensor.*, got /,
    ],
  ),
  ...(['nesterov', 'maximize'] as const).map((name): (typeof refused)[0] => [
    () => new optim.SGD([leaf(1)], js({ [name]: 'no' })),
    new RegExp(`^SGD: ${name}: expected true or false, got "no"`),
  ]),
  [
    () => new optim.SGD([leaf(1)], { nesterov: true, momentum: 0.9, dampening: 0.1 }),
    /^SGD: Nesterov momentum requires/,
  ],
  [() => new optim.SGD([{ params: leaf(1), nesterov: true }]), /^SGD: Nesterov momentum requires/],
  [
    () => new optim.SGD([{ params: leaf(1), lr: -1 }]),
    /^SGD: lr: expected a finite number >= 0, or a floating-point Tensor of one element, got -1/,
  ],
  // Parameters.
  [() => new optim.SGD([]), /^SGD: optimizer got an empty parameter list/],
  [() => new optim.SGD(new nn.ReLU().parameters()), /empty parameter list/],
  [
    () => new optim.SGD(js(new nn.Linear(1, 1))),
    /^SGD: params: expected Tensors, got a Module; write model.parameters\(\)/,
  ],
  [
    () => new optim.SGD(js([new nn.Linear(1, 1)])),
    /^SGD: params\[0\]: expected Tensors, got a Module; write model.parameters\(\)/,
  ],
  [() => new optim.SGD([{ params: js(new nn.Linear(1, 1)) }]), /got a Module; write model.parameters\(\)/],
  [
    () => new optim.SGD(js({ params: [leaf(1)] })),
    /^SGD: groups stand in a list; write new SGD\(\[{ params }\]\)/,
  ],
  [() => new optim.SGD(js(leaf(1))), /got a Tensor; write new SGD\(\[tensor\]\)/],
  ...[undefined, null, 3, 'weights', Symbol('w'), () => [leaf(1)]].map((params): (typeof refused)[0] => [
    () => new optim.SGD(js(params)),
    /^SGD: params: expected a Tensor or an iterable of Tensors, got /,
  ]),
  [
    () => new optim.SGD(js(new Float32Array(2))),
    /^SGD: params: expected .*, got an instance of Float32Array/,
  ],
  [() => new optim.SGD(js(endless())), /^SGD: params\[1\]: expected a Tensor, got 1/],
  [() => new optim.SGD([{ params: js(endless()) }]), /^SGD: params\[1\]: expected a Tensor, got 1/],
  [() => new optim.SGD(js([leaf(1), 3])), /^SGD: params\[1\]: expected a Tensor, got 3/],
  [() => new optim.SGD(js([leaf(1), [2]])), /^SGD: params\[1\]: expected a Tensor, got \[2\]/],
  [
    () => new optim.SGD(js([leaf(1), { params: [leaf(1)] }])),
    /^SGD: params\[1\]: expected a Tensor, got an object with params/,
  ],
  [() => new optim.SGD(js([{ params: [leaf(1)] }, leaf(1)])), /^SGD: group: expected a parameter group/],
  [() => new optim.SGD(js([{ lr: 0.1 }])), /^SGD: group: expected a parameter group/],
  [() => sgd().addParamGroup(js(undefined)), /^SGD.addParamGroup: group: expected a parameter group/],
  [() => sgd().addParamGroup(js([leaf(1)])), /^SGD.addParamGroup: group: expected a parameter group/],
  [
    () => sgd().addParamGroup({ params: [leaf(1).mul(2)] }),
    /^SGD.addParamGroup: can't optimize a non-leaf Tensor/,
  ],
  // Hooks and closures.
  [() => sgd().registerStepPreHook(js('hook')), /^SGD.registerStepPreHook: hook: expected a function/],
  [() => sgd().registerStepPostHook(js(undefined)), /^SGD.registerStepPostHook: hook: expected a function/],
  [() => sgd().step(js(3)), /^SGD.step: closure: expected a function, got 3/],
  [() => sgd().step(js(async () => leaf(1))), /^SGD.step: the closure returned a Promise/],
  // Schedulers.
  [() => new optim.lrScheduler.StepLR(js([leaf(1)]), 1), /^StepLR: optimizer: expected an Optimizer, got /],
  [
    () => new optim.lrScheduler.StepLR(sgd(), js(undefined)),
    /^StepLR: stepSize: expected a number >= 1, got undefined/,
  ],
  [() => new optim.lrScheduler.StepLR(sgd(), js('3')), /^StepLR: stepSize: expected a number >= 1, got "3"/],
  [
    () => new optim.lrScheduler.StepLR(sgd(), 3, js(0.5)),
    /^StepLR: expected an options object, got 0.5; write new StepLR\(optimizer, 3, { gamma: 0.5 }\)/,
  ],
  [
    () => new optim.lrScheduler.StepLR(sgd(), 3, { gamma: Number.NaN }),
    /^StepLR: gamma: expected a finite number/,
  ],
  [
    () => new optim.lrScheduler.StepLR(sgd(), 3, { lastEpoch: -2 }),
    /^StepLR: lastEpoch: expected a finite number >= -1/,
  ],
  [
    () => new optim.lrScheduler.CosineAnnealingLR(sgd(), 0),
    /^CosineAnnealingLR: tMax: expected a number > 0, got 0/,
  ],
  [
    () => new optim.lrScheduler.CosineAnnealingLR(sgd(), 5, js({ eta_min: 1 })),
    /^CosineAnnealingLR: unknown option eta_min; did you mean etaMin/,
  ],
  [
    () => new optim.lrScheduler.OneCycleLR(sgd(), js('1'), { totalSteps: 5 }),
    /^OneCycleLR: maxLr: expected a finite number or/,
  ],
  [
    () => new optim.lrScheduler.OneCycleLR(sgd(), Number.NaN, { totalSteps: 5 }),
    /^OneCycleLR: maxLr: expected/,
  ],
  [
    () => new optim.lrScheduler.OneCycleLR(sgd(), 1, { totalSteps: 5, divFactor: 0 }),
    /^OneCycleLR: divFactor: expected a number > 0, got 0/,
  ],
  [
    () => new optim.lrScheduler.OneCycleLR(sgd(), 1, { totalSteps: 5, finalDivFactor: 0 }),
    /^OneCycleLR: finalDivFactor: expected a number > 0/,
  ],
  [
    () => new optim.lrScheduler.OneCycleLR(sgd(), 1, { totalSteps: 5, pctStart: 1.5 }),
    /^OneCycleLR: pctStart: expected a number in \[0, 1\]/,
  ],
  [
    () => new optim.lrScheduler.OneCycleLR(sgd(), 1, { totalSteps: 10, pctStart: 0.1 }),
    /^OneCycleLR: phase 1 of the cycle begins and ends at step 0 of 10/,
  ],
  [
    () => new optim.lrScheduler.OneCycleLR(sgd(), 1, { totalSteps: 5, annealStrategy: js('exp') }),
    /^OneCycleLR: annealStrategy: expected one of "cos", "linear"/,
  ],
  [
    () => new optim.lrScheduler.OneCycleLR(sgd(), 1, { totalSteps: 5, maxMomentum: [0.9, 0.9] }),
    /^OneCycleLR: expected 1 values for maxMomentum, got 2/,
  ],
  [
    () => new optim.lrScheduler.OneCycleLR(new optim.Adam([leaf(1)]), 1, { totalSteps: 5, maxMomentum: 1 }),
    /^OneCycleLR: the first beta cannot be a momentum of 1/,
  ],
  [
    () => new optim.lrScheduler.ReduceLROnPlateau(sgd(), js('max')),
    /^ReduceLROnPlateau: expected an options object, got "max"; write new ReduceLROnPlateau\(optimizer, { mode: "max" }\)/,
  ],
  [
    () => new optim.lrScheduler.ReduceLROnPlateau(sgd(), { minLr: [0, 0] }),
    /^ReduceLROnPlateau: expected 1 values for minLr, got 2/,
  ],
  [
    () => new optim.lrScheduler.ReduceLROnPlateau(sgd(), { patience: Number.NaN }),
    /^ReduceLROnPlateau: patience: expected/,
  ],
  [
    () => new optim.lrScheduler.ReduceLROnPlateau(sgd()).step(js(undefined)),
    /^ReduceLROnPlateau.step: metric: expected a number or a Tensor of one element/,
  ],
  [
    () => new optim.lrScheduler.ReduceLROnPlateau(sgd()).step(ones([2])),
    /^ReduceLROnPlateau.step: metric: expected a number or a Tensor of one element/,
  ],
  ...[undefined, null, '0.5', true, [1], 1n, Symbol('one'), Object.create(null)].map(
    (factor): (typeof refused)[0] => [
      () =>
        new optim.lrScheduler.LambdaLR(
          sgd(),
          js(() => factor),
        ),
      /^LambdaLR: what the function of group 0 returned for epoch 0: expected a number, got /,
    ],
  ),
  ...[Number.NaN, Infinity].map((factor): (typeof refused)[0] => [
    () => new optim.lrScheduler.LambdaLR(sgd(), () => factor),
    /^LambdaLR: the learning rate of group 0 at epoch 0: expected a finite number, got (NaN|Infinity)/,
  ]),
  [
    () => new optim.lrScheduler.LambdaLR(sgd(), js(0.5)),
    /^LambdaLR: lrLambda: expected a function or an array with a function for each group/,
  ],
];

describe('what cannot be is refused', () => {
  it.each(refused)('%#: %s', (call, message) => {
    expect(call).toThrow(KindlingError);
    expect(call).toThrow(message);
  });

  it.each([
    ['lr', Number.NaN],
    ['lr', Infinity],
    ['lr', 'a'],
    ['lr', undefined],
    ['momentum', -1],
    ['dampening', Number.NaN],
    ['weightDecay', '0.1'],
  ])(
    'by the step, where a group was changed by hand: %s = %s; no parameter of any group is touched',
    (name, value) => {
      const params = [leaf(1), leaf(2)];
      const optimizer = new optim.SGD([{ params: params[0]! }, { params: params[1]! }], {
        lr: 0.5,
        momentum: 0.9,
      });
      for (const p of params) p.grad = ones([1]);
      (optimizer.paramGroups[1] as Record<string, unknown>)[name] = value;
      expect(() => optimizer.step()).toThrow(new RegExp(`^SGD.step: ${name}: expected a finite number`));
      expect(params.map((p) => p.item())).toEqual([1, 2]);
      expect(optimizer.stepCount).toBe(0);
    },
  );

  it('by the step, where betas or Nesterov were changed by hand', () => {
    const adam = new optim.Adam([leaf(1)]);
    adam.paramGroups[0]!.betas = js([0.9]);
    expect(() => adam.step()).toThrow(/^Adam.step: betas: expected a pair/);
    const optimizer = sgd();
    Object.assign(optimizer.paramGroups[0]!, { nesterov: true, momentum: 0 });
    expect(() => optimizer.step()).toThrow(/^SGD: Nesterov momentum/);
  });

  it('but a rate below zero to which a schedule leads, as in PyTorch', () => {
    const p = leaf(1);
    const optimizer = new optim.SGD([p], { lr: 0.5 });
    new optim.lrScheduler.LambdaLR(optimizer, () => -1);
    p.grad = ones([1]);
    optimizer.step();
    expect(p.item()).toBe(1.5);
  });

  it('leaving an optimizer as it was: a group that is refused is not added', () => {
    const optimizer = sgd();
    expect(() => optimizer.addParamGroup({ params: [leaf(1)], lr: -1 })).toThrow();
    expect(() => optimizer.addParamGroup({ params: optimizer.paramGroups[0]!.params })).toThrow();
    expect(optimizer.paramGroups.length).toBe(1);
  });

  it('leaving an optimizer as it was: a scheduler that is refused sets no initialLr', () => {
    const optimizer = sgd();
    expect(() => new optim.lrScheduler.StepLR(optimizer, 0)).toThrow();
    expect(() => new optim.lrScheduler.LambdaLR(optimizer, [])).toThrow();
    expect(() => new optim.lrScheduler.OneCycleLR(optimizer, 1)).toThrow();
    expect(optimizer.paramGroups[0]).toEqual({
      ...sgd().paramGroups[0],
      params: optimizer.paramGroups[0]!.params,
    });
  });

  it('by a rate of any group before any is set', () => {
    const optimizer = new optim.SGD([{ params: leaf(1) }, { params: leaf(1) }], { lr: 1 });
    const lambdas = [() => 0.5, (epoch: number) => (epoch === 0 ? 1 : Number.NaN)];
    const scheduler = new optim.lrScheduler.LambdaLR(optimizer, lambdas);
    scheduler.lrLambdas[0] = () => 0.25;
    optimizer.step();
    expect(() => scheduler.step()).toThrow(
      /^LambdaLR: the learning rate of group 1 at epoch 1: expected a finite number, got NaN/,
    );
    expect(optimizer.paramGroups.map((g) => g.lr)).toEqual([0.5, 1]);
  });
});

describe('parameters come', () => {
  function* generated(): Generator<Tensor> {
    yield leaf(1);
    yield leaf(2);
  }

  it.each([
    ['from a generator', generated],
    ['from a set', () => new Set(generated())],
    ['from the values of a map', () => new Map([...generated()].entries()).values()],
  ])('%s, at the top and in a group', (_, make) => {
    expect(new optim.SGD(make()).paramGroups[0]!.params.length).toBe(2);
    expect(new optim.SGD([{ params: make() }]).paramGroups[0]!.params.length).toBe(2);
    expect(new optim.SGD(new Set([{ params: make() }])).paramGroups[0]!.params.length).toBe(2);
  });

  it('also in a group without any, which a later one may follow', () => {
    const optimizer = new optim.SGD([{ params: [] }, { params: leaf(1) }]);
    expect(optimizer.paramGroups.map((g) => g.params.length)).toEqual([0, 1]);
  });
});

describe('an optimizer of a user', () => {
  class Decay extends optim.Optimizer<{ lr: number; power: number; on: boolean }> {
    constructor(params: optim.Params<{ lr: number }>) {
      super(params as never, { lr: 0.5, power: 2, on: true });
    }
    protected override updateOf(): optim.Update {
      throw new Error('not reached');
    }
    protected override numbers(): number[] {
      return [];
    }
  }

  it.each([
    ['power', 'two', /^Decay.step: power: expected a finite number, got "two"/],
    ['on', 1, /^Decay.step: on: expected true or false, got 1/],
    ['lr', Number.NaN, /^Decay.step: lr: expected a finite number, got NaN/],
  ])('has its options checked by their defaults: %s', (name, value, message) => {
    const optimizer = new Decay([leaf(1)]);
    Object.assign(optimizer.paramGroups[0]!, { [name]: value });
    expect(() => optimizer.step()).toThrow(message);
  });

  it('that is the base itself, or lacks what this asks for, says so at the step', () => {
    const Base = js(optim.Optimizer);
    class Unwritten extends Base {}
    class Schedule extends js(optim.lrScheduler.LRScheduler) {}
    const w = leaf(1);
    w.square().sum().backward();
    for (const [made, message] of [
      [new Base([w], { lr: 1 }), /^Optimizer.step: the class is missing the required "updateOf" function/],
      [new (js(Unwritten))([w], { lr: 1 }), /^Unwritten.step: .* "updateOf"/],
      [new (js(Schedule))(sgd()), /^Schedule.step: the class is missing the required "nextRate" function/],
    ] as const) {
      expect(() => js(made).step()).toThrow(KindlingError);
      expect(() => js(made).step()).toThrow(message);
    }
    expect(w.item()).toBe(1);
  });

  it('refuses options that it does not know', () => {
    expect(() => new Decay([{ params: leaf(1), pwer: 3 } as never])).toThrow(
      /^Decay: unknown option pwer; did you mean power/,
    );
  });
});

const kindLike = (value: unknown): K.Kind => K.like(value, K.finite);

it('a value that nobody stated the kind of takes what is like its default; an empty list says nothing', () => {
  const accepted = (like: unknown): unknown[] =>
    [1, Infinity, true, 'a', [1]].filter((x) => kindLike(like).accepts(x));
  expect([0.5, Infinity, false, 'b'].map(accepted)).toEqual([[1], [1, Infinity], [true], ['a']]);
  expect(kindLike([2]).accepts([1])).toBe(true);
  expect(kindLike([2]).accepts(['a'])).toBe(false);
  for (const x of [1, 'a', ['a']]) expect(kindLike([]).accepts(x)).toBe(true);
});
