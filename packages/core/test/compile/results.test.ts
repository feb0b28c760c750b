/** Results of a compiled function: they share memory with each other, and with what lasts, where those of the function do. */
import { autograd, compile, inferenceMode, noGrad, ones, randn, type Tensor, tensor } from '@kindling/core';
import { expect, it } from 'vitest';
import { bitsOf } from '../support/compiled.ts';

type Step = (x: Tensor) => Tensor[];

/** What a caller sees of some calls if it changes what it was given. */
function seen(make: () => { step: Step; state?: () => (Tensor | null)[] }, wrap: (step: Step) => Step) {
  const { step, state = () => [] } = make();
  const call = wrap(step);
  const kept: Tensor[] = [];
  return Array.from({ length: 6 }, (_, i) => {
    const results = call(tensor([[i, 1, 2], [3, 4, 5]], { dtype: 'float32' })); // biome-ignore format: a matrix
    kept.push(...results);
    noGrad(() => results[0]?.mul_(2));
    return {
      layouts: results.map((y) => [y.stride(), y.isContiguous()]),
      same: results.map((y) => results.indexOf(y)),
      kept: kept.map(bitsOf),
      state: state().map(bitsOf),
    };
  });
}

const functions: Readonly<Record<string, () => { step: Step; state?: () => (Tensor | null)[] }>> = {
  'views of one another': () => ({
    step: (x) => {
      const h = x.mul(2);
      return [h, h.select(0, 0), h.t(), h, h.narrow(1, 1, 2)];
    },
  }),
  'turned, and expanded': () => ({
    step: (x) => [x.mul(2).t(), x.sum().expand([2, 2]).clone(), x.exp().t()],
  }),
  'what is made of numbers': () => ({
    step: (x) => {
      const made = ones([2]);
      return [made, made.view([2, 1]), x.add(1)];
    },
  }),
  'a gradient, and a view of it': () => {
    const w = randn([3]).fill_(2).requiresGrad_();
    const step: Step = (x) => {
      w.grad = null;
      x.mul(w).sum().backward();
      const g = w.grad as unknown as Tensor;
      return [g, g.narrow(0, 1, 2)];
    };
    return { step, state: () => [w.grad] };
  },
  'a gradient that stays and grows': () => {
    const w = ones([3]).requiresGrad_();
    const step: Step = (x) => {
      if (w.grad !== null) noGrad(() => (w.grad as Tensor).mul_(0.5));
      x.mul(w).sum().backward();
      return [w.grad as unknown as Tensor];
    };
    return { step, state: () => [w.grad] };
  },
};

it.each(Object.entries(functions))('%s', (_, make) => {
  const expected = seen(make, (step) => step);
  expect(seen(make, (step) => compile(step, { check: false }))).toEqual(expected);
  expect(seen(make, (step) => compile(step, { check: true }))).toEqual(expected);
});

it('gradients that are results may be clipped by the caller, who makes the step', () => {
  const train = (wrap: (f: (x: Tensor) => Tensor | null) => (x: Tensor) => Tensor | null) => {
    const w = ones([3]).requiresGrad_();
    const backward = wrap((x) => {
      w.grad = null;
      x.mul(w).square().sum().backward();
      return w.grad;
    });
    for (let i = 0; i < 6; i++) {
      backward(tensor([1, 2, i]))?.clamp_({ max: 1 });
      noGrad(() => w.sub_(w.grad as Tensor, { alpha: 0.25 }));
    }
    return bitsOf(w);
  };
  expect(train((f) => compile(f, { check: false }))).toEqual(train((f) => f));
});

it('are of inference mode where the function makes them there', () => {
  const infer = (x: Tensor): Tensor[] => [inferenceMode(() => x.mul(2)), x.add(1), x];
  const compiled = compile(infer);
  const x = ones([2]);
  for (let i = 0; i < 4; i++) {
    expect(compiled(x).map((y) => y.isInference())).toEqual([true, false, false]);
    expect(inferenceMode(() => compiled(x)).map((y) => y.isInference())).toEqual([true, true, false]);
  }
});

it('what is given and of inference mode is refused where eager refuses it', () => {
  const w = ones([2]).requiresGrad_();
  const compiled = compile((x: Tensor) => w.mul(x).sum().backward());
  for (let i = 0; i < 4; i++) compiled(ones([2]));
  const given = inferenceMode(() => ones([2]));
  expect(() => compiled(given)).toThrow(/Inference tensors cannot be saved for backward/);
});

/** What is to be seen of results of an argument, a parameter, or a leaf made inside. */
const ofLeaves: Readonly<Record<string, (w: Tensor) => (x: Tensor) => Tensor>> = {
  'an argument': () => (x) => x,
  'an argument, detached': () => (x) => x.detach(),
  'a view of an argument': () => (x) => x.detach().view([3, 1]),
  'a parameter': (w) => () => w,
  'a parameter, detached': (w) => () => w.detach(),
  'a leaf made inside': () => (x) => x.detach().mul(2).requiresGrad_(),
};

it.each(Object.entries(ofLeaves))('a result that is %s', (_, make) => {
  const outcomes = (wrap: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor) => {
    const w = ones([3]).requiresGrad_();
    const call = wrap(make(w));
    return Array.from({ length: 5 }, (_, i) => {
      const x = ones([3]).mul(i).requiresGrad_();
      const y = call(x);
      if (y.requiresGrad) y.mul(3).sum().backward();
      noGrad(() => y.add_(1));
      return [y === x, y === w, y.requiresGrad, [x, w, y, x.grad, w.grad, y.grad].map(bitsOf)];
    });
  };
  const expected = outcomes((f) => f);
  expect(outcomes((f) => compile(f, { check: false }))).toEqual(expected);
  expect(outcomes((f) => compile(f, { check: true }))).toEqual(expected);
});

it('each argument keeps the gradient that its call left', () => {
  const compiled = compile((x: Tensor) => x.square().sum().backward(), { check: false });
  const given = [0, 1, 2, 3, 4, 5].map((i) => ones([2]).mul(i).requiresGrad_());
  for (const x of given) compiled(x);
  expect(given.map((x) => x.grad?.toArray())).toEqual([0, 2, 4, 6, 8, 10].map((g) => [g, g]));
});

it('backward stops at an argument, whose graph is another one in each call', () => {
  const w = ones([2]).requiresGrad_();
  const into = compile((h: Tensor) => h.square().sum().backward());
  into(w.mul(2));
  expect(() => into(w.mul(2))).toThrow(
    /goes on into the graph that an argument comes with \(MulBackward0\).* give it detached/,
  );
  // What asks for no more than the argument's own gradient goes on.
  const up = compile((h: Tensor) => autograd.grad(h.square().sum(), [h]), { check: false });
  for (let i = 0; i < 5; i++) expect(up(w.mul(i))[0]?.toArray()).toEqual([2 * i, 2 * i]);
});
