/** Hooks of what a compiled function is given: they are called, and no others are. */
import { compile, noGrad, ones, type Tensor } from '@kindling/core';
import { expect, it } from 'vitest';

const gradient = (x: Tensor): Tensor => {
  x.mul(2).sum().backward();
  return (x.grad as Tensor).clone();
};

const ten = (g: Tensor): Tensor => g.mul(10);
const hooks: readonly ((x: Tensor) => unknown)[] = [
  () => {},
  (x) => x.registerHook(ten),
  (x) => x.registerPostAccumulateGradHook((p) => void noGrad(() => p.grad?.mul_(3))),
  (x) => x.registerHook(ten).remove(),
];

it.each([
  ['come', [0, 0, 0, 1, 2, 0, 1]],
  ['go', [1, 1, 1, 1, 0, 3, 1]],
  ['are others', [2, 2, 2, 1, 2, 0, 3]],
] as const)('hooks %s', (_, kinds) => {
  const compiled = compile(gradient, { check: false });
  const given = () => ones([2]).requiresGrad_();
  for (const kind of kinds) {
    const [x, y] = [given(), given()];
    for (const tensor of [x, y]) hooks[kind]?.(tensor);
    expect(compiled(x).toArray()).toEqual(gradient(y).toArray());
  }
});

it('the same hooks, on other tensors, are no reason for another program', () => {
  const compiled = compile(gradient);
  for (let i = 0; i < 5; i++) {
    const x = ones([2]).requiresGrad_();
    x.registerHook(ten);
    expect(compiled(x).toArray()).toEqual([20, 20]);
  }
  expect(compiled.programs.length).toBe(1);
});

it('of a parameter that is an argument too', () => {
  const run = (wrap: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor) => {
    const w = ones([2]).requiresGrad_();
    const step = wrap((x) => {
      w.grad = null;
      x.mul(w).sum().backward();
      return (w.grad as unknown as Tensor).clone();
    });
    return Array.from({ length: 6 }, (_, i) => {
      if (i === 4) w.registerHook(ten);
      return step(w).toArray();
    });
  };
  expect(run((f) => compile(f, { check: false }))).toEqual(run((f) => f));
});
