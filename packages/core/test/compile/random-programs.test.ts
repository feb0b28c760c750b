/** Random functions of drawn operations, shapes, views and changes in place: compiled, they have the bits of eager. */
import { noGrad, randn, type Shape, type Tensor } from '@kindling/core';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectSameBits } from '../support/compiled.ts';

/** Takes one of the tensors so far, and another that broadcasts to its shape. */
type Move = (x: Tensor, y: Tensor, k: number) => Tensor;

const safe = (x: Tensor): Tensor => x.tanh();

const moves: Readonly<Record<string, Move>> = {
  add: (x, y) => x.add(y),
  mul: (x, y) => x.mul(y),
  sub: (x, y) => x.sub(y, { alpha: 0.5 }),
  div: (x, y) => x.div(y.square().add(1)),
  where: (x, y) => x.where(x.gt(y), y),
  exp: (x) => safe(x).exp(),
  sigmoid: (x) => x.sigmoid(),
  relu: (x) => x.relu(),
  transpose: (x) => (x.ndim < 2 ? x : x.t()),
  flatten: (x) => x.reshape(-1),
  narrow: (x, _, k) => (x.ndim === 0 ? x : x.narrow(k % x.ndim, 0, Math.ceil(x.shape[k % x.ndim]! / 2))),
  expand: (x) => x.unsqueeze(0).expand(2, ...x.shape),
  sum: (x, _, k) => (x.ndim === 0 ? x : x.sum(k % x.ndim)),
  keptMean: (x, _, k) => (x.ndim === 0 ? x : x.mean(k % x.ndim, { keepdim: true })),
  softmax: (x, _, k) => (x.ndim === 0 ? x : x.softmax(k % x.ndim)),
  cumsum: (x, _, k) => (x.ndim === 0 ? x : x.cumsum(k % x.ndim)),
  matmul: (x) => (x.ndim === 2 ? x.matmul(x.t()) : x),
  gather: (x) => (x.ndim === 0 ? x : x.gather(0, x.argsort(0))),
  flip: (x) => (x.ndim === 0 ? x : x.flip(0)),
  clone: (x) => x.clone(),
  detach: (x) => x.detach(),
  double: (x) => x.to('float64').mul(1.5).to('float32'),
  noise: (x) => x.add(randn(x.shape)),
  addInPlace: (x, y) => x.clone().add_(y).mul_(0.5),
  writePart: (x, _, k) => {
    const y = x.clone();
    if (y.ndim > 0 && !y.requiresGrad) y.narrow(0, 0, 1).fill_(k);
    return y;
  },
};

const names = Object.keys(moves);
const step = fc.record({
  name: fc.constantFrom(...names),
  from: fc.nat(30),
  other: fc.nat(30),
  k: fc.nat(3),
});
const program = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  steps: fc.array(step, { minLength: 3, maxLength: 14 }),
  requiresGrad: fc.boolean(),
  updates: fc.boolean(),
});

const broadcasts = (small: Shape, large: Shape): boolean =>
  small.length <= large.length &&
  small.every((size, i) => size === 1 || size === large[large.length - small.length + i]);

describe('random programs', () => {
  it('have the bits of eager, compiled', () => {
    fc.assert(
      fc.property(program, ({ shape, steps, requiresGrad, updates }) => {
        expectSameBits(() => {
          const w = randn(shape, { requiresGrad });
          const run = (x: Tensor): Tensor => {
            const made = [w, x];
            for (const { name, from, other, k } of steps) {
              const a = made[from % made.length]!;
              const b = made[other % made.length]!;
              if (a.count > 500) continue;
              made.push(moves[name]!(a, broadcasts(b.shape, a.shape) ? b : a, k));
            }
            return made.at(-1)!;
          };
          return {
            call: (x: Tensor) => {
              w.grad = null;
              const y = run(x);
              if (y.requiresGrad) y.square().sum().backward();
              if (updates && w.grad !== null) noGrad(() => w.sub_(w.grad!.tanh(), { alpha: 0.1 }));
              return y.detach();
            },
            argumentsOf: () => [randn(shape)],
            state: () => [w, w.grad],
          };
        });
      }),
      { numRuns: 60, seed: 20 },
    );
  });
});
