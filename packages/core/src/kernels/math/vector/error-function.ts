import type { Expr } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';
import { reducedExp, reducedExpWithTail } from './exponential.ts';
import { type ByLane, type FloatLane, formats, powerOfTwo, scaleByPowerOfTwo } from './format.ts';
import { logParts } from './logarithm.ts';

/** erf, erfc and the inverse of erf. Coefficients: tools/oracle/math_minimax.py. */

interface Constants {
  /** erf(x) / x - 1 as a polynomial in x^2, |x| <= 1; the error of erf x is 2^-29.4 relative, 2^-56.3 in f64 lanes. */
  readonly near: readonly number[];
  /**
   * e^(x^2) erfc(x) (1 + 2x) as a polynomial in u = (x - 2) / (x + 2), 0.5 <= x <= 10.2 (0.46 <= x <= 27.4 in f64
   * lanes); the relative error is 2^-27.2, 2^-58.7 in f64 lanes.
   */
  readonly scaledErfc: readonly [first: number, ...others: number[]];
  /** What rounding took from the first coefficient, where no other makes up for it. */
  readonly firstLow: number;
  /** Up to here erfc is 1 - erf. */
  readonly erfcNearZero: number;
  /** From here on, the nearest number to erfc is 0. */
  readonly erfcZero: number;
  /** The bits of a number but for the lower half of its fraction. */
  readonly leading: bigint;
}

const constants: ByLane<Constants> = {
  f32: {
    near: [
      0.1283791661, -0.3761262596, 0.1128357872, -0.0268533472, 0.005187162198, -0.0007997853099,
      7.806903159e-5,
    ],
    scaledErfc: [
      1.276978374, -0.0927638188, -0.1660303622, 0.164049834, -0.05421581864, -0.008011870086, 0.008675495163,
      0.001158431871, -0.001285035978, -0.0002308330877,
    ],
    firstLow: 0,
    erfcNearZero: 0.6,
    erfcZero: 10.1,
    leading: ~0xfffn,
  },
  f64: {
    near: [
      0.12837916709551259, -0.37612638903184098, 0.11283791670971105, -0.026866170648035891,
      0.0052239776527838741, -0.0008548328544077643, 0.00012055386616701097, -1.4926894724539353e-5,
      1.648132282569316e-6, -1.656048090501822e-7, 1.6039514584260173e-8, -1.6580799324203493e-9,
      1.4564135868524562e-10,
    ],
    scaledErfc: [
      1.2769783815525286, -0.092763826585746029, -0.16603039761528854, 0.16405128003344605,
      -0.054220000992130826, -0.0080340150826172518, 0.0087226538793183962, 0.001271338969631992,
      -0.0014568140161870752, -0.00045434085713564156, 0.00020636797899742864, 0.00015103909224450398,
      -1.5151413108426919e-6, -3.642064162800792e-5, -1.3469544032231043e-5, 3.6906655115521054e-6,
      5.1588934752768315e-6, 1.581791711688062e-6, -5.8854208555879478e-7, -1.0080088785026755e-6,
      -3.4635646429905967e-7, 3.5087606929682741e-7, 1.6041138026729366e-7, -9.3665474468729118e-8,
    ],
    firstLow: 8.964219101168592e-17,
    erfcNearZero: 0.47,
    erfcZero: 27.3,
    leading: ~0x7ffffffn,
  },
};

/** log(erfc(x)), 0.9 <= x <= 3.95; the error of erf x is 2^-29.1 relative. */
const LOG_ERFC = [
  -0.0001664036245, -1.127797484, -0.6369755268, -0.1041143537, 0.02231566235, -0.003065644531,
  0.0001982408576,
];
const ERF_NEAR_ZERO = 0.95;
/** From here on, the nearest float32 to erf is 1. */
const ERF_ONE = 3.92;

function erfNearZero(lane: FloatLane, x: Expr): Expr {
  return E.add(x, E.mul(x, E.polynomial(E.mul(x, x), constants[lane].near)));
}

/** 1 - erf(x) of an x not near 0; in f32 lanes e^p(x) with a polynomial p. */
const erfcOfErf: ByLane<(x: Expr) => Expr> = {
  f32: (x) => {
    const { k, q } = reducedExp('f32', E.polynomial(E.pmin(x, ERF_ONE), LOG_ERFC), formats.f32.bias);
    return E.mul(E.add(1, q), powerOfTwo('f32', k));
  },
  f64: (x) => erfcFar('f64', x),
};

/** The error function: a polynomial near 0, elsewhere 1 - erfc(|x|). */
export function erf(lane: FloatLane, x: Expr): Expr {
  const magnitude = E.abs(x);
  const far = E.sub(1, erfcOfErf[lane](magnitude));
  return E.copysign(E.select(E.lt(magnitude, ERF_NEAR_ZERO), erfNearZero(lane, magnitude), far), x);
}

/** erfc of an x not near 0: e^(-x^2) p(u) / (1 + 2x). */
function erfcFar(lane: FloatLane, x: Expr): Expr {
  const { erfcZero, leading, scaledErfc, firstLow } = constants[lane];
  const a = E.pmin(x, erfcZero);
  // a^2 exactly: the square of its leading bits and the rest.
  const high = E.fromBits(E.iand(E.bitsOf(a), E.intConstant(leading)));
  const rest = E.mul(E.sub(a, high), E.add(a, high));
  const { k, q } = reducedExpWithTail(lane, E.neg(E.mul(high, high)), rest, 2 * formats[lane].bias);
  const u = E.div(E.sub(a, 2), E.add(a, 2));
  const [first, ...others] = scaledErfc;
  const product = E.mul(u, E.polynomial(u, others));
  const varying = firstLow === 0 ? product : E.add(product, firstLow);
  // (1 + q) p / (1 + 2x); what rounding takes from p, the numerator and the denominator is collected, and
  // added last.
  const p = E.add(first, varying);
  const pLost = E.sub(varying, E.sub(p, first));
  const rising = E.add(E.mul(p, q), E.add(pLost, E.mul(pLost, q)));
  const numerator = E.add(p, rising);
  const numeratorLost = E.sub(rising, E.sub(numerator, p));
  const denominator = E.add(E.add(a, a), 1);
  const denominatorLost = E.sub(1, E.sub(denominator, E.add(a, a)));
  const quotient = E.div(numerator, denominator);
  const correction = E.div(E.sub(numeratorLost, E.mul(quotient, denominatorLost)), denominator);
  return scaleByPowerOfTwo(lane, E.add(quotient, correction), k);
}

/** 1 - erf(x), accurate for large x too; mirrored for negative x. */
export function erfc(lane: FloatLane, x: Expr): Expr {
  const magnitude = E.abs(x);
  const far = erfcFar(lane, magnitude);
  const mirrored = E.select(E.lt(x, 0), E.sub(2, far), far);
  const near = E.sub(1, erfNearZero(lane, x));
  return E.select(E.lt(magnitude, constants[lane].erfcNearZero), near, mirrored);
}

/**
 * e^(x^2/2) times the part of a normal distribution above x >= 0, as a polynomial in u = (x - 5) / (x + 5); the error
 * of the part is 2^-29.1.
 */
const NORMAL_TAIL = [
  0.07693202049, -0.1432533711, 0.1174034998, -0.0762020722, 0.057509996, -0.01154485065, 0.01715419069,
];
/** From here on the part above is 0 beside any number. */
const NORMAL_ONE = 14;

/**
 * The part of a normal distribution below x, as half of 1 + erf: as PyTorch's, it is 0 far below, where erf rounds to
 * -1. With the density, which is the same exponential, it costs little more than that.
 */
export function normalCdf(lane: FloatLane, x: Expr): Expr {
  if (lane === 'f64') return E.mul(0.5, E.add(1, E.erf(E.mul(x, Math.SQRT1_2))));
  const a = E.pmin(E.abs(x), NORMAL_ONE);
  const u = E.div(E.sub(a, 5), E.add(a, 5));
  const above = E.mul(E.exp(E.mul(E.mul(x, x), -0.5)), E.polynomial(u, NORMAL_TAIL));
  return E.mul(0.5, E.add(1, E.copysign(E.sub(1, E.add(above, above)), x)));
}

/** erfinv(y) / y - 1 where w = -log(1 - y^2) is less than 3.25, in w; the error of erfinv y is 2^-25 relative. */
const ERFINV_NEAR = [
  -0.1137730479, 0.232012257, 0.01156143937, -0.002374687931, -6.354961806e-5, -1.225375399e-5,
  3.362646748e-5, -1.09827688e-5, 1.69539112e-6, -1.092711557e-7,
];
/** The same beyond, in sqrt(w) - 3; the error is 2^-26.9 relative. */
const ERFINV_FAR = [
  1.832976818, 1.001675248, 0.009445358068, -0.007644718047, 0.00568307098, -0.003549545072, 0.001501320861,
  -0.000176193993, -0.000328168273, 0.0002391535672, 3.047335667e-6, -4.159540913e-5,
];
const ERFINV_BEYOND = 3.25;

/** The inverse of erf in f32 lanes: infinite at -1 and 1, NaN outside. */
export function erfinv(y: Expr): Expr {
  const magnitude = E.abs(y);
  // 1 - |y| is exact from 1/2 on; before, what rounding takes of w is little beside 1.
  const { high, low } = logParts('f32', E.mul(E.sub(1, magnitude), E.add(1, magnitude)));
  const w = E.neg(E.add(high, low));
  const lost = E.neg(E.add(E.add(w, high), low));
  const root = E.sqrt(w);
  // What the root lost is found by halves of it, whose products are exact.
  const spread = E.mul(root, 4097);
  const upper = E.sub(spread, E.sub(spread, root));
  const lower = E.sub(root, upper);
  const left = E.sub(
    E.sub(E.sub(w, E.mul(upper, upper)), E.mul(E.mul(upper, 2), lower)),
    E.mul(lower, lower),
  );
  const rest = E.div(E.mul(E.add(left, lost), 0.5), root);
  const near = E.polynomial(w, ERFINV_NEAR);
  const far = E.polynomial(E.add(E.sub(root, 3), rest), ERFINV_FAR);
  const inside = E.select(E.lt(w, ERFINV_BEYOND), near, far);
  const outside = E.select(E.eq(magnitude, 1), Number.POSITIVE_INFINITY, Number.NaN);
  // Where y is -0 the sum is 0.
  return E.copysign(E.add(y, E.mul(y, E.select(E.lt(magnitude, 1), inside, outside))), y);
}
