/**
 * What the four families of Bessel functions share: `sign` is 1 for the modified functions I and K, -1 for J and Y,
 * which are those of an imaginary argument.
 */

const EULER_GAMMA = 0.5772156649015329;

/** The sum of (sign x^2 / 4)^k / (k! (k + order)!), k >= 0: the function itself, but for (x / 2)^order / order!. */
export function powerSeries(order: 0 | 1, x: number, sign: 1 | -1): number {
  const q = (sign * x * x) / 4;
  let term = 1;
  let sum = 1;
  for (let k = 1; Math.abs(term) > Math.abs(sum) * 1e-17; k++) {
    term *= q / (k * (k + order));
    sum += term;
  }
  return sum;
}

/** log(x / 2), of the least number too, half of which is none. */
const logOfHalf = (x: number): number => (x < 1e-300 ? Math.log(x) - Math.LN2 : Math.log(x / 2));

/**
 * The second solution of order 0 near 0, x > 0: K0 itself (sign 1), or Y0 but for the factor -2 / pi.
 * -(log(x / 2) + gamma) S + sum of H_k (sign x^2 / 4)^k / k!^2, H_k being 1 + 1/2 + ... + 1/k.
 */
export function secondOfOrder0(x: number, sign: 1 | -1): number {
  const q = (sign * x * x) / 4;
  let term = 1;
  let harmonic = 0;
  let sum = 0;
  for (let k = 1; k < 3 || Math.abs(term) > 1e-18; k++) {
    term *= q / (k * k);
    harmonic += 1 / k;
    sum += harmonic * term;
  }
  return sum - (logOfHalf(x) + EULER_GAMMA) * powerSeries(0, x, sign);
}

/**
 * The same of order 1: 1 / x + sign (log(x / 2) (x / 2) S - (x / 4) sum of (psi(k + 1) + psi(k + 2)) (sign x^2 / 4)^k /
 * (k! (k + 1)!)).
 */
export function secondOfOrder1(x: number, sign: 1 | -1): number {
  const q = (sign * x * x) / 4;
  let term = 1;
  let psis = 1 - 2 * EULER_GAMMA;
  let sum = psis;
  for (let k = 1; k < 3 || Math.abs(term) > 1e-18; k++) {
    term *= q / (k * (k + 1));
    psis += 1 / k + 1 / (k + 1);
    sum += psis * term;
  }
  return 1 / x + sign * ((x / 2) * logOfHalf(x) * powerSeries(1, x, sign) - (x / 4) * sum);
}

/**
 * Hankel's expansion for large x: terms a_k / x^k, a_k = (m - 1)(m - 9)...(m - (2k - 1)^2) / (k! 8^k), m = 4 order^2,
 * until they no longer count. They diverge in the end; from x = 20 on, the least is below 1e-17.
 */
export function hankelTerms(order: 0 | 1, x: number): number[] {
  const m = 4 * order * order;
  const terms = [1];
  let term = 1;
  for (let k = 1; k < 40 && Math.abs(term) > 1e-17; k++) {
    term *= (m - (2 * k - 1) ** 2) / (8 * k * x);
    terms.push(term);
  }
  return terms;
}
