import { describe, expect, it } from 'vitest';
import {
  autograd,
  defaultGenerator,
  enableGrad,
  manualSeed,
  noGrad,
  rand,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { observed } from '../../src/record/observe.ts';

const leaf = (data: number | number[]): Tensor => tensor(data, { dtype: 'float64', requiresGrad: true });
const values = (x: Tensor | null | undefined): unknown => x?.toArray() ?? null;

describe('checkpoint', () => {
  it('gives the gradients of the arguments and of captured tensors, by running twice', () => {
    const w = leaf([2, 3]);
    const results = [false, true].map((checkpointed) => {
      const x = leaf([0.5, 1]);
      w.grad = null;
      let runs = 0;
      const block = (h: Tensor, scale: number): Tensor => {
        runs++;
        return h.mul(w).exp().mul(h).mul(scale);
      };
      const input = x.mul(1);
      const y = checkpointed ? autograd.checkpoint(block, input, 3) : block(input, 3);
      expect(y.requiresGrad).toBe(true);
      y.sum().backward();
      expect(runs).toBe(checkpointed ? 2 : 1);
      return [values(y), values(x.grad), values(w.grad)];
    });
    expect(results[1]).toEqual(results[0]);
  });

  it('repeats random numbers, and leaves the generator where it was', () => {
    const x = leaf([1, 1, 1, 1]);
    manualSeed(0);
    const y = autograd.checkpoint((h: Tensor) => h.mul(rand([4], { dtype: 'float64' })), x);
    const next = values(rand([2]));
    y.sum().backward();
    expect(values(x.grad)).toEqual(values(y));
    manualSeed(0);
    rand([4], { dtype: 'float64' });
    expect(values(rand([2]))).toEqual(next);
  });

  it('may be nested, and used within grad', () => {
    const x = leaf(0.5);
    const w = leaf(2);
    const inner = (h: Tensor): Tensor => h.mul(w).sin();
    const nested = autograd.checkpoint((h: Tensor) => autograd.checkpoint(inner, h.mul(2)).mul(w), x);
    const plain = inner(x.mul(2)).mul(w);
    const all = [x, w];
    expect(autograd.grad(nested, all).map(values)).toEqual(autograd.grad(plain, all).map(values));
  });

  it('does not count twice what reaches a captured tensor through another', () => {
    const a = leaf(3);
    const b = a.mul(a);
    const y = autograd.checkpoint((h: Tensor) => h.mul(b).mul(a), b);
    y.backward();
    // a⁵
    expect(values(a.grad)).toBe(5 * 81);
  });

  it('runs hooks once', () => {
    const x = leaf([1, 2]);
    const h = x.mul(2);
    let calls = 0;
    for (const t of [x, h]) autograd.registerHook(t, () => void calls++);
    autograd
      .checkpoint((t: Tensor) => t.mul(t), h)
      .sum()
      .backward();
    expect(calls).toBe(2);
  });

  it('has second derivatives', () => {
    const w = leaf([1.5, -0.5]);
    const f = (x: Tensor): Tensor => autograd.checkpoint((h: Tensor) => h.pow(3).mul(w), x);
    expect(autograd.gradgradcheck((x: Tensor, _w: Tensor) => f(x), [leaf([1, 2]), w])).toBe(true);
  });

  it('has several outputs and takes several tensors', () => {
    const x = leaf([1, 2]);
    const y = leaf([3, 4]);
    const [sum, product, text] = autograd.checkpoint(
      (a: Tensor, b: Tensor): [Tensor, Tensor, string] => [a.add(b), a.mul(b), 'text'],
      x,
      y,
    );
    expect(text).toBe('text');
    product.sum().backward();
    expect([values(x.grad), values(y.grad)]).toEqual([
      [3, 4],
      [1, 2],
    ]);
    expect(sum.requiresGrad).toBe(true);
  });

  it('notices changed inputs and changed results', () => {
    const x = leaf([1, 2]);
    const h = x.mul(1);
    const y = autograd.checkpoint((t: Tensor) => t.mul(t), h);
    h.add_(1);
    expect(() => y.sum().backward()).toThrow(/modified by an inplace operation/);
    let n = 0;
    const z = autograd.checkpoint((t: Tensor) => (n++ === 0 ? t.mul(2) : t.sum()), x);
    expect(() => z.sum().backward()).toThrow(/Recomputed values have different metadata/);
    expect(() => autograd.checkpoint((async (t: Tensor) => t) as never, x)).toThrow(/must be synchronous/);
  });

  it('steps aside where nothing is recorded', () => {
    const x = leaf(1);
    expect(noGrad(() => autograd.checkpoint((t: Tensor) => t.mul(2), x)).requiresGrad).toBe(false);
    expect(autograd.checkpoint((t: Tensor) => t.mul(2), tensor(1)).requiresGrad).toBe(false);
  });

  it('leaves grad mode, generator and observers as they were, also where fn throws, before or in backward', () => {
    const state = (): unknown => [autograd.isGradEnabled(), observed, [...defaultGenerator.getState()]];
    const x = leaf([1, 2]);
    let fail = true;
    const sometimes = (h: Tensor): Tensor => {
      rand([3]);
      if (fail) throw new Error('in fn');
      return h.mul(rand([2], { dtype: 'float64' }));
    };
    manualSeed(3);
    expect(() => autograd.checkpoint(sometimes, x)).toThrow('in fn');
    expect([autograd.isGradEnabled(), observed]).toEqual([true, false]);
    fail = false;
    manualSeed(3);
    const y = autograd.checkpoint(sometimes, x);
    rand([5]);
    const before = state();
    fail = true;
    expect(() => y.sum().backward({ retainGraph: true })).toThrow('in fn');
    expect(state()).toEqual(before);
    fail = false;
    y.sum().backward();
    expect(state()).toEqual(before);
    expect(values(x.grad)).toEqual((values(y) as number[]).map((v, i) => v / (i + 1)));
  });

  it('draws anew where that is asked for, and then goes on from there', () => {
    const x = leaf([1, 1]);
    const fn = (h: Tensor): Tensor => h.mul(rand([2], { dtype: 'float64' }));
    manualSeed(0);
    const y = autograd.checkpointWith({ preserveRngState: false }, fn, x);
    y.sum().backward();
    const next = values(rand([2]));
    manualSeed(0);
    const draws = [rand([2], { dtype: 'float64' }), rand([2], { dtype: 'float64' })].map(values);
    expect([values(y), values(x.grad)]).toEqual(draws);
    expect(values(rand([2]))).toEqual(next);
    // Nobody asks for it who gives no option.
    const again = leaf([1, 1]);
    const z = autograd.checkpointWith({}, fn, again);
    rand([5]);
    z.sum().backward();
    expect(values(again.grad)).toEqual(values(z));
  });

  it('frees what it keeps with the graph, unless that is retained', () => {
    const x = leaf([1, 2]);
    const y = autograd.checkpoint((h: Tensor) => h.mul(h), x.mul(1)).sum();
    y.backward({ retainGraph: true });
    y.backward();
    expect(values(x.grad)).toEqual([4, 8]);
    expect(() => y.backward()).toThrow(/a second time/);
  });

  it('gives null for what no output depends on', () => {
    const [x, y] = [leaf([1, 2]), leaf([3, 4])];
    const z = autograd.checkpoint(
      (a: Tensor, b: Tensor) => {
        b.mul(2);
        return a.mul(3);
      },
      x,
      y,
    );
    z.sum().backward();
    expect([values(x.grad), values(y.grad)]).toEqual([[3, 3], null]);
  });

  it('has outputs that are its inputs, or views of them', () => {
    const x = leaf([1, 2]);
    const h = x.mul(2);
    const [same, view, product] = autograd.checkpoint(
      (a: Tensor): [Tensor, Tensor, Tensor] => [a, a.view(2, 1), a.mul(a)],
      h,
    );
    expect(same === h).toBe(false);
    same.sum().add(view.mul(10).sum()).add(product.sum()).backward();
    expect(values(x.grad)).toEqual([2 + 20 + 8, 2 + 20 + 16]);
  });

  it('keeps what came from outside, and nothing that fn made, be it recorded within', () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    const y = autograd.checkpoint((h: Tensor) => {
      const inside = enableGrad(() => h.mul(w).square());
      return inside.mul(2).sin();
    }, x);
    // One edge for each: to what fn made none leads.
    expect(y.gradFn?.next.map(String)).toEqual(['<AccumulateGrad>', '<AccumulateGrad>']);
    y.sum().backward();
    const [px, pw] = [leaf([1, 2]), leaf([3, 4])];
    px.mul(pw).square().mul(2).sin().sum().backward();
    expect([values(x.grad), values(w.grad)]).toEqual([values(px.grad), values(pw.grad)]);
  });

  it('gives a gradient by each of its outputs alone, and by several at once', () => {
    const of = (use: (a: Tensor, b: Tensor) => Tensor): unknown => {
      const x = leaf([1, 2]);
      const [a, b] = autograd.checkpoint((h: Tensor): [Tensor, Tensor] => [h.square(), h.mul(3)], x);
      use(a, b).sum().backward();
      return values(x.grad);
    };
    expect(of((a) => a)).toEqual([2, 4]);
    expect(of((_, b) => b)).toEqual([3, 3]);
    expect(of((a, b) => a.add(b))).toEqual([5, 7]);
  });

  it('passes an error in fn on as it is, and one that it recomputes to nothing as one of the caller', () => {
    const x = leaf([1, 2]);
    let n = 0;
    const y = autograd.checkpointWith({}, (h: Tensor) => (n++ === 0 ? h.mul(2) : (5 as never)), x);
    expect(() => y.sum().backward()).toThrow(
      'checkpointWith: Recomputed values have different metadata than during the forward pass: output 0 had shape [2] and now ' +
        'is of type number',
    );
  });
});

describe('checkpointSequential', () => {
  const parts = (runs: number[]) =>
    [1, 2, 3, 4, 5].map((scale, i) => (h: Tensor): Tensor => {
      runs[i] = (runs[i] ?? 0) + 1;
      return h.mul(scale / 3).sin();
    });

  it.each([
    // As many in each segment as go into it, the rest in the last, which is not run again: as PyTorch has it.
    [1, [1, 1, 1, 1, 1]],
    [2, [2, 2, 1, 1, 1]],
    [3, [2, 2, 1, 1, 1]],
    [5, [2, 2, 2, 2, 1]],
  ])('runs all but the last of %i segments again, for the same gradients', (segments, expected) => {
    const [plain, x] = [leaf([0.5, 1]), leaf([0.5, 1])];
    parts([])
      .reduce((h, part) => part(h), plain)
      .sum()
      .backward();
    const runs: number[] = [];
    autograd.checkpointSequential(parts(runs), segments, x).sum().backward();
    expect(runs).toEqual(expected);
    expect(values(x.grad)).toEqual(values(plain.grad));
  });

  it('refuses more segments than there are functions, and none', () => {
    const x = leaf([1]);
    expect(() => autograd.checkpointSequential(parts([]), 6, x)).toThrow(
      '5 functions do not make 6 segments',
    );
    expect(() => autograd.checkpointSequential(parts([]), 0, x)).toThrow('segments: expected a');
  });
});
