import { factorLU } from './lu.ts';
import { RealMatrix } from './matrix.ts';
import { solveTriangle } from './triangular.ts';

/**
 * The coefficients of the Padé approximant of degree 13 to exp, as far as they are those of numerator and denominator
 * (Higham, 2005).
 */
const pade = [1];
for (let k = 1; k <= 13; k++) pade.push(((pade[k - 1] ?? 1) * (14 - k)) / ((27 - k) * k));

/** The 1-norm up to which that approximant is good to float64's precision without scaling. */
const goodTo = 5.371920351148152;

/** exp(A), by scaling, a rational approximation, and squaring. */
export function exponential(a: RealMatrix): RealMatrix {
  const { rows: n } = a;
  if (n === 1) return new RealMatrix(1, 1, a.data.map(Math.exp));
  let norm = 0;
  for (let c = 0; c < n; c++) {
    let total = 0;
    for (let r = 0; r < n; r++) total += Math.abs(a.at(r, c));
    norm = Math.max(norm, total);
  }
  if (!Number.isFinite(norm)) return new RealMatrix(n, n, new Float64Array(n * n).fill(Number.NaN));
  const halvings = norm > goodTo ? Math.ceil(Math.log2(norm / goodTo)) : 0;
  const x = a.plus(a, 0, 2 ** -halvings);
  const square = x.times(x);
  let power = RealMatrix.identity(n);
  let even = new RealMatrix(n, n);
  let odd = new RealMatrix(n, n);
  for (let k = 0; k < pade.length; k += 2) {
    even = even.plus(power, pade[k]);
    odd = odd.plus(power, pade[k + 1]);
    if (k + 2 < pade.length) power = power.times(square);
  }
  odd = x.times(odd);
  let result = solve(even.plus(odd, -1), even.plus(odd));
  for (let k = 0; k < halvings; k++) result = result.times(result);
  return result;
}

/** A⁻¹ B, both overwritten. */
function solve(a: RealMatrix, b: RealMatrix): RealMatrix {
  const pivots = new Int32Array(a.rows);
  factorLU(a, pivots);
  pivots.forEach((other, k) => {
    b.swapRows(k, other);
  });
  solveTriangle(a, b, false, true);
  solveTriangle(a, b, true, false);
  return b;
}
