/** What the named functions mean in each lane. */

/*
 * Lanes of floating-point numbers compute the frequent ones on whole vectors, i32 lanes those of whole numbers;
 * everything else goes lane by lane through a function of float64 numbers, of this room or of Math. V8's Math keeps
 * within 2 ulp for all that is left to it (tools/oracle/math_reference.py, and test/kernels/math-float64.test.ts).
 */

import type { Expr, Lane } from '../expression/index.ts';
import { scalarCall } from '../expression/index.ts';
import { integerPow, pow as powOfIntegers } from './integer.ts';
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
import { type FloatLane, ofSingles, powByMath, vectorFunctions } from './vector/index.ts';

export {
  EXP_TO_ZERO_SCALE,
  expOfWeight,
  expToZero,
  extremeOf,
  LEAST_WEIGHT_EXPONENT,
  sigmoidOfGate,
  tanhOfGate,
} from './vector/index.ts';

/** Rewrites a named function's operands into an expression; the result may contain further named functions. */
type Lowering = (...args: Expr[]) => Expr;

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

/** The lowerings of those that float lanes compute on whole vectors. */
export const wholeVectors = (lane: FloatLane): Readonly<Record<string, Lowering>> =>
  lane === 'f32' ? { ...vectorFunctions('f32'), ...ofSingles } : vectorFunctions('f64');

/** The lowerings of the named functions, lane by lane; what is missing is called lane by lane. */
export const lowerings: Readonly<Record<Lane, Readonly<Record<string, Lowering | undefined>>>> = {
  f32: {
    ...wholeVectors('f32'),
    polygamma: (n: Expr, x: Expr) => scalarCall('polygammaOfFloats', n, x),
  },
  f64: { ...wholeVectors('f64'), pow: powByMath },
  i32: { pow: powOfIntegers },
};
