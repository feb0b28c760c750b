import { RealMatrix } from './matrix.ts';

/**
 * Householder reflections H = 1 - tau v vᵀ, one a column: v is 0 above the diagonal, 1 on it, and stands below it in
 * `a`.
 */
interface Reflections {
  readonly a: RealMatrix;
  readonly tau: Float64Array;
}

/**
 * A = Q R in the place of A: R on and above the diagonal, below it the reflections whose product is Q. The signs are
 * LAPACK's: a reflection turns the diagonal's sign, unless all below it is 0 already.
 */
export function reflect(a: RealMatrix): Reflections {
  const tau = new Float64Array(Math.min(a.rows, a.columns));
  for (let k = 0; k < tau.length; k++) {
    let below = 0;
    for (let r = k + 1; r < a.rows; r++) below = Math.hypot(below, a.at(r, k));
    if (below === 0) continue;
    const head = a.at(k, k);
    const beta = head < 0 ? Math.hypot(head, below) : -Math.hypot(head, below);
    const factor = (beta - head) / beta;
    for (let r = k + 1; r < a.rows; r++) a.set(r, k, a.at(r, k) / (head - beta));
    a.set(k, k, beta);
    tau[k] = factor;
    applyReflection(a, k, factor, a, k + 1);
  }
  return { a, tau };
}

/** Replaces B by H B from column `from` on, for reflection `k` of those that stand in `v`. */
function applyReflection(v: RealMatrix, k: number, tau: number, b: RealMatrix, from: number): void {
  if (tau === 0) return;
  const { columns } = b;
  const row = new Float64Array(columns);
  const entry = (r: number): number => (r === k ? 1 : v.at(r, k));
  for (let r = k; r < b.rows; r++) {
    const factor = entry(r);
    for (let c = from; c < columns; c++) row[c] = (row[c] as number) + factor * b.at(r, c);
  }
  for (let r = k; r < b.rows; r++) {
    const factor = tau * entry(r);
    for (let c = from; c < columns; c++) b.set(r, c, b.at(r, c) - factor * (row[c] as number));
  }
}

/** The first `columns` columns of Q. A reflection leaves those before its own as they are, whatever it holds. */
export function formQ({ a, tau }: Reflections, columns: number): RealMatrix {
  const q = RealMatrix.identity(a.rows, columns);
  for (let k = tau.length - 1; k >= 0; k--) applyReflection(a, k, tau[k] as number, q, k);
  return q;
}
