/** Random integers, permutations and categorical draws: PyTorch's CPU algorithms on plain typed arrays. */
import type { DType, TypedArray } from '../dtype.ts';
import { ValueError } from '../errors.ts';
import { type FloatArray, fillExponential } from './distributions.ts';
import { eachPiece } from './draws.ts';
import type { Generator } from './generator.ts';
import { remainders } from './whole-vectors.ts';

const TWO_32 = 2 ** 32;
/** From this range on PyTorch spends 64 random bits on an integer, lest the remainder favour small numbers. */
const WIDE_RANGE = 2 ** 28;
/** From this many elements on PyTorch permutes with 64 random bits an element. */
const LARGE_PERMUTATION = Math.floor((TWO_32 - 1) / 20);

/** What an element of each dtype can hold, or count without gaps. */
const limits: Record<DType, { low: number; high: number }> = {
  bool: { low: 0, high: 1 },
  uint8: { low: 0, high: 255 },
  int32: { low: -(2 ** 31), high: 2 ** 31 - 1 },
  float32: { low: -(2 ** 24), high: 2 ** 24 },
  float64: { low: Number.MIN_SAFE_INTEGER, high: Number.MAX_SAFE_INTEGER },
};

/** The next 64 random bits modulo `range`, which is at most 2^53. */
function random64Modulo(range: number, generator: Generator): number {
  if (range > TWO_32) return Number(generator.random64() % BigInt(range));
  let rest = generator.random() % range;
  const low = generator.random();
  rest = (rest * 0x10000 + (low >>> 16)) % range;
  return (rest * 0x10000 + (low & 0xffff)) % range;
}

/**
 * Integers from `low` (inclusive) to `high` (exclusive), as elements of `dtype`. Follows `torch.randint` and
 * `Tensor.random_(low, high)` of the newest PyTorch (1.13 spends 32 bits on ranges between 2^28 and 2^32).
 */
export function fillRandomInt(
  out: TypedArray,
  dtype: DType,
  low: number,
  high: number,
  generator: Generator,
): void {
  const { low: least, high: most } = limits[dtype];
  if (!Number.isInteger(low) || !Number.isInteger(high)) {
    throw new ValueError(`random_ expects integers 'from' and 'to', but got from=${low}, to=${high}`);
  }
  if (low >= high) {
    throw new ValueError(`random_ expects 'from' to be less than 'to', but got from=${low} >= to=${high}`);
  }
  if (low < least || high - 1 > most) {
    const name = low < least ? `from=${low}` : `to - 1=${high - 1}`;
    throw new ValueError(
      `random_: ${name} is out of bounds for ${dtype}, which counts from ${least} to ${most}`,
    );
  }
  const range = high - low;
  const n = out.length;
  if (range >= WIDE_RANGE) {
    for (let i = 0; i < n; i++) out[i] = random64Modulo(range, generator) + low;
  } else {
    eachPiece(n, generator, (words, start, length) => remainders(words, length, range, low, out, start));
  }
}

/**
 * Integers over the whole non-negative range of `dtype`: 0 to 2^31 - 1 for int32, 0 to 2^24 for float32, 0 to 2^53 for
 * float64. Follows `Tensor.random_()`; int32 draws as PyTorch's int32 does, since 63 bits do not fit.
 */
export function fillRandom(out: TypedArray, dtype: DType, generator: Generator): void {
  const n = out.length;
  if (dtype === 'float64') {
    for (let i = 0; i < n; i++) out[i] = Number(generator.random64() % ((1n << 53n) + 1n));
    return;
  }
  const modulus = limits[dtype].high + 1;
  for (let i = 0; i < n; i++) out[i] = generator.random() % modulus;
}

/** A random permutation of 0 ... n - 1, n being the length of `out`. Follows `torch.randperm`. */
export function fillRandperm(out: TypedArray, dtype: DType, generator: Generator): void {
  const n = out.length;
  const { high: most } = limits[dtype];
  if (n - 1 > most)
    throw new ValueError(`randperm: n - 1=${n - 1} is out of bounds for ${dtype}, which counts to ${most}`);
  if (n >= LARGE_PERMUTATION) {
    for (let i = 0; i < n; i++) {
      const z = random64Modulo(i + 1, generator);
      out[i] = i;
      out[i] = out[z]!;
      out[z] = i;
    }
    return;
  }
  for (let i = 0; i < n; i++) out[i] = i;
  eachPiece(n - 1, generator, (words, start, length) => {
    for (let j = 0, i = start; j < length; j++, i++) {
      // Both unsigned, so that V8 divides integers.
      const z = i + (((words[j] as number) >>> 0) % ((n - i) >>> 0));
      const kept = out[i]!;
      out[i] = out[z]!;
      out[z] = kept;
    }
  });
}

/** The indices of so many of the greatest keys, in descending order. */
type Greatest = (keys: FloatArray, count: number) => Int32Array;

/**
 * Draws `samples` categories from each of `rows` distributions, whose weights stand in `weights` row by row (they need
 * not sum to one). The result has shape (rows, samples). With `greatest` no category is drawn twice; those of weight 0
 * come last. Follows `torch.multinomial`.
 */
export function multinomial(
  weights: FloatArray,
  rows: number,
  categories: number,
  samples: number,
  greatest: Greatest | null,
  generator: Generator,
): Int32Array {
  checkSamples(samples, categories, greatest === null);
  const weightsOf = (row: number): FloatArray => weights.subarray(row * categories, (row + 1) * categories);
  for (let row = 0; row < rows; row++) checkWeights(weightsOf(row));
  const out = new Int32Array(rows * samples);
  for (let row = 0; row < rows; row++) {
    const drawn = out.subarray(row * samples, (row + 1) * samples);
    if (samples > 1 && greatest === null) drawCumulative(drawn, weightsOf(row), generator);
    else drawDistinct(drawn, weightsOf(row), greatest, generator);
  }
  return out;
}

/** Refuses numbers of samples that cannot be drawn from so many categories. */
export function checkSamples(
  samples: number,
  categories: number,
  replacement: boolean,
  caller = 'multinomial',
): void {
  if (!Number.isInteger(samples) || samples <= 0) {
    throw new ValueError(`${caller}: cannot sample num_samples=${samples} <= 0 samples`);
  }
  if (!replacement && samples > categories) {
    throw new ValueError(
      `${caller}: cannot sample num_samples=${samples} > ${categories} categories without replacement`,
    );
  }
  if (categories > 2 ** 24) {
    throw new ValueError(`${caller}: number of categories cannot exceed 2^24, got ${categories}`);
  }
}

function checkWeights(weights: FloatArray): void {
  let sum = 0;
  for (let j = 0; j < weights.length; j++) {
    const weight = weights[j] as number;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new ValueError(
        `multinomial: probability tensor contains either inf, nan or element < 0 (found ${weight})`,
      );
    }
    sum += weight;
  }
  if (sum === 0) throw new ValueError('multinomial: invalid distribution (sum of probabilities <= 0)');
}

/** The categories with the largest weight / Exp(1), which is a draw without replacement (Gumbel's trick). */
function drawDistinct(
  out: Int32Array,
  weights: FloatArray,
  greatest: Greatest | null,
  generator: Generator,
): void {
  const keys = weights.slice();
  fillExponential(keys, 1, generator);
  for (let j = 0; j < keys.length; j++) keys[j] = (weights[j] as number) / (keys[j] as number);
  if (greatest !== null && out.length > 1) {
    out.set(greatest(keys, out.length));
    return;
  }
  let best = 0;
  for (const [j, key] of keys.entries()) if (key > keys[best]!) best = j;
  out[0] = best;
}

/** Independent draws: a uniform number is looked up in the cumulative distribution. */
function drawCumulative(out: Int32Array, weights: FloatArray, generator: Generator): void {
  const cumulative = weights.slice();
  // Each sum is rounded as the array rounds it.
  for (let j = 1; j < cumulative.length; j++) cumulative[j] = cumulative[j]! + cumulative[j - 1]!;
  const total = cumulative.at(-1) ?? 0;
  for (let j = 0; j < cumulative.length; j++) cumulative[j] = (cumulative[j] as number) / total;
  cumulative[cumulative.length - 1] = 1;
  for (let s = 0; s < out.length; s++) {
    const u = generator.uniformDouble();
    let left = 0;
    let right = cumulative.length;
    while (left < right) {
      const middle = (left + right) >>> 1;
      if (cumulative[middle]! < u) left = middle + 1;
      else right = middle;
    }
    out[s] = left;
  }
}
