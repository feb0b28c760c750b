import { errorFunction, evaluate, lgamma, lgammaOverXMinus1 } from '../scalar/index.ts';

const { erfc } = errorFunction;

/** The regularised incomplete gamma functions on float64 numbers. */

const { POSITIVE_INFINITY, NaN } = Number;
const EPSILON = 2 ** -54;

/** lgamma(1 + a), no digit of a small a being lost. */
const lgammaOf1Plus = (a: number): number =>
  a < 0.5 ? a * evaluate(lgammaOverXMinus1, a, 1) : lgamma(1 + a);

/**
 * m - log(1 + m) of m = (x - a) / a, of the order of m^2: near 0 by the series of log(1 + m) = 2 artanh(m / (2 + m)).
 */
function excess(a: number, x: number): number {
  const m = (x - a) / a;
  if (Math.abs(m) > 0.5) return m - Math.log(x / a);
  const s = m / (2 + m);
  const square = s * s;
  let sum = 0;
  for (let n = 41; n >= 3; n -= 2) sum = sum * square + 1 / n;
  return s * (m - 2 * square * sum);
}

/** log gamma(a) - (a - 1/2) log a + a - log(2 pi) / 2, a >= 8. */
function stirlingRest(a: number): number {
  const u = 1 / (a * a);
  return (
    (1 / 12 -
      u * (1 / 360 - u * (1 / 1260 - u * (1 / 1680 - u * (1 / 1188 - u * (691 / 360360 - u / 156)))))) /
    a
  );
}

/** x^a e^-x / gamma(a). */
function density(a: number, x: number): number {
  if (a >= 8) return Math.sqrt(a / (2 * Math.PI)) * Math.exp(-a * excess(a, x)) * Math.exp(-stirlingRest(a));
  const power = x ** a * Math.exp(-x);
  // a / gamma(1 + a), so that a near 0 needs no care.
  return power * a * Math.exp(-lgammaOf1Plus(a));
}

/** The lower function by its series, x <= a + 1. */
function bySeries(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; term > sum * EPSILON; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return (density(a, x) / a) * sum;
}

/** The upper function by its continued fraction (Lentz), x > a. */
function byFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / Number.MIN_VALUE ** 0.5;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 100_000; i++) {
    const numerator = -i * (i - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < EPSILON) break;
  }
  return density(a, x) * h;
}

/** The upper function where x is small and a smaller: 1 less the lower, without cancellation. */
function upperNearZero(a: number, x: number): number {
  let term = 1;
  let sum = 0;
  for (let n = 1; Math.abs(term) > EPSILON; n++) {
    term *= -x / n;
    sum += (a * term) / (a + n);
  }
  const logarithm = a * Math.log(x) - lgammaOf1Plus(a);
  return -Math.expm1(logarithm) - Math.exp(logarithm) * sum;
}

/** Where a is so large that series take long: Temme's expansion, of which near x = a two terms do. */
const MANY = 1e5;
/** The powers of eta in its first two terms. */
const FIRST = [
  -1 / 3,
  1 / 12,
  -2 / 135,
  1 / 864,
  1 / 2835,
  -139 / 777600,
  1 / 25515,
  -571 / 261273600,
  -281 / 151559100,
];
const SECOND = [-1 / 540, -1 / 288, 1 / 378, -77 / 77760, 1 / 5184];
const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduceRight((sum, c) => sum * x + c, 0);

function byTemme(a: number, x: number, upper: boolean): number {
  const half = excess(a, x);
  const eta = Math.sign(x - a) * Math.sqrt(2 * half);
  if (a * half > 750) return x > a === upper ? 0 : 1;
  const rest =
    (Math.exp(-a * half) / Math.sqrt(2 * Math.PI * a)) *
    (polynomial(FIRST, eta) + polynomial(SECOND, eta) / a);
  const z = eta * Math.sqrt(a / 2);
  return upper ? erfc(z) / 2 + rest : erfc(-z) / 2 - rest;
}

/** What holds at the ends: `null` inside. */
function atEnds(a: number, x: number, upper: boolean): number | null {
  const [none, all] = upper ? [1, 0] : [0, 1];
  // In PyTorch's order, which decides where the other number is NaN.
  if (x < 0 || a < 0) return NaN;
  if (a === 0) return x > 0 ? all : NaN;
  if (x === 0) return none;
  if (a === POSITIVE_INFINITY) return x === POSITIVE_INFINITY ? NaN : none;
  if (x === POSITIVE_INFINITY) return all;
  return Number.isNaN(a + x) ? NaN : null;
}

/** P(a, x) = 1 / gamma(a) times the integral of t^(a - 1) e^-t from 0 to x. */
export function igamma(a: number, x: number): number {
  const known = atEnds(a, x, false);
  if (known !== null) return known;
  if (a > MANY) return byTemme(a, x, false);
  return x <= 1 || x <= a ? bySeries(a, x) : 1 - igammac(a, x);
}

/** Q(a, x) = 1 - P(a, x). */
export function igammac(a: number, x: number): number {
  const known = atEnds(a, x, true);
  if (known !== null) return known;
  if (a > MANY) return byTemme(a, x, true);
  if (x <= 1.1) return a < x || a < 0.5 ? upperNearZero(a, x) : 1 - bySeries(a, x);
  return x <= a ? 1 - bySeries(a, x) : byFraction(a, x);
}

/** The slope of P in x: x^(a - 1) e^-x / gamma(a). */
export function igammaSlope(a: number, x: number): number {
  return Math.exp((a - 1) * Math.log(x) - x - lgamma(a));
}
