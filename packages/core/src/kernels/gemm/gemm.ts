/**
 * Matrix products of strided operands: plain loops for tiny ones, WebAssembly for the rest; integers by way of float64.
 */

import type { TypedArray } from '../../dtype.ts';
import { recorder } from '../recording/index.ts';
import { copyRun, type FloatArray, storeInt32 } from '../strided/index.ts';
import { type CallByRows, onThreads, worthThreads } from '../threads/index.ts';
import { align16, ensureBytes, type FloatLane, f32, f64 } from '../wasm/index.ts';
import {
  matricesOfProducts,
  rowsFunctionOf,
  rowsOfProduct,
  SCRATCH_BYTES,
  type Some,
  type TileProduct,
} from './gemm-kernels.ts';
import { EXACT, exactProduct, largest } from './integers.ts';
import { type BatchedMatrixView, type MatrixView, type ProductOf, place, placeStack } from './operands.ts';
import { BLOCK_ELEMENTS, blocksOf, isTransposedVector, planOf, SMALL, transposed } from './plan.ts';
import { recordBlocks, recordGemm, recordSome } from './recorded.ts';
import { recordIntegers } from './recorded-integers.ts';
import { smallGemm } from './small.ts';
import { narrowTile } from './tiles.ts';

export type { MatrixView } from './operands.ts';

/** What a product is scaled by, and what is added to it. */
export interface GemmOptions {
  /** Factor of the product; 1 by default. */
  readonly alpha?: number;
  /** Factor of what is added: of `bias` where given (then 1 by default), else of what `c` held (0). */
  readonly beta?: number;
  /** An m by n matrix to add; a stride of 0 broadcasts it. */
  readonly bias?: MatrixView;
}

const noOptions: GemmOptions = {};

const laneOf = (c: FloatArray): FloatLane => (c instanceof Float32Array ? 'f32' : 'f64');

/**
 * c = alpha * a @ b + beta * (bias or c), for a of shape (m, k), b of shape (k, n) and c of shape (m, n).
 *
 * a and b may have any strides; c is row-major and contiguous from `cOffset` on. The arrays' type follows c's: it
 * decides the arithmetic (float32, float64, int32, or bytes that wrap around). With beta = 0 what is added is not read,
 * with alpha = 0 neither are a and b, as in BLAS.
 * @throws BeyondInt32 when c is an Int32Array, which is then as it was, and a result does not fit
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
  const added = beta === 0 ? undefined : (bias ?? { array: c, offset: cOffset, rowStride: n, colStride: 1 });
  if (!(c instanceof Float32Array || c instanceof Float64Array)) {
    integerGemm(m, n, steps, a, b, c, cOffset, alpha, beta, added);
  } else if (recorder !== null) {
    recordGemm(recorder, m, n, steps, a, b, c, cOffset, alpha, beta, added);
  } else if (m * n * steps <= SMALL) {
    smallGemm(m, n, steps, a, b, c, cOffset, alpha, beta, added);
  } else if (isTransposedVector(n, k, a, b)) {
    const [x, y, z] = [transposed(b), transposed(a), added && transposed(added)];
    blockedGemm(1, m, k, x, y, c, cOffset, alpha, beta, z, null);
  } else if (m * n * steps < worthThreads || !sharedGemm(m, n, k, a, b, c, cOffset, alpha, beta, added)) {
    blockedGemm(m, n, k, a, b, c, cOffset, alpha, beta, added, null);
  }
}

/**
 * c = a @ b of floats, where of a's rows, or of the steps, only the first take part: as many as the int32 `limit` says,
 * at most all. Other rows of c are 0, whatever a holds. The bits are those of a product of so many, as {@link gemm} has
 * them where it is not tiny.
 */
export function gemmOfSome(
  of: Some,
  limit: TypedArray,
  ...[m, n, k, a, b, c]: [m: number, n: number, k: number, a: MatrixView, b: MatrixView, c: FloatArray]
): void {
  if (recorder !== null) {
    recordSome(recorder, of, limit, m, n, k, a, b, c);
    return;
  }
  const some = limit[0] ?? 0;
  const [rows, steps] = of === 'rows' ? [Math.min(m, some), k] : [m, Math.min(k, some)];
  const isNone = rows * n * steps === 0;
  c.fill(0, isNone ? 0 : rows * n);
  if (isNone) return;
  if (rows * n * steps < worthThreads || !sharedGemm(rows, n, steps, a, b, c, 0, 1, 0, undefined))
    blockedGemm(rows, n, steps, a, b, c, 0, 1, 0, undefined, null);
}

/** Gives whether there were threads for it. */
type OnThreads = (...product: ProductOf<FloatArray>) => boolean;

/**
 * {@link blockedGemm} by several threads, where there are rows for them: not in `gemm`, whose variables a closure would
 * slow down.
 */
const sharedGemm: OnThreads = (m, n, k, a, b, c, cOffset, alpha, beta, added) => {
  if (m <= narrowTile.rows) return false;
  // Compiled before, as scratch is elsewhere then.
  planOf(m, n, k, a, b, c);
  return onThreads(m * n * k, m * k + k * n + m * n, (byRows) =>
    blockedGemm(m, n, k, a, b, c, cOffset, alpha, beta, added, byRows),
  );
};

/** A stack of one matrix. */
const single = (view: MatrixView): BatchedMatrixView => ({ ...view, batchStride: 0 });

/** What makes a product of integers. */
type OfIntegers = (...product: ProductOf<Int32Array | Uint8Array>) => void;

/** As a product of float64 numbers where no partial sum can lose a bit. */
const integerGemm: OfIntegers = (m, n, k, a, b, c, cOffset, alpha, beta, added) => {
  // Bytes wrap around, so the factors may; a fraction is dropped, as in PyTorch.
  const bytes = c instanceof Uint8Array;
  const [byA, byB] = bytes ? [alpha & 255, beta & 255] : [Math.trunc(alpha), Math.trunc(beta)];
  if (recorder !== null) {
    recordIntegers(recorder, 1, m, n, k, single(a), single(b), c, cOffset, byA, byB, added);
    return;
  }
  const product = new Float64Array(m * n);
  const ofProduct = Math.abs(byA) * k * largest(a, m, k) * largest(b, k, n);
  const ofAdded = added === undefined ? 0 : Math.abs(byB) * largest(added, m, n);
  if (ofProduct + ofAdded >= EXACT) exactProduct(m, n, k, a, b, product, byA, byB, added);
  else if (added === undefined) gemm(m, n, k, a, b, product, 0, { alpha: byA });
  else gemm(m, n, k, a, b, product, 0, { alpha: byA, beta: byB, bias: added });
  if (bytes) c.set(product, cOffset);
  else storeInt32(product, 0, m * n, c, cOffset);
};

/** What makes a product in scratch, its rows by several threads where `byRows` is given. */
type InBlocks = (...product: [...ProductOf<FloatArray>, byRows: CallByRows | null]) => void;

/** Cuts the product into blocks that fit the scratch memory; a product of moderate size is one block. */
const blockedGemm: InBlocks = (m, n, k, a, b, c, cOffset, alpha, beta, added, byRows) => {
  const bytes = c.BYTES_PER_ELEMENT;
  const { rows, columns, depth } = blocksOf(m, n, k);

  // Twice the size of a and b: gaps between their lines may come along. A vector of slack for reads past an end.
  const aAt = align16(rows * columns * bytes + SCRATCH_BYTES);
  const bAt = align16(aAt + 2 * rows * depth * bytes + 64);
  ensureBytes(bAt + 2 * depth * columns * bytes + 64);
  const scratch: FloatArray = c instanceof Float32Array ? f32 : f64;
  const cAt = SCRATCH_BYTES;
  const { aLayout, bLayout, multiply } = planOf(m, n, k, a, b, c);

  for (let j = 0; j < n; j += columns) {
    const jCount = Math.min(columns, n - j);
    for (let i = 0; i < m; i += rows) {
      const iCount = Math.min(rows, m - i);
      const start = cOffset + i * n + j;
      if (added !== undefined) fill(scratch, cAt / bytes, iCount, jCount, added, i, j, beta);
      for (let p = 0; p < k; p += depth) {
        const pCount = Math.min(depth, k - p);
        const aStride = place(a, aLayout, i, p, iCount, pCount, scratch, aAt / bytes);
        const bStride = place(b, bLayout, p, j, pCount, jCount, scratch, bAt / bytes);
        const accumulate = p > 0 || added !== undefined ? 1 : 0;
        const aBytes = aStride * bytes;
        const bBytes = bStride * bytes;
        if (byRows === null)
          multiply(iCount, jCount, pCount, aAt, aBytes, bAt, bBytes, cAt, alpha, accumulate, 0);
        else {
          const args = [iCount, jCount, pCount, aAt, aBytes, bAt, bBytes, cAt, alpha, accumulate, 0];
          multiplyByRows(byRows, multiply, c, args, aLayout === 'rows' ? aBytes : bytes);
        }
      }
      if (jCount === n) {
        copyRun(scratch, cAt / bytes, iCount * n, c, start);
      } else {
        for (let r = 0; r < iCount; r++) copyRun(scratch, cAt / bytes + r * jCount, jCount, c, start + r * n);
      }
    }
  }
};

/** A product by several threads, of its arguments and the bytes from a row of a to the next. */
function multiplyByRows(
  byRows: CallByRows,
  multiply: TileProduct,
  c: FloatArray,
  args: readonly number[],
  aRow: number,
): void {
  const [, columns = 0, steps = 0] = args;
  byRows(
    rowsFunctionOf(laneOf(c), multiply),
    args,
    rowsOfProduct(columns * steps, aRow, columns * c.BYTES_PER_ELEMENT),
  );
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
  if (!float && options === noOptions && recorder !== null) {
    recordIntegers(recorder, batch, m, n, k, a, b, c, cOffset, 1, 0, undefined);
    return;
  }
  const largest = Math.max(m * n, k * m, k * n);
  if (float && options === noOptions && m * n * k > 0 && batch > 1 && 4 * largest <= BLOCK_ELEMENTS) {
    if (recorder === null) {
      const group = Math.max(1, Math.floor(BLOCK_ELEMENTS / 4 / largest));
      if (batch * m * n * k < worthThreads || !sharedStack(batch, m, n, k, a, b, c, cOffset, group))
        stackedGemm(batch, m, n, k, a, b, c, cOffset, group, null);
      return;
    }
    for (let i = 0; i < batch; i++) {
      const x = { ...a, offset: a.offset + i * a.batchStride };
      const y = { ...b, offset: b.offset + i * b.batchStride };
      recordBlocks(recorder, m, n, k, x, y, c, cOffset + i * m * n, 1, 0, undefined, k);
    }
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

type Factors = [batch: number, m: number, n: number, k: number, a: BatchedMatrixView, b: BatchedMatrixView];

/** `batch` products of moderate matrices, c contiguous, `group` of which are copied at a time. */
type StackOf = [...Factors, c: FloatArray, cOffset: number, group: number];

/** {@link stackedGemm} by several threads. */
const sharedStack: (...stack: StackOf) => boolean = (batch, m, n, k, a, b, c, cOffset, group) => {
  planOf(m, n, k, a, b, c);
  return onThreads(batch * m * n * k, batch * (m * k + k * n + m * n), (byRows) =>
    stackedGemm(batch, m, n, k, a, b, c, cOffset, group, byRows),
  );
};

/** What makes these in scratch, matrices by several threads where `byRows` is given. */
type InGroups = (...stack: [...StackOf, byRows: CallByRows | null]) => void;

const stackedGemm: InGroups = (batch, m, n, k, a, b, c, cOffset, group, byRows) => {
  const bytes = c.BYTES_PER_ELEMENT;
  const size = Math.min(group, batch);
  const cAt = SCRATCH_BYTES;
  const aAt = align16(cAt + size * m * n * bytes + 64);
  const bAt = align16(aAt + 2 * size * m * k * bytes + 64);
  ensureBytes(bAt + 2 * size * k * n * bytes + 64);
  const scratch: FloatArray = c instanceof Float32Array ? f32 : f64;
  const { aLayout, bLayout, multiply } = planOf(m, n, k, a, b, c);
  for (let first = 0; first < batch; first += size) {
    const count = Math.min(size, batch - first);
    const aStrides = placeStack(a, aLayout, first, count, m, k, scratch, aAt / bytes);
    const bStrides = placeStack(b, bLayout, first, count, k, n, scratch, bAt / bytes);
    const aLine = aStrides.line * bytes;
    const bLine = bStrides.line * bytes;
    if (byRows !== null) {
      const [aStep, bStep, cStep] = [aStrides.matrix * bytes, bStrides.matrix * bytes, m * n * bytes];
      byRows(
        rowsFunctionOf(laneOf(c), multiply),
        [m, n, k, aAt, aLine, bAt, bLine, cAt, 1, 0, 0],
        matricesOfProducts(count, m * n * k, aStep, bStep, cStep),
      );
    } else
      for (let i = 0; i < count; i++) {
        const ai = aAt + i * aStrides.matrix * bytes;
        const bi = bAt + i * bStrides.matrix * bytes;
        multiply(m, n, k, ai, aLine, bi, bLine, cAt + i * m * n * bytes, 1, 0, 0);
      }
    copyRun(scratch, cAt / bytes, count * m * n, c, cOffset + first * m * n);
  }
};
