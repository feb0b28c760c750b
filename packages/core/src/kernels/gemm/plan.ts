/** How a product is worked on: by which kernel, from which layouts, and in which blocks. */

import type { FloatArray } from '../strided/index.ts';
import { productOf, type TileProduct, usesDot } from './gemm-kernels.ts';
import { type Layout, layoutOf, type MatrixView } from './operands.ts';

/** Multiply-adds below which a loop in JavaScript beats copying to and from the scratch memory. */
export const SMALL = 48;
/** Largest number of elements of an operand that is in scratch at one time. */
export const BLOCK_ELEMENTS = 1 << 20;
/** Preferred length of a block's sides. */
const BLOCK_SIDE = 1024;

/** The same matrix with rows for columns. */
export const transposed = (v: MatrixView): MatrixView => ({
  array: v.array,
  offset: v.offset,
  rowStride: v.colStride,
  colStride: v.rowStride,
});

/** In which layouts the operands of a product are copied, and the kernel for them. */
interface Plan {
  readonly aLayout: Layout;
  readonly bLayout: Layout;
  readonly multiply: TileProduct;
}

/** The kernel of a product, and how it wants its operands. */
export function planOf(m: number, n: number, k: number, a: MatrixView, b: MatrixView, c: FloatArray): Plan {
  const bLayout = layoutOf(b, k, n, n === 1 ? 'columns' : 'rows');
  // For `dot` whatever the layout of a: of a single row it may be another than of the matrix that the row was cut from.
  const aLayout = usesDot(n, k, bLayout) ? 'rows' : layoutOf(a, m, k, 'rows');
  return {
    aLayout,
    bLayout,
    multiply: productOf(c instanceof Float32Array ? 'f32' : 'f64', n, k, aLayout, bLayout),
  };
}

/** Whether a product is a^T x, which is worked on as a row times a matrix with contiguous rows, x^T a. */
export const isTransposedVector = (n: number, k: number, a: MatrixView, b: MatrixView): boolean =>
  n === 1 && b.rowStride * k !== 0 && a.rowStride === 1 && a.colStride !== 1;

/**
 * The largest blocks that fit the scratch memory; a product of moderate size is one. Sums are cut every `depth` steps,
 * which is no matter of m: a row's bits do not depend on how many others there are.
 */
export function blocksOf(m: number, n: number, k: number): { rows: number; columns: number; depth: number } {
  const depth = Math.min(k, BLOCK_SIDE);
  let rows = Math.min(m, Math.floor(BLOCK_ELEMENTS / depth));
  let columns = Math.min(n, Math.floor(BLOCK_ELEMENTS / depth));
  if (rows * columns > BLOCK_ELEMENTS) {
    rows = Math.min(rows, Math.max(BLOCK_SIDE, Math.floor(BLOCK_ELEMENTS / columns)));
    columns = Math.min(columns, Math.floor(BLOCK_ELEMENTS / rows));
  }
  return { rows, columns, depth };
}
