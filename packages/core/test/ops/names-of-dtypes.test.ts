/** What a dtype is asked of converts within the function that was called: its errors bear that function's name. */

import * as core from '@kindling/core';
import { indexPut, indexPut_, matmul, ones, type Tensor, tensor, tensordot } from '@kindling/core';
import { describe, expect, test } from 'vitest';

const large = (): Tensor => tensor([[3e9, 1]], { dtype: 'float64' });
type Along = (x: Tensor, dim: number, options: { dtype: core.DType }) => Tensor;
const along = core as unknown as Record<string, Along>;

describe('a number that the dtype asked for does not hold', () => {
  test.each(['sum', 'mean', 'nansum', 'nanmean', 'prod', 'cumsum', 'cumprod', 'softmax', 'logSoftmax'])(
    'is an error of %s, as function and as method',
    (name) => {
      const says = new RegExp(`^${name}: the result 3000000000 does not fit int32`);
      expect(() => along[name]?.(large(), 1, { dtype: 'int32' })).toThrow(says);
      const x = large() as unknown as Record<string, (dim: number, options: object) => Tensor>;
      expect(() => x[name]?.(1, { dtype: 'int32' })).toThrow(says);
    },
  );

  test.each([
    ['tensor', () => tensor(large(), { dtype: 'int32' })],
    ['int', () => large().int()],
    ['long', () => large().long()],
    ['typeAs', () => large().typeAs(tensor([1]))],
    ['to', () => large().to('int32')],
  ])('is an error of %s', (name, call) => {
    expect(call).toThrow(new RegExp(`^${name}: the result 3000000000 does not fit int32`));
  });
});

describe('errors of parts bear the name of the whole', () => {
  test.each([
    ['tensordot', () => tensordot(tensor([[true]]), tensor([[true]]))],
    ['matmul', () => matmul(tensor([[true]]), tensor([[true]]))],
    ['indexPut', () => indexPut(ones([2, 2]), [0, 0], ones([1, 2]))],
    ['indexPut_', () => indexPut_(ones([2, 2]), [0, 0], ones([1, 2]))],
  ])('%s', (name, call) => {
    expect(call).toThrow(new RegExp(`^${name}: `));
  });
});
