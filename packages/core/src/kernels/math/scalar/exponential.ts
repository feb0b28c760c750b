/**
 * The exponential in parts, for float64 functions that lose less by combining the parts than by multiplying
 * e^x.
 */

/** ln 2 in two parts; the first has 32 bits, so that its product with an exponent is exact. */
export const LN2_HIGH = 0.6931471806019545;
/** What {@link LN2_HIGH} lacks of ln 2. */
export const LN2_LOW = -4.2009150726810846e-11;

/** 1 / n! for n = 2 to 13: Taylor's series of (e^r - 1 - r) / r^2, enough for |r| <= ln(2)/2. */
const TAYLOR: readonly number[] = Array.from({ length: 12 }, (_, i) => {
  let factorial = 1;
  for (let n = 2; n <= i + 2; n++) factorial *= n;
  return 1 / factorial;
});

/**
 * An integer k and q with e^(x - tail) = 2^k (1 + q), |q| <= sqrt(2) - 1; |x| < 1500, and the tail is a small
 * correction.
 */
export function reducedExp(x: number, tail: number): { k: number; q: number } {
  const k = Math.round((x - tail) * Math.LOG2E);
  const exact = x - k * LN2_HIGH;
  const small = k * LN2_LOW + tail;
  const r = exact - small;
  const lost = exact - r - small;
  let sum = 0;
  for (let i = TAYLOR.length - 1; i >= 0; i--) sum = sum * r + TAYLOR[i]!;
  return { k, q: r + (r * r * sum + lost) };
}

/** x 2^k in two steps, so that a subnormal result is rounded once; |k| < 2000. */
export function scaleByPowerOfTwo(x: number, k: number): number {
  const half = k >> 1;
  return x * 2 ** half * 2 ** (k - half);
}

/** The first 26 bits of a number: their square, and the product with any other 26, is exact. */
export function upperHalf(x: number): number {
  const scaled = x * 134217729;
  return scaled - (scaled - x);
}
