/** Resampling and bags in cases that PyTorch's database does not draw, with the numbers of PyTorch 2.15. */
import { arange, ones, type Tensor, tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';

const { functional: F } = nn;

describe('interpolate with antialias and alignCorners', () => {
  const image = arange(12, { dtype: 'float64' }).reshape([1, 1, 3, 4]).square();
  it.each([
    ['bilinear', [2, 2], 232.880952, [0.1071, 0.1607, 0.3929, 0.625, 0.2946, 0.442, 0.9137, 1.3854]],
    ['bilinear', [3, 7], 833, [3.25, 7, 11, 6.75, 17.25, 21, 25, 13.75]],
    ['bicubic', [2, 7], 727.618575, [0.1366, 1.633, 3.3255, 1.9973, 5.1134, 7.6464, 10.8655, 5.8029]],
    ['bicubic', [7, 2], 452.241025, [1.5117, 3.0261, 6.1422, 9.8488, 5.3193, 9.6857, 17.4965, 26.4758]],
  ] as const)('%s to %o', (mode, size, total, slope) => {
    const x = image.detach().requiresGrad_();
    const y = F.interpolate(x, { size, mode, alignCorners: true, antialias: true });
    expect(y.abs().sum().item()).toBeCloseTo(total, 5);
    const weights = arange(1, 1 + y.count, 1, { dtype: 'float64' }).reshape(y.shape);
    y.mul(weights).sum().backward();
    const found = Array.from((x.grad as Tensor).data.slice(0, 8) as Float64Array);
    found.forEach((v, i) => {
      expect(v).toBeCloseTo(slope[i] as number, 4);
    });
  });
});

describe("interpolate by 'area'", () => {
  it('looks at no more than a new element covers', () => {
    const x = tensor([[[1, NaN, 3, 5]]], { dtype: 'float32' });
    expect(F.interpolate(x, { size: 7, mode: 'area' }).toArray()).toEqual([[[1, NaN, NaN, NaN, 3, 4, 5]]]);
  });

  it('is empty for no windows, as its means are', () => {
    const x = tensor([[[2, 4]]], { dtype: 'float32' });
    expect(F.interpolate(x, { scaleFactor: 0.3, mode: 'area' }).shape).toEqual([1, 1, 0]);
  });
});

describe('interpolate by a factor that leaves a size as it is, or doubles it', () => {
  const row = arange(3, { dtype: 'float32' });
  it.each([
    ['nearest', [3], 1.3, [0, 0, 1]],
    ['nearest', [1, 3], [1, 1.3], [0, 1, 2]],
    ['nearest', [1, 1, 3], [1, 1, 1.3], [0, 0, 1]],
    ['nearest', [3], 2.3, [0, 0, 0, 1, 1, 2]],
    ['nearest', [1, 3], [1, 2.3], [0, 0, 1, 1, 2, 2]],
    ['nearest-exact', [1, 3], [1, 1.3], [0, 1, 1]],
    ['linear', [3], 1.3, [0, 1, 2]],
    ['bicubic', [1, 3], [1, 1.3], [-0.06772, 0.560266, 1.519302]],
  ] as const)('%s of %o by %o', (mode, field, scaleFactor, expected) => {
    const y = F.interpolate(row.reshape([1, 1, ...field]), { scaleFactor, mode });
    expect(y.count).toBe(expected.length);
    Array.from(y.data as Float32Array).forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i] as number, 5);
    });
  });

  it('as it is where the filter widens', () => {
    const y = F.interpolate(row.reshape([1, 1, 1, 3]), {
      scaleFactor: [1, 1.3],
      mode: 'bicubic',
      antialias: true,
    });
    expect(y.toArray()).toEqual([[[[0, 1, 2]]]]);
  });
});

describe('the greatest of a bag', () => {
  it('is the first of equal ones, which alone has the gradient', () => {
    const table = tensor(
      [
        [2, 1],
        [2, 3],
        [0, 3],
      ],
      { dtype: 'float32' },
    ).requiresGrad_();
    const bags = tensor([1, 0, 2, 2, 1]);
    const y = F.embeddingBag(bags, table, { offsets: tensor([0, 3, 3]), mode: 'max' });
    expect(y.toArray()).toEqual([
      [2, 3],
      [0, 0],
      [2, 3],
    ]);
    y.sum().backward();
    expect(table.grad?.toArray()).toEqual([
      [0, 0],
      [2, 1],
      [0, 1],
    ]);
  });
});

describe('the bags of embeddingBag', () => {
  it.each(['sum', 'mean', 'max'] as const)('have a gradient of zeros by %s where there are none', (mode) => {
    const table = ones([4, 3]).requiresGrad_();
    const none = zeros([0, 3], { dtype: 'int32' });
    F.embeddingBag(none, table, { mode }).sum().backward();
    expect(table.grad?.equal(zeros([4, 3]))).toBe(true);
  });

  const table = tensor([[1], [10], [100], [1000]], { dtype: 'float32' });
  const input = tensor([0, 1, 2, 3, 1]);
  const bags = (offsets: number[], includeLastOffset = false, mode: 'sum' | 'mean' | 'max' = 'sum') =>
    F.embeddingBag(input, table, { offsets: tensor(offsets), includeLastOffset, mode }).tolist();

  it('begin at 0, ascend, and end with the entries', () => {
    expect(() => bags([1, 2])).toThrow(
      'embeddingBag: offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got 1',
    );
    expect(() => bags([-1])).toThrow('However, got -1');
    expect(() => bags([0, 7])).toThrow(
      "embeddingBag: offsets can not be greater than input's length 5 but got offsets[1] of 7",
    );
    expect(() => bags([0, 3, 2])).toThrow(
      'embeddingBag: offsets have to ascend, but got offsets[1] of 3 and offsets[2] of 2',
    );
    expect(bags([0, 5])).toEqual([[1121], [0]]);
  });

  it('may end before the entries do', () => {
    expect(bags([0, 2, 4], true)).toEqual([[11], [1100]]);
    expect(bags([0, 2, 2], true)).toEqual([[11], [0]]);
    expect(bags([0, 2, 4], true, 'mean')).toEqual([[5.5], [550]]);
    expect(bags([0, 2, 4], true, 'max')).toEqual([[10], [1000]]);
  });
});
