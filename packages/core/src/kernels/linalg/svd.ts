import { RealMatrix } from './matrix.ts';

/** Sweeps after which the columns are taken for orthogonal; a handful is enough in practice. */
const mostSweeps = 60;

/** Makes the rows of `a` orthogonal by rotations, in which the rows of `turned` take part. */
function orthogonalise(a: RealMatrix, turned: RealMatrix): void {
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let rotated = false;
    for (let p = 0; p < a.rows; p++) {
      for (let q = p + 1; q < a.rows; q++) {
        const [pp, qq, pq] = [a.dotRows(p, p), a.dotRows(q, q), a.dotRows(p, q)];
        if (Math.abs(pq) <= 4 * Number.EPSILON * Math.sqrt(pp * qq)) continue;
        rotated = true;
        const zeta = (qq - pp) / (2 * pq);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, tangent);
        a.rotateRows(p, q, cosine, cosine * tangent);
        turned.rotateRows(p, q, cosine, cosine * tangent);
      }
    }
    if (!rotated) return;
  }
}

/**
 * Makes row `k` a unit vector that is orthogonal to the `k` rows before it, beginning from one axis after the other.
 */
function complete(rows: RealMatrix, k: number): void {
  const { columns: m } = rows;
  for (let axis = 0; axis < m; axis++) {
    for (let c = 0; c < m; c++) rows.set(k, c, c === (k + axis) % m ? 1 : 0);
    for (let pass = 0; pass < 2; pass++) for (let j = 0; j < k; j++) rows.addRow(k, j, -rows.dotRows(k, j));
    const length = Math.sqrt(rows.dotRows(k, k));
    if (length < 0.5 / Math.sqrt(m)) continue;
    rows.scaleRow(k, 1 / length);
    return;
  }
}

/** A = U diag(s) Vᵀ: `u` and `v` have the singular vectors as rows, s descends. */
export interface SingularValues {
  readonly u: RealMatrix;
  readonly s: Float64Array;
  readonly v: RealMatrix;
}

/**
 * The decomposition of an m by n matrix of finite numbers, of min(m, n) singular values: by Jacobi rotations of the
 * columns of its taller side.
 */
export function singularValues(a: RealMatrix): SingularValues {
  const tall = a.rows >= a.columns;
  const columns = tall ? a.transposed() : new RealMatrix(a.rows, a.columns, a.data.slice());
  const { rows: count, columns: height } = columns;
  const turned = RealMatrix.identity(count);
  // Infinity and NaN have no rotation.
  const finite = a.data.every(Number.isFinite);
  if (finite) orthogonalise(columns, turned);
  const lengths = Array.from({ length: count }, (_, k) => Math.sqrt(columns.dotRows(k, k)));
  const order = lengths.map((length, k) => ({ length, k })).sort((x, y) => y.length - x.length);
  const s = Float64Array.from(order, ({ length }) => (finite ? length : Number.NaN));
  const left = new RealMatrix(count, height);
  const right = new RealMatrix(count, count);
  const tiny = Math.max(...s, 0) * Number.EPSILON;
  for (const [to, { length, k }] of order.entries()) {
    right.data.set(turned.data.subarray(k * count, (k + 1) * count), to * count);
    left.data.set(columns.data.subarray(k * height, (k + 1) * height), to * height);
    // A column of zeros says nothing about its direction.
    if (finite && length <= tiny) complete(left, to);
    else left.scaleRow(to, 1 / length);
  }
  return tall ? { u: left, s, v: right } : { u: right, s, v: left };
}
