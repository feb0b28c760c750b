import {
  type Lowering,
  lowerings,
  type ScalarFunction,
  scalarCall,
  scalarFunctions,
} from '../expression/index.ts';
import { erf, erfc } from './error-function.ts';
import { exp, exp2, expm1 } from './exponential.ts';
import { sigmoid, tanh } from './hyperbolic.ts';
import { log, log1p, log2, log10 } from './logarithm.ts';
import { nextafter, pow } from './pow.ts';
import * as bessel from './scalar-bessel.ts';
import * as elementary from './scalar-elementary.ts';
import * as errorFunction from './scalar-error-function.ts';
import { digamma, lgamma, polygamma, zeta } from './scalar-gamma.ts';
import { cos, sin } from './trigonometric.ts';

/**
 * What the named functions mean in each lane. f32 lanes compute the frequent ones on whole vectors;
 * everything else goes lane by lane through a function of float64 numbers, of this table or of Math. V8's
 * Math keeps within 2 ulp for all that is left to it (tools/oracle/math_reference.py, and
 * test/kernels/math-float64.test.ts).
 */

const scalar: Record<string, ScalarFunction> = {
  ...elementary,
  ...bessel,
  ...errorFunction,
  digamma,
  lgamma,
  polygamma,
  zeta,
};
Object.assign(scalarFunctions, scalar);

const everyFloat: Record<string, Lowering> = { pow, nextafter };
const vectors: Record<string, Lowering> = {
  exp,
  exp2,
  expm1,
  log,
  log2,
  log10,
  log1p,
  sin,
  cos,
  tanh,
  sigmoid,
  erf,
  erfc,
};
Object.assign(lowerings.f32, everyFloat, vectors);

/** 2^x, which Math has only as a power. */
const powerOf2: Lowering = (x) => scalarCall('pow', 2, x!);
Object.assign(lowerings.f64, everyFloat, { exp2: powerOf2 });
