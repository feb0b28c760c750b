import type { DType, TypedArray } from '../../dtype.ts';
import { type Extent, elementsOf, extentOf, stridedOver } from '../../kernels/index.ts';
import type { Tensor } from '../../tensor.ts';
import { eye } from '../creation/fill.ts';
import { where } from '../elementwise/select.ts';
import { transpose } from '../views/permute.ts';
import { reshape, unsqueeze } from '../views/shape.ts';

/** Calls `visit` for each row along a dimension: with the index of its first element, and its number. */
export function eachRow({ outer, n, inner }: Extent, visit: (start: number, row: number) => void): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) visit(o * n * inner + i, o * inner + i);
  }
}

/**
 * The elements, rows along a dimension side by side: read one after the other, rows that lie crosswise would read all
 * of the memory each.
 */
export const rowsOf = (x: TypedArray, dtype: DType, { outer, n, inner }: Extent): TypedArray =>
  elementsOf(stridedOver(x, dtype, [outer, inner, n], 0, [n * inner, 1, inner]));

/** Copies the row that begins at `start` into `row`. */
export function takeRow<T extends TypedArray>(x: TypedArray, start: number, step: number, row: T): T {
  for (let r = 0, at = start; r < row.length; r++, at += step) row[r] = x[at]!;
  return row;
}

/** Rows of x along `dim` as matrices: see {@link leaveOneOut}. */
interface LeftOut {
  /** Row i is the row of x with 1 in place of x_i, so that products over it leave x_i out: shape (..., n, n). */
  readonly matrix: Tensor;
  /** Bool, shape (n, n): the places of those ones. */
  readonly diagonal: Tensor;
  /** Brings `dim` of a tensor of x's shape to the end. */
  readonly toEnd: (y: Tensor) => Tensor;
  /** The way back. */
  readonly fromEnd: (y: Tensor) => Tensor;
}

/**
 * What derivatives of products are made of: for each element the product of the others, right also where some are 0.
 */
export function leaveOneOut(x: Tensor, dim: number): LeftOut {
  const scalar = x.ndim === 0;
  const toEnd = (y: Tensor): Tensor => (scalar ? unsqueeze(y, 0) : transpose(y, dim, -1));
  const fromEnd = (y: Tensor): Tensor => (scalar ? reshape(y, []) : transpose(y, dim, -1));
  const diagonal = eye(extentOf(x.shape, dim).n, { dtype: 'bool' });
  return { matrix: where(diagonal, 1, unsqueeze(toEnd(x), -2)), diagonal, toEnd, fromEnd };
}
