import { errorFunction, evaluate, scaledErfc, upperHalf } from '../scalar/index.ts';

const { erfc, normalQuantile } = errorFunction;

/** Functions of the normal distribution on float64 numbers. */

const ROOT_PI = 1.772453850905516;

/** e^(x^2), x^2 in two parts: what rounding takes from it would be multiplied by it. */
function expOfSquare(x: number): number {
  const high = upperHalf(x);
  const rest = (x - high) * (x + high);
  const value = Math.exp(high * high);
  return value === Number.POSITIVE_INFINITY ? value : value + value * Math.expm1(rest);
}

/** e^(x^2) erfc(x). */
export function erfcx(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < -27) return Number.POSITIVE_INFINITY;
  if (x < 0.46875) return expOfSquare(x) * erfc(x);
  if (x <= 28) return evaluate(scaledErfc, x);
  const u = 1 / (2 * x * x);
  return (1 - u * (1 - 3 * u * (1 - 5 * u * (1 - 7 * u * (1 - 9 * u * (1 - 11 * u)))))) / (x * ROOT_PI);
}

/** The quantile of the normal distribution: x with ndtr(x) = p. */
export const ndtri = (p: number): number => normalQuantile(p);
