/** What products of integers need beside those of float64 numbers: to know whether these are exact, and what to do where not. */

import { elementAt, type MatrixView } from './operands.ts';

/** Below this, float64 numbers hold every sum of whole numbers exactly, in whatever order they are added. */
export const EXACT = 2 ** 53;

/** The greatest absolute value in a matrix. */
export function largest(view: MatrixView, rows: number, cols: number): number {
  let most = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) most = Math.max(most, Math.abs(elementAt(view, i, j)));
  }
  return most;
}

/** alpha * a @ b + beta * added without loss, then rounded to float64: what fits int32 is exact. Slow. */
export function exactProduct(
  m: number,
  n: number,
  k: number,
  a: MatrixView,
  b: MatrixView,
  out: Float64Array,
  alpha: number,
  beta: number,
  added: MatrixView | undefined,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0n;
      for (let p = 0; p < k; p++) sum += BigInt(elementAt(a, i, p)) * BigInt(elementAt(b, p, j));
      sum *= BigInt(Math.trunc(alpha));
      if (added !== undefined) sum += BigInt(Math.trunc(beta)) * BigInt(elementAt(added, i, j));
      out[i * n + j] = Number(sum);
    }
  }
}
