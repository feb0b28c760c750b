import type { RealMatrix } from './matrix.ts';

/**
 * Replaces B by T⁻¹ B for the upper or lower triangle T of a matrix; with `unit` its diagonal counts as ones. Zeros on
 * the diagonal divide.
 */
export function solveTriangle(t: RealMatrix, b: RealMatrix, upper: boolean, unit: boolean): void {
  const { rows: n } = b;
  for (let step = 0; step < n; step++) {
    const r = upper ? n - 1 - step : step;
    for (let s = upper ? r + 1 : 0; s < (upper ? n : r); s++) b.addRow(r, s, -t.at(r, s));
    if (!unit) for (let c = 0; c < b.columns; c++) b.set(r, c, b.at(r, c) / t.at(r, r));
  }
}
