/** Brings the operands of a matrix product into the scratch memory, in a layout that the kernels read. */

import type { TypedArray } from '../../dtype.ts';
import { copyRun, type FloatArray } from '../strided/index.ts';

/** Element (i, j) of a matrix is `array[offset + i * rowStride + j * colStride]`. */
export interface MatrixView {
  readonly array: TypedArray;
  readonly offset: number;
  readonly rowStride: number;
  readonly colStride: number;
}

/** 'rows': each row is contiguous, and `stride` lies between two; 'columns': the same of columns. */
export type Layout = 'rows' | 'columns';

/** The layout in which a matrix can be copied as it lies; where both will do, `preferred`. */
export function layoutOf(
  view: MatrixView,
  rows: number,
  cols: number,
  preferred: Layout,
): Layout | undefined {
  const asRows = view.colStride === 1 || cols === 1;
  const asColumns = view.rowStride === 1 || rows === 1;
  if (asRows && asColumns) return preferred;
  if (asRows) return 'rows';
  return asColumns ? 'columns' : undefined;
}

/**
 * Copies `lines` lines of `length` elements into scratch from element `at` on, and returns the stride between two
 * lines there. `lineStride` and `step` are the strides between lines and within one; scratch holds at least
 * `2 * lines * length` elements from `at` on.
 */
export function copyLines(
  array: TypedArray,
  offset: number,
  lines: number,
  length: number,
  lineStride: number,
  step: number,
  scratch: FloatArray,
  at: number,
): number {
  if (step === 1 || length === 1) {
    const stride = lines === 1 ? length : lineStride;
    const span = (lines - 1) * stride + length;
    // Gaps between the lines come along as long as they are no more than the lines themselves.
    if (stride >= 0 && span <= 2 * lines * length) {
      copyRun(array, offset, span, scratch, at);
      return stride;
    }
    for (let i = 0; i < lines; i++) copyRun(array, offset + i * stride, length, scratch, at + i * length);
    return length;
  }
  for (let i = 0; i < lines; i++) {
    let from = offset + i * lineStride;
    const start = at + i * length;
    for (let j = 0; j < length; j++) {
      scratch[start + j] = array[from]!;
      from += step;
    }
  }
  return length;
}
