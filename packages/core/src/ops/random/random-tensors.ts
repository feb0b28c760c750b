import { alias, composition, K, signature } from '../../arguments/index.ts';
import { type DType, isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { elementsOf, worksInJavaScript } from '../../kernels/index.ts';
import type { FloatArray } from '../../random/distributions.ts';
import { defaultGenerator, type Generator } from '../../random/generator.ts';
import { generatorKind } from '../../random/generator-kind.ts';
import { checkSamples, multinomial as drawCategories } from '../../random/integers.ts';
import { memoryOrder } from '../../random/memory-order.ts';
import { apply, definePrimitive, type Tensors } from '../../record/index.ts';
import { broadcastShapes, formatShape, type Shape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { creationKinds, dtypeOf, finishCreation, sizesOf } from '../creation/arguments.ts';
import { detach, to } from '../creation/copy.ts';
import type { CreationOptions } from '../creation/options.ts';
import { floatsOnly } from '../elementwise/dtype-checks.ts';
import { firstInOrder } from '../order/partial-sort.ts';
import { expand } from '../views/shape.ts';
import {
  type Distribution,
  type Draw,
  drawOf,
  drawsInJavaScript,
  fillDrawn,
  type Parameters,
} from './draw.ts';

/** Options of a function that draws random numbers. */
export interface RandomOptions extends CreationOptions {
  /** Default: the default generator, which `manualSeed` seeds. */
  readonly generator?: Generator;
}

interface DrawAttributes extends Draw {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Every new tensor of random numbers is this one operation, so that a tracer sees where they enter. */
const randomPrimitive = definePrimitive<DrawAttributes, Tensors>({
  name: 'random',
  infer: (_, { shape, dtype }) => ({ shape, dtype }),
  kernel: (inputs, draw, out) => fillDrawn(out, inputs, draw),
});

function drawn<D extends Distribution>(
  caller: string,
  distribution: D,
  parameters: Parameters<D>,
  shape: Shape,
  dtype: DType,
  options: RandomOptions | undefined,
  order: readonly number[] | null = null,
): Tensor {
  const generator = options?.generator ?? defaultGenerator;
  // All is read before a number is drawn.
  const wanted = options?.requiresGrad === true ? { requiresGrad: true } : undefined;
  const [draw, inputs] = drawOf(distribution, parameters, order, generator);
  // Spreading the draw instead would take as long as drawing a hundred numbers.
  const attributes = { distribution, parameters: draw.parameters, order, generator, shape, dtype };
  return finishCreation(apply(randomPrimitive, inputs, attributes), wanted, caller);
}

/** PyTorch gives what it draws "like" a permuted tensor the same layout, and fills it as that lies in memory. */
const drawnLike = <D extends Distribution>(
  caller: string,
  x: Tensor,
  distribution: D,
  parameters: Parameters<D>,
  dtype: DType,
  options: RandomOptions | undefined,
): Tensor =>
  drawn(
    caller,
    distribution,
    parameters,
    x.shape,
    dtype,
    options,
    x.dense ? null : memoryOrder(x.shape, x.strides),
  );

function floatDtype(options: RandomOptions | undefined, caller: string, otherwise?: DType): DType {
  const dtype = dtypeOf(options, caller, otherwise);
  floatsOnly(caller, () => `not implemented for ${dtype}; use float32 or float64`)(dtype);
  return dtype;
}

const randomKinds: K.Kinds<RandomOptions> = { ...creationKinds, generator: generatorKind };
const randomOptions = K.options<RandomOptions>(randomKinds);
const randParameters = { shape: K.sizeOrSizes, options: randomOptions };
const randTakes = signature('rand', randParameters);

/**
 * Uniform numbers in [0, 1). Follows `torch.rand`, number for number.
 * @throws DTypeError for a dtype that is not float
 * @example
 * ```ts
 * manualSeed(0);
 * rand([2, 3]); // tensor([[0.4963, 0.7682, 0.0885], [0.1320, 0.3074, 0.6341]])
 * ```
 */
export const rand = function (shape: Shape | number, options?: RandomOptions): Tensor {
  randTakes(arguments);
  return drawn('rand', 'uniform', [0, 1], sizesOf(shape, 'rand'), floatDtype(options, 'rand'), options);
};

const randnTakes = signature('randn', randParameters);

/**
 * Standard normal numbers. Follows `torch.randn`, number for number.
 * @throws DTypeError for a dtype that is not float
 * @example
 * ```ts
 * manualSeed(0);
 * randn(3); // tensor([ 1.5410, -0.2934, -2.1788])
 * ```
 */
export const randn = function (shape: Shape | number, options?: RandomOptions): Tensor {
  randnTakes(arguments);
  return drawn('randn', 'normal', [0, 1], sizesOf(shape, 'randn'), floatDtype(options, 'randn'), options);
};

interface RandomIntegers {
  (high: number, shape: Shape, options?: RandomOptions): Tensor;
  (low: number, high: number, shape: Shape, options?: RandomOptions): Tensor;
}

const randintTakes = signature('randint', {
  low: K.number,
  high: K.number,
  shape: K.sizeOrSizes,
  options: randomOptions,
});

/**
 * Integers in [low, high): `randint(high, shape)` or `randint(low, high, shape)`; int32 unless a dtype is given.
 * Follows `torch.randint`.
 * @throws ValueError where the bounds are no integers, are in the wrong order, or do not fit the dtype
 * @example
 * ```ts
 * manualSeed(0);
 * randint(10, [5]); // tensor([4, 9, 3, 0, 3])
 * ```
 */
export const randint: RandomIntegers = alias(
  'randint',
  (a: number, b: number | Shape, ...more: [c?: Shape | RandomOptions, d?: RandomOptions]): Tensor => {
    const given = typeof b === 'number' ? [a, b, ...more] : [0, a, b, ...more];
    randintTakes(given);
    const [low, high, shape, options] = given as [number, number, Shape, RandomOptions | undefined];
    const dtype = dtypeOf(options, 'randint', 'int32');
    return drawn('randint', 'integers', [low, high], sizesOf(shape, 'randint'), dtype, options);
  },
);

const randpermTakes = signature('randperm', { n: K.integer, options: randomOptions });

/**
 * A random permutation of 0 ... n - 1, int32. Follows `torch.randperm`.
 * @throws ShapeError unless n is a whole number, 0 or more
 * @example
 * ```ts
 * manualSeed(0);
 * randperm(5); // tensor([4, 0, 1, 3, 2])
 * ```
 */
export const randperm = function (n: number, options?: RandomOptions): Tensor {
  randpermTakes(arguments);
  return drawn('randperm', 'permutation', [], sizesOf(n, 'randperm'), options?.dtype ?? 'int32', options);
};

const randLikeParameters = { x: K.tensor, options: randomOptions };
const randLikeTakes = signature('randLike', randLikeParameters);

/**
 * Uniform numbers in [0, 1) in the shape of `x`, and in its dtype unless another is given. Follows `torch.rand_like`.
 * @throws DTypeError for a dtype that is not float
 */
export const randLike = function (x: Tensor, options?: RandomOptions): Tensor {
  randLikeTakes(arguments);
  return drawnLike('randLike', x, 'uniform', [0, 1], floatDtype(options, 'randLike', x.dtype), options);
};

const randnLikeTakes = signature('randnLike', randLikeParameters);

/**
 * Standard normal numbers in the shape of `x`, and in its dtype unless another is given. Follows `torch.randn_like`.
 * @throws DTypeError for a dtype that is not float
 */
export const randnLike = function (x: Tensor, options?: RandomOptions): Tensor {
  randnLikeTakes(arguments);
  return drawnLike('randnLike', x, 'normal', [0, 1], floatDtype(options, 'randnLike', x.dtype), options);
};

/**
 * Integers in [low, high) in the shape of `x`, and in its dtype unless another is given. Follows `torch.randint_like`.
 * @throws ValueError where the bounds are no integers, are in the wrong order, or do not fit the dtype
 */
export const randintLike = composition(
  'randintLike',
  {
    x: K.tensor,
    low: K.number,
    high: K.number,
    options: randomOptions,
  },
  (x: Tensor, low: number, high: number, options?: RandomOptions): Tensor =>
    drawnLike('randintLike', x, 'integers', [low, high], dtypeOf(options, 'randintLike', x.dtype), options),
);

const bernoulliTakes = signature('bernoulli', { p: K.tensor, options: randomOptions });

/**
 * Ones with the probabilities that `p` holds, else zeros, in its dtype. No gradient flows. Follows `torch.bernoulli`.
 * @throws DTypeError unless p is of a float dtype; ValueError where a probability is outside [0, 1]
 * @example bernoulli(tensor([0, 1, 1], { dtype: 'float32' })); // tensor([0., 1., 1.])
 */
export function bernoulli(p: Tensor, options?: RandomOptions): Tensor {
  bernoulliTakes(arguments);
  if (!isFloatingPoint(p.dtype))
    throw new DTypeError(`bernoulli: expected probabilities of a float dtype, got ${p.dtype}`);
  return drawn('bernoulli', 'bernoulli', [p], p.shape, p.dtype, options);
}

/** Options of {@link poisson} and {@link binomial}. */
export type CountOptions = Pick<RandomOptions, 'generator'>;

const countOptions = K.options<CountOptions>({ generator: generatorKind });

/**
 * Counts of events that happen as often as `rate` says on average, in its shape and dtype. No gradient flows. Follows
 * `torch.poisson`, number for number.
 * @throws DTypeError unless `rate` is of a float dtype; ValueError where a rate is negative or not finite
 * @example
 * ```ts
 * manualSeed(0);
 * poisson(tensor([0.5, 3, 40])); // tensor([ 2.,  4., 41.])
 * ```
 */
export const poisson = /* @__PURE__ */ composition(
  'poisson',
  { rate: K.tensor, options: countOptions },
  (rate: Tensor, options?: CountOptions): Tensor => {
    floatsOnly('poisson')(rate.dtype);
    return drawn('poisson', 'poisson', [detach(rate)], rate.shape, rate.dtype, options);
  },
);

/**
 * How many of `count` trials succeed, each with probability `prob`; both broadcast, and are of one float dtype. Follows
 * `torch.binomial`, number for number. No gradient flows.
 * @throws DTypeError unless both are of one float dtype; ShapeError where they do not broadcast; ValueError where a
 *   count is not finite
 * @example
 * ```ts
 * manualSeed(0);
 * binomial(tensor([10, 100]).float(), tensor([0.5, 0.1])); // tensor([ 7., 11.])
 * ```
 */
export const binomial = /* @__PURE__ */ composition(
  'binomial',
  { count: K.tensor, prob: K.tensor, options: countOptions },
  (count: Tensor, prob: Tensor, options?: CountOptions): Tensor => {
    for (const { dtype } of [count, prob]) floatsOnly('binomial')(dtype);
    if (count.dtype !== prob.dtype)
      throw new DTypeError(
        `binomial: expected count and prob of one dtype, got ${count.dtype} and ${prob.dtype}`,
      );
    const shape = broadcastShapes(count.shape, prob.shape, 'binomial');
    const wide = (x: Tensor): Tensor => expand(detach(x), shape);
    return drawn('binomial', 'binomial', [wide(count), wide(prob)], shape, count.dtype, options);
  },
);

const normalTakes = signature('normal', {
  mean: K.tensorOrNumber,
  std: K.tensorOrNumber,
  options: K.options<RandomOptions & { shape?: Shape }>({ ...randomKinds, shape: K.sizes }),
});

/**
 * Normal numbers of mean and standard deviation that are tensors, broadcast, or numbers; two numbers need a `shape`.
 * Follows `torch.normal`.
 * @throws ShapeError where the shapes do not broadcast or there is none; ValueError for a negative `std`
 * @example
 * ```ts
 * manualSeed(0);
 * normal(tensor([10, 20], { dtype: 'float32' }), 0.5); // tensor([10.7705, 19.8533])
 * ```
 */
export function normal(
  mean: Tensor | number,
  std: Tensor | number,
  options?: RandomOptions & { shape?: Shape },
): Tensor {
  normalTakes(arguments);
  const [first, second] = [mean, std].filter((x) => x instanceof Tensor);
  if (first === undefined) {
    if (options?.shape === undefined)
      throw new ShapeError('normal: with a mean and std that are numbers, pass { shape }');
    const shape = sizesOf(options.shape, 'normal');
    return drawn('normal', 'normal', [mean, std], shape, floatDtype(options, 'normal'), options);
  }
  const { dtype } = first;
  const shape = second === undefined ? first.shape : broadcastShapes(first.shape, second.shape, 'normal');
  const wide = (x: Tensor | number) => (x instanceof Tensor ? expand(to(x, dtype), shape) : x);
  return drawn('normal', 'normal', [wide(mean), wide(std)], shape, dtype, options);
}

/** Options of {@link multinomial}. */
export interface MultinomialOptions {
  /** Whether a category can be drawn more than once. Default: false. */
  readonly replacement?: boolean;
  /** Default: the default generator, which `manualSeed` seeds. */
  readonly generator?: Generator;
}

interface CategoryDraw extends Required<MultinomialOptions> {
  readonly samples: number;
}

/** As `topk` finds them: equal ones, such as those of no weight, in its order. */
const inDescendingOrder = (keys: FloatArray, count: number): Int32Array =>
  firstInOrder(keys, count, true, true);

const multinomialPrimitive = definePrimitive<CategoryDraw>({
  name: 'multinomial',
  infer([{ shape, dtype }], { samples, replacement }) {
    const [last, rows] = shape.toReversed();
    if (last === undefined || shape.length > 2) {
      throw new ShapeError(`multinomial: prob_dist must be 1 or 2 dim, got shape ${formatShape(shape)}`);
    }
    if (!isFloatingPoint(dtype)) {
      throw new DTypeError(`multinomial: only supports floating-point dtypes for the weights, got ${dtype}`);
    }
    checkSamples(samples, last, replacement);
    return { shape: rows === undefined ? [samples] : [rows, samples], dtype: 'int32' };
  },
  kernel([weights], { samples, replacement, generator }, out) {
    worksInJavaScript(drawsInJavaScript);
    const [categories = 1, rows = 1] = weights.shape.toReversed();
    const values = elementsOf(weights) as FloatArray;
    const greatest = replacement ? null : inDescendingOrder;
    out.storage.array.set(drawCategories(values, rows, categories, samples, greatest, generator));
  },
});

const multinomialTakes = signature('multinomial', {
  weights: K.tensor,
  numSamples: K.integer,
  options: K.options<MultinomialOptions>({ replacement: K.flag, generator: generatorKind }),
});

/**
 * Category indices (int32) drawn by weight: weights (C,) give (numSamples,), weights (N, C) give (N, numSamples).
 * Follows `torch.multinomial`.
 * @throws ShapeError, DTypeError unless the weights are a float vector or matrix; ValueError where they are negative,
 *   not finite or all 0, or where there are not as many categories as samples without replacement
 * @example multinomial(tensor([0, 10, 3, 0.5]), 2); // tensor([1, 2])
 */
export function multinomial(weights: Tensor, numSamples: number, options: MultinomialOptions = {}): Tensor {
  multinomialTakes(arguments);
  const { replacement = false, generator = defaultGenerator } = options;
  return apply(multinomialPrimitive, [weights], { samples: numSamples, replacement, generator });
}

/**
 * The mask of dropout, in the shape and dtype of x and drawn as PyTorch draws it: zeros with probability p, else 1 / (1
 * - p). Kindling's own.
 * @throws ValueError unless 0 <= p <= 1; DTypeError where the dtype of x does not hold 1 / (1 - p)
 */
export const dropoutMask = composition(
  'dropoutMask',
  { x: K.tensor, p: K.number, generator: generatorKind },
  (x: Tensor, p: number, generator: Generator = defaultGenerator): Tensor => {
    if (!isFloatingPoint(x.dtype) && p > 0 && p < 1) {
      throw new DTypeError(
        `dropoutMask: what is kept grows by 1 / (1 - p), which ${x.dtype} does not hold; convert with x.to('float32')`,
      );
    }
    return drawnLike('dropoutMask', x, 'dropout', [p], x.dtype, { generator });
  },
);

/** The functions of this file that are methods too. */
export default { bernoulli, multinomial };
