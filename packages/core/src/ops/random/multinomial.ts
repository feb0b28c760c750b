import { K, signature } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { elementsOf, worksInJavaScript } from '../../kernels/index.ts';
import type { FloatArray } from '../../random/distributions.ts';
import { defaultGenerator, type Generator } from '../../random/generator.ts';
import { generatorKind } from '../../random/generator-kind.ts';
import { checkSamples, multinomial as drawCategories } from '../../random/integers.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import { formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { firstInOrder } from '../order/partial-sort.ts';
import { drawsInJavaScript } from './draw.ts';

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

/** The function of this file that is a method too. */
export default { multinomial };
