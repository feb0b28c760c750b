import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/index.ts';
import * as K from '../../src/index.ts';
import { assertClose } from '../../src/testing/index.ts';

const { gradcheck, gradgradcheck } = K.autograd;

const f64 = (data: K.NestedArray, requiresGrad = false): Tensor =>
  K.tensor(data, { dtype: 'float64', requiresGrad });

/** What cdist gave before it had kernels of its own: all differences at once. */
const byDifferences = (a: Tensor, b: Tensor, p: number): Tensor =>
  K.linalg.vectorNorm(a.unsqueeze(-2).sub(b.unsqueeze(-3)), p, -1);

const orders = [0, 0.5, 1, 1.5, 2, 2.5, 3, Number.POSITIVE_INFINITY];

/** PyTorch 2.15 on a, b and weights below: the distances, and the derivatives by a and by b of sum(weights d), and then of sum(k grad a). */
const pytorch: Record<number, readonly number[][]> = {
  0: [
    [0, 2, 1, 1, 2, 2],
    [0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],
  ],
  0.5: [
    [0, 5.82842712474619, 1, 2, 5.82842712474619, 5.82842712474619],
    [-4.82842712474619, -0.4142135623730949, 26.31370849898476, 5.949747468305834],
    [-4, 0, -7.242640687119286, 11.949747468305834, -10.242640687119284, -17.48528137423857],
    [0, 0, -12.374368670764582, -19.445436482630058],
    [0, 0, 17.677669529663685, 8.838834764831844, -5.303300858899101, 10.606601717798217],
  ],
  1: [
    [0, 3, 1, 2, 3, 3],
    [-2, 1, 15, 1],
    [-4, 0, -3, 7, -6, -9],
    [0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],
  ],
  1.5: [
    [0, 2.4472608147714756, 1, 2, 2.4472608147714756, 2.4472608147714756],
    [-1.2784680157304649, 1.191973193093757, 12.620250460044891, -0.6846629700742128],
    [-4, 0, -1.9177020235956974, 6.328093824171851, -5.424080420718729, -6.835404047191394],
    [0, 0, 4.13230657001952, 6.4936246100306745],
    [0, 0, -5.903295100027886, -2.951647550013943, 1.770988530008367, -3.5419770600167313],
  ],
  2: [
    [0, 2.23606797749979, 1, 2, 2.23606797749979, 2.23606797749979],
    [-0.8944271909999159, 1.2111456180001683, 11.602631123499286, -1.788854381999832],
    [-4, 0, -1.341640786499874, 6.260990336999411, -5.366563145999495, -5.683281572999748],
    [3, 0, 6.260990336999411, 17.838699100999076],
    [0, -8, -8.94427190999916, -4.47213595499958, -0.3167184270002519, -5.366563145999496],
  ],
  2.5: [
    [0, 2.1345563259430547, 1, 2, 2.1345563259430547, 2.1345563259430547],
    [-0.6413108191773389, 1.1860990836456153, 11.044979797006501, -2.610819833353945],
    [-4, 0, -0.9619662287660085, 6.348653207240346, -5.441702749063155, -4.9239324575320165],
    [0, 0, 7.152762741941288, 11.2400557373363],
    [0, 0, -10.218232488487548, -5.109116244243776, 3.0654697465462615, -6.1309394930925265],
  ],
  3: [
    [0, 2.080083823051904, 1, 2, 2.080083823051904, 2.080083823051904],
    [-0.4622408495670898, 1.151036601731641, 10.7024923187228, -3.235685946969629],
    [-4, 0, -0.6933612743506348, 6.471371893939257, -5.546890194805077, -4.386722548701269],
    [0, 0, 7.190413215488064, 11.299220767195528],
    [0, 0, -10.272018879268662, -5.136009439634336, 3.0816056637805964, -6.163211327561196],
  ],
  [Number.POSITIVE_INFINITY]: [
    [0, 2, 1, 2, 2, 2],
    [0, 1, 10, -5],
    [-4, 0, 0, 7, -6, -3],
    [0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],
  ],
};

describe('distances of all pairs', () => {
  it.each(orders)('have the values and the first two derivatives of PyTorch, p = %d', (p) => {
    const a = f64([[0, 1], [2, 1]], true); // biome-ignore format: a matrix
    const b = f64([[0, 1], [1, 3], [0, 0]], true); // biome-ignore format: a matrix
    const weights = f64([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: a matrix
    const k = f64([[1, 2], [3, 4]]); // biome-ignore format: a matrix
    const d = K.cdist(a, b, { p });
    const first = K.autograd.grad(d.mul(weights).sum(), [a, b], { createGraph: true });
    const second = K.autograd.grad(first[0]!.mul(k).sum(), [a, b], { allowUnused: true });
    [d, ...first, ...second].forEach((x, i) => {
      pytorch[p]![i]!.forEach((value, j) => {
        // What no gradient leads to has the gradient 0, as PyTorch's zeros.
        expect(x?.data[j] ?? 0).toBeCloseTo(value, 12);
      });
    });
  });

  it.each(orders)('are the same by blocks as from all differences at once, p = %d', (p) => {
    K.manualSeed(7);
    for (const dtype of ['float32', 'float64'] as const) {
      for (const [rows, others, columns] of [
        [130, 140, 3],
        [3, 257, 70],
        [17, 5, 130],
      ] as const) {
        const a = K.randn([columns, rows], { dtype }).t().requiresGrad_();
        const b = K.randn([others, 2 * columns], { dtype })
          .narrow(1, 1, columns)
          .requiresGrad_();
        const weights = K.randn([rows, others], { dtype });
        const results = [K.cdist(a, b, { p }), byDifferences(a, b, p)].map((d) => [
          d,
          ...K.autograd.grad(d.mul(weights).sum(), [a, b], { allowUnused: true }),
        ]);
        // Below 1 the slopes near 0 are great, and cancel.
        const tolerance =
          dtype === 'float32' ? { rtol: 1e-4, atol: p < 1 ? 2e-3 : 2e-4 } : { rtol: 1e-10, atol: 1e-10 };
        results[0]!.forEach((x, i) => {
          assertClose(x!, results[1]![i] ?? K.zerosLike(x!), tolerance);
        });
      }
    }
  });

  it.each(orders.filter((p) => p >= 1))('pass gradcheck and gradgradcheck, p = %d', (p) => {
    K.manualSeed(11);
    const a = K.randn([2, 3, 4], { dtype: 'float64', requiresGrad: true });
    const b = K.randn([5, 4], { dtype: 'float64', requiresGrad: true });
    gradcheck((x, y) => K.cdist(x, y, { p }), [a, b]);
    gradgradcheck((x, y) => K.cdist(x, y, { p }), [a, b]);
  });

  it('can be differentiated a third time', () => {
    K.manualSeed(12);
    const a = K.randn([2, 3], { dtype: 'float64', requiresGrad: true });
    const b = K.randn([3, 3], { dtype: 'float64', requiresGrad: true });
    const slopes = (x: Tensor, y: Tensor): Tensor[] =>
      K.autograd.grad(K.cdist(x, y, { p: 4 }).sum(), [x, y], { createGraph: true }) as Tensor[];
    gradgradcheck(slopes, [a, b]);
  });

  it('have the gradient 0 for p = 0 and between equal rows, and NaN where PyTorch has it', () => {
    const x = f64([[1, 2]], true);
    for (const p of orders) {
      const [g] = K.autograd.grad(K.cdist(x, x, { p }).sum(), [x]);
      expect([...g!.data]).toEqual([0, 0]);
    }
    const a = f64([[1, Number.NaN, 0], [Number.POSITIVE_INFINITY, 0, 0]], true); // biome-ignore format: a matrix
    const b = f64([[0, 0, 3]]);
    const of = (p: number): number[][] => {
      const d = K.cdist(a, b, { p });
      return [[...d.data], [...K.autograd.grad(d.sum(), [a])[0]!.data]];
    };
    const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];
    expect(of(0)).toEqual([[nan, 2], [0, 0, 0, 0, 0, 0]]); // biome-ignore format: two lists
    expect(of(1)).toEqual([[nan, inf], [1, nan, -1, 1, 0, -1]]); // biome-ignore format: two lists
    expect(of(2)).toEqual([[nan, inf], [nan, nan, nan, nan, 0, 0]]); // biome-ignore format: two lists
    expect(of(inf)).toEqual([[3, inf], [0, nan, -1, nan, 0, 0]]); // biome-ignore format: two lists
  });

  it('take rows without columns, and no rows', () => {
    expect(K.cdist(K.zeros([2, 0]), K.zeros([3, 0]), { p: Infinity }).toArray()).toEqual([[0, 0, 0], [0, 0, 0]]); // biome-ignore format: a matrix
    expect(K.cdist(K.zeros([0, 2]), K.zeros([3, 2])).shape).toEqual([0, 3]);
    for (const [dtype, other] of [
      ['int32', 'int32'],
      ['float32', 'int32'],
      ['float64', 'float32'],
    ] as const) {
      // biome-ignore format: a table
      expect(() => K.cdist(K.zeros([2, 2], { dtype }), K.zeros([2, 2], { dtype: other }))).toThrow(
        `cdist only supports floating-point tensors of one dtype, got ${dtype} and ${other}`,
      );
    }
  });

  it('and their derivatives make nothing greater than the result', () => {
    const [rows, columns] = [40, 64];
    const a = K.randn([rows, columns], { requiresGrad: true });
    const b = K.randn([rows, columns], { requiresGrad: true });
    for (const p of orders) {
      let greatest = 0;
      const stop = K.observe({
        after: (_, __, ___, outputs) => {
          greatest = Math.max(greatest, ...outputs.map((y) => y.count));
        },
      });
      const [g] = K.autograd.grad(K.cdist(a, b, { p }).sum(), [a], { createGraph: true });
      g!.sum().backward();
      stop();
      expect(greatest).toBe(rows * columns);
    }
  });
});
