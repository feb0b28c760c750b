import { checkDType, type DType, isFloatingPoint, type TypedArray } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import {
  type FloatArray,
  fillBernoulli,
  fillBernoulliFrom,
  fillCauchy,
  fillDropoutMask,
  fillExponential,
  fillGeometric,
  fillLogNormal,
  fillNormal,
  fillNormalFrom,
  fillUniform,
} from '../../random/distributions.ts';
import { defaultGenerator, type Generator } from '../../random/generator.ts';
import {
  multinomial as drawMultinomial,
  fillRandom,
  fillRandomInt,
  fillRandperm,
} from '../../random/integers.ts';
import { memoryOrder } from '../../random/memory-order.ts';
import { finishInPlace, prepareInPlace } from '../../record/in-place.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import { broadcastShapes, contiguousStrides, formatShape, type Shape } from '../../shape.ts';
import { emptyTensor, Tensor, wrapArray } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { type CreationOptions, finishCreation, getDefaultDtype, sizesOf } from '../creation/fill.ts';
import { expand } from '../views/shape.ts';

/** Options of a function that draws random numbers. */
export interface RandomOptions extends CreationOptions {
  /** Default: the default generator, which `manualSeed` seeds. */
  readonly generator?: Generator;
}

type Fill = (array: TypedArray, generator: Generator) => void;

interface RandomAttributes {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly fill: Fill;
  readonly generator: Generator;
}

/** Every draw is this one primitive, so that a tracer sees where random numbers enter. */
const randomPrimitive = definePrimitive<RandomAttributes, []>({
  name: 'random',
  infer: (_, { shape, dtype }) => ({ shape, dtype }),
  kernel: (_, { fill, generator }, out) => fill(out.data, generator),
});

function draw(shape: Shape, dtype: DType, fill: Fill, options: RandomOptions | undefined): Tensor {
  const generator = options?.generator ?? defaultGenerator;
  return finishCreation(apply(randomPrimitive, [], { shape, dtype, fill, generator }), options);
}

function floatDtype(options: RandomOptions | undefined, caller: string): DType {
  const dtype = options?.dtype ?? getDefaultDtype();
  checkDType(dtype, caller);
  if (!isFloatingPoint(dtype))
    throw new DTypeError(`${caller}: not implemented for ${dtype}; use float32 or float64`);
  return dtype;
}

const uniform: Fill = (array, generator) => fillUniform(array as FloatArray, 0, 1, generator);
const normalFill: Fill = (array, generator) => fillNormal(array as FloatArray, 0, 1, generator);

/**
 * Uniform numbers in [0, 1). Follows `torch.rand`, number for number.
 * @example manualSeed(0); rand([2, 3]);
 */
export function rand(shape: Shape | number, options?: RandomOptions): Tensor {
  return draw(sizesOf(shape, 'rand'), floatDtype(options, 'rand'), uniform, options);
}

/** Standard normal numbers. Follows `torch.randn`, number for number. */
export function randn(shape: Shape | number, options?: RandomOptions): Tensor {
  return draw(sizesOf(shape, 'randn'), floatDtype(options, 'randn'), normalFill, options);
}

/**
 * Integers in [low, high): `randint(high, shape)` or `randint(low, high, shape)`; int32 unless a dtype is given.
 * Follows `torch.randint`.
 */
export function randint(high: number, shape: Shape, options?: RandomOptions): Tensor;
export function randint(low: number, high: number, shape: Shape, options?: RandomOptions): Tensor;
export function randint(a: number, b: number | Shape, c?: Shape | RandomOptions, d?: RandomOptions): Tensor {
  const [low, high, shape, options] =
    typeof b === 'number' ? [a, b, c as Shape, d] : [0, a, b, c as RandomOptions | undefined];
  const dtype = options?.dtype ?? 'int32';
  checkDType(dtype, 'randint');
  const fill: Fill = (array, generator) => fillRandomInt(array, dtype, low, high, generator);
  return draw(sizesOf(shape, 'randint'), dtype, fill, options);
}

/** A random permutation of 0 ... n - 1, int32. Follows `torch.randperm`. */
export function randperm(n: number, options?: RandomOptions): Tensor {
  return draw(sizesOf(n, 'randperm'), options?.dtype ?? 'int32', fillRandperm, options);
}

/** The logical places of x's elements in the order of memory, or `null` where that is the logical order itself. */
function placesInMemory(x: Tensor): Int32Array | null {
  if (x.dense) return null;
  const places = memoryOrder(x.shape, x.strides, contiguousStrides(x.shape));
  return places.every((place, i) => place === i) ? null : places;
}

const arranged = <A extends TypedArray>(source: A, places: Int32Array): A =>
  source.map((_, i) => source[places[i]!]!) as A;

/** PyTorch gives what it draws "like" a permuted tensor the same layout, and fills it as that lies in memory. */
function drawLike(
  x: Tensor,
  dtype: DType,
  options: RandomOptions | undefined,
  fill: (array: TypedArray, generator: Generator, places: Int32Array | null) => void,
): Tensor {
  const places = placesInMemory(x);
  const inOrder: Fill = (array, generator) => {
    if (places === null) fill(array, generator, null);
    else {
      const stream = array.slice();
      fill(stream, generator, places);
      for (let i = 0; i < stream.length; i++) array[places[i]!] = stream[i]!;
    }
  };
  return draw(x.shape, dtype, inOrder, options);
}

/** Uniform numbers in the shape of `x`. Follows `torch.rand_like`. */
export const randLike = (x: Tensor, options?: RandomOptions): Tensor =>
  drawLike(x, floatDtype({ dtype: x.dtype, ...options }, 'randLike'), options, uniform);
/** Standard normal numbers in the shape of `x`. Follows `torch.randn_like`. */
export const randnLike = (x: Tensor, options?: RandomOptions): Tensor =>
  drawLike(x, floatDtype({ dtype: x.dtype, ...options }, 'randnLike'), options, (array, generator, places) =>
    fillNormal(array as FloatArray, 0, 1, generator, { contiguous: places === null }),
  );
/** Integers in [low, high) in the shape of `x`. Follows `torch.randint_like`. */
export function randintLike(x: Tensor, low: number, high: number, options?: RandomOptions): Tensor {
  const dtype = options?.dtype ?? x.dtype;
  checkDType(dtype, 'randintLike');
  return drawLike(x, dtype, options, (array, generator) => fillRandomInt(array, dtype, low, high, generator));
}

const floatsOf = (x: Tensor): FloatArray => x.data as FloatArray;

/** Ones with the probabilities that `p` holds, else zeros, in its dtype. No gradient flows. Follows `torch.bernoulli`. */
export function bernoulli(p: Tensor, options?: RandomOptions): Tensor {
  if (!isFloatingPoint(p.dtype))
    throw new DTypeError(`bernoulli: expected probabilities of a float dtype, got ${p.dtype}`);
  return draw(
    p.shape,
    p.dtype,
    (array, generator) => fillBernoulliFrom(array, floatsOf(p), generator),
    options,
  );
}

/** Normal numbers of mean and standard deviation that are tensors or numbers. Follows `torch.normal`. */
export function normal(
  mean: Tensor | number,
  std: Tensor | number,
  options?: RandomOptions & { shape?: Shape },
): Tensor {
  const tensors = [mean, std].filter((x): x is Tensor => x instanceof Tensor);
  if (tensors.length === 0) {
    if (options?.shape === undefined)
      throw new ShapeError('normal: with a mean and std that are numbers, pass { shape }');
    const [m, s] = [mean as number, std as number];
    const fill: Fill = (array, generator) => fillNormal(array as FloatArray, m, s, generator);
    return draw(sizesOf(options.shape, 'normal'), floatDtype(options, 'normal'), fill, options);
  }
  const shape =
    tensors.length === 1
      ? tensors[0]!.shape
      : broadcastShapes(tensors[0]!.shape, tensors[1]!.shape, 'normal');
  const dtype = tensors[0]!.dtype;
  const values = (x: Tensor | number): FloatArray | number =>
    x instanceof Tensor ? floatsOf(expand(to(x, dtype), shape)) : x;
  const fill: Fill = (array, generator) =>
    fillNormalFrom(array as FloatArray, values(mean), values(std), generator);
  return draw(shape, dtype, fill, options);
}

/** Options of {@link multinomial}. */
export interface MultinomialOptions {
  /** Whether a category can be drawn more than once. Default: false. */
  readonly replacement?: boolean;
  readonly generator?: Generator;
}

/**
 * Category indices (int32) drawn by weight: weights (C,) give (numSamples,), weights (N, C) give (N, numSamples).
 * Follows `torch.multinomial`.
 */
export function multinomial(weights: Tensor, numSamples: number, options: MultinomialOptions = {}): Tensor {
  const rank = weights.ndim;
  if (rank !== 1 && rank !== 2) {
    throw new ShapeError(
      `multinomial: prob_dist must be 1 or 2 dim, got shape ${formatShape(weights.shape)}`,
    );
  }
  if (!isFloatingPoint(weights.dtype)) {
    throw new DTypeError(
      `multinomial: only supports floating-point dtypes for the weights, got ${weights.dtype}`,
    );
  }
  const rows = rank === 2 ? weights.shape[0]! : 1;
  const { replacement = false, generator = defaultGenerator } = options;
  const categories = weights.shape[rank - 1]!;
  const array = drawMultinomial(floatsOf(weights), rows, categories, numSamples, replacement, generator);
  return wrapArray(array, rank === 2 ? [rows, numSamples] : [numSamples], 'int32');
}

/** The mask of dropout, drawn as PyTorch draws it: zeros with probability p, else 1 / (1 - p). */
export function dropoutMask(x: Tensor, p: number, generator: Generator = defaultGenerator): Tensor {
  return drawLike(x, x.dtype, { generator }, (array, g) => fillDropoutMask(array as FloatArray, p, g));
}

/** Options of the in-place draws. */
export interface DrawOptions {
  readonly generator?: Generator;
}

function drawInPlace(
  x: Tensor,
  name: string,
  fill: Fill,
  options: DrawOptions | undefined,
  floats = true,
): Tensor {
  if (floats && !isFloatingPoint(x.dtype)) throw new DTypeError(`${name}: not implemented for ${x.dtype}`);
  prepareInPlace(x, [x], name);
  const generator = options?.generator ?? defaultGenerator;
  if (x.dense) fill(x.data, generator);
  else {
    const values = emptyTensor([x.count], x.dtype).data;
    fill(values, generator);
    const places = memoryOrder(x.shape, x.strides);
    const { array } = x.storage;
    for (let i = 0; i < values.length; i++) array[x.offset + places[i]!] = values[i]!;
  }
  finishInPlace(x, null);
  return x;
}

/** Overwrites x with uniform numbers in [from, to). Follows `Tensor.uniform_`. */
export function uniform_(x: Tensor, from = 0, to = 1, options?: DrawOptions): Tensor {
  if (!(from <= to))
    throw new ValueError(`uniform_ expects to return a [from, to) range, but found from=${from} > to=${to}`);
  return drawInPlace(x, 'uniform_', (a, g) => fillUniform(a as FloatArray, from, to, g), options);
}

/** Overwrites x with normal numbers. Follows `Tensor.normal_`. */
export function normal_(x: Tensor, mean = 0, std = 1, options?: DrawOptions): Tensor {
  const contiguous = x.dense;
  return drawInPlace(
    x,
    'normal_',
    (a, g) => fillNormal(a as FloatArray, mean, std, g, { contiguous }),
    options,
  );
}

/** Overwrites x with ones of probability p (a number, or a tensor of its shape), else zeros. Follows `Tensor.bernoulli_`. */
export function bernoulli_(x: Tensor, p: number | Tensor = 0.5, options?: DrawOptions): Tensor {
  const fill: Fill =
    p instanceof Tensor
      ? (a, g) => {
          const probabilities = floatsOf(expand(p, x.shape));
          const places = placesInMemory(x);
          fillBernoulliFrom(a, places === null ? probabilities : arranged(probabilities, places), g);
        }
      : (a, g) => fillBernoulli(a, p, g);
  return drawInPlace(x, 'bernoulli_', fill, options, false);
}

/** Overwrites x with integers in [from, to), or over its dtype's range. Follows `Tensor.random_`. */
export function random_(x: Tensor, from?: number | null, to?: number | null, options?: DrawOptions): Tensor {
  const [low, high] = to == null ? [0, from ?? null] : [from ?? 0, to];
  const fill: Fill = (a, g) =>
    high === null ? fillRandom(a, x.dtype, g) : fillRandomInt(a, x.dtype, low, high, g);
  return drawInPlace(x, 'random_', fill, options, false);
}

/** Overwrites x with exponential numbers of rate lambd. Follows `Tensor.exponential_`. */
export const exponential_ = (x: Tensor, lambd = 1, options?: DrawOptions): Tensor =>
  drawInPlace(x, 'exponential_', (a, g) => fillExponential(a as FloatArray, lambd, g), options);
/** Overwrites x with exponentials of normal numbers. Follows `Tensor.log_normal_`. */
export const logNormal_ = (x: Tensor, mean = 1, std = 2, options?: DrawOptions): Tensor =>
  drawInPlace(x, 'log_normal_', (a, g) => fillLogNormal(a as FloatArray, mean, std, g), options);
/** Overwrites x with Cauchy numbers. Follows `Tensor.cauchy_`. */
export const cauchy_ = (x: Tensor, median = 0, sigma = 1, options?: DrawOptions): Tensor =>
  drawInPlace(x, 'cauchy_', (a, g) => fillCauchy(a as FloatArray, median, sigma, g), options);
/** Overwrites x with numbers of trials up to the first success. Follows `Tensor.geometric_`. */
export const geometric_ = (x: Tensor, p: number, options?: DrawOptions): Tensor =>
  drawInPlace(x, 'geometric_', (a, g) => fillGeometric(a, p, g), options, false);

/** The functions of this file that are methods too. */
export default {
  uniform_,
  normal_,
  bernoulli_,
  random_,
  exponential_,
  logNormal_,
  cauchy_,
  geometric_,
  bernoulli,
  multinomial,
};
