/** The named functions that lanes of floating-point numbers compute on whole vectors. */

import type { Expr } from '../../expression/index.ts';
import { erf, erfc, normalCdf } from './error-function.ts';
import { exp, exp2, expm1 } from './exponential.ts';
import type { FloatLane } from './format.ts';
import { sigmoid, tanh } from './hyperbolic.ts';
import { log, log1p, log1pOfUnit, log2, log10 } from './logarithm.ts';
import { cos, sin } from './trigonometric.ts';

export { EXP_TO_ZERO_SCALE, expOfWeight, expToZero, LEAST_WEIGHT_EXPONENT } from './exponential.ts';
export { sigmoidOfGate } from './hyperbolic.ts';
export { pow, powByMath } from './pow.ts';

const functions = {
  ...{ exp, exp2, expm1, log, log2, log10, log1p, log1pOfUnit },
  ...{ sin, cos, tanh, sigmoid, erf, erfc, normalCdf },
};

/** The functions of one operand, as they are computed in this lane. */
export const vectorFunctions = (lane: FloatLane): Record<string, (x: Expr) => Expr> =>
  Object.fromEntries(
    Object.entries(functions).map(([name, lowering]) => [name, (x: Expr) => lowering(lane, x)]),
  );
