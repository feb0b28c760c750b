import { inspect } from 'node:util';
import { manualSeed, noGrad, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as optim from '../src/index.ts';

const leaf = (...values: number[]): Tensor => tensor(values, { dtype: 'float32', requiresGrad: true });

/** A parameter with a gradient of ones. */
function withGrad(...values: number[]): Tensor {
  const p = leaf(...values);
  p.grad = tensor(
    values.map(() => 1),
    { dtype: 'float32' },
  );
  return p;
}

beforeEach(() => {
  manualSeed(0);
});

describe('an optimizer', () => {
  it('updates parameters that have a gradient, and leaves the others', () => {
    const a = withGrad(1, 2);
    const b = leaf(3);
    new optim.SGD([a, b], { lr: 0.5 }).step();
    expect(a.toArray()).toEqual([0.5, 1.5]);
    expect(b.toArray()).toEqual([3]);
  });

  it('updates in place: the parameter stays the same tensor, a leaf that requires a gradient', () => {
    const p = withGrad(1);
    const { storage } = p;
    new optim.Adam([p]).step();
    expect(p.storage === storage && p.isLeaf && p.requiresGrad).toBe(true);
  });

  it('is noticed by a graph that saved the parameter', () => {
    const p = withGrad(1);
    const y = p.square().sum();
    new optim.SGD([p], { lr: 0.1 }).step();
    expect(() => y.backward()).toThrow(/modified by an inplace operation/);
  });

  it('sets gradients to null, or to zeros', () => {
    const p = withGrad(1, 2);
    const { grad } = p;
    const optimizer = new optim.SGD([p]);
    optimizer.zeroGrad({ setToNone: false });
    expect(p.grad === grad).toBe(true);
    expect(p.grad!.toArray()).toEqual([0, 0]);
    optimizer.zeroGrad();
    expect(p.grad).toBeNull();
  });

  it('cuts gradients that are part of a graph off it when it sets them to zeros', () => {
    const p = leaf(2, 3);
    p.pow(3).sum().backward({ createGraph: true });
    expect(p.grad!.requiresGrad).toBe(true);
    new optim.SGD([p]).zeroGrad({ setToNone: false });
    expect([p.grad!.requiresGrad, p.grad!.gradFn, p.grad!.toArray()]).toEqual([false, null, [0, 0]]);
  });

  it('counts its steps', () => {
    const optimizer = new optim.SGD([withGrad(1)]);
    optimizer.step();
    optimizer.step();
    expect(optimizer.stepCount).toBe(2);
  });

  it('calls a closure with gradients recorded, also inside noGrad, and returns its loss', () => {
    const p = leaf(2);
    const optimizer = new optim.SGD([p], { lr: 0.25 });
    const loss = noGrad(() =>
      optimizer.step(() => {
        optimizer.zeroGrad();
        const value = p.square().sum();
        value.backward();
        return value;
      }),
    );
    expect(loss.item()).toBe(4);
    expect(p.toArray()).toEqual([1]);
  });

  it('takes groups with options of their own', () => {
    const [a, b] = [withGrad(1), withGrad(1)];
    const optimizer = new optim.SGD([{ params: [a] }, { params: b, lr: 0.5 }], { lr: 0.25 });
    optimizer.step();
    expect([a.item(), b.item()]).toEqual([0.75, 0.5]);
    const c = withGrad(1);
    optimizer.addParamGroup({ params: [c], lr: 1 });
    optimizer.step();
    expect(c.item()).toBe(0);
  });

  it('takes an option that is undefined for one that is not given, as wrappers pass them on', () => {
    const given = { lr: undefined, weightDecay: undefined, betas: undefined };
    const optimizer = new optim.AdamW([leaf(1)], given as never);
    optimizer.addParamGroup({ params: leaf(1), ...(given as object) });
    for (const { params: _, ...options } of optimizer.paramGroups)
      expect(options).toEqual({ ...optimizer.defaults, lr: 1e-3, weightDecay: 0.01, betas: [0.9, 0.999] });
  });

  it('leaves an average that has come to the gradient there, to the last bit', () => {
    const p = withGrad(...Array.from({ length: 99 }, (_, i) => (i + 1) / 97));
    p.grad = p.detach().clone();
    const optimizer = new optim.Adam([p], { lr: 0 });
    optimizer.state.set(p, { step: 9, expAvg: p.grad.clone(), expAvgSq: p.grad.square() });
    optimizer.step();
    expect((optimizer.state.get(p)!.expAvg as Tensor).toArray()).toEqual(p.grad.toArray());
  });

  it.each([
    [0, 0.5],
    [0.3, 2100000128],
    [0.5, 2500000000],
    [0.6, 2400000000],
  ])('averages a great gradient and a small one as PyTorch does: beta %d', (beta, average) => {
    const p = withGrad(0);
    const optimizer = new optim.Adam([p], { lr: 0.1, betas: [beta, 0.5] });
    for (const g of [1e10, 0.5]) {
      p.grad = tensor([g], { dtype: 'float32' });
      optimizer.step();
    }
    expect((optimizer.state.get(p)!.expAvg as Tensor).toArray()).toEqual([average]);
  });

  it('runs hooks around a step until they are removed', () => {
    const optimizer = new optim.SGD([withGrad(1)]);
    const calls: string[] = [];
    const before = optimizer.registerStepPreHook(() => calls.push('before'));
    const after = optimizer.registerStepPostHook(() => calls.push('after'));
    optimizer.step();
    before.remove();
    after.remove();
    optimizer.step();
    expect(calls).toEqual(['before', 'after']);
  });

  it('refuses a hook that is asynchronous, whose awaits come too late and whose errors are lost', () => {
    const optimizer = new optim.SGD([withGrad(1)]);
    const hook = optimizer.registerStepPreHook(async () => {});
    expect(() => optimizer.step()).toThrow(
      /^SGD\.step: a hook returned a Promise, and the step does not wait for it/,
    );
    hook.remove();
    optimizer.registerStepPostHook(() => 5);
    optimizer.registerStepPostHook(() => null);
    optimizer.step();
    expect(optimizer.stepCount).toBe(1);
  });

  it('sees an option that cannot be beside others that have changed, at each step until it is put right', () => {
    const optimizer = new optim.Adam([withGrad(1)], { betas: [0.5, 0.5] });
    const [group] = optimizer.paramGroups as unknown as [{ lr: number; eps: number; betas: number[] }];
    optimizer.step();
    group.lr = 0.5;
    group.eps = -1;
    for (let i = 0; i < 2; i++) expect(() => optimizer.step()).toThrow(/^Adam\.step: eps: expected/);
    group.eps = 1;
    optimizer.step();
    group.betas[1] = 2;
    for (let i = 0; i < 2; i++) expect(() => optimizer.step()).toThrow(/^Adam\.step: betas: expected/);
    group.betas[1] = 0.75;
    group.lr = Number.NaN;
    for (let i = 0; i < 2; i++) expect(() => optimizer.step()).toThrow(/^Adam\.step: lr: expected/);
    group.lr = 0.25;
    optimizer.step();
    Reflect.deleteProperty(group, 'eps');
    expect(() => optimizer.step()).toThrow(/^Adam\.step: eps: expected/);
  });

  it('of Adagrad keeps state from the beginning, as in PyTorch, and here that of a group added later', () => {
    const [p, later] = [withGrad(1), withGrad(2)];
    const optimizer = new optim.Adagrad([p], { initialAccumulatorValue: 0.5 });
    expect(optimizer.state.has(p)).toBe(true);
    const saved = Object.entries(optimizer.stateDict().state[0] ?? {}) as [string, Tensor][];
    expect(saved.map(([key, x]) => [key, x.item()])).toEqual([
      ['step', 0],
      ['sum', 0.5],
    ]);
    optimizer.addParamGroup({ params: [later], initialAccumulatorValue: 2 });
    const sum = (): number => (optimizer.state.get(later) as { sum: Tensor }).sum.item();
    expect(sum()).toBe(2);
    optimizer.step();
    expect(sum()).toBe(3);
  });

  it('prints as in PyTorch', () => {
    const optimizer = new optim.Adam([leaf(1)], { lr: 1e-5, betas: [0.9, 0.99] });
    expect(inspect(optimizer)).toBe(
      'Adam (\nParameter Group 0\n    amsgrad: False\n    betas: (0.9, 0.99)\n    capturable: False\n' +
        '    decoupled_weight_decay: False\n    differentiable: False\n    eps: 1e-08\n    foreach: None\n    fused: None\n' +
        '    lr: 1e-05\n    maximize: False\n    weight_decay: 0\n)',
    );
    const rprop = new optim.Rprop([leaf(1)], { lr: 1e-4, stepSizes: [1.5e-7, 50] });
    expect(String(rprop)).toMatch(/ lr: 0.0001\n.* step_sizes: \(1.5e-07, 50\)\n/s);
  });

  it.each([
    [() => new optim.SGD([]), /empty parameter list/],
    [
      () => new optim.SGD(leaf(1) as unknown as Tensor[]),
      /should be an iterable of Tensors or groups, got a Tensor/,
    ],
    [() => new optim.SGD([leaf(1).mul(2)]), /can't optimize a non-leaf Tensor.*MulBackward0/s],
    [
      () => new optim.SGD([leaf(1)], { lr: -1 }),
      /^SGD: lr: expected a finite number >= 0, or a floating-point Tensor of one element, got -1$/,
    ],
    [() => new optim.SGD([leaf(1)], { nesterov: true }), /Nesterov momentum requires a momentum/],
    [
      () => new optim.Adam([leaf(1)], { betas: [0.9, 1] }),
      /^Adam: betas: expected a pair of numbers in \[0, 1\), or a pair, each a .*, got \[0.9, 1\]$/,
    ],
    [
      () => new optim.Adam([leaf(1)], { eps: Number.NaN }),
      /^Adam: eps: expected a finite number >= 0, got NaN$/,
    ],
    [() => new optim.SGD([3 as unknown as Tensor]), /params|optimize/],
  ])('refuses bad input: %s', (make, message) => {
    expect(make).toThrow(message);
  });

  it('refuses a parameter twice', () => {
    const p = leaf(1);
    expect(() => new optim.SGD([p, p])).toThrow(/duplicate parameters/);
    expect(() => new optim.SGD([{ params: [p] }, { params: [p] }])).toThrow(/more than one parameter group/);
  });
});

describe('state dicts', () => {
  function trained(): { model: nn.Sequential; optimizer: optim.Adam; step(): void } {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 1));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.1, amsgrad: true });
    const x = randn([8, 3]);
    return {
      model,
      optimizer,
      step() {
        optimizer.zeroGrad();
        model(x).square().mean().backward();
        optimizer.step();
      },
    };
  }

  it('let training go on where it stopped', () => {
    const first = trained();
    for (let i = 0; i < 3; i++) first.step();
    const weights = structuredCloneOf(first.model.stateDict());
    const state = first.optimizer.stateDict();
    const copied = JSON.parse(JSON.stringify(state.param_groups)) as typeof state.param_groups;

    manualSeed(0);
    const second = trained();
    second.model.loadStateDict(weights);
    second.optimizer.loadStateDict({ state: state.state, param_groups: copied });
    for (let i = 0; i < 3; i++) {
      first.step();
      second.step();
    }
    const after = (t: { model: nn.Sequential }): unknown => t.model.parameters().map((p) => p.toArray());
    expect(after(second)).toEqual(after(first));
  });

  const structuredCloneOf = (dict: Record<string, Tensor>): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(dict).map(([name, x]) => [name, x.clone()]));

  it('change nothing when they do not fit', () => {
    const { optimizer, step } = trained();
    step();
    const state = optimizer.stateDict();
    const wrongShape = { ...state.state, 0: { ...state.state[0]!, exp_avg: tensor([1]) } };
    const options = { ...state.param_groups[0]!, lr: 7 };
    expect(() => optimizer.loadStateDict({ state: wrongShape, param_groups: [options] })).toThrow(
      /the state of parameter 0: exp_avg has shape \[1\], expected \[4, 3\]/,
    );
    expect(optimizer.paramGroups[0]!.lr).toBe(0.1);
    expect(() => optimizer.loadStateDict({ state: {}, param_groups: [] })).toThrow(
      /different number of parameter groups/,
    );
    expect(() =>
      optimizer.loadStateDict({ state: {}, param_groups: [{ ...options, params: [0, 1] }] }),
    ).toThrow(/doesn't match the size of optimizer's group/);
  });
});

describe('schedulers', () => {
  const make = (): optim.SGD => new optim.SGD([withGrad(1)], { lr: 0.1 });

  it('resume from their state', () => {
    const optimizer = make();
    const scheduler = new optim.lrScheduler.StepLR(optimizer, 2, { gamma: 0.5 });
    for (let i = 0; i < 3; i++) {
      optimizer.step();
      scheduler.step();
    }
    const other = make();
    const resumed = new optim.lrScheduler.StepLR(other, 99);
    resumed.loadStateDict(scheduler.stateDict());
    other.paramGroups[0]!.lr = optimizer.paramGroups[0]!.lr;
    other.step();
    resumed.step();
    expect(resumed.getLastLr()).toEqual([0.025]);
    expect(scheduler.stateDict()).toMatchObject({
      step_size: 2,
      gamma: 0.5,
      last_epoch: 3,
      _last_lr: [0.05],
    });
  });

  it("have PyTorch's defaults: a plateau is waited out for ten epochs, then the rate is a tenth", () => {
    const optimizer = make();
    const scheduler = new optim.lrScheduler.ReduceLROnPlateau(optimizer);
    const rates = Array.from({ length: 12 }, () => {
      scheduler.step(1);
      return scheduler.getLastLr()[0];
    });
    expect(rates).toEqual([...new Array<number>(11).fill(0.1), expect.closeTo(0.01, 12)]);
  });

  it('warn when they are stepped before the optimizer', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const scheduler = new optim.lrScheduler.StepLR(make(), 1);
    scheduler.step();
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]![0]).toMatch(/before `optimizer.step\(\)`/);
    scheduler.step();
    const optimizer = make();
    const inOrder = new optim.lrScheduler.StepLR(optimizer, 1);
    optimizer.step();
    inOrder.step();
    const resumed = new optim.lrScheduler.StepLR(make(), 1);
    resumed.loadStateDict(inOrder.stateDict());
    resumed.step();
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  it.each([
    [() => new optim.lrScheduler.OneCycleLR(make(), 1), /either totalSteps or both epochs and stepsPerEpoch/],
    [
      () => new optim.lrScheduler.OneCycleLR(make(), 1, { totalSteps: 0 }),
      /totalSteps: expected an integer >= 1, got 0/,
    ],
    [
      () => new optim.lrScheduler.OneCycleLR(make(), [1, 2], { totalSteps: 5 }),
      /expected 1 values for maxLr, got 2/,
    ],
    [
      () => new optim.lrScheduler.ReduceLROnPlateau(make(), { factor: 1 }),
      /factor: expected a number in \[0, 1\), got 1/,
    ],
    [() => new optim.lrScheduler.LambdaLR(make(), []), /expected 1 functions/],
    [() => new optim.lrScheduler.StepLR(make(), 0), /stepSize: expected a number >= 1, got 0/],
    [() => new optim.lrScheduler.StepLR(make(), 1, { lastEpoch: 3 }), /'initialLr' is not specified/],
  ])('refuse bad input: %s', (build, message) => {
    expect(build).toThrow(message);
  });

  it('end with an error when a cycle is stepped past its end', () => {
    const optimizer = make();
    const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, 1, { totalSteps: 3, cycleMomentum: false });
    for (let i = 0; i < 3; i++) {
      optimizer.step();
      scheduler.step();
    }
    expect(() => scheduler.step()).toThrow(/Tried to step 4 times. The specified number of total steps is 3/);
  });
});

describe('clipping', () => {
  it('returns the norm before, and leaves small gradients alone', () => {
    const p = withGrad(3, 4);
    p.grad = tensor([3, 4], { dtype: 'float32' });
    expect(optim.clipGradNorm_([p], 10).item()).toBe(5);
    expect(p.grad.toArray()).toEqual([3, 4]);
    optim.clipGradNorm_(p, 1);
    expect(p.grad.norm().item()).toBeCloseTo(1, 5);
  });

  it('can refuse a norm that is not finite', () => {
    const p = withGrad(1);
    p.grad = tensor([Number.NaN], { dtype: 'float32' });
    expect(() => optim.clipGradNorm_(p, 1, { errorIfNonfinite: true })).toThrow(/non-finite/);
  });

  it('is nothing to do without gradients', () => {
    expect(optim.clipGradNorm_([leaf(1)], 1).item()).toBe(0);
  });

  it('clamps values', () => {
    const p = withGrad(1, 1);
    p.grad = tensor([-7, 0.5], { dtype: 'float32' });
    optim.clipGradValue_([p], 1);
    expect(p.grad.toArray()).toEqual([-1, 0.5]);
  });
});
