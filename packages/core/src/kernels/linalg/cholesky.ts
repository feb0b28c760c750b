import type { RealMatrix } from './matrix.ts';

/**
 * A = L Lᵀ, read from the lower triangle of A and in its place; what is above the diagonal becomes 0. Gives the order
 * of the first leading minor that is not positive, at which it ends; 0 where all are.
 */
export function factorCholesky(a: RealMatrix): number {
  const { rows: n } = a;
  for (let r = 0; r < n; r++) a.data.fill(0, r * n + r + 1, (r + 1) * n);
  for (let j = 0; j < n; j++) {
    const square = a.at(j, j) - a.dotRows(j, j, j);
    a.set(j, j, square);
    if (!(square > 0)) return j + 1;
    const root = Math.sqrt(square);
    a.set(j, j, root);
    for (let r = j + 1; r < n; r++) a.set(r, j, (a.at(r, j) - a.dotRows(r, j, j)) / root);
  }
  return 0;
}
