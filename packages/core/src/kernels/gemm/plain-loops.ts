/** Matrix products as plain loops: for tiny operands, where copying costs more than it saves. */

import type { FloatArray } from '../strided/index.ts';
import { elementAt, type MatrixView } from './operands.ts';

/**
 * c = alpha * a @ b + beta * added, for c of shape (m, n), contiguous from `cOffset` on; `added` may be c itself. Sums in double
 * precision.
 */
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
  added: MatrixView | undefined,
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
      sum *= alpha;
      if (added !== undefined) sum += beta * elementAt(added, i, j);
      c[cOffset + i * n + j] = sum;
    }
  }
}
