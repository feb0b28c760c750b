/**
 * Modified Bessel functions of the first kind, of orders 0 and 1, on float64 numbers, and the same times
 * e^-|x|.
 */

/**
 * From here on the asymptotic series reaches float64's precision, and below it the power series takes 40
 * terms.
 */
const ASYMPTOTIC = 20;

/** The sum of (x^2/4)^k / (k! (k + order)!). */
function powerSeries(x: number, order: 0 | 1): number {
  const quarter = (x * x) / 4;
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= quarter / (k * (k + order));
    sum += term;
  }
  return sum;
}

/** sqrt(2 pi x) e^-x I(x): the sum of (-1)^k (4n^2 - 1)(4n^2 - 9)... / (k! (8x)^k), n being the order. */
function asymptoticSeries(x: number, order: 0 | 1): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < 40 && Math.abs(term) > 1e-17; k++) {
    term *= ((2 * k - 1) ** 2 - 4 * order) / (k * 8 * x);
    sum += term;
  }
  return sum;
}

function bessel(x: number, order: 0 | 1, scaled: boolean): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  const sign = order === 1 && x < 0 ? -1 : 1;
  if (a < ASYMPTOTIC) {
    const leading = order === 0 ? 1 : x / 2;
    return leading * powerSeries(a, order) * (scaled ? Math.exp(-a) : 1);
  }
  if (a === Number.POSITIVE_INFINITY) return scaled ? sign * 0 : sign * a;
  const value = asymptoticSeries(a, order) / Math.sqrt(2 * Math.PI * a);
  // In two factors: e^a overflows before the result does.
  const root = Math.exp(a / 2);
  return sign * (scaled ? value : value * root * root);
}

/** The modified Bessel function of order 0. */
export const i0 = (x: number): number => bessel(x, 0, false);
/** {@link i0} times e^-|x|. */
export const i0e = (x: number): number => bessel(x, 0, true);
/** The modified Bessel function of order 1. */
export const i1 = (x: number): number => bessel(x, 1, false);
/** {@link i1} times e^-|x|. */
export const i1e = (x: number): number => bessel(x, 1, true);
