import type { RealMatrix } from './matrix.ts';

/**
 * P A = L U by elimination with partial pivoting, in the place of A: U on and above the diagonal, below it L, whose
 * diagonal is 1. Row k was exchanged with row `pivots[k]`. Gives the number, from 1, of the first pivot that is 0; 0
 * where there is none.
 */
export function factorLU(a: RealMatrix, pivots: Int32Array): number {
  let firstZero = 0;
  for (let k = 0; k < pivots.length; k++) {
    let chosen = k;
    for (let r = k + 1; r < a.rows; r++) if (Math.abs(a.at(r, k)) > Math.abs(a.at(chosen, k))) chosen = r;
    pivots[k] = chosen;
    const pivot = a.at(chosen, k);
    if (pivot === 0) {
      if (firstZero === 0) firstZero = k + 1;
      continue;
    }
    a.swapRows(k, chosen);
    for (let r = k + 1; r < a.rows; r++) {
      const factor = a.at(r, k) / pivot;
      a.set(r, k, factor);
      // By a factor of 0 too, which makes NaN of what is not finite.
      a.addRow(r, k, -factor, k + 1);
    }
  }
  return firstZero;
}
