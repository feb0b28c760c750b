import { autograd, compile, noGrad, randn, type Tensor } from '@kindling/core';
import { expect, it } from 'vitest';

it('A leaf of which gradients are asked is guarded, though nothing was computed from it', () => {
  const [w, unused] = [randn([3], { requiresGrad: true }), randn([3], { requiresGrad: true })];
  const step = compile((x: Tensor) => {
    const [g, none] = autograd.grad(w.mul(x).sum(), [w, unused], { allowUnused: true });
    expect(none).toBe(null);
    return g;
  });
  const x = randn([3]);
  for (let call = 0; call < 4; call++) expect(step(x)?.equal(x)).toBe(true);
  expect(step.programs).toHaveLength(1);
  unused.requiresGrad_(false);
  expect(() => step(x)).toThrow(/One of the differentiated Tensors does not require grad: input 1/);
  unused.requiresGrad_();
  expect(step(x)?.equal(x)).toBe(true);
});

it('A leaf that is frozen and thawed between the first calls is no reason not to compile them', () => {
  const [w, v] = [randn([3], { requiresGrad: true }), randn([3], { requiresGrad: true })];
  const step = compile((x: Tensor) => {
    const asked = [w, v].filter(({ requiresGrad }) => requiresGrad);
    return autograd.grad(w.mul(x).add(v.mul(x).exp()).sum(), asked);
  });
  for (let call = 0; call < 8; call++) {
    v.requiresGrad_(call % 2 === 0);
    const x = randn([3]);
    const found = step(x);
    expect(found[0]?.equal(x)).toBe(true);
    expect(found).toHaveLength(call % 2 === 0 ? 2 : 1);
  }
  expect(step.programs).toHaveLength(2);
});

it('A gradient that is there in every other call, to be added to, is no reason not to compile them', () => {
  const make = (): { w: Tensor; step: (x: Tensor) => Tensor } => {
    const w = randn([3], { requiresGrad: true });
    const step = (x: Tensor): Tensor => {
      const loss = w.mul(x).sum();
      loss.backward();
      return noGrad(() => w.mul(w.grad as Tensor));
    };
    return { w, step };
  };
  const [eager, other] = [make(), make()];
  noGrad(() => other.w.copy_(eager.w));
  const step = compile(other.step);
  for (let call = 0; call < 12; call++) {
    if (call % 2 === 0) for (const { w } of [eager, other]) w.grad = null;
    const x = randn([3]);
    expect(step(x).tolist()).toEqual(eager.step(x).tolist());
    expect(other.w.grad?.tolist()).toEqual(eager.w.grad?.tolist());
  }
  expect(step.programs).toHaveLength(2);
});

it('A gradient that is dropped unseen is no reason for another program, be there one or not', () => {
  const [w, v] = [randn([3], { requiresGrad: true }), randn([3], { requiresGrad: true })];
  const step = compile((x: Tensor) => {
    for (const leaf of [w, v]) leaf.grad = null;
    w.mul(x).sum().backward();
  });
  for (let call = 0; call < 9; call++) {
    w.grad = call % 3 === 0 ? null : randn([3]);
    v.grad = call % 2 === 0 ? null : randn([3]);
    const x = randn([3]);
    step(x);
    expect(w.grad?.equal(x)).toBe(true);
    expect(v.grad).toBe(null);
  }
  expect(step.programs).toHaveLength(1);
});
