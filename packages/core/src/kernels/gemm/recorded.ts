/** Products as kernels of a program, whose operands stay where they are. */

import { bytesOf, type DType, type TypedArray } from '../../dtype.ts';
import { ElementwiseKernel, fillStrided, runElementwise } from '../elementwise/index.ts';
import { mul, param } from '../expression/index.ts';
import { type Address, isWorthTurning, type Matrix, placeOf, type Recorder } from '../recording/index.ts';
import { type FloatArray, type Strided, stridedOver } from '../strided/index.ts';
import {
  productOfSome,
  rowsOfProduct,
  type Some,
  someProductTypes,
  tileTypes,
  usesDot,
} from './gemm-kernels.ts';
import type { Layout, MatrixView, ProductOf } from './operands.ts';
import { blocksOf, isTransposedVector, planOf, SMALL, transposed } from './plan.ts';
import { smallKernel, smallTypes } from './small.ts';

const scaled = new ElementwiseKernel('scale', 1, (x) => mul(param(0), x));

const stridedOf = (
  { array, offset, rowStride, colStride }: MatrixView,
  rows: number,
  cols: number,
  dtype: DType,
): Strided => stridedOver(array, dtype, [rows, cols], offset, [rowStride, colStride]);

function matrixOf(recorder: Recorder, { array, offset, rowStride, colStride }: MatrixView): Matrix {
  const bytes = bytesOf(placeOf(array).area.dtype);
  return { at: recorder.address(array, offset), row: rowStride * bytes, column: colStride * bytes };
}

/** What takes down a product of numbers with a fraction. */
type OfFloats = (...given: [recorder: Recorder, ...ProductOf<FloatArray>]) => void;

/** Takes down c = alpha * a @ b + beta * added, with the bits of `gemm`. */
export const recordGemm: OfFloats = (recorder, m, n, k, a, b, c, cOffset, alpha, beta, added) => {
  if (m * n === 0) return;
  const { area } = placeOf(c);
  const { dtype } = area;
  if (m * n * k <= SMALL) {
    const written = recorder.product({
      lane: dtype === 'float32' ? 'f32' : 'f64',
      summing: 'wide',
      ...{ m, n, k, alpha, beta },
      a: matrixOf(recorder, a),
      b: matrixOf(recorder, b),
      c: recorder.address(c, cOffset),
      added: added === undefined ? null : matrixOf(recorder, added),
    });
    if (written) return;
    const bytes = bytesOf(dtype);
    const at = ({ array, offset }: MatrixView) => recorder.address(array, offset);
    const steps = ({ rowStride, colStride }: MatrixView) => [rowStride * bytes, colStride * bytes];
    const args = [m, n, k, at(a), ...steps(a), at(b), ...steps(b), recorder.address(c, cOffset)];
    const plus = added === undefined ? [0, 0, 0] : [at(added), ...steps(added)];
    const reads = added === undefined ? [a.array, b.array] : [a.array, b.array, added.array];
    const kernel = smallKernel(dtype === 'float32' ? 'f32' : 'f64');
    recorder.call('mm', kernel as (...args: number[]) => void, smallTypes, [...args, ...plus, alpha, beta], {
      reads,
      writes: [c],
      keeps: [c],
    });
    return;
  }
  if (isTransposedVector(n, k, a, b)) {
    const [x, y, z] = [transposed(b), transposed(a), added && transposed(added)];
    recordBlocks(recorder, 1, m, k, x, y, c, cOffset, alpha, beta, z);
  } else recordBlocks(recorder, m, n, k, a, b, c, cOffset, alpha, beta, added);
};

/** An operand where lines of its layout lie contiguous, and the bytes from one line to the next. */
function linesOf(
  recorder: Recorder,
  view: MatrixView,
  layout: Layout,
  rows: number,
  cols: number,
  dtype: DType,
): MatrixView {
  const [step, length] = layout === 'rows' ? [view.colStride, cols] : [view.rowStride, rows];
  if (step === 1 || length === 1) return view;
  const whole =
    layout === 'rows' ? stridedOf(view, rows, cols, dtype) : stridedOf(transposed(view), cols, rows, dtype);
  const array = recorder.elements(whole);
  return layout === 'rows'
    ? { array, offset: 0, rowStride: cols, colStride: 1 }
    : { array, offset: 0, rowStride: 1, colStride: rows };
}

/** Has a product written for its sizes; `false` where that is not worth it, or what is added has a factor. */
const isWritten: (...given: [recorder: Recorder, ...ProductOf<FloatArray>]) => boolean = (
  recorder,
  ...[m, n, k, a, b, c, cOffset, alpha, beta, added]
) => {
  if (added !== undefined && beta !== 1) return false;
  const { dtype } = placeOf(c).area;
  const summing = usesDot(n, k, planOf(m, n, k, a, b, c).bLayout) ? 'lanes' : 'steps';
  const turned = summing === 'steps' && isWorthTurning(m, n, k);
  return recorder.product({
    lane: dtype === 'float32' ? 'f32' : 'f64',
    summing,
    ...{ m, n, k, alpha, beta: 1 },
    a: matrixOf(recorder, a),
    b: matrixOf(recorder, turned ? linesOf(recorder, b, 'rows', k, n, dtype) : b),
    c: recorder.address(c, cOffset),
    added: added === undefined ? null : matrixOf(recorder, added),
  });
};

/** By the kernels over tiles; sums are cut every `depth` steps, and what is there already is added to. */
export const recordBlocks: (
  ...given: [recorder: Recorder, ...ProductOf<FloatArray>, depth?: number]
) => void = (recorder, m, n, k, a, b, c, cOffset, alpha, beta, added, depth = blocksOf(m, n, k).depth) => {
  if (isWritten(recorder, m, n, k, a, b, c, cOffset, alpha, beta, added)) return;
  const { dtype } = placeOf(c).area;
  const bytes = bytesOf(dtype);
  const { aLayout, bLayout, multiply } = planOf(m, n, k, a, b, c);
  const [left, right] = [
    linesOf(recorder, a, aLayout, m, k, dtype),
    linesOf(recorder, b, bLayout, k, n, dtype),
  ];
  const result = stridedOver(c, dtype, [m, n], cOffset);
  const row = added !== undefined && beta === 1 && !usesDot(n, k, bLayout) && isRow(added, n) ? added : null;
  if (added !== undefined && row === null) addFirst(recorder, stridedOf(added, m, n, dtype), beta, result);
  const types = tileTypes(dtype === 'float32' ? 'f32' : 'f64');
  const addressOf = ({ array, offset }: MatrixView, lines = 0): Address =>
    recorder.address(array, offset + lines);
  for (let p = 0; p < k; p += depth) {
    const steps = Math.min(depth, k - p);
    const first = row !== null && p === 0 ? row : null;
    const accumulates = first === null && (p > 0 || added !== undefined);
    const [ofA, ofB] = [addressOf(left, p * left.colStride), addressOf(right, p * right.rowStride)];
    const operands = [
      ofA,
      lineOf(left, aLayout, bytes),
      ofB,
      lineOf(right, bLayout, bytes),
      recorder.address(c, cOffset),
    ];
    const plus = first === null ? Number(accumulates) : addressOf(first);
    recorder.call(
      'mm',
      multiply as (...args: number[]) => void,
      types,
      [m, n, steps, ...operands, alpha, plus, 0],
      {
        reads: [left.array, right.array, ...(first === null ? [] : [first.array])],
        writes: [c],
        keeps: accumulates || !isWhole(result, c) ? [c] : [],
        rows: rowsOfProduct(n * steps, aLayout === 'rows' ? lineOf(left, aLayout, bytes) : bytes, n * bytes),
      },
    );
  }
  if (k > 0) return;
  if (added === undefined) fillStrided(result, 0);
  else if (row !== null) addFirst(recorder, stridedOf(row, m, n, dtype), beta, result);
};

/** Takes down a product of which only some rows, or steps, take part: `limit` says how many. */
export function recordSome(
  recorder: Recorder,
  of: Some,
  limit: TypedArray,
  ...[m, n, k, a, b, c]: [m: number, n: number, k: number, a: MatrixView, b: MatrixView, c: FloatArray]
): void {
  const { dtype } = placeOf(c).area;
  if (m * n * k === 0) {
    fillStrided(stridedOver(c, dtype, [m, n]), 0);
    return;
  }
  const lane = dtype === 'float32' ? 'f32' : 'f64';
  const bytes = bytesOf(dtype);
  const { aLayout, bLayout } = planOf(m, n, k, a, b, c);
  const multiply = productOfSome(lane, of, n, k, aLayout, bLayout);
  const [left, right] = [
    linesOf(recorder, a, aLayout, m, k, dtype),
    linesOf(recorder, b, bLayout, k, n, dtype),
  ];
  const [aLine, bLine] = [lineOf(left, aLayout, bytes), lineOf(right, bLayout, bytes)];
  const { depth } = blocksOf(m, n, k);
  const { count, steps, ...cut } = rowsOfProduct(n * depth, aLayout === 'rows' ? aLine : bytes, n * bytes);
  for (let p = 0; p < k; p += depth) {
    const [ofA, ofB] = [left, right].map(({ array, offset }, i) =>
      recorder.address(array, offset + p * (i === 0 ? left.colStride : right.rowStride)),
    ) as [Address, Address];
    const sizes = [m, n, Math.min(depth, k - p)];
    const operands = [ofA, aLine, ofB, bLine, recorder.address(c)];
    const plus = [1, Number(p > 0), 0, recorder.address(limit), of === 'rows' ? 0 : p];
    recorder.call(
      'mm_of_some',
      multiply as (...args: number[]) => void,
      someProductTypes(lane),
      [...sizes, ...operands, ...plus],
      {
        reads: [left.array, right.array, limit],
        writes: [c],
        keeps: p > 0 ? [c] : [],
        rows: {
          count,
          ...cut,
          steps: of === 'rows' ? [...steps, [sizes.length + operands.length + 4, 1]] : steps,
        },
      },
    );
  }
}

/** Bytes from one line of an operand to the next. */
const lineOf = (x: MatrixView, layout: Layout, bytes: number): number =>
  bytes * (layout === 'rows' ? x.rowStride : x.colStride);

/** Whether a matrix is one row of elements side by side, over and over. */
const isRow = ({ rowStride, colStride }: MatrixView, n: number): boolean =>
  rowStride === 0 && (colStride === 1 || n === 1);

const isWhole = ({ offset, count }: Strided, c: FloatArray): boolean => offset === 0 && count === c.length;

/** Sets c to beta times a matrix, which may be c itself. */
function addFirst(recorder: Recorder, added: Strided, beta: number, c: Strided): void {
  if (beta !== 1) runElementwise(scaled, 'f64', [added], [beta], c);
  else if (added.storage.array !== c.storage.array || added.offset !== c.offset) recorder.copy(added, c);
}
