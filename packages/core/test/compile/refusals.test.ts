/** What a compiled call refuses in its middle, since it was computed there: all is as it was before the call. */

import type { Tensor } from '@kindling/core';
import * as kindling from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { bitsOf } from '../support/compiled.ts';

/** A call that changes much before what it computes is looked at. */
function world(refused: (scale: Tensor, kept: Tensor) => Tensor) {
  kindling.manualSeed(5);
  const w = kindling.randn([3, 3]).requiresGrad_();
  const running = kindling.zeros([3]);
  const call = (x: Tensor, scale: Tensor): Tensor => {
    w.grad = null;
    const mask = kindling.dropoutMask(x, 0.5);
    const y = x.matmul(w).mul(mask);
    kindling.noGrad(() => running.mul_(0.9).add_(y.mean(0)));
    y.square().sum().backward();
    const kept = kindling.topk(y.detach(), 2).values;
    return refused(scale, kept);
  };
  const state = (): unknown => [w, w.grad, running].map(bitsOf).concat([...kindling.getRngState()]);
  return { call, state };
}

const x = (): Tensor => kindling.ones([4, 3]).mul(0.5);
const refusals: Readonly<Record<string, (scale: Tensor, kept: Tensor) => Tensor>> = {
  'a product that is no int32': (scale) =>
    kindling.mm(scale.to('int32').expand(2, 2), scale.to('int32').expand(2, 2)),
  'an index that was computed': (scale, kept) => kept.gather(1, scale.to('int32').expand(4, 1)),
  'a check in a kernel that works in JavaScript': (scale, kept) =>
    kindling.multinomial(kept.mul(0).add(scale.lt(1000).to(kept.dtype)), 1),
};

describe('a compiled call that is refused in its middle', () => {
  it.each(Object.entries(refusals))('has the error of eager, and leaves nothing: %s', (_, refused) => {
    const [good, bad] = [kindling.tensor([[1]]), kindling.tensor([[70000]])];
    const eager = world(refused);
    for (let i = 0; i < 3; i++) eager.call(x(), good);
    let message = '';
    try {
      eager.call(x(), bad);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).not.toBe('');
    const { call, state } = world(refused);
    const compiled = kindling.compile(call);
    for (let i = 0; i < 4; i++) compiled(x(), good.clone());
    const before = state();
    expect(() => compiled(x(), bad)).toThrow(message);
    expect(state()).toEqual(before);
    compiled(x(), good.clone());
  });
});

/** Which refuse an index of 99, and whose result is not used; what is looked at may be other than what is computed with. */
const unused: Readonly<Record<string, (x: Tensor, index: Tensor) => Tensor>> = {
  gather: (x, index) => x.gather(1, index),
  indexSelect: (x, index) => kindling.indexSelect(x, 0, index.select(1, 0)),
  take: (x, index) => kindling.take(x, index),
  scatter: (x, index) => x.scatter(1, index, x),
  'index put': (x, index) => kindling.indexPut(x, [index.select(1, 0)], x),
  // By an eager kernel in any case.
  multinomial: (x, index) => kindling.multinomial(x.mul(index.ne(99).to('float32')), 1),
  'a sum that is no int32': (_, index) => index.mul(2 ** 24).add(index.mul(3).mul(2 ** 22)),
};

const scaled = new kindling.ElementwiseOp({
  name: 'scaled',
  arity: 1,
  expression: (x, s) => kindling.E.mul(x, s as kindling.E.Expr),
});

describe('a compiled call that is refused when the host has done its part', () => {
  it.each(Object.entries(unused))('has the error of eager, whose operands are all there: %s', (_, unused) => {
    const make = () => {
      const [state, counted] = [kindling.zeros([4, 1], { dtype: 'int32' }), kindling.zeros([1])];
      let calls = 0;
      return (x: Tensor, index: Tensor): Tensor => {
        counted.copy_(
          kindling.applyUnary(
            scaled,
            x.narrow(0, 0, 1).sum(),
            kindling.onHost(() => [++calls]),
          ),
        );
        state.add_(1);
        unused(x.exp().mul(2), index.add(state).sub(state));
        return x.exp().mul(3).matmul(x.t()).add(counted);
      };
    };
    const index = (i: number): Tensor => kindling.tensor([[0], [1], [i], [2]], { dtype: 'int32' });
    const x = kindling.randn([4, 3]);
    const [eager, compiled] = [make(), kindling.compile(make(), { check: false })];
    for (let i = 0; i < 4; i++) compiled(x, index(1));
    let message = '';
    try {
      eager(x, index(99));
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).not.toBe('');
    expect(() => compiled(x, index(99))).toThrow(message);
    compiled(x, index(0));
  });
});
