import { hankelTerms, powerSeries, secondOfOrder0, secondOfOrder1 } from './bessel-series.ts';

/**
 * Bessel functions of order 0 and 1 on float64 numbers, their absolute error a few ulp of 1 (of the value, near a
 * pole).
 */

const EULER_GAMMA = 0.5772156649015329;
const { POSITIVE_INFINITY, NEGATIVE_INFINITY, NaN } = Number;

interface Values {
  readonly j0: number;
  readonly j1: number;
  readonly y0: number;
  readonly y1: number;
}

/**
 * 1 <= x < 25: J_k by its recurrence from a large k down (Miller), where it is stable, and Y as a series in them
 * (Neumann).
 */
function byRecurrence(x: number): Values {
  let next = 0;
  let current = 1e-150;
  let norm = 0;
  let even = 0;
  let odd = 0;
  for (let k = 2 * Math.ceil((x + 40) / 2); k > 0; k--) {
    const half = k >> 1;
    const alternating = half % 2 === 0 ? current : -current;
    if (k % 2 === 0) {
      norm += 2 * current;
      even += alternating / half;
    } else if (k > 1) odd += (alternating * k) / (half * (half + 1));
    [current, next] = [((2 * k) / x) * current - next, current];
  }
  norm += current;
  const j0 = current / norm;
  const j1 = next / norm;
  const logarithm = Math.log(x / 2) + EULER_GAMMA;
  return {
    j0,
    j1,
    y0: (2 / Math.PI) * (logarithm * j0 - (2 * even) / norm),
    y1: (2 / Math.PI) * ((logarithm - 1) * j1 - j0 / x - odd / norm),
  };
}

/** x >= 25: a wave, whose amplitude and phase are Hankel's series. */
function byAsymptotics(x: number): Values {
  const scale = 1 / Math.sqrt(Math.PI * x);
  const [sine, cosine] = [Math.sin(x), Math.cos(x)];
  const [p0, q0] = amplitudes(0, x);
  const [p1, q1] = amplitudes(1, x);
  const [sum, difference] = [sine + cosine, sine - cosine];
  return {
    j0: scale * (p0 * sum - q0 * difference),
    y0: scale * (p0 * difference + q0 * sum),
    j1: scale * (p1 * difference + q1 * sum),
    y1: scale * (q1 * difference - p1 * sum),
  };
}

/** The terms of even and of odd number, with alternating signs. */
function amplitudes(order: 0 | 1, x: number): [p: number, q: number] {
  let p = 0;
  let q = 0;
  hankelTerms(order, x).forEach((term, k) => {
    const signed = (k >> 1) % 2 === 0 ? term : -term;
    if (k % 2 === 0) p += signed;
    else q += signed;
  });
  return [p, q];
}

const far = (x: number): Values => (x < 25 ? byRecurrence(x) : byAsymptotics(x));

/** J0: as of all these, NaN at infinity, where the wave has no phase. */
export function besselJ0(x: number): number {
  const a = Math.abs(x);
  if (a === POSITIVE_INFINITY) return NaN;
  return a < 1 ? powerSeries(0, a, -1) : far(a).j0;
}

/** J1, an odd function. */
export function besselJ1(x: number): number {
  const a = Math.abs(x);
  if (a === POSITIVE_INFINITY) return NaN;
  if (a < 1) return (x / 2) * powerSeries(1, a, -1);
  return x < 0 ? -far(a).j1 : far(a).j1;
}

/** Y0: -inf at 0, NaN below. */
export function besselY0(x: number): number {
  if (!(x > 0)) return x === 0 ? NEGATIVE_INFINITY : NaN;
  if (x === POSITIVE_INFINITY) return NaN;
  return x < 1 ? (-2 / Math.PI) * secondOfOrder0(x, -1) : far(x).y0;
}

/** Y1: -inf at 0, NaN below. */
export function besselY1(x: number): number {
  if (!(x > 0)) return x === 0 ? NEGATIVE_INFINITY : NaN;
  if (x === POSITIVE_INFINITY) return NaN;
  return x < 1 ? (-2 / Math.PI) * secondOfOrder1(x, -1) : far(x).y1;
}

/** sin(x) / x. */
export function sphericalBesselJ0(x: number): number {
  if (Math.abs(x) === POSITIVE_INFINITY) return 0;
  return Math.abs(x) < 1e-8 ? 1 : Math.sin(x) / x;
}
