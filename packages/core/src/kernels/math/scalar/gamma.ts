import { LN2_HIGH, LN2_LOW } from './exponential.ts';
import { evaluate } from './piecewise.ts';
import {
  digammaOverRoot,
  digammaRootHigh,
  digammaRootLow,
  lgammaOverXMinus1,
  lgammaOverXMinus2,
} from './tables.ts';

/**
 * lgamma, digamma, polygamma and Hurwitz' zeta on float64 numbers. For positive arguments lgamma and digamma
 * are within 2 ulp, next to their zeros too. For negative ones it is the absolute error that is small: their
 * zeros there are not treated apart.
 */

const { POSITIVE_INFINITY, NaN } = Number;

/** (log(2 pi) - 1) / 2. */
const HALF_LOG_TWO_PI_MINUS_HALF = 0.4189385332046727;

/** B(2k), k = 1, 2, ...: the Bernoulli numbers. */
const BERNOULLI = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
  854513 / 138,
  -236364091 / 2730,
  8553103 / 6,
  -23749461029 / 870,
];
const LGAMMA_SERIES = BERNOULLI.slice(0, 11).map((b, i) => b / ((2 * i + 2) * (2 * i + 1)));
const DIGAMMA_SERIES = BERNOULLI.map((b, i) => b / (2 * i + 2));

function horner(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!;
  return sum;
}

/** x - n for the integer n nearest to x. */
function fromNearestInteger(x: number): number {
  return x - Math.round(x);
}

/** log |gamma(x)|; infinite at 0, -1, -2, ... and at both infinities. */
export function lgamma(x: number): number {
  if (x >= 8) return stirling(x);
  if (x >= 3) {
    let product = 1;
    let z = x;
    while (z >= 3) {
      z -= 1;
      product *= z;
    }
    return Math.log(product) + lgamma(z);
  }
  // The zeros at 1 and 2 are +0, whatever the factors' signs.
  if (x >= 1.5) return (x - 2) * evaluate(lgammaOverXMinus2, x) + 0;
  if (x >= 0.5) return (x - 1) * evaluate(lgammaOverXMinus1, x) + 0;
  if (x > 0) return x * evaluate(lgammaOverXMinus1, x, 1) - Math.log(x);
  if (Number.isNaN(x)) return NaN;
  if (x === Math.floor(x)) return POSITIVE_INFINITY;
  if (x > -1e-16) return -Math.log(-x);
  // gamma(x) gamma(-x) = -pi / (x sin(pi x))
  return Math.log(Math.PI / Math.abs(x * Math.sin(Math.PI * fromNearestInteger(x)))) - lgamma(-x);
}

/** (x - 1/2)(log x - 1) + (log(2 pi) - 1) / 2 + 1/(12x) - ..., x >= 8. */
function stirling(x: number): number {
  if (x === POSITIVE_INFINITY) return x;
  // log x in two parts: the leading one is a multiple of the first digits of ln 2, and exact.
  const k = Math.min(Math.round(Math.log2(x)), 1023);
  const low = Math.log(x / 2 ** k) + k * LN2_LOW;
  const series = horner(LGAMMA_SERIES, 1 / (x * x)) / x;
  const half = x - 0.5;
  return half * (k * LN2_HIGH - 1) + (half * low + (HALF_LOG_TWO_PI_MINUS_HALF + series));
}

/** The derivative of lgamma: -inf at 0 (inf at -0), NaN at -1, -2, ..., as in PyTorch. */
export function digamma(x: number): number {
  if (x >= 6) {
    const square = 1 / (x * x);
    return Math.log(x) - (0.5 / x + square * horner(DIGAMMA_SERIES, square));
  }
  if (x >= 0.5) return (x - digammaRootHigh - digammaRootLow) * evaluate(digammaOverRoot, x);
  if (x > 0) {
    const fromRoot = x - (digammaRootHigh - 1) - digammaRootLow;
    return fromRoot * evaluate(digammaOverRoot, x, 1) - 1 / x;
  }
  if (x === 0) return -1 / x;
  if (x === Math.floor(x) || Number.isNaN(x)) return NaN;
  // digamma(1 - x) - digamma(x) = pi / tan(pi x)
  return digamma(1 - x) - Math.PI / Math.tan(Math.PI * fromNearestInteger(x));
}

/**
 * The derivative of digamma; infinite at 0, NaN at -Infinity. At the other poles it is as large as PyTorch's: that of
 * what rounding, by `round`, makes of the sine of a multiple of pi.
 */
function trigamma(x: number, round: (x: number) => number): number {
  if (x <= 0) {
    const isPole = x === Math.floor(x);
    const angle = isPole ? round(round(Math.PI) * x) : Math.PI * fromNearestInteger(x);
    const sine = isPole ? round(Math.sin(angle)) : Math.sin(angle);
    return (Math.PI / sine) ** 2 - trigamma(1 - x, round);
  }
  const steps = x < 8 ? Math.ceil(8 - x) : 0;
  const z = x + steps;
  const square = 1 / (z * z);
  let sum = (1 + 0.5 / z + square * horner(BERNOULLI, square)) / z;
  // From the smallest term to the largest.
  for (let i = steps - 1; i >= 0; i--) sum += 1 / ((x + i) * (x + i));
  return sum;
}

/** The n-th derivative of digamma: (-1)^(n+1) n! zeta(n + 1, x). */
export const polygamma = (n: number, x: number): number => derivativeOfDigamma(n, x, (y) => y);
/** The same of float32 numbers, which at poles is that of their rounding. */
export const polygammaOfFloats = (n: number, x: number): number => derivativeOfDigamma(n, x, Math.fround);

function derivativeOfDigamma(n: number, x: number, round: (x: number) => number): number {
  if (n === 0) return digamma(x);
  if (n === 1) return trigamma(x, round);
  let factorial = 1;
  for (let i = 2; i <= n && factorial < POSITIVE_INFINITY; i++) factorial *= i;
  return (n % 2 === 1 ? factorial : -factorial) * zeta(n + 1, x);
}

/**
 * Hurwitz' zeta function, the sum of (q + i)^-s over i >= 0, by the formula of Euler and Maclaurin. Infinite for s = 1
 * and for q = 0, -1, ...; NaN for s < 1, and for negative q unless s is an integer. PyTorch's has no limits at
 * infinity, but NaN, but for an infinite s where a term is 1 or more.
 */
export function zeta(s: number, q: number): number {
  if (s === 1) return POSITIVE_INFINITY;
  if (s < 1) return NaN;
  if (q <= 0) {
    if (q === Math.floor(q)) return POSITIVE_INFINITY;
    if (s !== Math.floor(s)) return NaN;
    if (s === POSITIVE_INFINITY) return s;
    // The terms of negative numbers are those of their magnitudes t, t + 1, ..., -q, t being below 1.
    const t = -q - Math.floor(-q);
    const sign = s % 2 === 0 ? 1 : -1;
    const negatives = Math.floor(-q) + 1;
    const alone = Math.min(negatives, 16);
    const others = negatives > alone ? zeta(s, t + alone) - zeta(s, 1 - q) : 0;
    let sum = zeta(s, 1 - t + alone) + sign * others;
    // Those next to 0 are added last, each to its counterpart: of an odd s they cancel, and then the others are all
    // there is.
    for (let i = alone - 1; i >= 0; i--) sum += (1 - t + i) ** -s + sign * (t + i) ** -s;
    return sum;
  }
  if (q === POSITIVE_INFINITY) return NaN;
  if (s === POSITIVE_INFINITY) return q > 1 ? NaN : q < 1 ? s : q;
  let sum = 0;
  let z = q;
  // The series after the sum converges where z is large, also compared to s.
  while (z < 10 + s) {
    const term = z ** -s;
    sum += term;
    // Both are 0 where all terms are too small to hold.
    if (!(term > sum * 1e-17)) return sum;
    z += 1;
  }
  const power = z ** -s;
  let total = sum + (power * z) / (s - 1) + power / 2;
  // B(2k) / (2k)! times the (2k-1)-th derivative.
  let factor = (s * power) / z / 2;
  for (let k = 0; k < BERNOULLI.length; k++) {
    const term = BERNOULLI[k]! * factor;
    total += term;
    if (Math.abs(term) < Math.abs(total) * 1e-17) break;
    const i = 2 * k + 2;
    factor *= ((s + i - 1) * (s + i)) / (z * z * (i + 1) * (i + 2));
  }
  return total;
}
