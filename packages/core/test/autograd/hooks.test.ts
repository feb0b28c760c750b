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

describe('hooks that change the list they are called from', () => {
  const kinds = {
    registerHook: (x: Tensor, hook: () => void) => registerHook(x, hook),
    'registerHook on a result': (x: Tensor, hook: () => void) => registerHook(x.mul(1), hook),
    registerPostAccumulateGradHook: (x: Tensor, hook: () => void) => registerPostAccumulateGradHook(x, hook),
  };
  for (const [name, register] of Object.entries(kinds)) {
    const onResult = name.includes('result');
    /** Registers on one tensor, and walks back through it. */
    const scene = () => {
      const x = leaf([1, 2]);
      const place = onResult ? x.mul(2) : x;
      const log: string[] = [];
      const add = (hook: () => void) => (onResult ? registerHook(place, hook) : register(place, hook));
      const run = (): string[] => {
        log.length = 0;
        place.mul(3).sum().backward({ retainGraph: true });
        return [...log];
      };
      return { add, log, run };
    };

    it(`${name}: those registered when the call begins run, each once`, () => {
      const { add, log, run } = scene();
      const handles = [
        add(() => {
          log.push('first');
          for (const handle of handles) handle.remove();
          add(() => void log.push('new'));
        }),
        add(() => void log.push('second')),
        add(() => void log.push('third')),
      ];
      expect(run()).toEqual(['first', 'second', 'third']);
      expect(run()).toEqual(['new']);
      expect(run()).toEqual(['new']);
    });

    it(`${name}: one that removes itself lets the next one run`, () => {
      const { add, log, run } = scene();
      const once = add(() => {
        log.push('once');
        once.remove();
      });
      add(() => void log.push('always'));
      expect([run(), run()]).toEqual([['once', 'always'], ['always']]);
    });

    it(`${name}: a handle takes its own entry out, where a function stands there twice`, () => {
      const { add, log, run } = scene();
      const twice = (): void => void log.push('twice');
      add(twice);
      add(() => void log.push('between'));
      const last = add(twice);
      last.remove();
      expect(run()).toEqual(['twice', 'between']);
      last.remove();
      expect(run()).toEqual(['twice', 'between']);
      add(twice);
      last.remove();
      expect(run()).toEqual(['twice', 'between', 'twice']);
    });
  }

  it('a hook may register one on a tensor that the walk has still to reach', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const seen: unknown[] = [];
    registerHook(y, () => void registerHook(x, (g) => void seen.push(values(g))));
    y.sum().backward();
    expect(seen).toEqual([[2, 2]]);
  });

  it('a hook may walk the same graph, or another, itself', () => {
    const x = leaf([1, 2]);
    const h = x.mul(x);
    const y = h.mul(h).sum();
    const found: unknown[] = [];
    let inside = false;
    registerHook(h, () => {
      if (inside) return;
      inside = true;
      found.push(values(autograd.grad(y, x, { retainGraph: true })[0]!));
      expect(autograd.isGradEnabled()).toBe(false);
      autograd.enableGrad(() => x.mul(10).sum().backward());
      inside = false;
    });
    y.backward({ retainGraph: true });
    // 4x³, and 10 from the walk within.
    expect(found).toEqual([[4, 32]]);
    expect(values(x.grad)).toEqual([14, 42]);
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

  it('is what backward does with inputs that are no leaves, which get a gradient once', () => {
    const x = leaf([1, 2]);
    const h = x.mul(1);
    const y = h.mul(3).sum();
    const inputs = [h, h, x];
    y.backward({ inputs, retainGraph: true });
    expect([values(h.grad), values(x.grad), h.retainsGrad]).toEqual([[3, 3], [3, 3], true]);
    y.backward({ inputs: h, retainGraph: true });
    expect([values(h.grad), values(x.grad)]).toEqual([
      [6, 6],
      [3, 3],
    ]);
    y.backward();
    expect(values(h.grad)).toEqual([9, 9]);
  });

  it('holds for its own output of an operation with several', () => {
    const x = leaf([3, 1]);
    const [first, second] = x.unbind();
    retainGrad(second!);
    expect([first!.retainsGrad, second!.retainsGrad]).toEqual([false, true]);
    first!.mul(2).add(second!.mul(5)).backward();
    expect([values(first!.grad), values(second!.grad)]).toEqual([null, 5]);
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
