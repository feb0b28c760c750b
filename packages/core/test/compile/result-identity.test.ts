/** Results are the tensors that the function gives: the same ones where they were there before, and as many as it made. */
import { compile, noGrad, ones, randn, type Tensor, zeros } from '@kindling/core';
import { describe, expect, it } from 'vitest';

/** Calls a function as it is and compiled, and says in each call what `tell` tells of what it gives. */
function expectSame(make: () => { call: (x: Tensor) => unknown; tell: (result: never) => unknown }): void {
  const told = (compiled: boolean): unknown[] => {
    const { call, tell } = make();
    const f = compiled ? compile(call, { check: false }) : call;
    return Array.from({ length: 6 }, () => tell(f(randn([3, 4])) as never));
  };
  expect(told(true)).toEqual(told(false));
}

describe('a result is', () => {
  it('the tensor of the closure that it was before', () => {
    const [counts, other] = [zeros([3, 4]), ones([2])];
    expectSame(() => ({
      call: (x) => [counts.add_(x), other, counts.view([12])],
      tell: ([a, b, c]: Tensor[]) => [a === counts, b === other, c === counts],
    }));
  });

  it('the gradient of a leaf, which stays the same tensor over calls', () => {
    expectSame(() => {
      const w = randn([3, 4], { requiresGrad: true });
      let before: Tensor | null = null;
      return {
        call: (x) => {
          if (w.grad !== null) w.grad.zero_();
          w.mul(x).sum().backward();
          return w.grad;
        },
        tell: (g: Tensor) => {
          const isSame = [g === w.grad, g === before];
          before = w.grad;
          return isSame;
        },
      };
    });
  });

  it('the gradient that the leaf has in this call, where another took its place', () => {
    expectSame(() => {
      const w = randn([3, 4], { requiresGrad: true });
      return {
        call: (x) => {
          w.grad ??= zeros([3, 4]);
          noGrad(() => w.grad?.add_(x));
          return w.grad;
        },
        tell: (g: Tensor) => {
          const isSame = g === w.grad;
          w.grad = ones([3, 4]);
          return isSame;
        },
      };
    });
  });

  it('one of several that share memory, each a tensor of its own', () => {
    expectSame(() => ({
      call: (x) => {
        const y = x.mul(2);
        const [turned, again] = [y.view([12]), y.view([12])];
        return [y, turned, again, turned, y];
      },
      tell: (results: Tensor[]) => [
        results.map((x) => results.indexOf(x)),
        results.map(({ storage }) => storage === results[0]?.storage),
      ],
    }));
  });

  it('a view of a tensor of the closure, as often as it is given', () => {
    const state = randn([3, 4]);
    expectSame(() => ({
      call: (x) => {
        const view = state.add_(x).view([12]);
        return [view, x.view([12]), view];
      },
      tell: (results: Tensor[]) => results.map((x) => results.indexOf(x)),
    }));
  });

  it('the tensor of the closure that an argument is a view of', () => {
    const table = randn([3, 4]);
    const f = compile((x: Tensor) => [x.mul(2), table.add_(1)], { check: false });
    for (let call = 0; call < 6; call++) expect(f(table.select(0, 1))[1]).toBe(table);
  });
});
