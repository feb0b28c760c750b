import { RealMatrix } from './matrix.ts';

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** The number beside diagonal element k. */
  readonly beside: Float64Array;
  /** Qᵀ, where A = Q T Qᵀ. */
  readonly turned: RealMatrix;
}

const get = (array: Float64Array, i: number): number => array[i] as number;

/** A symmetric matrix, all of it given, as Q T Qᵀ with a tridiagonal T: by Householder reflections from both sides. */
function tridiagonalise(a: RealMatrix): Tridiagonal {
  const { rows: n } = a;
  const turned = RealMatrix.identity(n);
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k + 2 < n; k++) {
    let below = 0;
    for (let r = k + 2; r < n; r++) below = Math.hypot(below, a.at(r, k));
    if (below === 0) continue;
    const head = a.at(k + 1, k);
    const beta = head < 0 ? Math.hypot(head, below) : -Math.hypot(head, below);
    const tau = (beta - head) / beta;
    v.fill(0);
    v[k + 1] = 1;
    for (let r = k + 2; r < n; r++) v[r] = a.at(r, k) / (head - beta);
    // A - v wᵀ - w vᵀ, where w = tau (A v - v tau (vᵀ A v) / 2).
    let along = 0;
    for (let r = k; r < n; r++) {
      let total = 0;
      for (let c = k + 1; c < n; c++) total += a.at(r, c) * get(v, c);
      w[r] = tau * total;
      along += get(w, r) * get(v, r);
    }
    for (let r = k; r < n; r++) w[r] = get(w, r) - ((tau * along) / 2) * get(v, r);
    for (let r = k; r < n; r++) {
      for (let c = k; c < n; c++) a.set(r, c, a.at(r, c) - get(v, r) * get(w, c) - get(w, r) * get(v, c));
    }
    // The rows of Qᵀ: H Qᵀ.
    const row = new Float64Array(n);
    for (let r = k + 1; r < n; r++) {
      for (let c = 0; c < n; c++) row[c] = get(row, c) + get(v, r) * turned.at(r, c);
    }
    for (let r = k + 1; r < n; r++) {
      for (let c = 0; c < n; c++) turned.set(r, c, turned.at(r, c) - tau * get(v, r) * get(row, c));
    }
  }
  const diagonal = Float64Array.from({ length: n }, (_, k) => a.at(k, k));
  const beside = Float64Array.from({ length: n }, (_, k) => (k + 1 < n ? a.at(k + 1, k) : 0));
  return { diagonal, beside, turned };
}

/** Sweeps for one eigenvalue after which it is taken as it is; two are usual. */
const mostSweeps = 60;

/**
 * Makes a tridiagonal matrix diagonal, by the QL method with implicit shifts; its rotations turn the rows of `turned`.
 */
function diagonalise({ diagonal: d, beside: e, turned }: Tridiagonal): void {
  const n = d.length;
  const negligible = (k: number): boolean =>
    Math.abs(get(e, k)) <= (Number.EPSILON / 2) * (Math.abs(get(d, k)) + Math.abs(get(d, k + 1)));
  for (let first = 0; first < n; first++) {
    for (let sweep = 0; sweep < mostSweeps; sweep++) {
      let last = first;
      while (last < n - 1 && !negligible(last)) last++;
      if (last === first) break;
      // Wilkinson's shift: the eigenvalue of the leading two by two block that is nearer to its first element.
      const half = (get(d, first + 1) - get(d, first)) / (2 * get(e, first));
      const length = Math.hypot(half, 1);
      let bulge = get(d, last) - get(d, first) + get(e, first) / (half + (half < 0 ? -length : length));
      let [sine, cosine, shift] = [1, 1, 0];
      let k = last - 1;
      for (; k >= first; k--) {
        const outside = sine * get(e, k);
        const kept = cosine * get(e, k);
        const radius = Math.hypot(outside, bulge);
        e[k + 1] = radius;
        if (radius === 0) {
          d[k + 1] = get(d, k + 1) - shift;
          e[last] = 0;
          break;
        }
        sine = outside / radius;
        cosine = bulge / radius;
        const moved = get(d, k + 1) - shift;
        const change = (get(d, k) - moved) * sine + 2 * cosine * kept;
        shift = sine * change;
        d[k + 1] = moved + shift;
        bulge = cosine * change - kept;
        turned.rotateRows(k, k + 1, cosine, sine);
      }
      if (k >= first) continue;
      d[first] = get(d, first) - shift;
      e[first] = bulge;
      e[last] = 0;
    }
  }
}

/**
 * The eigenvalues of a symmetric matrix in ascending order, and its eigenvectors as columns. Overwrites the matrix, all
 * of which is given.
 */
export function eigenSymmetric(a: RealMatrix): { values: Float64Array; vectors: RealMatrix } {
  const { rows: n } = a;
  if (n === 1) return { values: a.data.slice(), vectors: RealMatrix.identity(1) };
  const vectors = new RealMatrix(n, n);
  if (!a.data.every(Number.isFinite)) {
    vectors.data.fill(Number.NaN);
    return { values: new Float64Array(n).fill(Number.NaN), vectors };
  }
  const tridiagonal = tridiagonalise(a);
  diagonalise(tridiagonal);
  const { diagonal, turned } = tridiagonal;
  const order = [...diagonal.keys()].sort((i, j) => get(diagonal, i) - get(diagonal, j));
  order.forEach((from, k) => {
    for (let r = 0; r < n; r++) vectors.set(r, k, turned.at(from, r));
  });
  return { values: Float64Array.from(order, (from) => get(diagonal, from)), vectors };
}
