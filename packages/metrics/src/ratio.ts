import { type Tensor, where, zerosLike } from '@kindling/core';

/** a / b, and `otherwise` where b is 0. */
export const ratio = (a: Tensor, b: Tensor, otherwise: number): Tensor =>
  where(b.eq(0), zerosLike(b).add(otherwise), a.div(b));
