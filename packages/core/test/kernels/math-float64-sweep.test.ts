import { describe, expect, it } from 'vitest';
import { ElementwiseKernel, runElementwise } from '../../src/kernels/elementwise/elementwise.ts';
import { call } from '../../src/kernels/expression/index.ts';
import { scalarFunctions } from '../../src/kernels/math/index.ts';
import { stridedOver } from '../../src/kernels/strided/strided.ts';

/**
 * Float64 functions that are computed on whole vectors, at many points: what a few exact values (math-float64.test.ts) cannot
 * show, as where formulas change over. Math, or what else they are held against, is off by an ulp itself.
 */

const POINTS = 200_000;

type Draw = (u: number) => number;
/** Arguments, drawn from a number in [0, 1). */
const between =
  (a: number, b: number): Draw =>
  (u) =>
    a + (b - a) * u;
const powers =
  (a: number, b: number): Draw =>
  (u) =>
    (u < 0.5 ? -1 : 1) * 2 ** (a + (b - a) * ((2 * u) % 1));
const positive =
  (draw: Draw): Draw =>
  (u) =>
    Math.abs(draw(u));
const tiny = powers(-1074, -1000);

const { erf = Number, erfc = Number } = scalarFunctions;
const logarithms = [positive(powers(-1074, 1024)), positive(tiny), between(0.3, 3)];
const angles = [between(-10, 10), powers(-30, 25), between(1e6, 1.1e6), tiny];
const exponents = [between(-746, 710), between(-1, 1), powers(-60, 0), between(-745.2, -707), tiny];

const functions: Readonly<
  Record<string, readonly [exact: (x: number) => number, arguments_: readonly Draw[]]>
> = {
  exp: [Math.exp, exponents],
  exp2: [(x) => 2 ** x, [between(-1076, 1025), between(-1, 1), powers(-60, 0), between(-1075, -1021)]],
  expm1: [Math.expm1, [...exponents, between(-40, -30)]],
  log: [Math.log, logarithms],
  log2: [Math.log2, logarithms],
  log10: [Math.log10, logarithms],
  log1p: [Math.log1p, [powers(-60, 0), positive(powers(-1, 1000)), between(-0.9999, 2), tiny]],
  log1pOfUnit: [Math.log1p, [between(0, 1), positive(powers(-60, 0)), positive(tiny)]],
  sin: [Math.sin, angles],
  cos: [Math.cos, angles],
  tanh: [Math.tanh, [between(-25, 25), between(-1, 1), powers(-60, 0), tiny]],
  sigmoid: [
    (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
    [between(-745, 40), between(-4, 4), powers(-60, 0)],
  ],
  erf: [erf, [between(-6.5, 6.5), between(-1, 1), powers(-60, 0), tiny]],
  erfc: [erfc, [between(-6, 28), between(0.3, 1), powers(-60, 0)]],
};

const bits = new BigUint64Array(1);
const number = new Float64Array(bits.buffer);
/** The distance between a float64 of this size and the next. */
function ulp(x: number): number {
  number[0] = Math.abs(x);
  return 2 ** (Math.max(Number(bits[0]! >> 52n), 1) - 1075);
}

/** The same arguments each time, spread evenly: multiples of the golden ratio. */
const golden = (Math.sqrt(5) - 1) / 2;

function evaluate(name: string, x: Float64Array): Float64Array {
  const out = new Float64Array(x.length);
  const kernel = new ElementwiseKernel(name, 1, (operand) => call(name, operand));
  const strided = (array: Float64Array) => stridedOver(array, 'float64', [array.length]);
  runElementwise(kernel, 'f64', [strided(x)], [], strided(out));
  return out;
}

describe('float64 functions of whole vectors are within 2 ulp of what Math gives', () => {
  it.each(Object.entries(functions))('%s', (name, [exact, draws]) => {
    const x = Float64Array.from({ length: POINTS }, (_, i) => draws[i % draws.length]!((i * golden) % 1));
    let worst = 0;
    let at = 0;
    const wrong: string[] = [];
    evaluate(name, x).forEach((got, i) => {
      const argument = x[i]!;
      const wanted = exact(argument);
      if (Object.is(got, wanted)) return;
      const error = Math.abs(got - wanted) / ulp(wanted);
      if (!(error < 1e3)) wrong.push(`${name}(${argument}) = ${got}, not ${wanted}`);
      if (error > worst) [worst, at] = [error, argument];
    });
    expect(wrong).toEqual([]);
    expect(worst, `${name}(${at})`).toBeLessThanOrEqual(2);
  });
});
