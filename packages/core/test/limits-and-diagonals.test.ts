import {
  DTypeError,
  finfo,
  iinfo,
  inferenceMode,
  noGrad,
  ones,
  ShapeError,
  tensor,
  ValueError,
  zeros,
} from '@kindling/core';
import { describe, expect, test } from 'vitest';

describe('fillDiagonal_ writes where PyTorch does', () => {
  test.each([
    [[3, 3], false, [0, 4, 8]],
    [[2, 4], false, [0, 5]],
    [[2, 4], true, [0, 5]],
    [[7, 3], false, [0, 4, 8]],
    [[7, 3], true, [0, 4, 8, 12, 16, 20]],
    [[3, 3, 3], false, [0, 13, 26]],
    [[0, 3], false, []],
  ])('%j, wrap: %j', (shape, wrap, positions) => {
    const x = zeros(shape).fillDiagonal_(5, { wrap });
    expect(x.flatten().gt(0).nonzero().flatten().tolist()).toEqual(positions);
    expect(x.sum().item()).toBe(5 * positions.length);
  });

  test('of a view, through its strides', () => {
    const x = zeros([2, 3]);
    expect(x.t().fillDiagonal_(1)).toBeInstanceOf(Object);
    expect(x.tolist()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
  });

  test('what is written over has no gradient', () => {
    const w = ones([2, 2], { requiresGrad: true });
    w.mul(3).fillDiagonal_(7).sum().backward();
    expect(w.grad?.tolist()).toEqual([
      [0, 3],
      [3, 0],
    ]);
  });

  test('refuses what has no diagonal, and what the dtype cannot hold', () => {
    expect(() => zeros([3]).fillDiagonal_(1)).toThrow(ShapeError);
    expect(() => zeros([2, 2, 3]).fillDiagonal_(1)).toThrow(
      'fillDiagonal_: all dimensions of input must be of equal length',
    );
    expect(() => zeros([2, 2], { dtype: 'uint8' }).fillDiagonal_(300)).toThrow(ValueError);
  });
});

test('floatPower_ takes float64 alone', () => {
  expect(tensor([4], { dtype: 'float64' }).floatPower_(0.5).item()).toBe(2);
  expect(() => tensor([4.5]).floatPower_(2)).toThrow(DTypeError);
});

test('floatPower_ has the gradient of the power', () => {
  const w = tensor([4, 9], { dtype: 'float64', requiresGrad: true });
  w.mul(1).floatPower_(1.5).sum().backward();
  expect(w.grad?.tolist()).toEqual([3, 4.5]);
});

test('heaviside_ in place is heaviside', () => {
  const values = tensor([0.25, 0.5, 0.75]);
  expect(tensor([-1.5, 0, 2]).heaviside_(values).tolist()).toEqual([0, 0.5, 1]);
});

test('finfo and iinfo say what the dtypes hold', () => {
  expect(finfo('float32')).toMatchObject({
    bits: 32,
    eps: 2 ** -23,
    max: 3.4028234663852886e38,
    tiny: 1.1754943508222875e-38,
  });
  expect(finfo('float64')).toMatchObject({
    bits: 64,
    eps: Number.EPSILON,
    min: -Number.MAX_VALUE,
    resolution: 1e-15,
  });
  expect(iinfo('uint8')).toEqual({ dtype: 'uint8', bits: 8, max: 255, min: 0 });
  expect(() => finfo('int32')).toThrow('iinfo says');
  expect(() => iinfo('bool')).toThrow(DTypeError);
});

test('isInference says where a tensor was made', () => {
  expect(inferenceMode(() => ones(2).mul(2)).isInference()).toBe(true);
  expect(noGrad(() => ones(2)).isInference()).toBe(false);
});
