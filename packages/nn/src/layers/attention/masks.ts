import { DTypeError, isFloatingPoint, type Tensor, where, zerosLike } from '@kindling/core';

/** A mask as what is added to scores: of bools, -Infinity where it is `true`. */
export function additive(caller: string, name: string, mask: Tensor, like: Tensor): Tensor {
  if (mask.dtype === 'bool') return where(mask, -Infinity, zerosLike(mask, { dtype: like.dtype }));
  if (isFloatingPoint(mask.dtype)) return mask;
  throw new DTypeError(`${caller}: only bool and floating types of ${name} are supported, got ${mask.dtype}`);
}
