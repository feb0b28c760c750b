/** Leaves that are frozen between the forward and the backward pass: their gradient does not change, as in PyTorch. */

import { autograd, ones, type Tensor } from '@kindling/core';
import { describe, expect, test } from 'vitest';

const leaf = (): Tensor => ones([2], { requiresGrad: true });

describe('a leaf that is frozen after the forward pass', () => {
  test.each([
    ['requiresGrad_(false)', (w: Tensor) => w.requiresGrad_(false)],
    ['detach_()', (w: Tensor) => w.detach_()],
  ])('by %s gets no gradient', (_, freeze) => {
    const [w, v] = [leaf(), leaf()];
    const loss = w.mul(v).sum();
    freeze(w);
    loss.backward();
    expect(w.grad).toBeNull();
    expect(v.grad?.tolist()).toEqual([1, 1]);
  });

  test('keeps the gradient that it has', () => {
    const w = leaf();
    w.mul(3).sum().backward();
    const before = w.grad;
    const loss = w.mul(2).sum();
    w.requiresGrad_(false);
    loss.backward();
    expect(w.grad).toBe(before);
    expect(w.grad?.tolist()).toEqual([3, 3]);
  });

  test('still shows its hooks what arrives', () => {
    const w = leaf();
    const seen: unknown[] = [];
    w.registerHook((g) => {
      seen.push(g.tolist());
    });
    w.registerPostAccumulateGradHook((p) => {
      seen.push(p.grad);
    });
    const loss = w.mul(2).sum();
    w.requiresGrad_(false);
    loss.backward();
    expect(seen).toEqual([[2, 2], null]);
  });

  test('accumulates again once it is thawed', () => {
    const w = leaf();
    const loss = w.mul(2).sum();
    w.requiresGrad_(false);
    loss.backward({ retainGraph: true });
    w.requiresGrad_(true);
    loss.backward();
    expect(w.grad?.tolist()).toEqual([2, 2]);
  });
});

describe('what copy_ overwrites', () => {
  test('has the gradient 0', () => {
    const [x, z] = [leaf(), leaf()];
    x.mul(1).copy_(z).sum().backward();
    expect([x.grad?.tolist(), z.grad?.tolist()]).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  test('has it by autograd.grad too, where nothing but the old values wants one', () => {
    const x = leaf();
    const y = x.mul(1).copy_(ones([2]));
    expect(autograd.grad(y.sum(), [x])[0]?.tolist()).toEqual([0, 0]);
  });
});
