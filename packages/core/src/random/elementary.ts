/**
 * Logarithm, sine and cosine in float64 as PyTorch's random kernels compute them: the C library's nearly correctly
 * rounded results, which `Math.log`, `Math.sin` and `Math.cos` miss by one ulp in a few of a hundred arguments.
 */
import { lostOfProduct, SPLITTER } from './fma.ts';

/** The last sine computed by {@link sinCosDouble}; returning a pair would allocate. */
export let lastSine = 0;
/** The last cosine, likewise. */
export let lastCosine = 0;

/** A table of constants in double-double precision: value = high + low. */
interface Pairs {
  readonly high: Float64Array;
  readonly low: Float64Array;
}

const FRACTION_BITS = 160n;
const ONE = 1n << FRACTION_BITS;

/** Splits fixed-point numbers of 160 fractional bits into pairs of doubles. */
function pairsOf(values: readonly bigint[]): Pairs {
  const high = Float64Array.from(values, (v) => Number(v) * 2 ** -160);
  const low = Float64Array.from(values, (v, i) => Number(v - BigInt(high[i]! * 2 ** 160)) * 2 ** -160);
  return { high, low };
}

/** The Taylor series of sine or cosine (which begin with `term`, of degree `degree`) at `x`, in fixed point. */
function alternatingSeries(x: bigint, term: bigint, degree: bigint): bigint {
  let sum = 0n;
  for (let d = degree; term !== 0n; d += 2n) {
    sum += term;
    term = -((((term * x) >> FRACTION_BITS) * x) >> FRACTION_BITS) / ((d + 1n) * (d + 2n));
  }
  return sum;
}

/** log(numerator / denominator) in fixed point, by the series of 2 atanh((n - d) / (n + d)). */
function fixedLog(numerator: bigint, denominator: bigint): bigint {
  const ratio = ((numerator - denominator) * ONE) / (numerator + denominator);
  const square = (ratio * ratio) >> FRACTION_BITS;
  let sum = 0n;
  let power = ratio;
  for (let d = 1n; power !== 0n && power !== -1n; d += 2n) {
    sum += power / d;
    power = (power * square) >> FRACTION_BITS;
  }
  return 2n * sum;
}

/** Sines and cosines of j / 64, j = 0 ... 51. */
let angles: { sin: Pairs; cos: Pairs } | undefined;
/** For i = 45 ... 91: an 8-bit approximation of 64 / i, and minus its logarithm. */
let reciprocals: { values: Float64Array; logs: Pairs } | undefined;

const FIRST_RECIPROCAL = 45;

function makeAngles(): { sin: Pairs; cos: Pairs } {
  const points = Array.from({ length: 52 }, (_, j) => (BigInt(j) << FRACTION_BITS) / 64n);
  return {
    sin: pairsOf(points.map((x) => alternatingSeries(x, x, 1n))),
    cos: pairsOf(points.map((x) => alternatingSeries(x, ONE, 0n))),
  };
}

function makeReciprocals(): { values: Float64Array; logs: Pairs } {
  const scaled = Array.from({ length: 47 }, (_, i) => Math.round((64 * 256) / (i + FIRST_RECIPROCAL)));
  return {
    values: Float64Array.from(scaled, (n) => n / 256),
    logs: pairsOf(scaled.map((n) => fixedLog(256n, BigInt(n)))),
  };
}

const f64 = new Float64Array(1);
const words = new Int32Array(f64.buffer);
// The high half holds 32 bits, so that its product with a small exponent is exact.
const LOG2_HIGH = 0.6931471803691238;
const LOG2_LOW = 1.9082149292705877e-10;

/** The natural logarithm of a float64 in (0, 1], to 0.51 ulp. */
export function logDouble(x: number): number {
  reciprocals ??= makeReciprocals();
  f64[0] = x;
  let exponent = (words[1]! >> 20) - 1022;
  words[1] = (words[1]! & 0x000fffff) | 0x3fe00000;
  let z = f64[0]!;
  if (z < Math.SQRT1_2) {
    z *= 2;
    exponent -= 1;
  }
  const index = Math.round(z * 64) - FIRST_RECIPROCAL;
  const reciprocal = reciprocals.values[index]!;
  const scaled = z * SPLITTER;
  const zHigh = scaled - (scaled - z);
  const nearHigh = zHigh * reciprocal - 1;
  const nearLow = (z - zHigh) * reciprocal;
  const r = nearHigh + nearLow;
  const rLow = nearHigh - r + nearLow;

  const series =
    r *
    r *
    (-1 / 2 +
      r *
        (1 / 3 +
          r * (-1 / 4 + r * (1 / 5 + r * (-1 / 6 + r * (1 / 7 + r * (-1 / 8 + r * (1 / 9 - r / 10))))))));
  const power = exponent * LOG2_HIGH;
  const logHigh = reciprocals.logs.high[index]!;
  const base = power + logHigh;
  const baseLow = exponent === 0 ? 0 : power - base + logHigh;
  const sum = base + r;
  const sumBack = sum - base;
  const sumLow = base - (sum - sumBack) + (r - sumBack);
  const low = sumLow + baseLow + rLow + reciprocals.logs.low[index]! + exponent * LOG2_LOW;
  return sum + (low + series);
}

// pi / 2 in three parts of 33, 33 and 53 bits: multiples of the first two by a small integer are exact.
const PI_2_A = 1.5707963267341256;
const PI_2_B = 6.077100506303966e-11;
const PI_2_C = 2.0222662487959506e-21;

/** high + low of base + factor * h, with `extra` added to the low part, rounded to one double. */
function addProduct(base: number, factor: number, h: number, extra: number): number {
  const product = factor * h;
  const sum = base + product;
  const back = sum - base;
  const sumLow = base - (sum - back) + (product - back);
  return sum + (sumLow + lostOfProduct(factor, h, product) + extra);
}

/** Sine and cosine of a float64 in [0, 2 pi], to 0.51 ulp, left in {@link lastSine} and {@link lastCosine}. */
export function sinCosDouble(angle: number): void {
  angles ??= makeAngles();
  const quarter = Math.round(angle * (2 / Math.PI));
  const a = angle - quarter * PI_2_A;
  const b = -quarter * PI_2_B;
  const reduced = a + b;
  const back = reduced - a;
  const reducedLow = a - (reduced - back) + (b - back) - quarter * PI_2_C;

  // Beside the table's point j / 64 only a small angle h is left: sin(p + h) = sin p cos h + cos p sin h.
  const negative = reduced < 0;
  const magnitude = negative ? -reduced : reduced;
  const low = negative ? -reducedLow : reducedLow;
  const j = Math.round(magnitude * 64);
  const h = magnitude - j / 64;
  const square = h * h;
  const sinRest = low + h * square * (-1 / 6 + square * (1 / 120 - square / 5040));
  const cosRest = square * (-1 / 2 + square * (1 / 24 - square / 720)) - h * low;
  const s = angles.sin.high[j]!;
  const c = angles.cos.high[j]!;
  const sLow = angles.sin.low[j]!;
  const cLow = angles.cos.low[j]!;
  const magnitudeSine = addProduct(s, c, h, sLow + c * sinRest + cLow * h + s * cosRest);
  const sine = negative ? -magnitudeSine : magnitudeSine;
  const cosine = addProduct(c, -s, h, cLow - s * sinRest - sLow * h + c * cosRest);

  const odd = (quarter & 1) !== 0;
  lastSine = odd ? cosine : sine;
  lastCosine = odd ? sine : cosine;
  if (quarter & 2) lastSine = -lastSine;
  if ((quarter + 1) & 2) lastCosine = -lastCosine;
}
