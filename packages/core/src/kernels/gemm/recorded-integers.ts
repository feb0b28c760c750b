/** Products of integers as kernels of a program: those of float64 numbers, put right where these lost a bit. */

import { allocateArray } from '../../storage.ts';
import { copyStrided } from '../elementwise/index.ts';
import { NotLowered, placeOf, type Recorder } from '../recording/index.ts';
import { denseOver, stridedOver } from '../strided/index.ts';
import { exactKernel, exactTypes } from './integers.ts';
import type { BatchedMatrixView, ProductOf } from './operands.ts';
import { recordGemm } from './recorded.ts';

/** Beyond it numbers are no exact factors; see integers.ts. */
const mostFactor = 2 ** 53;

/** Dense matrices of float64 numbers, of the elements of a stack: one where it repeats the same. */
function asFloat64(view: BatchedMatrixView, batch: number, rows: number, cols: number): BatchedMatrixView {
  const { array, offset, rowStride, colStride, batchStride } = view;
  const stack = batchStride === 0 ? 1 : batch;
  const from = stridedOver(array, placeOf(array).area.dtype, [stack, rows, cols], offset, [
    batchStride,
    rowStride,
    colStride,
  ]);
  const numbers = allocateArray('float64', from.count);
  copyStrided(from, numbers, 0, 'float64');
  return {
    array: numbers,
    offset: 0,
    rowStride: cols,
    colStride: 1,
    batchStride: stack === 1 ? 0 : rows * cols,
  };
}

/**
 * Takes down c[i] = alpha * a[i] @ b[i] + beta * added, for whole alpha and beta, as `gemm` computes it of integers.
 * @throws NotLowered where alpha or beta is beyond what kernels keep exact
 */
export const recordIntegers: (
  ...given: [recorder: Recorder, batch: number, ...ProductOf<Int32Array | Uint8Array, BatchedMatrixView>]
) => void = (recorder, batch, m, n, k, a, b, c, cOffset, alpha, beta, added) => {
  const count = batch * m * n;
  if (count === 0) return;
  if (Math.abs(alpha) > mostFactor || Math.abs(beta) > mostFactor)
    throw new NotLowered('its factors are beyond 2^53');
  const [x, y] = [asFloat64(a, batch, m, k), asFloat64(b, batch, k, n)];
  const plus = added === undefined ? undefined : asFloat64({ ...added, batchStride: 0 }, 1, m, n);
  const product = allocateArray('float64', count) as Float64Array;
  const { dtype } = placeOf(c).area;
  for (let i = 0; i < batch; i++) {
    const [xi, yi] = [
      { ...x, offset: i * x.batchStride },
      { ...y, offset: i * y.batchStride },
    ];
    recordGemm(recorder, m, n, k, xi, yi, product, i * m * n, alpha, beta, plus);
    // Factors of bytes are bytes, and no sum of theirs is too large for float64.
    if (dtype !== 'int32') continue;
    recorder.call(
      'exact',
      exactKernel() as (...args: number[]) => void,
      exactTypes,
      [
        m,
        n,
        k,
        recorder.address(x.array, xi.offset),
        recorder.address(y.array, yi.offset),
        recorder.address(product, i * m * n),
        plus === undefined ? 0 : recorder.address(plus.array),
        alpha,
        beta,
      ],
      {
        reads: [x.array, y.array, ...(plus === undefined ? [] : [plus.array])],
        writes: [product],
        keeps: [product],
      },
    );
  }
  copyStrided(denseOver(product, 'float64', [count], 0, count), c, cOffset, dtype);
};
