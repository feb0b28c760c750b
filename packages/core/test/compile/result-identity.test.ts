/** Results are the tensors that the function gives: the same ones where they were there before, and as many as it made. */
import { compile, manualSeed, noGrad, ones, randn, randnLike, type Tensor, zeros } from '@kindling/core';
import { describe, expect, it } from 'vitest';

/** Calls a function as it is and compiled, and says in each call what `tell` tells of what it gives. */
function expectSame(make: () => { call: (x: Tensor) => unknown; tell: (result: never) => unknown }): void {
  const told = (compiled: boolean): unknown[] => {
    manualSeed(5);
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

  it('the argument that it is, of two that lie in the same way', () => {
    const f = compile((x: Tensor, y: Tensor) => [y, x, y.add(1)], { check: false });
    for (let call = 0; call < 6; call++) {
      const x = randn([3, 4], { requiresGrad: true });
      const y = x.detach();
      const results = f(x, y);
      expect(results[0]).toBe(y);
      expect(results[1]).toBe(x);
    }
  });

  it('as the one of the function lies: with gaps, with no element, with one along a dimension', () => {
    expectSame(() => ({
      call: (x) => {
        const y = x.add(1);
        const apart = [y.select(1, 2), x.mul(2).t().narrow(1, 0, 1), x.sub(1).narrow(0, 0, 0).t()];
        return [...apart, x.exp().narrow(0, 0, 1).t(), x.sum(0, { keepdim: true }).t()];
      },
      tell: (results: Tensor[]) => results.map((x) => [x.shape, x.strides, x.isContiguous(), x.toArray()]),
    }));
  });

  it('followed by draws in the order in which the one of the function lies', () => {
    expectSame(() => ({
      call: (x) => x.repeat(2, 2).t().narrow(1, 0, 4),
      tell: (x: Tensor) => randnLike(x).toArray(),
    }));
  });
});

describe('the graph of a result', () => {
  const w = randn([3, 4], { requiresGrad: true });
  const lossOf = (x: Tensor, retainGraph: boolean): Tensor => {
    w.grad = null;
    const loss = w.mul(x).square().sum();
    loss.backward({ retainGraph });
    return loss;
  };

  it('stays behind where backward has freed it', () => {
    const f = compile((x: Tensor) => lossOf(x, false));
    for (let call = 0; call < 4; call++) expect(f(ones([3, 4])).gradFn === null).toBe(call >= 2);
  });

  it('is missed, and so refused, where backward has retained it', () => {
    const f = compile((x: Tensor) => lossOf(x, true));
    const calls = (): void => {
      for (let call = 0; call < 4; call++) f(ones([3, 4]));
    };
    expect(calls).toThrow(/the result requires a gradient.*or return result\.detach\(\)/s);
  });
});
