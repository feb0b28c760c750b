/**
 * Orthogonal polynomials on float64 numbers, by their recurrences; those of Chebyshev at many degrees by their angle.
 * The degree n is cut to a whole number; below 0 the value is 0, as in PyTorch.
 */

type Next = (k: number, current: number, before: number) => number;

/**
 * The greatest degree that is computed by a recurrence; beyond it the value is NaN. A kernel also computes what happens
 * to stand in the unused lanes of its last vector, so no argument may take forever.
 */
const GREATEST = 1e6;

/** p_n(x) from p_0 = 1, p_1 and the recurrence: `next` gives p_(k + 1) from p_k and p_(k - 1). */
function recur(n: number, first: number, next: Next): number {
  if (n < 0) return 0;
  if (n < 1) return 1;
  if (!(n <= GREATEST)) return Number.NaN;
  let before = 1;
  let current = first;
  // What is no number stays so.
  for (let k = 1; k < n && !Number.isNaN(current); k++)
    [before, current] = [current, next(k, current, before)];
  return current;
}

const degree = Math.trunc;

/** The four kinds of Chebyshev: one recurrence, p_1 = a x + b, and between -1 and 1 an angle's function. */
const chebyshev =
  (a: number, b: number, atOne: (n: number) => number, ofAngle: (n: number, angle: number) => number) =>
  (x: number, order: number): number => {
    const n = degree(order);
    if (n < 0) return 0;
    if (x === 1) return atOne(n);
    if (n > 6 && Math.abs(x) < 1) {
      const value = ofAngle(n, Math.acos(x));
      if (Number.isFinite(value)) return value;
    }
    return recur(n, a * x + b, (_, current, before) => 2 * x * current - before);
  };

/** cos(n t). */
export const chebyshevT = chebyshev(
  1,
  0,
  () => 1,
  (n, t) => Math.cos(n * t),
);
/** sin((n + 1) t) / sin t. */
export const chebyshevU = chebyshev(
  2,
  0,
  (n) => n + 1,
  (n, t) => Math.sin((n + 1) * t) / Math.sin(t),
);
/** cos((n + 1/2) t) / cos(t / 2). */
export const chebyshevV = chebyshev(
  2,
  -1,
  () => 1,
  (n, t) => Math.cos((n + 0.5) * t) / Math.cos(t / 2),
);
/** sin((n + 1/2) t) / sin(t / 2). */
export const chebyshevW = chebyshev(
  2,
  1,
  (n) => 2 * n + 1,
  (n, t) => Math.sin((n + 0.5) * t) / Math.sin(t / 2),
);

const shifted =
  (f: (x: number, n: number) => number) =>
  (x: number, n: number): number =>
    f(2 * x - 1, n);

export const shiftedChebyshevT = shifted(chebyshevT);
export const shiftedChebyshevU = shifted(chebyshevU);
export const shiftedChebyshevV = shifted(chebyshevV);
export const shiftedChebyshevW = shifted(chebyshevW);

/** The physicists' polynomials of Hermite. */
export const hermiteH = (x: number, n: number): number =>
  recur(degree(n), 2 * x, (k, current, before) => 2 * x * current - 2 * k * before);
/** The probabilists'. */
export const hermiteHe = (x: number, n: number): number =>
  recur(degree(n), x, (k, current, before) => x * current - k * before);
/** Laguerre's. */
export const laguerreL = (x: number, n: number): number =>
  recur(degree(n), 1 - x, (k, current, before) => ((2 * k + 1 - x) * current - k * before) / (k + 1));
/** Legendre's. */
export const legendreP = (x: number, n: number): number =>
  recur(degree(n), x, (k, current, before) => ((2 * k + 1) * x * current - k * before) / (k + 1));
