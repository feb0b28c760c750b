import { empty, manualSeed, type Tensor, zeros } from '@kindling/core';
import { init } from '@kindling/nn';
import { describe, expect, it } from 'vitest';

function expectClose(actual: Tensor, expected: readonly number[]): void {
  expect(actual.count).toBe(expected.length);
  [...actual.contiguous().data].forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 5);
  });
}

type Fill = (x: Tensor) => Tensor;

/** What PyTorch 2.15 fills in after manual_seed(7). */
const filled: readonly [string, number[], Fill, number[]][] = [
  [
    'xavierUniform_',
    [2, 3],
    (x) => init.xavierUniform_(x),
    [0.0765114576, -0.659889162, 0.348815352, 0.343729377, -0.585490108, -0.164182246],
  ],
  [
    'xavierNormal_',
    [2, 3],
    (x) => init.xavierNormal_(x, { gain: 2 }),
    [-0.185682744, 0.994398832, 1.19764519, -1.40954614, 2.13869905, -1.13187766],
  ],
  [
    'kaimingUniform_',
    [2, 3, 2],
    (x) => init.kaimingUniform_(x, { a: 0.1, mode: 'fanOut' }),
    [
      0.0851178691, -0.734117031, 0.388051987, 0.382393897, -0.651349127, -0.182650343, -0.713928998,
      0.316210777, -0.328269422, 0.856158078, 0.865114808, 0.124146082,
    ],
  ],
  [
    'kaimingNormal_',
    [2, 3],
    (x) => init.kaimingNormal_(x, { nonlinearity: 'relu' }),
    [-0.119857699, 0.641881704, 0.773076594, -0.909858108, 1.3805244, -0.730623901],
  ],
  [
    'truncNormal_',
    [3, 2],
    (x) => init.truncNormal_(x, { mean: 1, std: 2, a: 0, b: 2 }),
    [0.706409812, 1.48109221, 1.27634537, 1.26848006, 1.63535666, 1.26561391],
  ],
  [
    'truncNormal_ far out',
    [3, 2],
    (x) => init.truncNormal_(x, { a: 2, b: 3 }),
    [2.5349226, 2.19880319, 2.09137774, 2.35928583, 2.52780175, 2.07305193],
  ],
  [
    'orthogonal_',
    [3, 2],
    (x) => init.orthogonal_(x),
    [-0.0755352974, 0.785297334, 0.487199306, -0.508623064, 0.870017886, 0.353002548],
  ],
  [
    'orthogonal_ wide',
    [2, 4],
    (x) => init.orthogonal_(x, { gain: 3 }),
    [-0.264230132, 1.41504836, 1.70427203, -2.00581074, 2.80209064, -0.255873799, 0.997125685, 0.29758653],
  ],
  [
    'sparse_',
    [4, 2],
    (x) => init.sparse_(x, 0.5),
    [0, 0.00786141306, 0.00946821645, 0, 0, 0, -0.00355625036, 0.0123238573],
  ],
  [
    'dirac_',
    [4, 2, 3],
    (x) => init.dirac_(x, { groups: 2 }),
    [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
  ],
  ['eye_', [2, 3], (x) => init.eye_(x), [1, 0, 0, 0, 1, 0]],
];

describe("nn.init draws PyTorch's numbers", () => {
  it.each(filled)('%s', (_, shape, fill, expected) => {
    const x = empty(shape, { requiresGrad: true });
    manualSeed(7);
    expect(fill(x)).toBe(x);
    expectClose(x, expected);
    expect(x.isLeaf && x.requiresGrad).toBe(true);
  });

  it('fills with constants', () => {
    const x = zeros([2]);
    expect([...init.constant_(x, 3).data]).toEqual([3, 3]);
    expect([...init.ones_(x).data]).toEqual([1, 1]);
    expect([...init.zeros_(x).data]).toEqual([0, 0]);
    expect([...init.uniform_(x, { a: 4, b: 5 }).data].every((v) => v >= 4 && v < 5)).toBe(true);
    expect([...init.normal_(x, { mean: 100 }).data].every((v) => v > 90)).toBe(true);
  });

  it('makes rows or columns orthonormal', () => {
    for (const [rows, cols] of [
      [5, 3],
      [3, 5],
      [4, 4],
    ] as const) {
      const q = init.orthogonal_(empty([rows, cols], { dtype: 'float64' }));
      const small = rows < cols ? q.matmul(q.t()) : q.t().matmul(q);
      const n = Math.min(rows, cols);
      expectClose(
        small,
        Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
      );
    }
    expect(init.orthogonal_(empty([4, 2, 3])).shape).toEqual([4, 2, 3]);
  });

  it('knows the gains', () => {
    expect(init.calculateGain('linear')).toBe(1);
    expect(init.calculateGain('convTranspose2d')).toBe(1);
    expect(init.calculateGain('tanh')).toBe(5 / 3);
    expect(init.calculateGain('relu')).toBe(Math.SQRT2);
    expect(init.calculateGain('leakyRelu', { param: 1 })).toBe(1);
    expect(init.calculateGain('selu')).toBe(0.75);
    expect(() => init.calculateGain('x' as 'relu')).toThrow('calculateGain: nonlinearity: expected one of');
  });

  it('says what a tensor must be like', () => {
    const x = zeros([3]);
    expect(() => init.kaimingUniform_(x)).toThrow('Fan in and fan out can not be computed');
    expect(() => init.kaimingNormal_(zeros([2, 2]), { mode: 'x' as 'fanIn' })).toThrow(
      'kaimingNormal_: mode: expected one of',
    );
    expect(() => init.eye_(x)).toThrow('Only tensors with 2 dimensions are supported');
    expect(() => init.sparse_(x, 0.1)).toThrow('Only tensors with 2 dimensions are supported');
    const matrix = zeros([2, 2]);
    for (const sparsity of [Number.NaN, -0.5, 2 ** 53])
      expect(() => init.sparse_(matrix, sparsity)).toThrow('sparse_: sparsity: expected a number in [0, 1]');
    expect(matrix.equal(zeros([2, 2]))).toBe(true);
    expect(() => init.orthogonal_(x)).toThrow('Only tensors with 2 or more dimensions are supported');
    expect(() => init.dirac_(x)).toThrow('Only tensors with 3, 4, or 5 dimensions are supported');
    expect(() => init.dirac_(zeros([3, 3, 3]), { groups: 2 })).toThrow('dim 0 must be divisible by groups');
  });
});
