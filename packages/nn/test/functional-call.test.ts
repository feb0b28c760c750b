import { autograd, compile, manualSeed, noGrad, ones, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { expect, it } from 'vitest';
import { bitsOf } from '../../core/test/support/compiled.ts';

const { functionalCall } = nn.utils;
const { functional: F } = nn;
const net = (): nn.Sequential =>
  new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2, { bias: false }));

it('calls a module with other tensors, to which gradients flow, and puts its own back', () => {
  manualSeed(1);
  const model = net();
  const own = model.parameters();
  const x = randn([5, 3]);
  const [w, b] = [randn([4, 3], { requiresGrad: true }), randn([4], { requiresGrad: true })];
  const y = functionalCall(model, { '0.weight': w, '0.bias': b }, x);
  expect(y.equal(F.linear(F.linear(x, w, b).tanh(), own[2]!))).toBe(true);
  y.sum().backward();
  expect([w.grad, b.grad].every((grad) => grad !== null)).toBe(true);
  expect(own.map(({ grad }) => grad === null)).toEqual([true, true, false]);
  expect(model.parameters().every((p, i) => p === own[i])).toBe(true);
});

it('differentiates a step of descent through itself', () => {
  manualSeed(2);
  const model = net().double();
  const [x, y] = [randn([6, 3], { dtype: 'float64' }), randn([6, 2], { dtype: 'float64' })];
  const afterOneStep = (...start: Tensor[]): Tensor => {
    const names = [...model.namedParameters()].map(([name]) => name);
    const loss = (tensors: readonly Tensor[]): Tensor =>
      F.mseLoss(functionalCall(model, Object.fromEntries(names.map((name, i) => [name, tensors[i]!])), x), y);
    const grads = autograd.grad(loss(start), start, { createGraph: true });
    return loss(start.map((p, i) => p.sub(grads[i]!.mul(0.1))));
  };
  const start = model.parameters().map((p) => p.detach().clone().requiresGrad_());
  expect(autograd.gradcheck(afterOneStep, start)).toBe(true);
});

it('finds buffers, what is deep inside, and what dictionaries hold', () => {
  class Net extends nn.Module<[Tensor], Tensor> {
    scales = new nn.ParameterDict({ keys: ones([2]) });
    inner = new nn.Sequential(new nn.BatchNorm1d(2));
    override forward(x: Tensor): Tensor {
      return this.inner(x).mul(this.scales.get('keys'));
    }
  }
  const model = new Net();
  const given = { 'scales.keys': tensor([2.5, 3.5]), 'inner.0.running_mean': ones([2]) };
  const y = functionalCall(model.eval(), given, tensor([[1, 2.5]]));
  expect(y.tolist()).toEqual([[0, expect.closeTo(5.25, 3)]]);
  functionalCall(model.train(), given, tensor([[3], [5.5]]).expand(2, 2));
  expect(given['inner.0.running_mean'].tolist()).toEqual([expect.closeTo(1.325), expect.closeTo(1.325)]);
  expect((model.inner[0] as nn.BatchNorm1d).runningMean!.tolist()).toEqual([0, 0]);
  expect(model.scales.get('keys').tolist()).toEqual([1, 1]);
});

it('hands over what the module assigns anew', () => {
  class Counting extends nn.Module<[Tensor], Tensor> {
    declare seen: Tensor;
    constructor() {
      super();
      this.registerBuffer('seen', tensor(0.5));
    }
    override forward(x: Tensor): Tensor {
      this.seen = this.seen.add(1);
      return x;
    }
  }
  const model = new Counting();
  const given = [{ seen: tensor(4.5) }, {}];
  const frozen = Object.freeze({ seen: tensor(4.5) });
  expect(functionalCall(model, frozen, [ones([1])]).tolist()).toEqual([1]);
  expect(frozen.seen.item()).toBe(4.5);
  functionalCall(model, given, [ones([1])]);
  expect(given[0]!.seen!.item()).toBe(5.5);
  expect(model.seen.item()).toBe(0.5);
});

it('replaces one tensor under all its names, unless they are to be untied', () => {
  class Tied extends nn.Module<[Tensor], Tensor> {
    first = new nn.Linear(1, 1, { bias: false });
    last = new nn.Linear(1, 1, { bias: false });
    constructor() {
      super();
      this.last.weight = this.first.weight;
      noGrad(() => this.first.weight.fill_(3));
    }
    override forward(x: Tensor): Tensor {
      return this.last(this.first(x));
    }
  }
  const model = new Tied();
  const w = tensor([[5]], { dtype: 'float32' });
  const of = (given: Record<string, Tensor>, tieWeights?: boolean): number =>
    functionalCall(model, given, ones([1, 1]), tieWeights === undefined ? {} : { tieWeights }).item();
  expect(of({ 'first.weight': w })).toBe(25);
  expect(of({ 'last.weight': w }, false)).toBe(15);
  expect(of({ 'first.weight': w, 'last.weight': w })).toBe(25);
  expect(() => of({ 'first.weight': w, 'last.weight': ones([1, 1]) })).toThrow(
    "functionalCall: 'first.weight', 'last.weight' are one tensor in the module, and several were given; give one, or write { tieWeights: false }",
  );
  expect(of({ 'first.weight': w, 'last.weight': ones([1, 1]) }, false)).toBe(5);
});

it('refuses names that there are not, twice, or that are missing, and leaves the module as it was', () => {
  const model = net();
  const before = model.parameters();
  const x = ones([1, 3]);
  expect(() => functionalCall(model, { weight: ones([1]) }, x)).toThrow(
    "functionalCall: no parameter or buffer is called 'weight'; there are '0.weight', '0.bias', '2.weight'",
  );
  const w = ones([4, 3]);
  expect(() => functionalCall(model, [{ '0.weight': w }, { '0.weight': w }], x)).toThrow(
    "functionalCall: '0.weight' is in more than one of the objects",
  );
  expect(() => functionalCall(model, { '0.weight': w }, x, { strict: true })).toThrow(
    "functionalCall: '0.bias', '2.weight' not given",
  );
  expect(() => functionalCall(model, { '0.weight': ones([9, 9]) }, x)).toThrow(/Linear/);
  expect(() => functionalCall(model, { '0.weight': 3 as never }, x)).toThrow(
    'functionalCall: parametersAndBuffers: expected an object of tensors by name',
  );
  expect(model.parameters().every((p, i) => p === before[i])).toBe(true);
});

it('may be compiled: the tensors that are given are others in each call', () => {
  manualSeed(3);
  const model = net();
  const weights = [0, 1, 2, 3, 4, 5, 6].map(() => randn([4, 3]));
  const call = (w: Tensor, x: Tensor): Tensor => {
    const fresh = w.mul(2);
    return functionalCall(model, { '0.weight': fresh }, x).detach();
  };
  const compiled = compile(call, { check: false });
  const x = randn([2, 3]);
  for (const w of weights) expect(bitsOf(compiled(w, x))).toEqual(bitsOf(call(w, x)));
  expect(compiled.programs.length).toBe(1);
  noGrad(() => model.parameters()[1]!.fill_(1));
  model[1] = new nn.ReLU();
  for (const w of weights.slice(0, 3)) expect(bitsOf(compiled(w, x))).toEqual(bitsOf(call(w, x)));
});
