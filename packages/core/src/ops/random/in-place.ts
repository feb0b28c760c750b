import { composition, K } from '../../arguments/index.ts';
import { ValueError } from '../../errors.ts';
import { defaultGenerator, type Generator } from '../../random/generator.ts';
import { generatorKind } from '../../random/generator-kind.ts';
import { memoryOrder } from '../../random/memory-order.ts';
import { writing } from '../../record/code.ts';
import { isGradEnabled } from '../../record/grad-mode.ts';
import { updateInPlace } from '../../record/in-place.ts';
import type { Tensors } from '../../record/index.ts';
import { Tensor } from '../../tensor.ts';
import { detach } from '../creation/copy.ts';
import { zero_ } from '../creation/fill.ts';
import { expand } from '../views/shape.ts';
import { type Distribution, type Draw, drawOf, fillDrawn, type Parameters } from './draw.ts';

/** Options of the in-place draws. */
export interface DrawOptions {
  /** Default: the default generator, which `manualSeed` seeds. */
  readonly generator?: Generator;
}

function drawInto<D extends Distribution>(
  x: Tensor,
  name: string,
  distribution: D,
  parameters: Parameters<D>,
  { generator = defaultGenerator }: DrawOptions = {},
): Tensor {
  const order = memoryOrder(x.shape, x.strides);
  const [draw, inputs] = drawOf(name, distribution, x.dtype, parameters, order, generator);
  // No gradient goes to the old values.
  const severed = x.requiresGrad && !x.isLeaf && isGradEnabled();
  if (severed) zero_(x);
  updateInPlace(name, [x], [x, ...inputs], draw, drawAgain, severed);
  return x;
}

const drawAgain = /* @__PURE__ */ writing('draw', ([, ...given]: Tensors, draw: Draw, [y]: Tensors) =>
  fillDrawn(y!, given, draw),
);

const drawOptions = K.options<DrawOptions>({ generator: generatorKind });

/** What overwrites x with draws that need numbers of these kinds. */
const overwriting = <F extends (...args: never[]) => unknown>(
  name: string,
  numbers: Readonly<Record<string, K.Kind>>,
  f: F,
): F => composition(name, { x: K.tensor, ...numbers, options: drawOptions }, f);

/** What overwrites x with draws of a distribution by the numbers `N`, which have these defaults. */
const drawing = <N extends readonly (number | undefined)[]>(
  name: string,
  distribution: 'normal' | 'exponential' | 'logNormal' | 'cauchy',
  defaults: Readonly<Record<string, number>>,
) =>
  overwriting(name, K.allLike(defaults), (x: Tensor, ...given: [...N, options?: DrawOptions]): Tensor => {
    const numbers = Object.values(defaults).map((number, i) => given[i] ?? number);
    const options = given[numbers.length] as DrawOptions | undefined;
    return drawInto(x, name, distribution, numbers as Parameters<typeof distribution>, options);
  });

/**
 * Overwrites x with uniform numbers in [from, to). Follows `Tensor.uniform_`, number for number.
 * @throws DTypeError unless x is of a float dtype; ValueError where from > to or a bound is out of range
 * @example
 * ```ts
 * const weight = empty([2, 2]);
 * weight.uniform_(-1, 1);
 * weight; // tensor([[-0.0075,  0.5364], [-0.8230, -0.7359]])
 * ```
 */
export const uniform_ = overwriting(
  'uniform_',
  { from: K.number, to: K.number },
  (x: Tensor, from = 0, to = 1, options?: DrawOptions): Tensor => {
    if (!(from <= to))
      throw new ValueError(
        `uniform_: expects to return a [from, to) range, but found from=${from} > to=${to}`,
      );
    return drawInto(x, 'uniform_', 'uniform', [from, to], options);
  },
);

/**
 * Overwrites x with normal numbers. Follows `Tensor.normal_`, number for number.
 * @throws DTypeError unless x is of a float dtype; ValueError for a negative `std`
 * @example empty([3]).normal_(0, 0.01); // tensor([ 0.0154, -0.0029, -0.0218])
 */
export const normal_ = drawing<[mean?: number, std?: number]>('normal_', 'normal', { mean: 0, std: 1 });

/**
 * Overwrites x with ones of probability p (a number, or a tensor that broadcasts to x), else zeros. Follows
 * `Tensor.bernoulli_`.
 * @throws DTypeError for probabilities of another dtype than floats; ValueError where a probability is outside [0, 1]; ShapeError where p does not broadcast to x
 */
export const bernoulli_ = overwriting(
  'bernoulli_',
  { p: K.tensorOrNumber },
  (x: Tensor, p: number | Tensor = 0.5, options?: DrawOptions): Tensor =>
    drawInto(x, 'bernoulli_', 'bernoulli', [p instanceof Tensor ? expand(detach(p), x.shape) : p], options),
);

/**
 * Overwrites x with integers in [from, to), or from 0 on over its dtype's range; `random_(to)` counts from 0.
 * Follows `Tensor.random_`.
 * @throws ValueError where the bounds are no integers, are in the wrong order, or do not fit the dtype
 */
export const random_ = overwriting(
  'random_',
  { from: K.nullable(K.integer), to: K.nullable(K.integer) },
  (x: Tensor, from?: number | null, to?: number | null, options?: DrawOptions): Tensor => {
    const [low, high] = to == null ? [0, from ?? null] : [from ?? 0, to];
    return high === null
      ? drawInto(x, 'random_', 'anyIntegers', [], options)
      : drawInto(x, 'random_', 'integers', [low, high], options);
  },
);

/**
 * Overwrites x with exponential numbers of rate lambd. Follows `Tensor.exponential_`.
 * @throws DTypeError unless x is of a float dtype; ValueError unless lambd > 0
 */
export const exponential_ = drawing<[lambd?: number]>('exponential_', 'exponential', { lambd: 1 });

/**
 * Overwrites x with exponentials of normal numbers. Follows `Tensor.log_normal_`.
 * @throws DTypeError unless x is of a float dtype; ValueError unless std > 0
 */
export const logNormal_ = drawing<[mean?: number, std?: number]>('logNormal_', 'logNormal', {
  mean: 1,
  std: 2,
});

/**
 * Overwrites x with Cauchy numbers. Follows `Tensor.cauchy_`.
 * @throws DTypeError unless x is of a float dtype; ValueError unless sigma > 0
 */
export const cauchy_ = drawing<[median?: number, sigma?: number]>('cauchy_', 'cauchy', {
  median: 0,
  sigma: 1,
});

/**
 * Overwrites x with numbers of trials up to the first success, of probability p. Follows `Tensor.geometric_`.
 * @throws DTypeError where x is of bools; ValueError unless 0 < p < 1
 */
export const geometric_ = overwriting(
  'geometric_',
  { p: K.number },
  (x: Tensor, p: number, options?: DrawOptions): Tensor =>
    drawInto(x, 'geometric_', 'geometric', [p], options),
);

/** The functions of this file that are methods too. */
export default { uniform_, normal_, bernoulli_, random_, exponential_, logNormal_, cauchy_, geometric_ };
