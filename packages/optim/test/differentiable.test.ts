/** Steps that are recorded: PyTorch's values and gradients, the bits of plain steps; see tools/oracle/differentiable_optimisers.py. */
import {
  AutogradError,
  autograd,
  CompileError,
  compile,
  manualSeed,
  randn,
  Tensor,
  tensor,
  ValueError,
  zerosLike,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { describe, expect, it, vi } from 'vitest';
import { mismatch, type Strictness } from '../../core/test/oracle/compare.ts';
import { type Recorded, readFixture } from '../../core/test/oracle/fixture.ts';
import { cotangent, plain, toTensor } from '../../core/test/oracle/tensors.ts';
import { bitsOf } from '../../core/test/support/compiled.ts';
import { trainingStep } from '../../core/test/support/training-step.ts';
import { make, type Options } from './support/runs.ts';

interface Entry {
  readonly op: string;
  readonly options: Options;
  readonly start: Recorded;
  /** Of each recorded step: the gradient is this times the parameters. */
  readonly factors: readonly Recorded[];
  readonly after: Recorded;
  /** By what the first recorded step begins with, and by each of the factors. */
  readonly grads: readonly Recorded[];
}

/** Recorded, PyTorch's NAdam computes its factors in float32, whatever the dtype of the parameters. */
const strictness = ({ op }: Entry): Strictness => (op === 'NAdam' ? { factor: 1000 } : {});

const { entries } = readFixture<Entry>(new URL('./fixtures/differentiable', import.meta.url));
const titled = entries.map((entry) => [`${entry.op} ${JSON.stringify(entry.options)}`, entry] as const);

/** An optimizer after two plain steps, and its parameter. */
function begun({ op, options, start }: Entry): { optimizer: optim.Optimizer; p: Tensor } {
  const p = toTensor(start).requiresGrad_();
  const optimizer = make(op, [p], options);
  for (const step of [1, 2]) {
    p.grad = cotangent(p, step);
    optimizer.step();
  }
  p.grad = null;
  return { optimizer, p };
}

/** The optimizer of a clone of p, which goes on from the state of another. */
function goingOn({ op, options }: Entry, before: optim.Optimizer, w: Tensor): optim.Optimizer {
  const optimizer = make(op, [w], { ...options, differentiable: true });
  optimizer.loadStateDict(before.stateDict());
  for (const group of optimizer.paramGroups) group.differentiable = true;
  return optimizer;
}

describe("recorded steps have PyTorch's values and gradients", () => {
  it.each(titled)('%s', (_, entry) => {
    const { optimizer: before, p } = begun(entry);
    const w = p.clone();
    const optimizer = goingOn(entry, before, w);
    const factors = entry.factors.map((factor) => toTensor(factor).requiresGrad_());
    for (const factor of factors) {
      w.grad = factor.mul(w.clone());
      optimizer.step();
    }
    expect(mismatch('the parameters', plain(w.detach()), entry.after, strictness(entry))).toBeNull();
    w.mul(cotangent(w, 0)).sum().backward();
    for (const [i, leaf] of [p, ...factors].entries()) {
      const actual = plain(leaf.grad ?? zerosLike(leaf));
      expect(mismatch(`gradient ${i}`, actual, entry.grads[i] as Recorded, strictness(entry))).toBeNull();
    }
  });
});

describe('recorded steps leave the bits of plain ones, and pass gradcheck', () => {
  it.each(titled)('%s', (_, entry) => {
    const { optimizer: before, p } = begun(entry);
    const steps = (start: Tensor, ...gradients: Tensor[]): Tensor[] => {
      const w = start.clone();
      const optimizer = goingOn(entry, before, w);
      for (const gradient of gradients) {
        w.grad = gradient;
        optimizer.step();
      }
      const held = Object.values(optimizer.state.get(w) ?? {});
      return [w, ...held.filter((x) => x instanceof Tensor && x.requiresGrad)] as Tensor[];
    };
    const gradients = [3, 4].map((step) => cotangent(p, step).requiresGrad_());
    expect(autograd.gradcheck(steps, [p, ...gradients])).toBe(true);
    const [recorded] = steps(p, ...gradients);
    for (const g of gradients) {
      p.grad = g.detach();
      before.step();
    }
    expect(bitsOf(recorded!.detach())).toEqual(bitsOf(p.detach()));
  });
});

const leaf = (): Tensor => tensor([0.5, -1.5], { dtype: 'float64', requiresGrad: true });

describe('differentiable', () => {
  it('lets gradients flow through a training, to what it began with, in parameters and state', () => {
    const trained = (start: Tensor, rate: Tensor): Tensor => {
      const w = start.clone();
      const optimizer = new optim.SGD([w], { lr: 0.1, momentum: 0.9, differentiable: true });
      for (let step = 0; step < 3; step++) {
        const at = w.clone();
        const loss = at.sin().mul(rate).add(at.pow(4)).sum();
        [w.grad = null] = autograd.grad(loss, [at], { createGraph: true });
        optimizer.step();
      }
      return w;
    };
    const rate = tensor(0.7, { dtype: 'float64', requiresGrad: true });
    // The first momentum too, which PyTorch detaches.
    expect(autograd.gradcheck(trained, [leaf(), rate])).toBe(true);
    expect(autograd.gradgradcheck(trained, [leaf(), rate])).toBe(true);
  });

  it('is of a group: others go on as they do', () => {
    const [start, other] = [leaf(), leaf()];
    const w = start.clone();
    const optimizer = new optim.Adam([{ params: [w], differentiable: true }, { params: [other] }], {
      lr: 0.1,
    });
    w.grad = tensor([1, 2], { dtype: 'float64', requiresGrad: true });
    other.grad = tensor([1, 2], { dtype: 'float64' });
    optimizer.step();
    expect(other.isLeaf).toBe(true);
    expect(bitsOf(w.detach())).toEqual(bitsOf(other.detach()));
    expect(optimizer.state.get(w)?.expAvg).toMatchObject({ requiresGrad: true });
  });

  it('takes many parameters, which are updated together elsewhere', () => {
    manualSeed(0);
    const model = new nn.Linear(2, 2, { dtype: 'float64' });
    const starts = Array.from({ length: 12 }, () => randn([2, 2], { dtype: 'float64', requiresGrad: true }));
    const weights = starts.map((x) => x.clone());
    const optimizer = new optim.AdamW(weights, { lr: 0.1, differentiable: true });
    for (const [i, w] of weights.entries()) w.grad = model((starts[i] as Tensor).detach());
    optimizer.step();
    weights.reduce((sum, w) => sum.add(w.square().sum()), tensor(0, { dtype: 'float64' })).backward();
    for (const x of starts) expect(x.grad?.count).toBe(4);
    expect(model.weight.grad?.abs().sum().item()).toBeGreaterThan(0);
  });

  it('is refused of leaves, before anything changes', () => {
    const [p, w] = [leaf(), leaf().clone()];
    const optimizer = new optim.SGD([w, p], { lr: 0.1, differentiable: true });
    for (const x of [w, p]) x.grad = tensor([1, 1], { dtype: 'float64' });
    expect(() => optimizer.step()).toThrow(ValueError);
    expect(() => optimizer.step()).toThrow(
      /^SGD.step: differentiable: parameter 1 is a leaf, .*give the optimizer what was computed of it, such as leaf.clone\(\)/,
    );
    expect(w.tolist()).toEqual([0.5, -1.5]);
    expect(() => new optim.SGD([leaf().clone()])).toThrow(AutogradError);
  });

  it('is refused in a compiled function, which may run as it is', () => {
    const step = (x: Tensor): Tensor => {
      const w = x.clone();
      const optimizer = new optim.Adam([w], { differentiable: true });
      w.grad = x.mul(2);
      optimizer.step();
      return w.detach();
    };
    const x = leaf();
    const compiled = compile(step);
    compiled(x);
    expect(() => compiled(x)).toThrow(CompileError);
    expect(() => compiled(x)).toThrow(
      /Adam.step: a step that is differentiable leaves a graph behind, .*leave it outside/,
    );
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const loose = compile(step, { fallback: 'eager' });
    for (let i = 0; i < 3; i++) expect(loose(x).tolist()).toEqual(step(x).tolist());
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  it('that is set between compiled calls is seen', () => {
    const p = leaf();
    const optimizer = new optim.SGD([p], { lr: 0.1 });
    const step = compile(trainingStep(optimizer, () => p.square().sum()));
    for (let i = 0; i < 4; i++) step();
    expect(step.programs.length).toBe(1);
    for (const group of optimizer.paramGroups) group.differentiable = true;
    expect(() => step()).toThrow(
      /SGD.step: (differentiable: parameter 0 is a leaf|a step that is differentiable)/,
    );
  });
});

describe('the other choices of implementation', () => {
  it.each<[string, Options]>([
    ['SGD', { foreach: true }],
    ['SGD', { fused: true, foreach: false }],
    ['Adam', { fused: true, capturable: false }],
    ['AdamW', { foreach: false, fused: null }],
    ['Adagrad', { fused: true }],
    ['RMSprop', { foreach: true, capturable: false, differentiable: false }],
    ['Adafactor', { foreach: true }],
  ])('change no number and are kept: %s %o', (name, options) => {
    const [p, q] = [leaf(), leaf()];
    const [chosen, other] = [make(name, [p], options), make(name, [q])];
    for (const [x, optimizer] of [
      [p, chosen],
      [q, other],
    ] as const)
      for (const step of [1, 2]) {
        x.grad = cotangent(x, step);
        optimizer.step();
      }
    expect(bitsOf(p.detach())).toEqual(bitsOf(q.detach()));
    expect(chosen.paramGroups[0]).toMatchObject(options);
    other.loadStateDict(chosen.stateDict());
    expect(other.paramGroups[0]).toMatchObject(options);
  });

  it('come beside rates and betas that PyTorch holds as tensors', () => {
    const optimizer = new optim.Adam([leaf()]);
    const { state, param_groups } = optimizer.stateDict();
    const betas = [0.5, 0.75].map((x) => tensor(x));
    const tensors = { ...param_groups[0], lr: tensor([0.25]), betas } as unknown as (typeof param_groups)[0];
    optimizer.loadStateDict({ state, param_groups: [tensors] });
    expect(String(optimizer)).toMatch(/ lr: tensor\(\[0\.2500\]\)\n/);
    expect(String(optimizer)).toMatch(/ betas: \(tensor\(0\.5000\), tensor\(0\.7500\)\)\n/);
  });

  it('come in state dicts that have none of them, and in those of a GPU', () => {
    const optimizer = new optim.Adam([leaf()], { fused: true });
    const { state, param_groups } = optimizer.stateDict();
    const [{ foreach: _, fused: __, capturable: ___, differentiable: ____, ...earlier } = {}] = param_groups;
    optimizer.loadStateDict({ state, param_groups: [earlier] });
    const none = { foreach: null, fused: null, capturable: false, differentiable: false };
    expect(optimizer.paramGroups[0]).toMatchObject(none);
    optimizer.loadStateDict({ state, param_groups: [{ ...earlier, capturable: true, foreach: true }] });
    expect(optimizer.paramGroups[0]).toMatchObject({ ...none, foreach: true });
    expect(() => optimizer.loadStateDict({ state, param_groups: [{ ...earlier, foreach: 'yes' }] })).toThrow(
      /^Adam.loadStateDict: foreach: expected true or false or null, got "yes"/,
    );
  });
});
