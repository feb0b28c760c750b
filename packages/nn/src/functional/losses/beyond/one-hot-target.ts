import { arange, IndexError, type Tensor } from '@kindling/core';
import { classDim, requireClassTarget } from '../classes.ts';

/**
 * Class indices as 0 and 1 in the shape and dtype of `input`, whose classes lie along dim 1; elements of
 * `ignoreIndex` are 0 throughout.
 *
 * @throws ShapeError, DTypeError for what are no class indices of `input`, IndexError for a class that there is not
 */
export function oneHotTarget(
  caller: string,
  input: Tensor,
  target: Tensor,
  ignoreIndex: number | null,
): Tensor {
  requireClassTarget(caller, input, target);
  const dim = classDim(input);
  const count = input.shape[dim]!;
  const values = target.data;
  for (let i = 0; i < values.length; i++) {
    const t = values[i]!;
    if (t !== ignoreIndex && !(t >= 0 && t < count)) throw noSuchClass(caller, target, i, count, ignoreIndex);
  }
  const classes = arange(count, { dtype: 'int32' }).reshape([
    count,
    ...input.shape.slice(dim + 1).map(() => 1),
  ]);
  return target.int().unsqueeze(dim).eq(classes).to(input.dtype);
}

function noSuchClass(
  caller: string,
  target: Tensor,
  i: number,
  count: number,
  ignoreIndex: number | null,
): IndexError {
  const place: number[] = [];
  for (let d = target.ndim - 1, rest = i; d >= 0; d--) {
    place.unshift(rest % target.shape[d]!);
    rest = Math.floor(rest / target.shape[d]!);
  }
  return new IndexError(
    `${caller}: Target ${target.data[i]} is out of bounds: at position [${place.join(', ')}], where the input has ${count} ` +
      `classes; expected 0 to ${count - 1}` +
      (ignoreIndex === null ? '' : `, or ignoreIndex (${ignoreIndex}) to leave the element out`),
  );
}
