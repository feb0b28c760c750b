/** What a compiled call changes counts as changed, and what it reads does not: a graph that has kept it tells. */
import { compile, noGrad, ones, randn, type Tensor } from '@kindling/core';
import { expect, it } from 'vitest';

/** Has a graph keep a tensor; gives the backward pass through it. */
function keep(x: Tensor): () => void {
  const product = ones(x.shape, { requiresGrad: true }).mul(x);
  return () => product.sum().backward();
}

const state = randn([4]);
const leaf = randn([4], { requiresGrad: true });
leaf.grad = ones([4]);
const gradient = (): Tensor => leaf.grad as Tensor;
const other = randn([4], { requiresGrad: true });
const fresh = (): Tensor => {
  other.grad = ones([4]);
  return other.grad;
};

/** What a step does with an argument, and what of that is kept beforehand. */
const steps: Readonly<
  Record<string, [change: boolean, step: (x: Tensor) => unknown, kept: (x: Tensor) => Tensor]>
> = {
  'an argument that it changes': [true, (x) => void x.mul_(2), (x) => x],
  'an argument with gaps': [true, (x) => void x.narrow(0, 1, 2).mul_(2), (x) => x],
  'memory of an argument': [true, (x) => void x.add_(1), (x) => x.narrow(0, 1, 2)],
  'state that it changes': [true, (x) => void state.add_(x), () => state],
  'a gradient that it changes': [true, (x) => void noGrad(() => gradient().add_(x)), gradient],
  'a gradient of this call that it changes': [
    true,
    (x) => void noGrad(() => (other.grad as Tensor).add_(x)),
    fresh,
  ],
  'a gradient of this call that it reads': [false, (x) => x.mul(other.grad as Tensor), fresh],
  'an argument that it reads': [false, (x) => x.mul(2), (x) => x],
  'state that it reads': [false, (x) => x.mul(state), () => state],
  'a gradient that it reads': [false, (x) => x.mul(gradient()), gradient],
};

it.each(Object.entries(steps))('%s', (_, [changes, step, kept]) => {
  const compiled = compile(step, { check: false });
  for (let call = 0; call < 5; call++) {
    const x = randn([4]);
    const backward = keep(kept(x));
    compiled(x);
    if (changes) expect(backward, `call ${call}`).toThrow('modified by an inplace operation');
    else expect(backward, `call ${call}`).not.toThrow();
  }
  expect(compiled.programs).toHaveLength(1);
});
