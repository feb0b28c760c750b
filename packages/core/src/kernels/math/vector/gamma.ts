import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';
import { sumOfAny } from './double-float.ts';
import { logParts } from './logarithm.ts';

/**
 * log gamma and its derivative in f32 lanes: beside a root a polynomial times the distance from it, far away Stirling's
 * series, near 0 by way of 1 + x. What is not above 0 is left to the functions of float64 numbers. Coefficients:
 * tools/oracle/math_minimax.py.
 */

/** Below this, the function of x is that of 1 + x and a term that grows without bound. */
const NEAR_ZERO = 0.7;
/** The first polynomial is good up to here, as is the second up to FAR. */
const SECOND = 1.7;
const FAR = 4;

/** A polynomial in powers of x less the middle. */
interface About {
  readonly middle: number;
  readonly coefficients: readonly [constant: number, slope: number, ...others: number[]];
}

/** A function over its distance from a root. */
interface OverRoot {
  readonly first: About;
  readonly second: About;
}

/** log gamma(x) / (x - 1) and log gamma(x) / (x - 2); the error is 2^-28.3 relative. */
const LGAMMA: OverRoot = {
  first: {
    middle: 1.5322265625,
    coefficients: [
      -0.223824665, 0.5449134707, -0.1700602621, 0.07366542518, -0.03642227128, 0.01920059882, -0.01090402901,
      0.007166875526, 0.001548886183, 0.008008282632, -0.003822199302, -0.009724490345, -0.00687528355,
    ],
  },
  second: {
    middle: 2.5126953125,
    coefficients: [
      0.5727555752, 0.2664493918, -0.0443944931, 0.01072123647, -0.003035466187, 0.0009382353164,
      -0.0003041745513, 0.0001011254644, -3.730108801e-5, 1.561893259e-5, -4.855698535e-6, 4.462528977e-7,
      1.024147451e-7,
    ],
  },
};

/** digamma(x) over the distance from its positive root; the error is 2^-29.1 relative. */
const DIGAMMA: OverRoot = {
  first: {
    middle: 1.431640625,
    coefficients: [
      0.9811884165, -0.458723098, 0.2738521695, -0.177554369, 0.1193643957, -0.08164291084, 0.05569935217,
      -0.04008537903, 0.03506213427, 0.003483029082, -0.001643400872, -0.1423070133, -0.1876247227,
      -0.1041975394,
    ],
  },
  second: {
    middle: 2.7333984375,
    coefficients: [
      0.6381758451, -0.1552559882, 0.04682574421, -0.01532374416, 0.005225990433, -0.001824899926,
      0.0006489118095, -0.0002340876817, 8.101244021e-5, -2.66725674e-5, 1.233662715e-5, -6.446488896e-6,
      1.559376415e-6,
    ],
  },
};

/** The positive root of digamma in two parts. */
const ROOT = {
  high: Math.fround(1.4616321449683622),
  low: 1.4616321449683622 - Math.fround(1.4616321449683622),
};

const HALF_LOG_TWO_PI_MINUS_HALF = 0.4189385332046727;
/** B(2k) / (2k (2k - 1)) and B(2k) / 2k, k = 1, 2, ... */
const LGAMMA_SERIES = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680];
const DIGAMMA_SERIES = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132];

/**
 * The function for 0 < x < FAR, near 0 that of 1 + x. What rounding takes from the polynomial where its first two
 * coefficients are added is added last.
 */
function besideRoot(x: Expr, fromRoot: Expr, isNearZero: Expr, { first, second }: OverRoot): Expr {
  const isFirst = E.lt(x, SECOND);
  const fromFirst = E.sub(x, E.select(isNearZero, first.middle - 1, first.middle));
  const fromSecond = E.sub(x, second.middle);
  const rest = (t: Expr, { coefficients: [, , ...others] }: About): Expr => E.mul(t, E.polynomial(t, others));
  const coefficient = (i: 0 | 1): Expr => E.select(isFirst, first.coefficients[i], second.coefficients[i]);
  const slope = sumOfAny(coefficient(1), E.select(isFirst, rest(fromFirst, first), rest(fromSecond, second)));
  const t = E.select(isFirst, fromFirst, fromSecond);
  const { high, low } = sumOfAny(coefficient(0), E.mul(t, slope.high));
  return E.add(E.mul(fromRoot, high), E.mul(fromRoot, E.add(low, E.mul(t, slope.low))));
}

/** From here on the result may be beyond float32, and then parts of it are before. */
const HUGE = 2 ** 120;

/** `positive` of an x above 0 that is not huge, and else what the function of float64 numbers gives. */
function otherwiseCalled(name: string, x: Expr, positive: Expr): Expr {
  const isOther = E.not(E.and(E.gt(x, 0), E.lt(x, HUGE)));
  return E.scalarCallWhere(isOther, name, positive, x);
}

/** log |gamma(x)|. */
export function lgamma(x: Expr): Expr {
  const isNearZero = E.lt(x, NEAR_ZERO);
  const log = logParts('f32', x);
  const fromRoot = E.sub(x, E.select(isNearZero, 0, E.select(E.lt(x, SECOND), 1, 2)));
  const product = besideRoot(x, fromRoot, isNearZero, LGAMMA);
  const lessNearZero = (y: Expr): Expr => E.select(isNearZero, E.neg(y), 0);
  // The zeros at 1 and 2 are +0, whatever the factors' signs.
  const near = E.add(E.add(product, lessNearZero(log.low)), lessNearZero(log.high));
  // (x - 1/2)(log x - 1) + (log(2 pi) - 1) / 2 + 1/(12x) - ...
  const reciprocal = E.div(1, x);
  const series = E.mul(reciprocal, E.polynomial(E.mul(reciprocal, reciprocal), LGAMMA_SERIES));
  const half = E.sub(x, 0.5);
  const small = E.add(E.mul(half, log.low), E.add(series, HALF_LOG_TWO_PI_MINUS_HALF));
  const far = E.add(E.mul(half, E.sub(log.high, 1)), small);
  return otherwiseCalled('lgamma', x, E.select(E.lt(x, FAR), near, far));
}

/** The derivative of {@link lgamma}. */
export function digamma(x: Expr): Expr {
  const isNearZero = E.lt(x, NEAR_ZERO);
  const reciprocal = E.div(1, x);
  const fromRoot = E.sub(E.sub(x, E.select(isNearZero, ROOT.high - 1, ROOT.high)), ROOT.low);
  const product = besideRoot(x, fromRoot, isNearZero, DIGAMMA);
  const near = E.sub(product, E.select(isNearZero, reciprocal, 0));
  const square = E.mul(reciprocal, reciprocal);
  const small = E.add(E.mul(reciprocal, 0.5), E.mul(square, E.polynomial(square, DIGAMMA_SERIES)));
  const far = E.sub(E.log(x), small);
  return otherwiseCalled('digamma', x, E.select(E.lt(x, FAR), near, far));
}
