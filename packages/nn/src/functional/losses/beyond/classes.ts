import { formatShape, IndexError, isFloatingPoint, DTypeError, ShapeError, sameShape, type Tensor } from '@kindling/core';

/** Class indices that can be looked up, and which of them count. */
export interface Classes {
  /** int32, with 0 in the place of `ignoreIndex`. */
  readonly index: Tensor;
  /** bool: where the target is not `ignoreIndex`. */
  readonly kept: Tensor;
}

/** Checks class indices against logits whose classes lie along `dim`. */
export function classesOf(
  caller: string,
  input: Tensor,
  target: Tensor,
  dim: number,
  ignoreIndex: number | null,
): Classes {
  const expected = input.shape.filter((_, d) => d !== dim);
  if (!sameShape(target.shape, expected)) {
    throw new ShapeError(
      `${caller}: expected class indices of shape ${formatShape(expected)} for an input of shape ` +
        `${formatShape(input.shape)}, got ${formatShape(target.shape)}`,
    );
  }
  if (isFloatingPoint(target.dtype) || target.dtype === 'bool') {
    throw new DTypeError(`${caller}: expected class indices of dtype int32, got ${target.dtype}; convert with target.int()`);
  }
  const count = input.shape[dim]!;
  const values = target.data;
  for (let i = 0; i < values.length; i++) {
    const t = values[i]!;
    if (t === ignoreIndex || (t >= 0 && t < count)) continue;
    const place: number[] = [];
    for (let d = target.ndim - 1, rest = i; d >= 0; d--) {
      place.unshift(rest % target.shape[d]!);
      rest = Math.floor(rest / target.shape[d]!);
    }
    throw new IndexError(
      `${caller}: Target ${t} is out of bounds: at position [${place.join(', ')}], where the input has ${count} classes; ` +
        `expected 0 to ${count - 1}` +
        (ignoreIndex === null ? '' : `, or ignoreIndex (${ignoreIndex}) to leave the element out`),
    );
  }
  const index = target.int();
  if (ignoreIndex === null) return { index, kept: index.ge(0) };
  const kept = index.ne(ignoreIndex);
  return { index: index.where(kept, 0), kept };
}
