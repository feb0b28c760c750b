/** Matrix products as plain loops: for tiny operands, where copying costs more than it saves, and for integers. */

import type { TypedArray } from '../../dtype.ts';
import type { FloatArray } from '../strided/index.ts';
import { elementAt, type MatrixView } from './operands.ts';

/** c = alpha * a @ b + beta * added, for c of shape (m, n), contiguous from `cOffset` on; `added` may be c itself. */
type Product<C extends TypedArray> = (
  m: number,
  n: number,
  k: number,
  a: MatrixView,
  b: MatrixView,
  c: C,
  cOffset: number,
  alpha: number,
  beta: number,
  added: MatrixView | undefined,
) => void;

/** Sums in double precision. */
export const smallGemm: Product<FloatArray> = (m, n, k, a, b, c, cOffset, alpha, beta, added) => {
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
};

/** Wraps around at 32 bits, and at 8 where c holds bytes. */
export const integerGemm: Product<TypedArray> = (m, n, k, a, b, c, cOffset, alpha, beta, added) => {
  const row = new Int32Array(n);
  for (let i = 0; i < m; i++) {
    row.fill(0);
    for (let p = 0; p < k; p++) {
      const x = elementAt(a, i, p);
      let y = b.offset + p * b.rowStride;
      for (let j = 0; j < n; j++) {
        row[j]! += Math.imul(x, b.array[y]!);
        y += b.colStride;
      }
    }
    for (let j = 0; j < n; j++) {
      let sum = Math.imul(alpha, row[j]!);
      if (added !== undefined) sum = (sum + Math.imul(beta, elementAt(added, i, j))) | 0;
      c[cOffset + i * n + j] = sum;
    }
  }
};
