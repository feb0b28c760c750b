/** Gradients that a call changes in place, and then leaves others for. */
import { compile, noGrad, randn, type Tensor } from '@kindling/core';
import { expect, it } from 'vitest';
import { bitsOf, expectSameBits } from '../support/compiled.ts';

function world() {
  const w = randn([3], { requiresGrad: true });
  const call = (x: Tensor): void => {
    if (w.grad !== null) w.grad.zero_();
    w.mul(x).sum().backward();
    noGrad(() => (w.grad as Tensor).mul_(0.5));
    w.grad = null;
    w.mul(x).square().sum().backward();
  };
  return { call, argumentsOf: () => [randn([3])], state: () => [w, w.grad] };
}

it('the gradient that is left is the last one', () => {
  expectSameBits(world, 8);
});

it('and each call may be run both ways', () => {
  const { call, state } = world();
  const fn = compile(call, { check: true });
  for (let i = 0; i < 6; i++) {
    const [x, [w]] = [randn([3]), state()];
    fn(x);
    expect(bitsOf(w?.grad ?? null)).toEqual(bitsOf((w as Tensor).detach().mul(x).mul(2).mul(x)));
  }
  expect(fn.programs.length).toBeGreaterThan(0);
});

it('also where none is left', () => {
  const w = randn([3], { requiresGrad: true });
  const fn = compile(
    (x: Tensor) => {
      const used = (w.grad as Tensor).mul(x);
      w.grad = null;
      return used;
    },
    { check: true },
  );
  for (let i = 0; i < 6; i++) {
    const [x, gradient] = [randn([3]), randn([3])];
    w.grad = gradient.clone();
    expect(bitsOf(fn(x))).toEqual(bitsOf(gradient.mul(x)));
    expect(w.grad).toBeNull();
  }
  expect(fn.programs).toHaveLength(1);
});
