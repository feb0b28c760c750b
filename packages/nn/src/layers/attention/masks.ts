import {
  DTypeError,
  formatShape,
  isFloatingPoint,
  ShapeError,
  sameShape,
  type Tensor,
  where,
  zerosLike,
} from '@kindling/core';

/** A mask as what is added to scores: of bools, -Infinity where it is `true`. */
export function additive(caller: string, name: string, mask: Tensor, like: Tensor): Tensor {
  if (mask.dtype === 'bool') return where(mask, -Infinity, zerosLike(mask, { dtype: like.dtype }));
  if (isFloatingPoint(mask.dtype)) return mask;
  throw new DTypeError(`${caller}: only bool and floating types of ${name} are supported, got ${mask.dtype}`);
}

/** Refuses a mask that is not (L, S) or (N heads, L, S), and one of keys that is not (N, S). */
export function checkMasks(
  caller: string,
  mask: Tensor | null,
  padding: Tensor | null,
  [batch, heads, length, keys]: readonly [number, number, number, number],
): void {
  const expected = mask?.ndim === 3 ? [batch * heads, length, keys] : [length, keys];
  if (mask !== null && !sameShape(mask.shape, expected)) {
    throw new ShapeError(
      `${caller}: The shape of the ${mask.ndim}D attnMask is ${formatShape(mask.shape)}, but should be ${formatShape(expected)}.`,
    );
  }
  if (padding !== null && !sameShape(padding.shape, [batch, keys])) {
    throw new ShapeError(
      `${caller}: expected keyPaddingMask of shape ${formatShape([batch, keys])}, got ${formatShape(padding.shape)}`,
    );
  }
}

/** Refuses masks that do not have the dtype of the scores to which they are added. */
export function checkAdded(caller: string, mask: Tensor, scores: Tensor): void {
  if (mask.dtype === scores.dtype) return;
  throw new DTypeError(
    `${caller}: expected masks of the dtype of the query where weights are asked for, got ${mask.dtype} and ${scores.dtype}; ` +
      'convert with to()',
  );
}
