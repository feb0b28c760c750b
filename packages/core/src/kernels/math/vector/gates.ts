import type { Expr, Operand } from '../../expression/index.ts';
import * as E from '../../expression/index.ts';
import { build } from '../../expression/node.ts';
import { hasRelaxedSimd } from '../../wasm/index.ts';
import { EXP_TAIL, ln2, SHORT_EXP_TAIL } from './exponential.ts';
import { formats, powerOfTwo } from './format.ts';

/**
 * The functions of gates in f32 lanes, of which a recurrent kernel takes several of each element of each step: in fewer
 * operations than `sigmoid` and `tanh`, since they multiply and add at once where the engine can, and are free of what
 * small results need.
 */

/** a b + c, rounded once where the engine can. */
const multiplyAdd: (a: Operand, b: Operand, c: Operand) => Expr = hasRelaxedSimd
  ? (a, b, c) => build('madd', a, b, c)
  : (a, b, c) => E.add(E.mul(a, b), c);

/** x no further from 0 than this; a NaN stays one. */
const within = (x: Expr, bound: number): Expr => E.pmax(E.pmin(x, bound), -bound);

/**
 * 2^k and r with x = k ln 2 + r and |r| <= ln(2)/2, for |x| <= 87: `roundToInt` of a product that is part of the sum.
 */
function reduce(x: Expr): { power: Expr; r: Expr } {
  const { bias, fraction } = formats.f32;
  const rounder = 1.5 * 2 ** fraction + bias;
  const shifted = multiplyAdd(x, Math.LOG2E, rounder);
  const k = E.sub(shifted, rounder);
  const { high, low } = ln2.f32;
  return {
    power: powerOfTwo('f32', E.bitsOf(shifted)),
    r: multiplyAdd(k, -low, multiplyAdd(k, -high, x)),
  };
}

/** The logistic function, 1 / (1 + e^-x), within 4 ulp; of what is less than -87 that of -87. */
export function sigmoidOfGate(x: Expr): Expr {
  const { power, r } = reduce(E.neg(within(x, 87)));
  const exponential = multiplyAdd(r, E.polynomial(r, SHORT_EXP_TAIL, multiplyAdd), 1);
  return E.div(1, multiplyAdd(exponential, power, 1));
}

/**
 * The hyperbolic tangent, n / (n + 2) with n = e^2|x| - 1, within 3 ulp, and 1.5 from |x| = 1 on: the slope 1 - y^2 of a
 * result near 1 or -1 has the whole error of y. With x in place of |x|, results near -1 would be wrong by 2.5 ulp, as
 * there n loses to 1 what e^2x has.
 */
export function tanhOfGate(x: Expr): Expr {
  // From 9.02 on, the nearest number is 1; the bound keeps e^2|x| finite.
  const bounded = E.pmin(E.abs(x), 20);
  const { power, r } = reduce(E.add(bounded, bounded));
  const q = multiplyAdd(E.mul(r, r), E.polynomial(r, EXP_TAIL, multiplyAdd), r);
  const n = multiplyAdd(power, q, E.sub(power, 1));
  return E.copysign(E.div(n, E.add(n, 2)), x);
}
