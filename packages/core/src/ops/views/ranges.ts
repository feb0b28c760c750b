import { K } from '../../arguments/index.ts';
import { IndexError, ValueError } from '../../errors.ts';
import { normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { type Layout, replaceDim, sizeAlong, strideAlong } from './layout.ts';

/** `length` indices of dimension `dim` from `start` on, `step` apart. */
interface Range {
  readonly dim: number;
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

/** Where the elements of a range lie. */
export function rangeLayout(x: Layout, { dim, start, step, length }: Range): Layout {
  const stride = strideAlong(x, dim);
  return replaceDim(x, dim, [length], [stride * step], x.offset + start * stride);
}

/** A dimension, wrapped, and its size; a 0-dimensional tensor has none. */
export function existingDim(x: Tensor, dim: number, caller: string): { d: number; size: number } {
  const d = normalizeDim(dim, x.shape.length, caller);
  if (x.shape.length === 0) throw new IndexError(`${caller}() cannot be applied to a 0-dim tensor.`);
  return { d, size: sizeAlong(x, d) };
}

/** Which indices of a dimension a slice takes: bounds may be negative (from the end) and are clipped. */
export interface SliceRange {
  /** First index taken. Default: 0. */
  readonly start?: number | null;
  /** First index no longer taken. Default: the size of the dimension. */
  readonly stop?: number | null;
  /** Distance between indices, at least 1. Default: 1. */
  readonly step?: number | null;
}

/** A bound or step of a slice. */
export const bound = K.nullable({ ...K.integer, error: IndexError });
export const sliceRange = K.options<SliceRange>({ start: bound, stop: bound, step: bound });

/** The indices that a slice takes of a dimension of `size`, by Python's rules. */
export function resolveSlice(
  size: number,
  { start, stop, step }: SliceRange,
  caller: string,
): Omit<Range, 'dim'> {
  const by = step ?? 1;
  if (by <= 0)
    throw new ValueError(
      `${caller}: slice step must be greater than zero, got ${by}; flip() reverses a dimension`,
    );
  const clip = (i: number): number => Math.min(Math.max(i < 0 ? i + size : i, 0), size);
  const first = clip(start ?? 0);
  return { start: first, step: by, length: Math.max(0, Math.ceil((clip(stop ?? size) - first) / by)) };
}
