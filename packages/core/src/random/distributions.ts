/**
 * PyTorch's random fills for the CPU, number for number, on plain typed arrays.
 *
 * Every function fills `out` from front to back and leaves the generator where PyTorch leaves it, so calls can be mixed
 * freely with PyTorch's. A strided tensor is filled in the order of `memoryOrder`, through a dense array.
 */
import type { TypedArray } from '../dtype.ts';
import { ValueError } from '../errors.ts';
import { eachPiece, eachPieceOfDoubles, fillUnit, fillUnitDouble } from './draws.ts';
import { lastCosine, lastSine, logDouble, sinCosDouble } from './elementary.ts';
import { normalPairs, spreadUniform } from './float-kernels.ts';
import { fma64 } from './fma.ts';
import type { Generator } from './generator.ts';
import { chooseBelow, chooseEach } from './whole-vectors.ts';

export type FloatArray = Float32Array | Float64Array;

const f = Math.fround;
const TWO_PI = 2 * Math.PI;

/** Below this many elements PyTorch draws normal numbers one by one, from there on in blocks of 16. */
const BLOCK = 16;

/**
 * Uniform numbers in [from, to): `u * (to - from) + from`, with u of 24 random bits (float32) or 53 (float64).
 * Follows `Tensor.uniform_`.
 */
export function fillUniform(out: FloatArray, from: number, to: number, generator: Generator): void {
  const single = out instanceof Float32Array;
  const largest = single ? 3.4028234663852886e38 : Number.MAX_VALUE;
  for (const [name, bound] of Object.entries({ from, to })) {
    if (!(Math.abs(bound) <= largest)) {
      throw new ValueError(
        `uniform_: ${name}=${bound} is out of bounds for ${single ? 'float32' : 'float64'}`,
      );
    }
  }
  if (from > to) {
    throw new ValueError(`uniform_ expects to return a [from, to) range, but found from=${from} > to=${to}`);
  }
  if (to - from > largest) {
    throw new ValueError(
      `uniform_: to - from exceeds the largest finite number, with from=${from} and to=${to}`,
    );
  }
  if (single) {
    fillUnit(out, generator);
    if (from !== 0 || to !== 1) spreadUniform(out, f(from), f(to));
    return;
  }
  fillUnitDouble(out, generator);
  if (from === 0 && to === 1) return;
  const range = to - from;
  for (let i = 0; i < out.length; i++) {
    const value = fma64(out[i] as number, range, from);
    out[i] = value === to ? from : value;
  }
}

/** One normal number by Box-Muller in double precision; the second of each pair waits in the generator. */
function drawNormal(mean: number, std: number, generator: Generator): number {
  const waiting = generator.waiting.double;
  if (waiting !== null) {
    generator.waiting.double = null;
    return fma64(waiting, std, mean);
  }
  const u1 = generator.uniformDouble();
  const u2 = generator.uniformDouble();
  const radius = Math.sqrt(-2 * Math.log1p(-u2));
  sinCosDouble(TWO_PI * u1);
  generator.waiting.double = radius * lastSine;
  return fma64(radius * lastCosine, std, mean);
}

const half = BLOCK / 2;
const most = 2048;
/** Room for the first halves of blocks and for the second: of what they are made of, and of what becomes of it. */
const [firsts, seconds] = [new Int32Array(most), new Int32Array(most)];
const pairs = [new Float32Array(most), new Float32Array(most)] as const;

/** Makes blocks of 16 normal numbers of as many random words: the first eight pair with the last eight. */
function blocksOf(
  words: Int32Array,
  count: number,
  out: Float32Array,
  start: number,
  mean: number,
  std: number,
): void {
  for (let i = 0, at = 0; at < count; i += half, at += BLOCK) {
    for (let j = 0; j < half; j++) {
      firsts[i + j] = words[at + j] as number;
      seconds[i + j] = words[at + half + j] as number;
    }
  }
  normalPairs(firsts, seconds, count / 2, mean, std, pairs);
  const [cosines, sines] = pairs;
  for (let i = 0, at = start; i < count / 2; i += half, at += BLOCK) {
    for (let j = 0; j < half; j++) {
      out[at + j] = cosines[i + j] as number;
      out[at + half + j] = sines[i + j] as number;
    }
  }
}

/** Fills an array of at least a block, 16 by 16; the generator makes the tail's last 16 anew. */
function fillBlocks(out: Float32Array, mean: number, std: number, generator: Generator): void {
  const n = out.length;
  const rest = n % BLOCK;
  const from = (first: number) => (words: Int32Array, start: number, length: number) =>
    blocksOf(words, length, out, first + start, mean, std);
  eachPiece(n - rest, generator, from(0));
  if (rest === 0) return;
  eachPiece(rest, generator, () => {});
  eachPiece(BLOCK, generator, from(n - BLOCK));
}

/** Turns a block of uniform numbers into normal ones. */
function transformBlock(out: Float64Array, start: number, mean: number, std: number): void {
  for (let i = start; i < start + half; i++) {
    const radius = Math.sqrt(-2 * logDouble(1 - (out[i] as number)));
    sinCosDouble(TWO_PI * (out[i + half] as number));
    out[i] = fma64(radius * lastCosine, std, mean);
    out[i + half] = fma64(radius * lastSine, std, mean);
  }
}

/** {@link fillBlocks} in float64. */
function fillBlocksDouble(out: Float64Array, mean: number, std: number, generator: Generator): void {
  const n = out.length;
  fillUnitDouble(out, generator);
  for (let at = 0; at <= n - BLOCK; at += BLOCK) transformBlock(out, at, mean, std);
  if (n % BLOCK === 0) return;
  fillUnitDouble(out.subarray(n - BLOCK), generator);
  transformBlock(out, n - BLOCK, mean, std);
}

function checkStd(operation: string, std: number): void {
  if (!(std >= 0)) throw new ValueError(`${operation} expects std >= 0.0, but found std ${std}`);
}

/**
 * Normal numbers of the given mean and standard deviation. Follows `Tensor.normal_`, whose two algorithms give
 * different streams: one for 16 elements and more, one for fewer. `contiguous: false` takes the second at every size,
 * as PyTorch does for a tensor that is not contiguous.
 */
export function fillNormal(
  out: FloatArray,
  mean: number,
  std: number,
  generator: Generator,
  options: { contiguous?: boolean } = {},
): void {
  checkStd('normal', std);
  const n = out.length;
  if (n < BLOCK || options.contiguous === false) {
    for (let i = 0; i < n; i++) out[i] = drawNormal(mean, std, generator);
    return;
  }
  if (out instanceof Float32Array) fillBlocks(out, f(mean), f(std), generator);
  else fillBlocksDouble(out, mean, std, generator);
}

/**
 * Normal numbers with a mean and a standard deviation of their own, `n * std[i] + mean[i]`. Either may be a number.
 * Follows `torch.normal(mean, std)`; the arrays have the length of `out`.
 */
export function fillNormalFrom(
  out: FloatArray,
  mean: FloatArray | number,
  std: FloatArray | number,
  generator: Generator,
): void {
  const constant = typeof std === 'number';
  if (constant) checkStd('normal', std);
  else if (std.some((s) => !(s >= 0))) throw new ValueError('normal expects all elements of std >= 0.0');
  fillNormal(out, 0, constant ? std : 1, generator);
  const n = out.length;
  if (!constant) for (let i = 0; i < n; i++) out[i] = out[i]! * std[i]!;
  for (let i = 0; i < n; i++) out[i] = out[i]! + (typeof mean === 'number' ? mean : mean[i]!);
}

/** Exponentials of normal numbers. Follows `Tensor.log_normal_`. */
export function fillLogNormal(out: FloatArray, mean: number, std: number, generator: Generator): void {
  if (!(std > 0)) throw new ValueError(`log_normal_ expects std > 0.0, but found std=${std}`);
  for (let i = 0; i < out.length; i++) out[i] = Math.exp(drawNormal(mean, std, generator));
}

/** Exponential numbers of rate `lambda`: `-log(1 - u) / lambda`. Follows `Tensor.exponential_`. */
export function fillExponential(out: FloatArray, lambda: number, generator: Generator): void {
  if (!(lambda > 0)) throw new ValueError(`exponential_ expects lambda > 0.0, but found lambda=${lambda}`);
  const scale = -1 / lambda;
  eachPieceOfDoubles(out.length, generator, (numbers, start, length) => {
    for (let i = 0; i < length; i++) out[start + i] = scale * Math.log1p(-(numbers[i] as number));
  });
}

/** Cauchy numbers: `median + sigma * tan(pi * (u - 1/2))`. Follows `Tensor.cauchy_`. */
export function fillCauchy(out: FloatArray, median: number, sigma: number, generator: Generator): void {
  if (!(sigma > 0)) throw new ValueError(`cauchy_ expects sigma > 0.0, but found sigma=${sigma}`);
  for (let i = 0; i < out.length; i++) {
    out[i] = fma64(sigma, Math.tan(Math.PI * (generator.uniformDouble() - 0.5)), median);
  }
}

/** Trials up to the first success of probability `p`: 1, 2, 3, ... Follows `Tensor.geometric_`. */
export function fillGeometric(out: TypedArray, p: number, generator: Generator): void {
  if (!(p > 0 && p < 1)) throw new ValueError(`geometric_ expects p to be in (0, 1), but got p=${p}`);
  const scale = Math.log1p(-p);
  for (let i = 0; i < out.length; i++) out[i] = Math.ceil(logDouble(generator.uniformDouble()) / scale);
}

/** `value` with probability `p`, else 0; 53 random bits decide each. */
function fillChosen(out: TypedArray, p: number, value: number, generator: Generator): void {
  eachPieceOfDoubles(out.length, generator, (numbers, start, length) =>
    chooseBelow(numbers, length, p, value, out, start),
  );
}

/** Ones with probability `p`, else zeros; 53 random bits decide each. Follows `Tensor.bernoulli_(p)`. */
export function fillBernoulli(out: TypedArray, p: number, generator: Generator): void {
  if (!(p >= 0 && p <= 1)) throw new ValueError(`bernoulli_ expects p to be in [0, 1], but got p=${p}`);
  fillChosen(out, p, 1, generator);
}

function checkProbabilities(p: FloatArray): void {
  for (let i = 0; i < p.length; i++) {
    const probability = p[i] as number;
    if (probability >= 0 && probability <= 1) continue;
    throw new ValueError(`bernoulli expects probabilities in [0, 1], but got ${probability} at element ${i}`);
  }
}

/**
 * Ones with the probability that stands at the same place of `p`, which has the length of `out`; 24 random bits decide
 * where `p` is float32, 53 where it is float64. Follows `torch.bernoulli(p)` and `Tensor.bernoulli_(tensor)`.
 */
export function fillBernoulliFrom(out: TypedArray, p: FloatArray, generator: Generator): void {
  checkProbabilities(p);
  const eachOf = p instanceof Float32Array ? eachPiece : eachPieceOfDoubles;
  eachOf(p.length, generator, (drawn: Int32Array | Float64Array, start: number, length: number) =>
    chooseEach(drawn, length, p, out, start),
  );
}

/** The mask of `F.dropout`: zero with probability `p`, else `1 / (1 - p)`; the result is input times mask. */
export function fillDropoutMask(out: FloatArray, p: number, generator: Generator): void {
  if (!(p >= 0 && p <= 1)) {
    throw new ValueError(`dropout probability has to be between 0 and 1, but got ${p}`);
  }
  // PyTorch multiplies by zeros without drawing.
  if (p === 1) {
    out.fill(0);
    return;
  }
  const kept = out instanceof Float32Array ? f(1 - p) : 1 - p;
  fillChosen(out, 1 - p, 1 / kept, generator);
}
