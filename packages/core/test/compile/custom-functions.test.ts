/** Functions with derivatives of their own, compiled: what they keep, mark, change and return. */
import { autograd, type Tensor, tensor } from '@kindling/core';
import { describe, it } from 'vitest';
import { expectSameBits, type World } from '../support/compiled.ts';

const parameter = (): Tensor => tensor([0.5, -1.25, 2], { dtype: 'float32', requiresGrad: true });
const batches = (requiresGrad: boolean) => (i: number) => [
  tensor(
    [
      [1, -0.5, 0.25 + i],
      [0.75, 2, -i],
    ],
    { dtype: 'float32', requiresGrad },
  ),
];

/** A step that leaves gradients in a parameter, and in what it is given. */
function worldOf(lossOf: (x: Tensor, w: Tensor) => Tensor, requiresGrad = false): World {
  const w = parameter();
  return {
    call: (x: Tensor) => {
      w.grad = null;
      const loss = lossOf(x, w);
      loss.backward();
      return [loss.detach(), x.grad];
    },
    argumentsOf: batches(requiresGrad),
    state: () => [w, w.grad],
  };
}

type Context = autograd.FunctionContext<{ factor: number }>;

const gated = autograd.defineFunction({
  name: 'Gated',
  forward(ctx: Context, x: Tensor, w: Tensor, factor: number): [Tensor, Tensor, Tensor] {
    const y = x.mul(w).tanh();
    const open = x.gt(w);
    const z = y.exp();
    ctx.saveForBackward(x, w, y, z);
    ctx.markNonDifferentiable(open);
    ctx.state.factor = factor;
    return [y, open, z];
  },
  backward(ctx, ofY, _open, ofZ) {
    const [x, w, y, z] = ctx.savedTensors;
    const g = ofY.add(ofZ.mul(z)).mul(y.square().neg().add(1)).mul(ctx.state.factor);
    const [wantsX, wantsW] = ctx.needsInputGrad;
    return [wantsX ? g.mul(w) : null, wantsW ? g.mul(x).sum(0) : null, null];
  },
});

const doubled = autograd.defineFunction({
  name: 'Doubled',
  forward(ctx: Context, x: Tensor): Tensor {
    x.mul_(2);
    ctx.markDirty(x);
    return x;
  },
  backward: (_ctx, g) => g.mul(2),
});

const waves = autograd.defineFunction({
  name: 'Waves',
  forward(ctx: Context, x: Tensor): [Tensor, Tensor] {
    ctx.setMaterializeGrads(false);
    ctx.saveForBackward(x);
    return [x.sin(), x.cos()];
  },
  backward(ctx, ofSin: Tensor | null, ofCos: Tensor | null) {
    const [x] = ctx.savedTensors;
    return ofSin === null ? (ofCos?.mul(x.sin()).neg() ?? null) : ofSin.mul(x.cos());
  },
});

const reversed = autograd.defineFunction({
  name: 'Reversed',
  forward: (_ctx: Context, x: Tensor): Tensor => x,
  backward: (_ctx, g) => g.neg(),
});

const halves = autograd.defineFunction({
  name: 'Halves',
  forward: (_ctx: Context, x: Tensor): [Tensor, Tensor] => [x.narrow(1, 0, 2), x.narrow(1, 2, 1)],
  backward: (_ctx, left, right) => left.sum(1, { keepdim: true }).add(right).expand(2, 3).mul(0.5),
});

describe('functions with derivatives of their own', () => {
  for (const requiresGrad of [false, true]) {
    const given = requiresGrad ? 'an argument that requires gradients' : 'an argument';
    it(`keep tensors and numbers, have several results, and say which take no gradient, of ${given}`, () => {
      expectSameBits(() =>
        worldOf((x, w) => {
          const [y, open, z] = gated(x, w, 1.5);
          return y.where(open, z.mul(0.5)).sum();
        }, requiresGrad),
      );
    });

    it(`return what they are given as it is, of ${given} and of a parameter`, () => {
      expectSameBits(() => worldOf((x, w) => reversed(x).mul(reversed(w)).sum(), requiresGrad));
    });

    it(`return parts of what they are given, of ${given}`, () => {
      expectSameBits(() =>
        worldOf((x, w) => {
          const [left, right] = halves(x);
          return left.mul(right).sum().mul(w.sum());
        }, requiresGrad),
      );
    });
  }

  it('change what they are given in place', () => {
    expectSameBits(() => worldOf((x, w) => doubled(x.mul(w)).square().sum()));
  });

  it('are told by null which of their results nobody used', () => {
    for (const which of [0, 1] as const)
      expectSameBits(() => worldOf((x, w) => waves(x.mul(w))[which].sum()));
  });
});
