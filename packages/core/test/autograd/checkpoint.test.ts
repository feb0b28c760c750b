import { describe, expect, it } from 'vitest';
import { autograd, manualSeed, noGrad, rand, type Tensor, tensor } from '../../src/index.ts';

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
});
