import { describe, expect, test } from 'vitest';
import * as K from '../../src/index.ts';
import { AutogradError, DTypeError, noGrad, type Tensor, tensor } from '../../src/index.ts';

/** Numbers between -1 and 1, which integers made of them would lose. */
const small = tensor(
  [
    [0.3, -0.4],
    [0, 0.5],
  ],
  { dtype: 'float64' },
);
const list = (x: Tensor): unknown => x.tolist();

describe('totals of a dtype that is asked for', () => {
  test('are true, as a bool, where an element is not 0, be it less than 1', () => {
    expect(list(K.sum(small, 1, { dtype: 'bool' }))).toEqual([true, true]);
    expect(list(K.sum(small, 0, { dtype: 'bool' }))).toEqual([true, true]);
    expect(list(K.nansum(small, 1, { dtype: 'bool' }))).toEqual([true, true]);
    expect(list(K.prod(small, 1, { dtype: 'bool' }))).toEqual([true, false]);
    expect(K.sum(small, { dtype: 'bool' }).item()).toBe(true);
  });

  test('count what is left of the elements, as an integer', () => {
    expect(list(K.sum(tensor([1.9, -2.9, 0.5]), { dtype: 'int32' }))).toBe(-1);
    expect(list(K.cumsum(tensor([1.9, 2.9]), 0, { dtype: 'uint8' }))).toEqual([1, 3]);
  });

  test.each(['int32', 'uint8', 'bool'] as const)(
    'are refused as %s where a gradient is required',
    (dtype) => {
      const x = tensor([1.5, 2.5], { requiresGrad: true });
      const calls: [string, () => Tensor][] = [
        ['sum', () => K.sum(x, { dtype })],
        ['sum', () => x.sum(0, { dtype })],
        ['nansum', () => K.nansum(x, { dtype })],
        ['prod', () => K.prod(x, { dtype })],
      ];
      if (dtype !== 'bool') {
        calls.push(
          ['cumsum', () => K.cumsum(x, 0, { dtype })],
          ['cumprod', () => K.cumprod(x, 0, { dtype })],
        );
      }
      for (const [name, call] of calls) {
        expect(call).toThrow(AutogradError);
        expect(call).toThrow(`${name}: autograd does not support ${dtype}`);
        expect(noGrad(call).requiresGrad).toBe(false);
      }
    },
  );
});

test('running sums and products, and ranges, are no bools', () => {
  for (const [name, call] of [
    ['cumsum', () => K.cumsum(small, 0, { dtype: 'bool' })],
    ['cumprod', () => K.cumprod(small, 0, { dtype: 'bool' })],
    ['arange', () => K.arange(3, { dtype: 'bool' })],
    ['linspace', () => K.linspace(0, 1, 3, { dtype: 'bool' })],
    ['logspace', () => K.logspace(0, 1, 3, { dtype: 'bool' })],
  ] as const) {
    expect(call).toThrow(DTypeError);
    expect(call).toThrow(`${name}: not implemented for bool`);
  }
});

test('the bounds of a logspace fit its dtype, as those of a linspace do', () => {
  for (const range of [K.linspace, K.logspace]) {
    expect(() => range(0, Number.NaN, 3, { dtype: 'int32' })).toThrow(K.KindlingError);
  }
  expect(list(K.logspace(0, 2, 3, { dtype: 'uint8' }))).toEqual([1, 10, 100]);
});

describe('norms', () => {
  const { linalg } = K;
  const single = tensor([[3, 4]], { dtype: 'float32' });
  const double = single.to('float64');

  test('are computed in a wider dtype, and refused in a narrower one', () => {
    expect(K.norm(single, 2, { dtype: 'float64' }).dtype).toBe('float64');
    for (const call of [
      () => K.norm(double, 2, { dtype: 'float32' }),
      () => K.norm(double, 'nuc', { dtype: 'float32' }),
      () => linalg.norm(double, 'fro', [0, 1], { dtype: 'float32' }),
      () => linalg.vectorNorm(double, 2, 0, { dtype: 'float32' }),
      () => linalg.matrixNorm(double, 1, [0, 1], { dtype: 'float32' }),
    ]) {
      expect(call).toThrow(DTypeError);
      expect(call).toThrow('convertible without narrowing');
    }
  });

  test('are of floats, whatever dtype is asked for', () => {
    for (const dtype of ['int32', 'uint8', 'bool'] as const) {
      const x = single.to(dtype);
      expect(() => linalg.vectorNorm(x, 2, null, { dtype: 'float64' })).toThrow(DTypeError);
      expect(() => K.norm(x, 'nuc', { dtype: 'float64' })).toThrow(DTypeError);
    }
  });

  test('by singular values are of one matrix, unless two dimensions are given', () => {
    const cube = K.ones([2, 2, 2]);
    expect(() => K.norm(cube, 'nuc')).toThrow('dim must be a 2-tuple. Got 0 1 2');
    expect(K.norm(cube, 'nuc', [1, 2]).shape).toEqual([2]);
  });
});
