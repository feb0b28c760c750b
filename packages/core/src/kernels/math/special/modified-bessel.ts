import { hankelTerms, powerSeries, secondOfOrder0, secondOfOrder1 } from './bessel-series.ts';

/** The modified Bessel functions of order 0 and 1 on float64 numbers, within a few ulp. */

const { POSITIVE_INFINITY, NaN } = Number;

/** From here on Hankel's expansion has all digits. */
const LARGE = 20;

/** Below it the power series is as exact as the integral. */
const SMALL = 3;

/** 1 - cos t and cos t at t = 0, pi / 24, ..., pi. */
const CIRCLE = Array.from({ length: 25 }, (_, k) => {
  const t = (k * Math.PI) / 24;
  return [2 * Math.sin(t / 2) ** 2, Math.cos(t)] as const;
});

/**
 * e^-x I(x) as the mean of e^(x (cos t - 1)) cos(order t) over a circle, by the rule of trapezoids: of a periodic
 * function it has all digits as soon as its points are dense enough.
 */
function aroundCircle(order: 0 | 1, x: number): number {
  let sum = 0;
  CIRCLE.forEach(([less, cosine], k) => {
    const weight = k === 0 || k === 24 ? 0.5 : 1;
    sum += weight * Math.exp(-x * less) * (order === 0 ? 1 : cosine);
  });
  return sum / 24;
}

/** e^-x I(x), x >= 0. */
function scaledI(order: 0 | 1, x: number): number {
  if (x < SMALL) return Math.exp(-x) * smallI(order, x);
  if (x < LARGE) return aroundCircle(order, x);
  const sum = hankelTerms(order, x).reduceRight((rest, term, k) => rest + (k % 2 === 0 ? term : -term), 0);
  // sqrt(2 pi x), of the largest x too.
  return sum / (4 * Math.sqrt((Math.PI / 8) * x));
}

const smallI = (order: 0 | 1, x: number): number =>
  order === 0 ? powerSeries(0, x, 1) : (x / 2) * powerSeries(1, x, 1);

/** I(x), x >= 0. */
function plainI(order: 0 | 1, x: number): number {
  if (x < SMALL) return smallI(order, x);
  // As PyTorch has it, whose formula divides infinity by infinity.
  if (x === POSITIVE_INFINITY) return Number.NaN;
  if (x < 700) return Math.exp(x) * scaledI(order, x);
  // e^x alone may be beyond the largest number.
  const half = Math.exp(x / 2);
  return half * scaledI(order, x) * half;
}

/** I0. */
export const i0 = (x: number): number => plainI(0, Math.abs(x));
/** e^-|x| I0(x). */
export const i0e = (x: number): number => scaledI(0, Math.abs(x));
/** I1, an odd function. */
export const i1 = (x: number): number => (x < 0 ? -plainI(1, -x) : plainI(1, x));
/** e^-|x| I1(x). */
export const i1e = (x: number): number => (x < 0 ? -scaledI(1, -x) : scaledI(1, x));

/** Where the rule of {@link byIntegral} looks: cosh t - 1 and cosh t at t = 1/8, 2/8, ... */
const STEP = 1 / 8;
const POINTS = Array.from({ length: 40 }, (_, i) => {
  const t = (i + 1) * STEP;
  return [2 * Math.sinh(t / 2) ** 2, Math.cosh(t)] as const;
});

/**
 * e^x K(x) as the integral of e^(-x (cosh t - 1)) cosh(order t) over t > 0, by the rule of trapezoids, whose error
 * falls exponentially with the step for such a function.
 */
function byIntegral(order: 0 | 1, x: number): number {
  let sum = 0.5;
  for (const [less, cosh] of POINTS) {
    const term = Math.exp(-x * less) * (order === 0 ? 1 : cosh);
    sum += term;
    if (term < sum * 1e-18) break;
  }
  return sum * STEP;
}

/** e^x K(x) where x >= 1. */
function scaledFarK(order: 0 | 1, x: number): number {
  if (x < LARGE) return byIntegral(order, x);
  return Math.sqrt(Math.PI / 2 / x) * hankelTerms(order, x).reduceRight((rest, term) => rest + term, 0);
}

function K(order: 0 | 1, x: number, scaled: boolean): number {
  if (!(x > 0)) return x === 0 ? POSITIVE_INFINITY : NaN;
  if (x === POSITIVE_INFINITY) return 0;
  if (x >= 1) return scaledFarK(order, x) * (scaled ? 1 : Math.exp(-x));
  return (order === 0 ? secondOfOrder0(x, 1) : secondOfOrder1(x, 1)) * (scaled ? Math.exp(x) : 1);
}

/** K0: infinite at 0, NaN below. */
export const k0 = (x: number): number => K(0, x, false);
/** K1: infinite at 0, NaN below. */
export const k1 = (x: number): number => K(1, x, false);
/** e^x K0(x). */
export const k0e = (x: number): number => K(0, x, true);
/** e^x K1(x). */
export const k1e = (x: number): number => K(1, x, true);
