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

/** A stack of matrices, `batchStride` elements apart; 0 repeats the same one. */
export interface BatchedMatrixView extends MatrixView {
  readonly batchStride: number;
}

/**
 * What products are made of, in order: c = alpha * a @ b + beta * added, for a of shape (m, k), b of shape (k, n) and c
 * of shape (m, n), row-major and contiguous from `cOffset` on. By position, as an object would cost more than a tiny
 * product.
 */
export type ProductOf<C, M extends MatrixView = MatrixView> = [
  m: number,
  n: number,
  k: number,
  a: M,
  b: M,
  c: C,
  cOffset: number,
  alpha: number,
  beta: number,
  added: MatrixView | undefined,
];

/** 'rows': each row is contiguous, and `stride` lies between two; 'columns': the same of columns. */
export type Layout = 'rows' | 'columns';

/** The element of row i and column j. */
export const elementAt = (
  { array, offset, rowStride, colStride }: MatrixView,
  i: number,
  j: number,
): number => array[offset + i * rowStride + j * colStride]!;

/** The layout in which a matrix can be copied as it lies; where both will do, `preferred`; where neither, rows. */
export function layoutOf(view: MatrixView, rows: number, cols: number, preferred: Layout): Layout {
  const asRows = view.colStride === 1 || cols === 1;
  const asColumns = view.rowStride === 1 || rows === 1;
  if (asRows === asColumns) return asRows ? preferred : 'rows';
  return asRows ? 'rows' : 'columns';
}

/** Lines of a matrix, its rows or its columns: their number and length, and the strides between and within them. */
interface Lines {
  readonly count: number;
  readonly length: number;
  readonly stride: number;
  readonly step: number;
}

const linesOf = ({ rowStride, colStride }: MatrixView, layout: Layout, rows: number, cols: number): Lines =>
  layout === 'rows'
    ? { count: rows, length: cols, stride: rowStride, step: colStride }
    : { count: cols, length: rows, stride: colStride, step: rowStride };

/**
 * Copies lines into scratch from element `at` on, and returns the stride between two lines there. Scratch holds at
 * least twice their elements from `at` on.
 */
function copyLines(array: TypedArray, offset: number, lines: Lines, scratch: FloatArray, at: number): number {
  const { count, length, step } = lines;
  if (step === 1 || length === 1) {
    const stride = count === 1 ? length : lines.stride;
    const span = (count - 1) * stride + length;
    // Gaps between the lines come along as long as they are no more than the lines themselves.
    if (stride >= 0 && span <= 2 * count * length) {
      copyRun(array, offset, span, scratch, at);
      return stride;
    }
    for (let i = 0; i < count; i++) copyRun(array, offset + i * stride, length, scratch, at + i * length);
    return length;
  }
  for (let i = 0; i < count; i++) {
    let from = offset + i * lines.stride;
    const start = at + i * length;
    for (let j = 0; j < length; j++) {
      scratch[start + j] = array[from]!;
      from += step;
    }
  }
  return length;
}

/** Copies a block of a matrix into scratch; returns the stride there between its contiguous lines. */
export function place(
  view: MatrixView,
  layout: Layout,
  row: number,
  col: number,
  rows: number,
  cols: number,
  scratch: FloatArray,
  at: number,
): number {
  const offset = view.offset + row * view.rowStride + col * view.colStride;
  return copyLines(view.array, offset, linesOf(view, layout, rows, cols), scratch, at);
}

/** Copies matrices `first` to `first + count`; returns the strides there between matrices and between lines. */
export function placeStack(
  view: BatchedMatrixView,
  layout: Layout,
  first: number,
  count: number,
  rows: number,
  cols: number,
  scratch: FloatArray,
  at: number,
): { matrix: number; line: number } {
  const { array, batchStride } = view;
  const offset = view.offset + first * batchStride;
  const lines = linesOf(view, layout, rows, cols);
  if (batchStride === 0) return { matrix: 0, line: copyLines(array, offset, lines, scratch, at) };
  const { length, step } = lines;
  const stride = lines.count === 1 ? length : lines.stride;
  const size = lines.count * length;
  const span = (count - 1) * batchStride + (lines.count - 1) * stride + length;
  if ((step === 1 || length === 1) && stride >= 0 && batchStride > 0 && span <= 2 * count * size) {
    copyRun(array, offset, span, scratch, at);
    return { matrix: batchStride, line: stride };
  }
  let line = length;
  for (let i = 0; i < count; i++) {
    line = copyLines(array, offset + i * batchStride, lines, scratch, at + i * 2 * size);
  }
  return { matrix: 2 * size, line };
}
