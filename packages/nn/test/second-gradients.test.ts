/** Gradients of gradients where PyTorch states them: at kinks, clamps and where a term is left out. The values are PyTorch 2.15's. */
import { autograd, type Tensor, tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { functional as F } from '../src/index.ts';

type Numbers = readonly number[];

/** The gradients, by the inputs and by the factors 1, 2, ... of the results, of the sum of all gradients of f. */
function seconds(f: (...x: Tensor[]) => Tensor, ...inputs: Numbers[]): (number[] | null)[] {
  const xs = inputs.map((x) => tensor([...x], { dtype: 'float64', requiresGrad: true }));
  const y = f(...xs);
  const factors = tensor(
    Array.from({ length: y.count }, (_, i) => i + 1),
    { dtype: 'float64', requiresGrad: true },
  );
  const first = autograd.grad(y, xs, { gradOutputs: factors, createGraph: true });
  const found = autograd.grad(
    first.map((g) => g.sum()),
    [...xs, factors],
    { allowUnused: true },
  );
  return found.map((g) => (g === null ? null : (g.toArray() as number[])));
}

function expectNear(found: (number[] | null)[], expected: readonly Numbers[]): void {
  expected.forEach((numbers, i) => {
    numbers.forEach((x, k) => {
      const y = found[i]?.[k] ?? 0;
      if (Number.isFinite(x))
        expect(Math.abs(y - x), `${y} for ${x}`).toBeLessThanOrEqual(1e-12 * Math.abs(x));
      else expect(y).toBe(x);
    });
  });
}

describe('the gradient of the gradient', () => {
  it('of prelu takes the other side at 0', () => {
    expectNear(
      seconds((x, w) => F.prelu(x, w), [0, -0, 2, -3], [0.25]),
      [[0, 0, 0, 4], [4], [1, 1, 1, -2.75]],
    );
  });

  it('of binaryCrossEntropy keeps away from 0 and 1 by what is added, not by a bound', () => {
    const f = (x: Tensor, y: Tensor) => F.binaryCrossEntropy(x, y, { reduction: 'none' });
    const [infinity, xs] = [Number.POSITIVE_INFINITY, [0, 1, 1e-8, 0.5]];
    expectNear(seconds(f, xs, [0.5, 0.5, 1, 0.25]), [
      [-infinity, -infinity, 2.9994000599820028e16],
      [-1e12, -2e12, -300000003, -16],
      [infinity, -infinity, -99989982.5791193, 0.9999999999960001],
    ]);
  });

  it('of gaussianNllLoss takes no notice of the bound of the variance', () => {
    const f = (x: Tensor, y: Tensor, v: Tensor) => F.gaussianNllLoss(x, y, v, { reduction: 'none' });
    expectNear(seconds(f, [1, 2, 0.5], [0.5, 1, 3], [1e-7, 0, 2]), [
      [-5e11, -2e12, 1.875],
      [5e11, 2e12, -1.875],
      [2.499995e17, 1.999999e18, 1.96875],
      [-124999500000, -499999500000, -0.53125],
    ]);
  });

  it('of poissonNllLoss is 0 where the term for large counts is left out, unless that has no slope', () => {
    const f = (x: Tensor, y: Tensor) => F.poissonNllLoss(x, y, { full: true, reduction: 'none' });
    expectNear(seconds(f, [0.5, 0.5, 1], [1e-300, 0, 3]), [
      [0.6487212707001282, 1.2974425414002564, 5.154845485377136],
      [-1, Number.NaN, -2.1666666666666665],
      [1.1487212707001282, 1.1487212707001282, -0.016439216206178386],
    ]);
  });

  it('of addcdiv divides by the square of the divisor', () => {
    const f = (x: Tensor, a: Tensor, b: Tensor) => x.addcdiv(a, b, { value: 2 });
    const found = seconds(f, [1, 1], [3, 2], [Number.NEGATIVE_INFINITY, 4]);
    expect(found[0] ?? null).toBeNull();
    expectNear(found.slice(1), [
      [-0, -0.25],
      [Number.NaN, 0],
      [1, 1.25],
    ]);
  });

  it('is itself differentiable', () => {
    const x = tensor([0.2, 0.7], { dtype: 'float64', requiresGrad: true });
    const [y, v] = [
      tensor([0.3, 0.6], { dtype: 'float64' }),
      tensor([0.5, 2], { dtype: 'float64', requiresGrad: true }),
    ];
    const gradientOf = (f: (...z: Tensor[]) => Tensor, ...z: Tensor[]): Tensor[] =>
      autograd.grad(f(...z).sum(), z, { createGraph: true });
    const bce = (z: Tensor) => F.binaryCrossEntropy(z, y, { reduction: 'none' });
    expect(autograd.gradgradcheck((z: Tensor) => gradientOf(bce, z), [x])).toBe(true);
    const gaussian = (z: Tensor, u: Tensor) => F.gaussianNllLoss(z, y, u, { reduction: 'none' });
    expect(autograd.gradgradcheck((z: Tensor, u: Tensor) => gradientOf(gaussian, z, u), [x, v])).toBe(true);
    const counts = tensor([1.5, 4], { dtype: 'float64', requiresGrad: true });
    const poisson = (z: Tensor, n: Tensor) => F.poissonNllLoss(z, n, { full: true, reduction: 'none' });
    expect(autograd.gradgradcheck((z: Tensor, n: Tensor) => gradientOf(poisson, z, n), [x, counts])).toBe(
      true,
    );
  });
});

describe('of what is not finite', () => {
  it('rmsNorm multiplies as PyTorch composes it, by an infinite weight too', () => {
    const [x, weight] = [
      tensor([0, -3, -0.5, 1], { dtype: 'float64', requiresGrad: true }),
      tensor([6, 2, -0, Infinity], { dtype: 'float64', requiresGrad: true }),
    ];
    const [first] = autograd.grad(F.rmsNorm(x, [4], { weight }).sum(), x, { createGraph: true });
    const gradOutputs = tensor([1, -1, 2, -1], { dtype: 'float64' });
    const found = autograd.grad(first as Tensor, [x, weight], { gradOutputs });
    expect(found[0]?.toArray()).toEqual([Number.NaN, Number.NaN, -Infinity, Number.NaN]);
    expectNear(
      found.map((g) => g?.toArray() as number[]),
      [[], [0.6246950475544243, -0.44185747266044645, 1.2798630242578448, -0.6856409058524169]],
    );
  });

  it('softsign is NaN there', () => {
    const found = seconds((x) => F.softsign(x), [Infinity, -Infinity, Number.NaN, 1]);
    expectNear(found, [
      [Number.NaN, Number.NaN, Number.NaN, -1],
      [Number.NaN, Number.NaN, Number.NaN, 0.25],
    ]);
  });
});
