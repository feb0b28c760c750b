/** What the named functions mean in each lane. */

/*
 * f32 lanes compute the frequent ones on whole vectors, i32 lanes those of whole
 * numbers; everything else goes lane by lane through a function of float64 numbers, of this room or of Math. V8's Math keeps
 * within 2 ulp for all that is left to it (tools/oracle/math_reference.py, and test/kernels/math-float64.test.ts).
 */

import * as E from '../expression/index.ts';
import { type Expr, type Lane, scalarCall } from '../expression/index.ts';
import { floorDivide, fmod, remainder } from './division.ts';
import { erf, erfc, normalCdf } from './error-function.ts';
import { exp, exp2, expm1 } from './exponential.ts';
import { atanh, cosh, sigmoid, sinh, tanh } from './hyperbolic.ts';
import { integerPow, pow as powOfIntegers } from './integer.ts';
import { acos, asin, atan, atan2, hypot } from './inverse-trigonometric.ts';
import { log, log1p, log1pOfUnit, log2, log10 } from './logarithm.ts';
import { pow, powByMath } from './pow.ts';
import {
  digamma,
  elementary,
  errorFunction,
  lgamma,
  polygamma,
  polygammaOfFloats,
  zeta,
} from './scalar/index.ts';
import * as special from './special/index.ts';
import { cos, sin, tan } from './trigonometric.ts';

export { EXP_TO_ZERO_SCALE, expOfWeight, expToZero, LEAST_WEIGHT_EXPONENT } from './exponential.ts';
export { sigmoidOfGate } from './hyperbolic.ts';

/** Rewrites a named function's operands into an expression; the result may contain further named functions. */
export type Lowering = (...args: Expr[]) => Expr;

/** A function of float64 numbers, for `scalarCall`. */
export type ScalarFunction = (...args: number[]) => number;

/** The functions that `scalarCall` finds besides those of Math. */
export const scalarFunctions: Readonly<Record<string, ScalarFunction | undefined>> = {
  ...elementary,
  ...errorFunction,
  ...special,
  digamma,
  lgamma,
  polygamma,
  polygammaOfFloats,
  zeta,
  integerPow,
};

/** The lowerings of the named functions, lane by lane; what is missing is called lane by lane. */
export const lowerings: Readonly<Record<Lane, Readonly<Record<string, Lowering | undefined>>>> = {
  f32: {
    pow,
    exp,
    exp2,
    expm1,
    log,
    log2,
    log10,
    log1p,
    log1pOfUnit,
    sin,
    cos,
    tan,
    asin,
    acos,
    atan,
    atan2,
    hypot,
    sinh,
    cosh,
    tanh,
    atanh,
    sigmoid,
    erf,
    erfc,
    normalCdf,
    fmod,
    remainder,
    floorDivide,
    polygamma: (n: Expr, x: Expr) => scalarCall('polygammaOfFloats', n, x),
  },
  f64: {
    pow: powByMath,
    // Math has it only as a power.
    exp2: (x: Expr) => scalarCall('pow', 2, x),
    log1pOfUnit: (x: Expr) => scalarCall('log1p', x),
    normalCdf: (x: Expr) => E.mul(0.5, E.add(1, E.erf(E.mul(x, Math.SQRT1_2)))),
  },
  i32: { pow: powOfIntegers },
};
