/** Matrix products of strided operands: plain loops for tiny and for integer ones, WebAssembly for the rest. */

import type { TypedArray } from '../../dtype.ts';
import { copyRun, type FloatArray } from '../strided/index.ts';
import { align16, ensureBytes, f32, f64 } from '../wasm/index.ts';
import { type FloatLane, type GemmKernels, gemmKernels, SCRATCH_BYTES } from './gemm-kernels.ts';
import { copyLines, type Layout, layoutOf, type MatrixView } from './operands.ts';
import { integerGemm, smallGemm } from './plain-loops.ts';

export type { MatrixView } from './operands.ts';

export interface GemmOptions {
  /** Factor of the product; 1 by default. */
  readonly alpha?: number;
  /** Factor of what is added: of `bias` where given (then 1 by default), else of what `c` held (0). */
  readonly beta?: number;
  /** An m by n matrix to add; a stride of 0 broadcasts it. */
  readonly bias?: MatrixView;
}

/** A stack of matrices, `batchStride` elements apart; 0 repeats the same one. */
export interface BatchedMatrixView extends MatrixView {
  readonly batchStride: number;
}

/** Multiply-adds below which a loop in JavaScript beats copying to and from the scratch memory. */
const SMALL = 48;
/** Largest number of elements of an operand that is in scratch at one time. */
const BLOCK_ELEMENTS = 1 << 20;
/** Preferred length of a block's sides, and the most steps of k that one float accumulates. */
const BLOCK_SIDE = 1024;
const LONGEST_SUM = 4096;

const noOptions: GemmOptions = {};

/**
 * c = alpha * a @ b + beta * (bias or c), for a of shape (m, k), b of shape (k, n) and c of shape (m, n).
 *
 * a and b may have any strides; c is row-major and contiguous from `cOffset` on. The arrays' type follows c's: it
 * decides the arithmetic (float32, float64, or integers that wrap around). With beta = 0 what is added is not read,
 * with alpha = 0 neither are a and b, as in BLAS.
 */
export function gemm(
  m: number,
  n: number,
  k: number,
  a: MatrixView,
  b: MatrixView,
  c: TypedArray,
  cOffset: number,
  options: GemmOptions = noOptions,
): void {
  const alpha = options.alpha ?? 1;
  const bias = options.bias;
  const beta = options.beta ?? (bias === undefined ? 0 : 1);
  const steps = alpha === 0 ? 0 : k;
  if (!(c instanceof Float32Array || c instanceof Float64Array)) {
    integerGemm(m, n, steps, a, b, c, cOffset, alpha, beta, bias);
  } else if (m * n * steps <= SMALL) {
    smallGemm(m, n, steps, a, b, c, cOffset, alpha, beta, bias);
  } else if (n === 1 && b.rowStride * k !== 0 && a.rowStride === 1 && a.colStride !== 1) {
    // a^T x: as a row times a matrix with contiguous rows, x^T a.
    blockedGemm(1, m, k, transposed(b), transposed(a), c, cOffset, alpha, beta, bias && transposed(bias));
  } else {
    blockedGemm(m, n, k, a, b, c, cOffset, alpha, beta, bias);
  }
}

const transposed = (v: MatrixView): MatrixView => ({
  array: v.array,
  offset: v.offset,
  rowStride: v.colStride,
  colStride: v.rowStride,
});

/** Cuts the product into blocks that fit the scratch memory; a product of moderate size is one block. */
function blockedGemm(
  m: number,
  n: number,
  k: number,
  a: MatrixView,
  b: MatrixView,
  c: FloatArray,
  cOffset: number,
  alpha: number,
  beta: number,
  bias: MatrixView | undefined,
): void {
  const lane: FloatLane = c instanceof Float32Array ? 'f32' : 'f64';
  const bytes = c.BYTES_PER_ELEMENT;
  const short = Math.min(k, BLOCK_SIDE);
  let rows = Math.min(m, Math.floor(BLOCK_ELEMENTS / short));
  let columns = Math.min(n, Math.floor(BLOCK_ELEMENTS / short));
  if (rows * columns > BLOCK_ELEMENTS) {
    rows = Math.min(rows, Math.max(BLOCK_SIDE, Math.floor(BLOCK_ELEMENTS / columns)));
    columns = Math.min(columns, Math.floor(BLOCK_ELEMENTS / rows));
  }
  const depth = Math.min(k, LONGEST_SUM, Math.max(1, Math.floor(BLOCK_ELEMENTS / Math.max(rows, columns))));

  // Twice the size of a and b: gaps between their lines may come along. A vector of slack for reads past an end.
  const aAt = align16(rows * columns * bytes + SCRATCH_BYTES);
  const bAt = align16(aAt + 2 * rows * depth * bytes + 64);
  ensureBytes(bAt + 2 * depth * columns * bytes + 64);
  const scratch: FloatArray = lane === 'f32' ? f32 : f64;
  const cAt = SCRATCH_BYTES;

  const bLayout = layoutOf(b, k, n, m === 1 || a.colStride !== 1 ? 'rows' : 'columns') ?? 'rows';
  const aLayout = bLayout === 'columns' ? 'rows' : (layoutOf(a, m, k, 'rows') ?? 'rows');
  const kernels = gemmKernels(lane);

  for (let j = 0; j < n; j += columns) {
    const jCount = Math.min(columns, n - j);
    for (let i = 0; i < m; i += rows) {
      const iCount = Math.min(rows, m - i);
      const start = cOffset + i * n + j;
      if (beta !== 0) {
        const added = bias ?? { array: c, offset: cOffset, rowStride: n, colStride: 1 };
        fill(scratch, cAt / bytes, iCount, jCount, added, i, j, beta);
      }
      for (let p = 0; p < k; p += depth) {
        const pCount = Math.min(depth, k - p);
        const aStride = place(a, aLayout, i, p, iCount, pCount, scratch, aAt / bytes);
        const bStride = place(b, bLayout, p, j, pCount, jCount, scratch, bAt / bytes);
        const accumulate = p > 0 || beta !== 0 ? 1 : 0;
        run(
          kernels,
          aLayout,
          bLayout,
          iCount,
          jCount,
          pCount,
          aAt,
          aStride * bytes,
          bAt,
          bStride * bytes,
          cAt,
          alpha,
          accumulate,
        );
      }
      if (jCount === n) {
        copyRun(scratch, cAt / bytes, iCount * n, c, start);
      } else {
        for (let r = 0; r < iCount; r++) copyRun(scratch, cAt / bytes + r * jCount, jCount, c, start + r * n);
      }
    }
  }
}

function run(
  kernels: GemmKernels,
  aLayout: Layout,
  bLayout: Layout,
  m: number,
  n: number,
  k: number,
  a: number,
  aStride: number,
  b: number,
  bStride: number,
  c: number,
  alpha: number,
  accumulate: number,
): void {
  if (bLayout === 'columns') {
    kernels.dot(m, n, k, a, aStride, b, bStride, c, alpha, accumulate);
  } else {
    // A packed panel is read by each tile of rows; only then, and once it overflows the cache, is it worth the copy.
    const packed = m >= 128 && k >= 128 ? 1 : 0;
    const outer = aLayout === 'rows' ? kernels.outerRows : kernels.outerColumns;
    outer(m, n, k, a, aStride, b, bStride, c, alpha, accumulate, packed, 0);
  }
}

/** Copies a block of a matrix into scratch; returns the stride there between its contiguous lines. */
function place(
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
  return layout === 'rows'
    ? copyLines(view.array, offset, rows, cols, view.rowStride, view.colStride, scratch, at)
    : copyLines(view.array, offset, cols, rows, view.colStride, view.rowStride, scratch, at);
}

/** Fills the block of c in scratch with beta times a matrix. */
function fill(
  scratch: FloatArray,
  at: number,
  rows: number,
  cols: number,
  view: MatrixView,
  row: number,
  col: number,
  beta: number,
): void {
  const { array, rowStride, colStride } = view;
  const offset = view.offset + row * rowStride + col * colStride;
  const distinct = rowStride === 0 ? 1 : rows;
  for (let i = 0; i < distinct; i++) {
    const start = offset + i * rowStride;
    const to = at + i * cols;
    if (colStride === 1 && beta === 1) copyRun(array, start, cols, scratch, to);
    else for (let j = 0; j < cols; j++) scratch[to + j] = beta * array[start + j * colStride]!;
  }
  for (let filled = distinct * cols; filled < rows * cols; filled *= 2) {
    scratch.copyWithin(at + filled, at, at + Math.min(filled, rows * cols - filled));
  }
}

/**
 * `batch` products c[i] = a[i] @ b[i], with c contiguous: of shape (batch, m, n) from `cOffset` on.
 * Options as for {@link gemm}, whose beta scales what each c[i] held; `bias` is one matrix for all.
 */
export function gemmBatched(
  batch: number,
  m: number,
  n: number,
  k: number,
  a: BatchedMatrixView,
  b: BatchedMatrixView,
  c: TypedArray,
  cOffset: number,
  options: GemmOptions = noOptions,
): void {
  const float = c instanceof Float32Array || c instanceof Float64Array;
  const largest = Math.max(m * n, k * m, k * n);
  if (float && options === noOptions && m * n * k > 0 && batch > 1 && 4 * largest <= BLOCK_ELEMENTS) {
    stackedGemm(batch, m, n, k, a, b, c, cOffset, Math.max(1, Math.floor(BLOCK_ELEMENTS / 4 / largest)));
    return;
  }
  const aView = { ...a };
  const bView = { ...b };
  for (let i = 0; i < batch; i++) {
    gemm(m, n, k, aView, bView, c, cOffset + i * m * n, options);
    aView.offset += a.batchStride;
    bView.offset += b.batchStride;
  }
}

/** Moderate matrices: `group` of them are copied at a time. */
function stackedGemm(
  batch: number,
  m: number,
  n: number,
  k: number,
  a: BatchedMatrixView,
  b: BatchedMatrixView,
  c: FloatArray,
  cOffset: number,
  group: number,
): void {
  const lane: FloatLane = c instanceof Float32Array ? 'f32' : 'f64';
  const bytes = c.BYTES_PER_ELEMENT;
  const size = Math.min(group, batch);
  const cAt = SCRATCH_BYTES;
  const aAt = align16(cAt + size * m * n * bytes + 64);
  const bAt = align16(aAt + 2 * size * m * k * bytes + 64);
  ensureBytes(bAt + 2 * size * k * n * bytes + 64);
  const scratch: FloatArray = lane === 'f32' ? f32 : f64;
  const bLayout = layoutOf(b, k, n, m === 1 || a.colStride !== 1 ? 'rows' : 'columns') ?? 'rows';
  const aLayout = bLayout === 'columns' ? 'rows' : (layoutOf(a, m, k, 'rows') ?? 'rows');
  const kernels = gemmKernels(lane);
  for (let first = 0; first < batch; first += size) {
    const count = Math.min(size, batch - first);
    const aStrides = placeStack(a, aLayout, first, count, m, k, scratch, aAt / bytes);
    const bStrides = placeStack(b, bLayout, first, count, k, n, scratch, bAt / bytes);
    for (let i = 0; i < count; i++) {
      run(
        kernels,
        aLayout,
        bLayout,
        m,
        n,
        k,
        aAt + i * aStrides.matrix * bytes,
        aStrides.line * bytes,
        bAt + i * bStrides.matrix * bytes,
        bStrides.line * bytes,
        cAt + i * m * n * bytes,
        1,
        0,
      );
    }
    copyRun(scratch, cAt / bytes, count * m * n, c, cOffset + first * m * n);
  }
}

/** Copies matrices `first` to `first + count`; returns the strides there between matrices and between lines. */
function placeStack(
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
  const [lines, length, lineStride, step] =
    layout === 'rows'
      ? [rows, cols, view.rowStride, view.colStride]
      : [cols, rows, view.colStride, view.rowStride];
  if (batchStride === 0) {
    return { matrix: 0, line: copyLines(array, offset, lines, length, lineStride, step, scratch, at) };
  }
  const stride = lines === 1 ? length : lineStride;
  const span = (count - 1) * batchStride + (lines - 1) * stride + length;
  if ((step === 1 || length === 1) && stride >= 0 && batchStride > 0 && span <= 2 * count * lines * length) {
    copyRun(array, offset, span, scratch, at);
    return { matrix: batchStride, line: stride };
  }
  let line = length;
  for (let i = 0; i < count; i++) {
    const to = at + i * 2 * lines * length;
    line = copyLines(array, offset + i * batchStride, lines, length, lineStride, step, scratch, to);
  }
  return { matrix: 2 * lines * length, line };
}
