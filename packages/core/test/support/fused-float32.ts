/** Logarithm, sine and cosine of float32 numbers by the Cephes library's polynomials, of fused operations as PyTorch has them. */

/** `fround(a * b + c)` rounded once; `a`, `b` and `c` are float32 values. */
export function fma32(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const rounded = Math.fround(sum);
  const rest = sum - rounded;
  if (rest === 0) return rounded;
  // A double that lies halfway between two floats may itself be rounded: its lost part then decides the side.
  const other = rounded + 2 * rest;
  if (Math.fround(other) !== other) return rounded;
  const back = sum - product;
  const lost = product - (sum - back) + (c - back);
  if (lost === 0) return rounded;
  return lost > 0 ? Math.max(rounded, other) : Math.min(rounded, other);
}

const f = Math.fround;
const f32 = new Float32Array(1);
const i32 = new Int32Array(f32.buffer);

/** A polynomial of these coefficients, that of the highest power first. */
const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((y, coefficient) => fma32(y, x, coefficient));

const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(f);
const LN2_LOW = f(-2.1219444e-4);
const LN2_HIGH = f(0.693359375);
const SQRT_HALF = f(Math.SQRT1_2);

/** The natural logarithm of a float32 in (0, 1] that is a multiple of 2^-24. */
export function logFloat(x: number): number {
  f32[0] = x;
  let exponent = (i32[0]! >> 23) - 126;
  i32[0] = (i32[0]! & 0x807fffff) | 0x3f000000;
  let m = f32[0]!;
  if (m < SQRT_HALF) {
    exponent -= 1;
    m = f(f(m - 1) + m);
  } else {
    m = f(m - 1);
  }
  const square = f(m * m);
  let y = fma32(f(polynomial(LOG, m) * m), square, f(exponent * LN2_LOW));
  y = fma32(-square, 0.5, y);
  return fma32(exponent, LN2_HIGH, f(m + y));
}

const FOUR_OVER_PI = f(1.27323954473516);
/** Parts of a quarter of pi, whose multiples float32 holds. */
const PI_4 = [-0.78515625, -2.4187564849853516e-4, -3.774894977445941e-8].map(f);
const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(f);
const COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(f);

/** The last sine computed by {@link sinCosFloat}; returning a pair would allocate. */
export let lastSine = 0;
/** The last cosine, likewise. */
export let lastCosine = 0;

/** Sine and cosine of 2 pi u, rounded to float32, u being a multiple of 2^-24 below 1; left in {@link lastSine} and {@link lastCosine}. */
export function sinCosFloat(angle: number): void {
  const octant = (Math.trunc(f(angle * FOUR_OVER_PI)) + 1) & ~1;
  const x = PI_4.reduce((rest, part) => fma32(octant, part, rest), angle);
  const square = f(x * x);
  let c = polynomial(COS, square);
  c = f(fma32(f(c * square), square, -f(square * 0.5)) + 1);
  let s = polynomial(SIN, square);
  s = fma32(f(s * square), x, x);
  const swapped = (octant & 2) !== 0;
  const sine = swapped ? c : s;
  const cosine = swapped ? s : c;
  lastSine = octant & 4 ? -sine : sine;
  lastCosine = (octant - 2) & 4 ? cosine : -cosine;
}
