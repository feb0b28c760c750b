import { indexSelect, type Tensor, tensor } from '@kindling/core';

/** The entries of these numbers along a dimension; all as they stand for `null`. */
export const inOrder = (x: Tensor, dim: number, order: readonly number[] | null): Tensor =>
  order === null ? x : indexSelect(x, dim, tensor([...order], { dtype: 'int32' }));
