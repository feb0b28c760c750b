/**
 * Random float32 numbers on whole vectors. PyTorch's kernels round a product of two float32 numbers and another once,
 * as do lanes of float32 where the machine fuses; elsewhere it is computed in lanes of float64 and rounded so, as it
 * need not fit float32.
 */
import {
  E,
  ElementwiseKernel,
  type Expr,
  productAnd,
  roundsOnce,
  runElementwise,
  runElementwiseMany,
  stridedOver,
} from '../kernels/index.ts';

const f = Math.fround;

/**
 * Rounds to float32 where that has all its 24 bits: beside a number 1.5 times as large as the one of the same exponent
 * times 2^29, the other bits have no room. Takes half the time of a conversion there and back.
 */
function toSingle(x: Expr): Expr {
  const exponent = E.iand(E.bitsOf(x), E.intConstant(0x7ffn << 52n));
  const large = E.fromBits(E.iadd(exponent, E.intConstant((29n << 52n) + (1n << 51n))));
  return E.sub(E.add(x, large), large);
}

/**
 * a * b + c of float32 numbers, whose sum is rounded to float64 before: seldom another number than {@link fused} gives.
 */
const mulAdd = (a: E.Operand, b: E.Operand, c: E.Operand): Expr => toSingle(E.add(E.mul(a, b), c));

/**
 * a * b + c, of which float32 is the sum rounded once: where it is inexact, the neighbour in float64 whose last bit is
 * set.
 */
function fused(a: Expr, b: Expr, c: Expr): Expr {
  const product = E.mul(a, b);
  const sum = E.add(product, c);
  const back = E.sub(sum, product);
  const lost = E.add(E.sub(product, E.sub(sum, back)), E.sub(c, back));
  const bits = E.bitsOf(sum);
  const isOff = E.and(E.ne(lost, 0), E.ieq(E.iand(bits, 1), 0));
  const outwards = E.iselect(E.gt(E.mul(E.copysign(1, sum), lost), 0), 1, -1);
  return E.select(isOff, E.fromBits(E.iadd(bits, outwards)), sum);
}

/** How float32 is computed with. */
interface Arithmetic {
  /** A result of any other operation, rounded to float32. */
  readonly single: (x: Expr) => Expr;
  readonly mulAdd: (a: E.Operand, b: E.Operand, c: E.Operand) => Expr;
  /** The same of any operands. */
  readonly fused: (a: Expr, b: Expr, c: Expr) => Expr;
  /** Bits of the fraction of a lane's numbers. */
  readonly fraction: number;
  /** What the exponent of 1/2 is stored as. */
  readonly ofHalf: number;
}

/** In lanes of float64. */
export const inFloat64: Arithmetic = { single: toSingle, mulAdd, fused, fraction: 52, ofHalf: 1022 };
/** In lanes of float32, where the machine {@link roundsOnce}. */
export const inFloat32: Arithmetic = {
  single: (x) => x,
  mulAdd: productAnd,
  fused: productAnd,
  fraction: 23,
  ofHalf: 126,
};

/** Horner's scheme, rounded to float32 after each step; the highest coefficient first. */
const horner = (x: Expr, [highest = 0, ...others]: readonly number[], { mulAdd }: Arithmetic): Expr =>
  others.reduce<Expr>((sum, c) => mulAdd(sum, x, f(c)), E.constant(f(highest)));

/*
 * Logarithm, sine and cosine are the polynomials of the Cephes library, as PyTorch has them vectorised: a few ulp, and
 * every rounding counts. PyTorch's are of fused operations. Of the arguments that there are, 1 - u and 2 pi u for the
 * 2^24 uniform numbers u, none leads to another number where the operations round twice, so they do
 * (test/random-float32.anew.test.ts).
 */

const LOG = [
  ...[7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1],
  ...[-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1],
];
const LN2_LOW = f(-2.1219444e-4);
const LN2_HIGH = f(0.693359375);

/** The natural logarithm of a float32 in (0, 1] that is a multiple of 2^-24. */
export function logOfUniform(x: Expr, by: Arithmetic): Expr {
  const { single, mulAdd, fraction, ofHalf } = by;
  const bits = E.bitsOf(x);
  const ofFraction = E.iand(bits, E.intConstant((1n << BigInt(fraction)) - 1n));
  const z = E.fromBits(E.ior(ofFraction, E.bitsOf(E.constant(0.5))));
  const isLow = E.lt(z, f(Math.SQRT1_2));
  const exponent = E.sub(E.toFloat(E.isub(E.shrU(bits, fraction), ofHalf)), E.toNumber(isLow));
  const m = E.sub(E.select(isLow, E.add(z, z), z), 1);
  const square = single(E.mul(m, m));
  const series = single(E.mul(horner(m, LOG, by), m));
  const power = mulAdd(series, square, single(E.mul(exponent, LN2_LOW)));
  const low = mulAdd(E.neg(square), 0.5, power);
  return mulAdd(exponent, LN2_HIGH, single(E.add(m, low)));
}

const PI_4 = [-0.78515625, -2.4187564849853516e-4, -3.774894977445941e-8].map(f);
const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1];
const COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2];

/** Sine and cosine of 2 pi u, rounded to float32, u being a multiple of 2^-24 below 1. */
export function sinCosOfTurn(angle: Expr, by: Arithmetic): [sine: Expr, cosine: Expr] {
  const { single, mulAdd } = by;
  const eighths = E.truncToInt(single(E.mul(angle, f(4 / Math.PI))));
  const octant = E.iand(E.iadd(eighths, 1), -2);
  const x = PI_4.reduce<Expr>((rest, part) => mulAdd(E.toFloat(octant), part, rest), angle);
  const square = single(E.mul(x, x));
  const c = mulAdd(single(E.mul(horner(square, COS, by), square)), square, E.neg(single(E.mul(square, 0.5))));
  const even = single(E.add(c, 1));
  const odd = mulAdd(single(E.mul(horner(square, SIN, by), square)), x, x);
  const has = (bits: E.Operand, bit: number): Expr => E.ine(E.iand(bits, bit), 0);
  const signed = (isNegative: Expr, y: Expr): Expr => E.select(isNegative, E.neg(y), y);
  const isSwapped = has(octant, 2);
  return [
    signed(has(octant, 4), E.select(isSwapped, even, odd)),
    signed(E.not(has(E.isub(octant, 2), 4)), E.select(isSwapped, odd, even)),
  ];
}

/** The number of [0, 1) that 32 random bits stand for: the last 24 of them, after the point. */
export function unitOf(word: Expr): Expr {
  const shifted = E.mul(word, 2 ** -24);
  return E.sub(shifted, E.floor(shifted));
}

const unit = new ElementwiseKernel('uniform', 1, (word) => unitOf(word));
/** A uniform number of [0, 1) in [low, high). */
const spread = new ElementwiseKernel('uniform', 1, (u, low, range) => fused(u, range, low));
const below = new ElementwiseKernel('uniform', 1, (x, low, high) => E.select(E.eq(x, high), low, x));
/** Where the mean is 0 the product is exact; but a sum with 0 is never -0. */
const centred = (x: Expr, std: Expr): Expr => E.add(E.mul(x, std), 0);

/**
 * Two normal numbers: Box and Muller's transform of two uniform ones, and their place by standard deviation and mean.
 */
const normalPairBy = (by: Arithmetic, place: Arithmetic['fused'], unitOf: (x: Expr) => Expr) =>
  new ElementwiseKernel('normal', 2, (first, second, std, mean) => {
    const { single } = by;
    const radius = single(E.sqrt(single(E.mul(-2, logOfUniform(E.sub(1, unitOf(first)), by)))));
    return sinCosOfTurn(single(E.mul(f(2 * Math.PI), unitOf(second))), by)
      .reverse()
      .map((part) => place(single(E.mul(radius, part)), std, mean));
  });
/** Of random bits, and of uniform numbers. */
const pairsIn = (by: Arithmetic, unitOf: (x: Expr) => Expr) => ({
  anywhere: normalPairBy(by, by.fused, unitOf),
  centred: normalPairBy(by, centred, unitOf),
});
const pairsOfBits = pairsIn(inFloat64, unitOf);
const pairsOfUnits = pairsIn(inFloat32, (x) => x);

const floats = (array: Float32Array, at: number, count: number) => stridedOver(array, 'float32', [count], at);
const integers = (array: Int32Array, count: number) => stridedOver(array, 'int32', [count]);

/** Makes numbers of [0, 1) of 32 random bits each, from `at` on. */
export function unitNumbers(words: Int32Array, count: number, out: Float32Array, at: number): void {
  runElementwise(unit, 'f64', [integers(words, count)], [], floats(out, at, count));
}

/** Makes pairs of normal numbers of 32 random bits for each; the first of `first` belongs to the first of `second`. */
export function normalPairs(
  first: Int32Array,
  second: Int32Array,
  count: number,
  mean: number,
  std: number,
  outs: readonly Float32Array[],
): void {
  const fuses = roundsOnce();
  const kernel = (fuses ? pairsOfUnits : pairsOfBits)[mean === 0 ? 'centred' : 'anywhere'];
  const given = [first, second].map((words) => {
    if (!fuses) return integers(words, count);
    const units = new Float32Array(count);
    unitNumbers(words, count, units, 0);
    return floats(units, 0, count);
  });
  const results = outs.map((out) => floats(out, 0, count));
  runElementwiseMany(kernel, fuses ? 'f32' : 'f64', given, [std, mean], results);
}

/** Overwrites uniform numbers of [0, 1) with those of [low, high). */
export function spreadUniform(x: Float32Array, low: number, high: number): void {
  const numbers = floats(x, 0, x.length);
  runElementwise(spread, 'f64', [numbers], [low, f(high - low)], numbers);
  runElementwise(below, 'f32', [numbers], [low, high], numbers);
}
