/** The named functions that lanes of floating-point numbers compute on whole vectors. */

import type { Expr } from '../../expression/index.ts';
import { floorDivide, fmod, remainder } from './division.ts';
import { erf, erfc, erfinv, normalCdf } from './error-function.ts';
import { exp, exp2, expm1 } from './exponential.ts';
import type { FloatLane } from './format.ts';
import { digamma, lgamma } from './gamma.ts';
import { atanh, cosh, sigmoid, sinh, tanh } from './hyperbolic.ts';
import { acos, asin, atan, atan2, hypot } from './inverse-trigonometric.ts';
import { log, log1p, log1pOfUnit, log2, log10 } from './logarithm.ts';
import { pow } from './pow.ts';
import { cos, sin, tan } from './trigonometric.ts';

export { EXP_TO_ZERO_SCALE, expOfWeight, expToZero, LEAST_WEIGHT_EXPONENT } from './exponential.ts';
export { extremeOf } from './extremes.ts';
export type { FloatLane } from './format.ts';
export { sigmoidOfGate, tanhOfGate } from './gates.ts';
export { powByMath } from './pow.ts';

const functions = {
  ...{ exp, exp2, expm1, log, log2, log10, log1p, log1pOfUnit },
  ...{ sin, cos, tanh, sigmoid, erf, erfc, normalCdf },
};

/** The functions of one operand, as they are computed in this lane. */
export const vectorFunctions = (lane: FloatLane): Record<string, (x: Expr) => Expr> =>
  Object.fromEntries(
    Object.entries(functions).map(([name, lowering]) => [name, (x: Expr) => lowering(lane, x)]),
  );

/** What f32 lanes alone compute so. */
export const ofSingles = {
  ...{ pow, fmod, remainder, floorDivide },
  ...{ tan, asin, acos, atan, atan2, hypot },
  ...{ sinh, cosh, atanh, erfinv, lgamma, digamma },
};
