/** Matrix products as plain loops: for tiny operands, where copying costs more than it saves, and for integers. */

import type { TypedArray } from '../../dtype.ts';
import type { FloatArray } from '../strided/index.ts';
import type { MatrixView } from './operands.ts';

/** Sums in double precision. */
export function smallGemm(
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
  const aArray = a.array;
  const bArray = b.array;
  const aStep = a.colStride;
  const bStep = b.rowStride;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let x = a.offset + i * a.rowStride;
      let y = b.offset + j * b.colStride;
      let sum = 0;
      for (let p = 0; p < k; p++) {
        sum += aArray[x]! * bArray[y]!;
        x += aStep;
        y += bStep;
      }
      const at = cOffset + i * n + j;
      sum *= alpha;
      if (beta !== 0) {
        const added =
          bias === undefined ? c[at]! : bias.array[bias.offset + i * bias.rowStride + j * bias.colStride]!;
        sum += beta * added;
      }
      c[at] = sum;
    }
  }
}

/** Wraps around at 32 bits, and at 8 where c holds bytes. */
export function integerGemm(
  m: number,
  n: number,
  k: number,
  a: MatrixView,
  b: MatrixView,
  c: TypedArray,
  cOffset: number,
  alpha: number,
  beta: number,
  bias: MatrixView | undefined,
): void {
  const row = new Int32Array(n);
  for (let i = 0; i < m; i++) {
    row.fill(0);
    for (let p = 0; p < k; p++) {
      const x = a.array[a.offset + i * a.rowStride + p * a.colStride]!;
      let y = b.offset + p * b.rowStride;
      for (let j = 0; j < n; j++) {
        row[j] = row[j]! + Math.imul(x, b.array[y]!);
        y += b.colStride;
      }
    }
    for (let j = 0; j < n; j++) {
      const at = cOffset + i * n + j;
      let sum = Math.imul(alpha, row[j]!);
      if (beta !== 0) {
        const added =
          bias === undefined ? c[at]! : bias.array[bias.offset + i * bias.rowStride + j * bias.colStride]!;
        sum = (sum + Math.imul(beta, added)) | 0;
      }
      c[at] = sum;
    }
  }
}
