import { reducedExp, scaleByPowerOfTwo, upperHalf } from './exponential.ts';
import { evaluate, pieceAt, varyingPart } from './piecewise.ts';
import { erfOverX, scaledErfc } from './tables.ts';

/** erf, erfc and their inverses on float64 numbers; erf and erfc within 2 ulp. */

const HALF_ROOT_PI = 0.886226925452758;

/** erf(x) for |x| <= 0.75. */
function erfNearZero(x: number): number {
  return x + x * evaluate(erfOverX, x * x);
}

/** erfc(x) for x >= 0.46875: e^(-x^2) times a polynomial. */
function erfcFar(x: number): number {
  if (x > 28) return 0;
  // x^2 = high^2 + rest, high^2 being exact.
  const high = upperHalf(x);
  const rest = (x - high) * (x + high);
  const { k, q } = reducedExp(-high * high, rest);
  const piece = pieceAt(scaledErfc, x);
  const first = piece.coefficients[0]!;
  const varying = varyingPart(piece, x - piece.middle);
  // p (1 + q), and what rounding took from p.
  const p = first + varying;
  const lost = varying - (p - first);
  return scaleByPowerOfTwo(p + (p * q + lost), k);
}

/** The error function. */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude > 0.75)) return erfNearZero(x);
  const value = magnitude > 6 ? 1 : 1 - erfcFar(magnitude);
  return x < 0 ? -value : value;
}

/** 1 - erf(x). */
export function erfc(x: number): number {
  if (x < 0) return 1 + erf(-x);
  return x > 0.46875 ? erfcFar(x) : 1 - erfNearZero(x);
}

/**
 * The inverse of erf: infinite at -1 and 1, NaN outside. Winitzki's approximation, then Halley's iteration,
 * whose third order takes its three digits to all of them in two steps.
 */
export function erfinv(y: number): number {
  const magnitude = Math.abs(y);
  if (magnitude < 1e-8) return y * HALF_ROOT_PI;
  if (!(magnitude < 1)) return magnitude === 1 ? y * Number.POSITIVE_INFINITY : Number.NaN;
  // 1 - |y| is exact from 1/2 on.
  const x = magnitude < 0.5 ? solveErf(magnitude) : solveErfc(1 - magnitude);
  return y < 0 ? -x : x;
}

/** Winitzki's approximation of erfinv, from log(1 - y^2). */
function roughly(logarithm: number): number {
  const a = 2 / (Math.PI * 0.147) + logarithm / 2;
  return Math.sqrt(Math.sqrt(a * a - logarithm / 0.147) - a);
}

/** x with erf(x) = y, 0 < y <= 1/2. */
function solveErf(y: number): number {
  let x = roughly(Math.log1p(-y * y));
  for (let i = 0; i < 2; i++) {
    const step = (erfNearZero(x) - y) * HALF_ROOT_PI * Math.exp(x * x);
    x -= step / (1 + x * step);
  }
  return x;
}

/** x with erfc(x) = c, 0 < c <= 1/2: Newton's method on the logarithm of erfc, which is close to a parabola. */
function solveErfc(c: number): number {
  let x = roughly(Math.log(c) + Math.log(2 - c));
  for (let i = 0; i < 8; i++) {
    // e^(x^2) erfc(x)
    const scaled = evaluate(scaledErfc, x);
    // log(erfc(x) / c); where erfc has no normal number, by the logarithm of each.
    const gap = c > 1e-300 ? Math.log1p((erfc(x) - c) / c) : Math.log(scaled) - x * x - Math.log(c);
    const step = gap * scaled * HALF_ROOT_PI;
    x += step;
    if (Math.abs(step) < 1e-8 * x) break;
  }
  return x;
}

/** The x below which a part p of a normal distribution lies: infinite at 0 and 1, NaN outside. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1))
    return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  // 1 - p and 2 p - 1 are exact where they are taken.
  if (p > 0.25 && p < 0.75) return Math.SQRT2 * erfinv(2 * p - 1);
  return p < 0.5 ? -Math.SQRT2 * solveErfc(2 * p) : Math.SQRT2 * solveErfc(2 * (1 - p));
}
