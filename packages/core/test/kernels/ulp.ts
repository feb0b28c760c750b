import { ElementwiseKernel, runElementwise } from '../../src/kernels/elementwise/elementwise.ts';
import { call, type Expr } from '../../src/kernels/expression/index.ts';
import { scalarFunctions } from '../../src/kernels/math/index.ts';
import { stridedOver } from '../../src/kernels/strided/strided.ts';

/**
 * The error of float32 functions in units of the last place (ulp) of the exact value, over bit patterns of
 * float32.
 */

const special = (name: string) => scalarFunctions[name] as (x: number) => number;

/** Float64 references of the functions that f32 lanes compute by formulas of their own. */
export const references: Readonly<Record<string, (x: number) => number>> = {
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  atanh: Math.atanh,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  erf: special('erf'),
  erfc: special('erfc'),
  erfinv: special('erfinv'),
  lgamma: special('lgamma'),
  digamma: special('digamma'),
};

/** The same of those that are only meant for [0, 1]. */
export const referencesOnUnit: Readonly<Record<string, (x: number) => number>> = {
  log1pOfUnit: Math.log1p,
};

/**
 * What a sweep found: the worst error and its argument, and the arguments whose NaN, infinity or zero is a
 * wrong one.
 */
export interface Sweep {
  worst: number;
  at: number;
  points: number;
  wrong: number[];
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);
/** 1 / ulp by biased exponent. */
const perUlp = Float64Array.from({ length: 256 }, (_, e) => 2 ** (150 - Math.min(Math.max(e, 1), 254)));

/** Where float32 ends: the first power of 2 that it lacks. */
const limit = 2 ** 128;
const within = (x: number): number => Math.max(-limit, Math.min(limit, x));

/**
 * |got - exact| in ulps of float32, all beyond its range counting as 2^128. NaN where they differ in NaN or
 * exact infinity.
 */
export function ulpError(got: number, exact: number): number {
  if (got === exact) return 0;
  if (!Number.isFinite(exact)) return Number.NaN;
  single[0] = exact;
  return Math.abs(within(got) - within(exact)) * perUlp[(singleBits[0]! >>> 23) & 255]!;
}

/**
 * Compares the f32 kernel of a function with its reference at every `stride`-th bit pattern, beginning at
 * `first`.
 */
export const sweep = (name: string, stride: number, first = 0, end = 2 ** 32, length = 1 << 16): Sweep =>
  sweepOf((x) => call(name, x), (references[name] ?? referencesOnUnit[name])!, stride, first, end, length);

/** The same of an expression that has no name. */
export function sweepOf(
  expression: (x: Expr) => Expr,
  reference: (x: number) => number,
  stride: number,
  first = 0,
  end = 2 ** 32,
  length = 1 << 16,
): Sweep {
  const kernel = new ElementwiseKernel('swept', 1, expression);
  const bits = new Uint32Array(length);
  const x = new Float32Array(bits.buffer);
  const y = new Float32Array(length);
  const found: Sweep = { worst: 0, at: 0, points: 0, wrong: [] };
  for (let start = first; start < end; start += stride * length) {
    for (let i = 0; i < length; i++) bits[i] = start + i * stride;
    runElementwise(
      kernel,
      'f32',
      [stridedOver(x, 'float32', [length])],
      [],
      stridedOver(y, 'float32', [length]),
    );
    for (let i = 0; i < length && start + i * stride < end; i++) {
      const exact = reference(x[i]!);
      const got = y[i]!;
      found.points++;
      const error = ulpError(got, exact);
      if (error <= found.worst && got !== 0) continue;
      if (error > found.worst) {
        found.worst = error;
        found.at = x[i]!;
      }
      const isNaNRight = Number.isNaN(got) === Number.isNaN(exact);
      const hasWrongSign = got === 0 && Object.is(got, -0) !== (exact < 0 || Object.is(exact, -0));
      if (!isNaNRight || hasWrongSign || (Number.isNaN(error) && !Number.isNaN(exact)))
        found.wrong.push(x[i]!);
    }
  }
  return found;
}
