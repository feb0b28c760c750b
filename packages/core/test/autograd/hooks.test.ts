import { describe, expect, it } from 'vitest';
import { autograd, noGrad, ones, type Tensor, tensor } from '../../src/index.ts';

const leaf = (data: number | number[]): Tensor => tensor(data, { dtype: 'float64', requiresGrad: true });
const values = (x: Tensor | null): unknown => x?.toArray() ?? null;
const { registerHook, retainGrad, registerPostAccumulateGradHook, setRequiresGrad } = autograd;

describe('registerHook', () => {
  it('runs hooks in order, each seeing what the one before returned', () => {
    const x = leaf([1, 1]);
    const y = x.mul(2);
    const seen: unknown[] = [];
    registerHook(y, (g) => g.add(1));
    const ten = registerHook(y, (g) => g.mul(10));
    registerHook(y, (g) => {
      seen.push(values(g));
    });
    retainGrad(y);
    y.sum().backward({ retainGraph: true });
    expect(seen).toEqual([[20, 20]]);
    expect(values(y.grad)).toEqual([20, 20]);
    expect(values(x.grad)).toEqual([40, 40]);
    ten.remove();
    ten.remove();
    y.sum().backward();
    expect(seen[1]).toEqual([2, 2]);
    expect(values(y.grad)).toEqual([22, 22]);
  });

  it('works on leaves, once for the whole gradient', () => {
    const x = leaf([1, 2]);
    const seen: unknown[] = [];
    registerHook(x, (g) => {
      seen.push(values(g));
      return g.neg();
    });
    x.mul(2).add(x).sum().backward();
    expect(seen).toEqual([[3, 3]]);
    expect(values(x.grad)).toEqual([-3, -3]);
  });

  it('is called by grad as well', () => {
    const a = leaf([1, 1]);
    const b = a.mul(2);
    const calls: string[] = [];
    retainGrad(b);
    registerHook(b, (g) => {
      calls.push('b');
      return g.mul(10);
    });
    registerHook(a, () => {
      calls.push('a');
    });
    expect(values(autograd.grad(b.sum(), a)[0]!)).toEqual([20, 20]);
    expect(calls).toEqual(['b', 'a']);
    expect(values(b.grad)).toEqual([10, 10]);
    expect(a.grad).toBeNull();
  });

  it('lets only the registered outputs of an operation be seen', () => {
    const x = leaf([1, 2, 3]);
    const [, second] = x.unbind();
    const seen: unknown[] = [];
    registerHook(second!, (g) => {
      seen.push(values(g));
    });
    x.unbind()[0]!.backward();
    second!.mul(4).backward();
    expect(seen).toEqual([4]);
  });

  it('stays with the old value when the tensor is changed in place; a retained gradient moves on', () => {
    const x = leaf([1, 1]);
    const z = x.mul(2);
    retainGrad(z);
    const seen: unknown[] = [];
    registerHook(z, (g) => {
      seen.push(['before', values(g)]);
    });
    z.mul_(3);
    registerHook(z, (g) => {
      seen.push(['after', values(g)]);
    });
    z.sum().backward();
    expect(values(z.grad)).toEqual([1, 1]);
    expect(seen).toEqual([
      ['after', [1, 1]],
      ['before', [3, 3]],
    ]);
  });

  it('takes part in the graph under createGraph', () => {
    const x = leaf(2);
    registerHook(x, (g) => g.mul(g));
    const [dx] = autograd.grad(x.pow(3), x, { createGraph: true });
    expect(values(dx!)).toBe(144);
    const [d2x] = autograd.grad(dx!, x);
    // The derivative of (3x²)² is 36x³ = 288, which passes the hook once more.
    expect(values(d2x!)).toBe(288 ** 2);
  });

  it('refuses what does not fit', () => {
    expect(() => registerHook(ones(2), () => {})).toThrow(
      "cannot register a hook on a tensor that doesn't require gradient",
    );
    const wrong = (result: unknown) => {
      const x = leaf([1]);
      registerHook(x, () => result as Tensor);
      return () => x.mul(2).sum().backward();
    };
    expect(wrong(ones(2, { dtype: 'float64' }))).toThrow(
      /has changed the size of value \(was \[1\] got \[2\]\)/,
    );
    expect(wrong(ones(1))).toThrow(/has changed the type of value \(was float64 got float32\)/);
    expect(wrong(3)).toThrow(/expected a Tensor or nothing, but the hook returned a number/);
    expect(wrong(Promise.resolve())).toThrow(/returned a Promise/);
  });
});

describe('retainGrad', () => {
  it('keeps gradients of intermediate results, with memory of their own', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const z = y.add(1);
    retainGrad(y);
    retainGrad(z);
    retainGrad(z);
    expect(autograd.retainsGrad(y)).toBe(true);
    expect(autograd.retainsGrad(x)).toBe(false);
    z.sum().backward({ retainGraph: true });
    noGrad(() => z.grad!.mul_(50));
    expect(values(y.grad)).toEqual([1, 1]);
    z.sum().backward();
    expect(values(z.grad)).toEqual([51, 51]);
    expect(values(y.grad)).toEqual([2, 2]);
  });

  it('does nothing on leaves, and is an error without a gradient', () => {
    const x = leaf([1]);
    retainGrad(x);
    expect(() => retainGrad(ones(1))).toThrow(/can't retainGrad on Tensor that has requiresGrad=false/);
  });
});

describe('registerPostAccumulateGradHook', () => {
  it('runs after the gradient has arrived, and may use it up', () => {
    const w = leaf([1, 2]);
    let calls = 0;
    const handle = registerPostAccumulateGradHook(w, (p) => {
      calls++;
      noGrad(() => p.sub_(p.grad!));
      p.grad = null;
    });
    w.mul(w).add(w).sum().backward();
    expect(values(w)).toEqual([-2, -3]);
    expect(w.grad).toBeNull();
    autograd.grad(w.sum(), w);
    expect(calls).toBe(1);
    handle.remove();
    w.sum().backward();
    expect(values(w.grad)).toEqual([1, 1]);
  });

  it('is for leaves that require a gradient', () => {
    expect(() => registerPostAccumulateGradHook(leaf(1).mul(2), () => {})).toThrow(
      'post accumulate grad hooks cannot be registered on non-leaf tensors',
    );
    expect(() => registerPostAccumulateGradHook(ones(1), () => {})).toThrow(/doesn't require gradient/);
  });
});

describe('setRequiresGrad', () => {
  it('switches leaves', () => {
    const x = ones(2);
    expect(setRequiresGrad(x)).toBe(x);
    expect(x.mul(2).requiresGrad).toBe(true);
    setRequiresGrad(x, false);
    expect(x.mul(2).requiresGrad).toBe(false);
  });

  it('teaches', () => {
    expect(() => setRequiresGrad(tensor([1, 2]).to('int32'))).toThrow(
      /only Tensors of floating point dtype can require gradients/,
    );
    expect(() => setRequiresGrad(leaf(1).mul(2), false)).toThrow(/flags of leaf variables.*detach\(\)/);
    setRequiresGrad(leaf(1).mul(2), true);
    setRequiresGrad(tensor([1]).to('int32'), false);
  });
});
