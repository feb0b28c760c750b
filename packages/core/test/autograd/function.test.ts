import { describe, expect, expectTypeOf, it } from 'vitest';
import { autograd, noGrad, ones, type Tensor, tensor } from '../../src/index.ts';

const leaf = (data: number | number[]): Tensor => tensor(data, { dtype: 'float64', requiresGrad: true });
const values = (x: Tensor | null | undefined): unknown => x?.toArray() ?? null;
type Context = autograd.FunctionContext;

const cube = autograd.defineFunction({
  name: 'Cube',
  forward(ctx, x: Tensor) {
    ctx.saveForBackward(x);
    return x.mul(x).mul(x);
  },
  backward(ctx, g) {
    const [x] = ctx.savedTensors;
    return g.mul(x).mul(x).mul(3);
  },
});

describe('defineFunction', () => {
  it('infers its types, takes other values than tensors, keeps state', () => {
    const scaledExp = autograd.defineFunction({
      name: 'ScaledExp',
      forward(ctx: autograd.FunctionContext<{ scale: number }>, x: Tensor, scale: number) {
        expect(ctx.needsInputGrad).toEqual([true, false]);
        const y = x.mul(scale).exp();
        ctx.saveForBackward(y);
        ctx.state.scale = scale;
        return y;
      },
      backward(ctx, g) {
        const [y] = ctx.savedTensors;
        expectTypeOf(ctx.state.scale).toEqualTypeOf<number>();
        return [g.mul(y).mul(ctx.state.scale), null];
      },
    });
    expectTypeOf(scaledExp).toEqualTypeOf<(x: Tensor, scale: number) => Tensor>();
    const x = leaf([0, 1]);
    const y = scaledExp(x, 2);
    expect(String(y)).toContain('grad_fn=<ScaledExpBackward>');
    y.sum().backward();
    expect(values(x.grad)).toEqual([2, 2 * Math.exp(2)]);
  });

  it('is differentiable as often as its backward is', () => {
    const x = leaf(2);
    const [d1] = autograd.grad(cube(x), x, { createGraph: true });
    const [d2] = autograd.grad(d1!, x, { createGraph: true });
    const [d3] = autograd.grad(d2!, x);
    expect([d1, d2, d3].map(values)).toEqual([12, 12, 6]);
    expect(autograd.gradgradcheck(cube, [leaf([1, 2])])).toBe(true);
  });

  it('differentiates through saved outputs', () => {
    const exp = autograd.defineFunction({
      forward(ctx, x: Tensor) {
        const y = x.exp();
        ctx.saveForBackward(y);
        return y;
      },
      backward(ctx, g) {
        const [y] = ctx.savedTensors;
        return g.mul(y);
      },
    });
    expect(autograd.gradgradcheck(exp, [leaf([0.5, -1])])).toBe(true);
  });

  it('has several outputs, some not differentiable or no tensors', () => {
    const seen: unknown[] = [];
    const split = autograd.defineFunction({
      name: 'Split',
      forward(ctx, x: Tensor) {
        const mask = x.gt(0);
        const hard = x.sign();
        ctx.markNonDifferentiable(hard);
        return [x.mul(2), mask, hard, 'label', x.mul(3)];
      },
      backward(_ctx, g2, gMask, gHard, gLabel, g3) {
        expectTypeOf(g2).toEqualTypeOf<Tensor>();
        expectTypeOf(gLabel).toEqualTypeOf<null>();
        seen.push(values(g2), values(gMask), values(gHard), gLabel, values(g3));
        return g2.mul(2).add(g3.mul(3));
      },
    });
    const x = leaf([1, -1]);
    const [twice, mask, hard, label, thrice] = split(x);
    expectTypeOf(label).toEqualTypeOf<string>();
    expect([twice, mask, hard, thrice].map((y) => y.requiresGrad)).toEqual([true, false, false, true]);
    expect(label).toBe('label');
    thrice.sum().backward();
    expect(seen).toEqual([[0, 0], [false, false], [0, 0], null, [1, 1]]);
    expect(values(x.grad)).toEqual([3, 3]);
    expect(twice.gradFn).toBe(thrice.gradFn);
  });

  it('gives null for unused outputs where zeros are not wanted', () => {
    const pair = autograd.defineFunction({
      forward(ctx, x: Tensor) {
        ctx.setMaterializeGrads(false);
        return [x.mul(2), x.mul(3)];
      },
      backward(_ctx, a: Tensor | null, b: Tensor | null) {
        expect(a).toBeNull();
        return b!.mul(3);
      },
    });
    const x = leaf([1]);
    pair(x)[1].sum().backward();
    expect(values(x.grad)).toEqual([3]);
  });

  it('records nothing where nothing wants a gradient', () => {
    const x = leaf([1]);
    expect(noGrad(() => cube(x)).requiresGrad).toBe(false);
    expect(cube(ones(1)).requiresGrad).toBe(false);
  });

  it('returns inputs as aliases', () => {
    const same = autograd.defineFunction({
      name: 'Same',
      forward: (_ctx, x: Tensor) => x,
      backward: (_ctx, g) => g.mul(10),
    });
    const x = leaf([1, 2]);
    const y = same(x);
    expect(y === x).toBe(false);
    expect(y.storage).toBe(x.storage);
    expect(() => y.add_(1)).toThrow(/view of a leaf Variable/);
    y.sum().backward();
    expect(values(x.grad)).toEqual([10, 10]);
  });

  it('returns inputs as aliases, and nothing that leads on into a graph, where it is not recorded', () => {
    const captured = leaf([5, 6]);
    const both = autograd.defineFunction({
      forward: (_ctx, x: Tensor): [Tensor, Tensor, string] => [x, captured.mul(1), 'text'],
      backward: (_ctx, g, h) => g.add(h),
    });
    const giving = (what: (x: Tensor) => Tensor) =>
      autograd.defineFunction({ forward: (_ctx, x: Tensor) => what(x), backward: (_ctx, g) => g });
    const same = giving((x) => x);
    const other = giving(() => captured);
    const x = leaf([1, 2]);
    const constant = x.detach();
    const runs: Record<string, [x: Tensor, run: <T>(fn: () => T) => T]> = {
      'under noGrad': [x, noGrad],
      'of what wants no gradient': [constant, (fn) => fn()],
      'of what wants none, under noGrad': [constant, noGrad],
    };
    for (const [how, [given, run]] of Object.entries(runs)) {
      const [y, z, text] = run(() => both(given));
      const a = run(() => same(given));
      const c = run(() => other(given));
      expect([how, y === given, a === given, c === captured, text]).toEqual([
        how,
        false,
        false,
        false,
        'text',
      ]);
      expect([y, z, a, c].map((t) => [t.requiresGrad, t.isLeaf])).toEqual(Array(4).fill([false, true]));
      expect([y.storage === given.storage, a.storage === given.storage]).toEqual([true, true]);
      noGrad(() => y.add_(1));
      expect(values(a)).toEqual(values(given));
      noGrad(() => y.sub_(1));
    }
    expect(captured.requiresGrad).toBe(true);
  });

  it('changes inputs in place where it says so', () => {
    const double = autograd.defineFunction({
      name: 'Double',
      forward(ctx, x: Tensor) {
        x.mul_(2);
        ctx.markDirty(x);
        return x;
      },
      backward: (_ctx, g) => g.mul(2),
    });
    const x = leaf([1, 2]);
    const y = x.mul(3);
    const z = double(y);
    expect(z).toBe(y);
    z.sum().backward();
    expect(values(x.grad)).toEqual([6, 6]);
    expect(() => double(leaf([1]))).toThrow(/a leaf Variable that requires grad/);
    const saved = x.mul(1);
    const square = saved.mul(saved);
    double(saved);
    expect(() => square.sum().backward()).toThrow(/modified by an inplace operation/);
  });

  it('counts what it says that it changed, recorded or not, so that others who saved it notice', () => {
    const overwrite = autograd.defineFunction({
      name: 'Overwrite',
      forward(ctx, x: Tensor) {
        x.storage.array[0] = 7;
        ctx.markDirty(x);
        return x;
      },
      backward: (_ctx, g) => g,
    });
    const run: Record<string, (x: Tensor) => unknown> = {
      recorded: (x) => overwrite(x),
      'without a gradient': (x) => overwrite(x.detach()),
      'under noGrad': (x) => noGrad(() => overwrite(x)),
    };
    for (const [how, call] of Object.entries(run)) {
      const x = leaf([1, 2]).mul(1);
      const square = x.mul(x).sum();
      const before = x.storage.version;
      call(x);
      expect([how, x.storage.version - before, values(x)]).toEqual([how, 1, [7, 2]]);
      expect(() => square.backward()).toThrow(/modified by an inplace operation/);
    }
    const stranger = autograd.defineFunction({
      name: 'Stranger',
      forward(ctx, x: Tensor) {
        ctx.markDirty(x.mul(2));
        return x.mul(2);
      },
      backward: (_ctx, g) => g,
    });
    for (const x of [leaf([1]), leaf([1]).detach()])
      expect(() => stranger(x)).toThrow('Stranger: markDirty takes inputs of the function only');
  });

  it('changes inputs in place as any of its results, with what they retain', () => {
    const scaled = autograd.defineFunction({
      forward(ctx, a: Tensor, b: Tensor): [Tensor, Tensor] {
        b.mul_(2);
        ctx.markDirty(b);
        return [a.mul(1), b];
      },
      backward: (_ctx, g, h): [Tensor, Tensor] => [g, h.mul(2)],
    });
    const [w, x] = [leaf([1, 2]), leaf([3, 4])];
    const y = x.mul(5);
    const view = y.view(2, 1);
    y.retainGrad();
    const [, changed] = scaled(w, y);
    expect(changed === y).toBe(true);
    expect([y.retainsGrad, y.storage.version]).toEqual([true, 2]);
    y.mul(2).sum().add(view.sum()).backward();
    expect([values(y.grad), values(x.grad), values(w.grad)]).toEqual([
      [3, 3],
      [30, 30],
      [0, 0],
    ]);
  });

  it('notices changes of saved tensors, and frees them with the graph', () => {
    const x = leaf([1, 2]);
    const before = x.mul(1);
    before.mul_(2);
    expect(values(autograd.grad(cube(before).sum(), x)[0]!)).toEqual([24, 96]);
    const a = x.mul(1);
    const y = cube(a).sum();
    a.add_(1);
    expect(() => y.backward()).toThrow(/saved tensor 0 of CubeBackward, float64 \[2\], is at version 1/);
    const z = cube(x).sum();
    z.backward();
    expect(() => z.backward()).toThrow(/CubeBackward: Trying to backward through the graph a second time/);
  });

  it('never changes what user code holds', () => {
    const kept: Tensor[] = [];
    const constant = tensor([5, 5], { dtype: 'float64' });
    const f = autograd.defineFunction({
      forward: (_ctx, a: Tensor, b: Tensor) => a.add(b),
      backward(_ctx, g) {
        kept.push(g);
        return [constant, constant];
      },
    });
    const x = leaf([1, 2]);
    const y = x.mul(1);
    f(y, y.mul(1)).add(y).sum().backward();
    expect(values(constant)).toEqual([5, 5]);
    expect(values(kept[0])).toEqual([1, 1]);
    expect(values(x.grad)).toEqual([11, 11]);
    const w = leaf([1, 2]);
    f(w, leaf([0, 0]))
      .sum()
      .backward();
    noGrad(() => w.grad!.zero_());
    expect(values(constant)).toEqual([5, 5]);
  });

  it('sums gradients of a broadcast shape', () => {
    const f = autograd.defineFunction({
      forward: (_ctx, a: Tensor, b: Tensor) => a.mul(b),
      backward: (_ctx, g) => [g, g],
    });
    const a = leaf(2);
    const b = leaf([1, 2, 3]);
    f(a, b).sum().backward();
    expect(values(a.grad)).toBe(3);
    expect(values(b.grad)).toEqual([1, 1, 1]);
  });

  it('teaches where gradients are wrong', () => {
    const returning = (result: unknown) => {
      const f = autograd.defineFunction({
        name: 'F',
        forward: (_ctx, x: Tensor, _k: number) => x.mul(2),
        backward: () => result as Tensor,
      });
      return () =>
        f(leaf([1, 2]), 3)
          .sum()
          .backward();
    };
    const g = ones(2, { dtype: 'float64' });
    expect(returning([g])).toThrow(
      /function FBackward returned an incorrect number of gradients \(expected 2, got 1\)/,
    );
    expect(returning([g, null, g])).toThrow(/expected 2, got 3/);
    expect(returning(undefined)).toThrow(/expected 2, got 0/);
    expect(returning([g, g])).toThrow(/a gradient different from null at position 2/);
    expect(returning([ones(3), null])).toThrow(
      'Function FBackward returned an invalid gradient at index 0 - got [3] but expected shape compatible with [2]',
    );
    expect(returning([1, null])).toThrow(
      /expected a Tensor or null at position 1 of the gradients, got number/,
    );
    expect(returning([ones(2).gt(0), null])).toThrow(/expected a floating point dtype but got bool/);
    returning([g, null, null])();
    returning([null, null])();
  });

  it('teaches where forward is wrong', () => {
    const f = autograd.defineFunction({
      name: 'F',
      forward: async (_ctx: Context, x: Tensor) => x,
      backward: () => null,
    } as never) as (x: Tensor) => Tensor;
    expect(() => f(leaf(1))).toThrow(/forward must return a Tensor or an array of values, got a Promise/);
    const g = autograd.defineFunction({
      forward(ctx, x: Tensor) {
        ctx.saveForBackward(3 as never);
        return x.mul(1);
      },
      backward: () => null,
    });
    expect(() => g(leaf(1))).toThrow(/saveForBackward can only save tensors/);
  });
});

describe('autograd.Function', () => {
  class MyExp extends autograd.Function {
    static forward(ctx: Context, x: Tensor) {
      const y = x.exp();
      ctx.saveForBackward(y);
      return y;
    }
    static backward(ctx: Context, g: Tensor) {
      const [y] = ctx.savedTensors;
      return g.mul(y);
    }
  }

  it('is applied with the types of forward', () => {
    expectTypeOf(MyExp.apply(leaf(1))).toEqualTypeOf<Tensor>();
    const x = leaf([0, 1]);
    const y = MyExp.apply(x);
    expect(y.gradFn!.name).toBe('MyExpBackward');
    y.sum().backward();
    expect(values(x.grad)).toEqual([1, Math.E]);
    // @ts-expect-error forward takes one tensor
    expect(() => MyExp.apply('x')).toThrow();
  });
});

describe('onceDifferentiable', () => {
  const f = autograd.defineFunction({
    forward(ctx, x: Tensor) {
      ctx.saveForBackward(x);
      return x.pow(3);
    },
    backward: autograd.onceDifferentiable((ctx: Context, g: Tensor) => {
      const [x] = ctx.savedTensors;
      return g.mul(x).mul(x).mul(3);
    }),
  });

  it('gives first derivatives, and refuses second ones', () => {
    const x = leaf(2);
    expect(values(autograd.grad(f(x), x)[0])).toBe(12);
    const [dx] = autograd.grad(f(x), x, { createGraph: true });
    expect(values(dx)).toBe(12);
    expect(() => autograd.grad(dx!, x)).toThrow(
      /trying to differentiate twice a function that was marked with onceDifferentiable/,
    );
  });

  it('refuses second ones of each of several gradients, and leaves out what has none', () => {
    const product = autograd.defineFunction({
      forward(ctx, x: Tensor, y: Tensor, z: Tensor) {
        ctx.saveForBackward(x, y);
        return x.mul(y).add(z);
      },
      backward: autograd.onceDifferentiable((ctx: Context, g: Tensor) => {
        const [x, y] = ctx.savedTensors;
        return [g.mul(y), g.mul(x), null];
      }),
    });
    const [x, y, z] = [leaf(2), leaf(3), leaf(5)];
    const grads = autograd.grad(product(x, y, z), [x, y, z], { createGraph: true, allowUnused: true });
    expect(grads.map((g) => g && values(g))).toEqual([3, 2, null]);
    for (const g of grads.slice(0, 2)) expect(() => autograd.grad(g!, x)).toThrow(/differentiate twice/);
  });
});
