/** What PyTorch 2.15 makes of NaN, infinities and factors of 0, where the fixtures of special values draw none. */
import {
  acosh,
  addbmm,
  addcdiv,
  addcmul,
  addmv,
  atan,
  autograd,
  avgPool1d,
  compile,
  cumprod,
  div,
  floorDivide,
  fmod,
  igamma,
  igammac,
  linalg,
  log,
  logcumsumexp,
  logit,
  maxPool1d,
  ones,
  pdist,
  remainder,
  renorm,
  special,
  type Tensor,
  tensor,
  xlogy,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';

const float64 = (x: number[] | number[][] | number[][][]): Tensor => tensor(x, { dtype: 'float64' });

describe('a product times alpha = 0 is not looked at', () => {
  const broken = float64([
    [NaN, Infinity],
    [1, -Infinity],
  ]);
  it('by addmv and addbmm', () => {
    expect(addmv(float64([1, 2]), broken, float64([1, 1]), { alpha: 0 }).toArray()).toEqual([1, 2]);
    const y = addbmm(float64([[1, 2]]), broken.unsqueeze(0), ones([1, 2, 2], { dtype: 'float64' }), {
      alpha: 0,
      beta: 0.5,
    });
    expect(y.toArray()).toEqual([
      [0.5, 1],
      [0.5, 1],
    ]);
  });
});

describe('renorm', () => {
  it('has the gradient of what it leaves as it is, NaN too', () => {
    const x = float64([
      [3, 4],
      [NaN, 2],
      [0.1, 0.2],
    ]).requiresGrad_();
    renorm(x, 2, 0, 1).sum().backward();
    const [long, ...left] = (x.grad as Tensor).toArray() as number[][];
    expect(left).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(long?.[0]).toBeCloseTo(0.032, 6);
    expect(long?.[1]).toBeCloseTo(-0.024, 6);
  });
});

describe('functions without a limit in PyTorch', () => {
  it('are NaN at infinity: i0 and i1', () => {
    for (const f of [special.i0, special.i1])
      expect(f(float64([Infinity, -Infinity, 0])).toArray()).toEqual([NaN, NaN, f === special.i0 ? 1 : 0]);
  });

  it('decide by the end that one number is at where the other is NaN: igamma and igammac', () => {
    const [a, x] = [float64([NaN, NaN, 0, Infinity, NaN]), float64([0, 1, NaN, NaN, Infinity])];
    expect(igamma(a, x).toArray()).toEqual([0, NaN, NaN, 0, 1]);
    expect(igammac(a, x).toArray()).toEqual([1, NaN, NaN, 1, 0]);
  });
});

describe('the second derivative of pooling is zeros', () => {
  it.each([
    ['maxPool1d', maxPool1d],
    ['avgPool1d', avgPool1d],
  ] as const)('%s', (_, pool) => {
    const x = float64([[[1, NaN, 2, 5]]]).requiresGrad_();
    const [g] = autograd.grad(pool(x, 2).sum(), x, { createGraph: true });
    expect(g?.requiresGrad).toBe(true);
    const [second] = autograd.grad((g as Tensor).sum(), x);
    expect(second?.toArray()).toEqual([[[0, 0, 0, 0]]]);
  });
});

describe('second gradients of broadcast operands are summed before an infinite factor meets them', () => {
  const seconds = (f: typeof addcmul, value: number): unknown[] => {
    const [a, b] = [float64([2]), float64([1e-200])].map((x) => x.requiresGrad_(true)) as [Tensor, Tensor];
    const y = f(float64([1, 2, 3]), a, b, { value });
    const given = { gradOutputs: [float64([1, -2, 3])], createGraph: true };
    const first = autograd.grad([y], [a, b], given) as Tensor[];
    const ones2 = [ones([1], { dtype: 'float64' }), ones([1], { dtype: 'float64' })];
    return autograd.grad(first, [a, b], { gradOutputs: ones2 }).map((g) => (g as Tensor).item());
  };

  it('by addcmul and addcdiv', () => {
    expect(seconds(addcmul, Infinity)).toEqual([Infinity, Infinity]);
    expect(seconds(addcdiv, 1)).toEqual([-Infinity, NaN]);
  });
});

describe('matrices', () => {
  const broken = float64([
    [1, NaN],
    [2, 3],
  ]);
  it.each<[string, (a: Tensor) => unknown]>([
    ['svd', linalg.svd],
    ['svdvals', linalg.svdvals],
    ['pinv', linalg.pinv],
    ['matrixRank', linalg.matrixRank],
    ['cond', linalg.cond],
    ['matrixNorm', (a) => linalg.matrixNorm(a, 'nuc')],
    ['polar', linalg.polar],
  ])('with NaN have no singular values: %s', (name, f) => {
    const message = 'The algorithm failed to converge because the input matrix contained non-finite values.';
    expect(() => f(broken)).toThrow(`linalg.${name}: ${message}`);
    const batch = float64([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, NaN],
        [2, 3],
      ],
    ]);
    expect(() => f(batch)).toThrow(`linalg.${name}: (Batch element 1): ${message}`);
  });

  it('have no condition of another norm that is a number: it is infinite', () => {
    const infinite = tensor([
      [Infinity, Infinity],
      [Infinity, Infinity],
    ]);
    for (const p of [1, -1, Infinity, -Infinity, 'fro'] as const)
      for (const a of [broken, infinite]) expect(linalg.cond(a, p).item()).toBe(Infinity);
  });

  it('with an infinity have none that are numbers, and no inverse', () => {
    const infinite = float64([
      [1, Infinity],
      [0, 2],
    ]);
    const { U, S, Vh } = linalg.svd(infinite);
    for (const part of [U, S, Vh, linalg.pinv(infinite), linalg.det(infinite)])
      expect(part.isnan().all().item()).toBe(true);
    expect(linalg.inv(infinite).toArray()).toEqual([
      [NaN, NaN],
      [NaN, NaN],
    ]);
    expect(linalg.slogdet(infinite).sign.item()).toBe(-0);
  });
});

describe('gradients that no element has a part in', () => {
  const gradient = (f: (x: Tensor) => Tensor, x: Tensor): unknown =>
    autograd.grad(f(x.requiresGrad_()).sum(), x).map((g) => g?.tolist())[0];

  it('are those of one element: of its product, and of its determinant', () => {
    for (const x of [Infinity, NaN, 0]) {
      expect(gradient((y) => cumprod(y, 0), tensor(x, { dtype: 'float64' }))).toBe(1);
      expect(gradient(linalg.det, float64([[x]]))).toEqual([[1]]);
    }
  });

  it('are those of distances of a single row', () => {
    for (const p of [0, 1, 1.5, 2, Infinity])
      expect(gradient((x) => pdist(x, { p }), float64([[Infinity, NaN, 1]]))).toEqual([[0, 0, 0]]);
  });
});

describe('the ends of float64', () => {
  const most = Number.MAX_VALUE;
  const least = Number.MIN_VALUE;
  it('are arguments of Bessel functions', () => {
    expect(special.besselY0(float64([least])).item()).toBeCloseTo(-473.9990734230043, 12);
    expect(special.besselY1(float64([least])).item()).toBe(-Infinity);
    const zeros = float64([0, -0]).requiresGrad_();
    expect(autograd.grad(special.besselY1(zeros).sum(), zeros)[0]?.toArray()).toEqual([Infinity, Infinity]);
    expect(special.i0(float64([most, -most])).toArray()).toEqual([Infinity, Infinity]);
    expect(special.i1(float64([most, -most])).toArray()).toEqual([Infinity, -Infinity]);
    for (const [f, expected] of [
      [special.i0e, 2.9754474593159e-155],
      [special.i1e, 2.9754474593159e-155],
      [special.scaledModifiedBesselK0, 9.347643879329247e-155],
    ] as const)
      expect(f(float64([most])).item() / expected).toBeCloseTo(1, 12);
  });
});

describe('second gradients', () => {
  const second = (f: (x: Tensor) => Tensor, values: number[]): unknown => {
    const x = float64(values).requiresGrad_();
    const [g] = autograd.grad(f(x).sum(), x, { createGraph: true }) as [Tensor];
    return autograd.grad(g.sum(), x).map((t) => t?.toArray())[0];
  };
  it('of logit: outside, and at what is not finite', () => {
    expect(second((x) => logit(x), [0, 1, NaN, Infinity, 2, 0.5])).toEqual([NaN, NaN, NaN, NaN, 0, 0]);
    expect(second((x) => logit(x, { eps: 0.25 }), [1, NaN, 2, 0.5])).toEqual([NaN, NaN, 0, 0]);
  });
  it('of atan and acosh, where twice the number is beyond its dtype', () => {
    expect(second(atan, [1.7e308, -1.7e308])).toEqual([-0, 0]);
    expect(second(acosh, [1.7e308])).toEqual([-0]);
    for (const f of [atan, acosh]) {
      const x = tensor([3e38], { dtype: 'float32' }).requiresGrad_();
      const [g] = autograd.grad(f(x).sum(), x, { createGraph: true }) as [Tensor];
      expect(autograd.grad(g.sum(), x)[0]?.item()).toBe(-0);
    }
  });
  it('of sinc, at 0 and beside it', () => {
    const limit = -(Math.PI ** 2) / 3;
    expect(second(special.sinc, [0, -0, 1e-200])).toEqual([limit, limit, limit]);
    const [half, one] = second(special.sinc, [0.5, 1]) as [number, number];
    expect(half).toBeCloseTo(16 / Math.PI - 2 * Math.PI, 12);
    expect(one).toBeCloseTo(2, 12);
  });
  it('of what was divided by numbers next to 0: a gradient of 0 stays 0', () => {
    const x = tensor([1e-41, 1e-41], { dtype: 'float32' }).requiresGrad_();
    const v = tensor([0, 1e-3], { dtype: 'float32' }).requiresGrad_();
    const [g] = autograd.grad(log(x), x, { gradOutputs: v, createGraph: true }) as [Tensor];
    const h = tensor([0, 1e-5], { dtype: 'float32' });
    const [byV] = autograd.grad(g, v, { gradOutputs: h }) as [Tensor];
    expect(byV.toArray()).toEqual(div(h, x).toArray());
    expect(byV.isfinite().all().item()).toBe(true);
  });
  it.each([
    ['xlogy', xlogy, 0],
    ['xlog1py', special.xlog1py, -1],
  ])('of %s by a gradient that is 0: the logarithm all the same', (_, f, shift) => {
    const [a, b] = [float64([0.5, 0, -1]), float64([2 + shift, 3 + shift, 0.5 + shift])];
    for (const x of [a, b]) x.requiresGrad_();
    for (const value of [0, 1]) {
      const g = float64([value, value, value]).requiresGrad_();
      const [byA, byB] = autograd.grad(f(a, b), [a, b], { gradOutputs: g, createGraph: true }) as Tensor[];
      const [byG] = autograd.grad([byA as Tensor, byB as Tensor], g, {
        gradOutputs: [float64([1, 1, 1]), float64([2, 2, 2])],
      }) as [Tensor];
      const expected = [1.1931471805599454, 1.0986122886681098, -4.693147180559945];
      (byG.toArray() as number[]).forEach((v, i) => {
        expect(v).toBeCloseTo(expected[i] ?? NaN, 12);
      });
    }
  });
  it('of logcumsumexp of one number', () => {
    const x = tensor(-Infinity, { dtype: 'float64' }).requiresGrad_();
    expect(autograd.grad(logcumsumexp(x, 0), x).map((t) => t?.item())).toEqual([1]);
  });
});

describe('no elements', () => {
  it('are divided by 0', () => {
    const none = tensor([], { dtype: 'int32' });
    for (const f of [floorDivide, remainder, fmod])
      for (const divisor of [0, tensor([0])]) {
        expect(f(none, divisor).shape).toEqual([0]);
        expect(compile((x: Tensor) => f(x, divisor))(none).shape).toEqual([0]);
      }
    expect(div(none.reshape([0, 1]), tensor([0, 1]), { roundingMode: 'trunc' }).shape).toEqual([0, 2]);
    expect(() => fmod(tensor([1]), 0)).toThrow('ZeroDivisionError');
  });
});
