import { alias, composition, K, signature } from '../../arguments/index.ts';
import { IndexError, ShapeError, ValueError } from '../../errors.ts';
import { composed, valuesOf } from '../../record/index.ts';
import { checkShape, formatShape, normalizeDim, type Shape } from '../../shape.ts';
import { allocateZeroed } from '../../storage.ts';
import { Tensor, wrapArray } from '../../tensor.ts';
import { clone } from '../creation/copy.ts';
import { indexSelect } from '../indexing/index-along.ts';
import { type Sizes, sizeAlong, sizesFrom, sizesKind } from '../views/layout.ts';
import { expand, ravel, reshape, unsqueeze } from '../views/shape.ts';

/** `x` repeated whole, by a broadcast view that is then copied. */
function repeatTimes(x: Tensor, times: Shape): Tensor {
  const lead = times.length - x.shape.length;
  const split: number[] = [];
  const wide: number[] = [];
  const joined = times.map((n, d) => {
    const size = sizeAlong(x, d - lead);
    split.push(1, size);
    wide.push(n, size);
    return n * size;
  });
  const result = reshape(expand(reshape(x, split), wide), joined);
  return result.storage === x.storage ? clone(result) : result;
}

const repeatTakes = signature('repeat', { x: K.tensor, repeats: sizesKind });

/**
 * x laid out so many times along each dimension, as a copy; more numbers than x has dimensions repeat along new leading
 * ones. Follows `Tensor.repeat`.
 * @throws ShapeError when there are fewer numbers than dimensions or one is no non-negative integer.
 * @example repeat(tensor([1, 2]), 2, 2).tolist(); // [ [ 1, 2, 1, 2 ], [ 1, 2, 1, 2 ] ]
 */
export function repeat(x: Tensor, ...repeats: Sizes): Tensor {
  repeatTakes([x, repeats]);
  const times = sizesFrom(repeats);
  if (times.length < x.shape.length) {
    throw new ShapeError(
      'repeat: Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: got ' +
        `${formatShape(times)} for shape ${formatShape(x.shape)}`,
    );
  }
  if (times.some((n) => n < 0)) {
    throw new ShapeError(`repeat: expected non-negative integers, got ${formatShape(times)}`);
  }
  return composed('repeat', repeatTimes(x, times), x);
}

const tileTakes = signature('tile', { x: K.tensor, dims: sizesKind });

/**
 * {@link repeat} in which missing leading numbers are 1. Follows `torch.tile`.
 * @throws ShapeError when a number is no non-negative integer.
 * @example tile(tensor([[1, 2]]), 2).tolist(); // [ [ 1, 2, 1, 2 ] ]
 */
export const tile = alias('tile', (x: Tensor, ...dims: Sizes): Tensor => {
  tileTakes([x, dims]);
  const times = sizesFrom(dims);
  return repeat(x, [...new Array<number>(Math.max(0, x.shape.length - times.length)).fill(1), ...times]);
});

/** Options of {@link repeatInterleave}. */
export interface RepeatInterleaveOptions {
  /** The dimension along which entries are repeated. Default: x is taken as one row. */
  readonly dim?: number | null;
  /** The size of the result along `dim`, checked against the repeats. */
  readonly outputSize?: number | null;
}

/** Why repeats are read: they make the size of the result. */
const howOften = 'repeat_interleave: how often';

function repeatedIndices(repeats: Tensor, outputSize: number | null): Tensor {
  if (repeats.dtype !== 'int32' || repeats.shape.length > 1) {
    throw new ShapeError(
      `repeatInterleave: expected repeats as a number or a vector of int32, got ${repeats.dtype} of shape ${formatShape(repeats.shape)}`,
    );
  }
  const counts = valuesOf(repeats, howOften);
  let length = 0;
  for (const count of counts) {
    if (count < 0) throw new ValueError('repeatInterleave: repeats can not be negative');
    length += count;
  }
  if (outputSize !== null && outputSize !== length) {
    throw new ValueError(
      `repeatInterleave: outputSize ${outputSize} does not match the sum of the repeats ${length}`,
    );
  }
  const shape = [length];
  checkShape(shape, 'repeatInterleave');
  const indices = allocateZeroed('int32', length);
  let at = 0;
  counts.forEach((count, i) => {
    indices.fill(i, at, at + count);
    at += count;
  });
  return wrapArray(indices, shape, 'int32');
}

/**
 * Each entry of x along `dim` repeated so many times, one number for all or one each (int32). Given the repeats alone,
 * the indices that are to be repeated. Follows `torch.repeat_interleave`.
 * @throws ShapeError when `repeats` does not fit the dimension, ValueError when one is negative or they do not sum to
 * `outputSize`, IndexError when `dim` is out of range, as any is for a tensor without dimensions.
 * @example
 * ```ts
 * repeatInterleave(tensor([1, 2]), 2); // tensor([1, 1, 2, 2])
 * repeatInterleave(tensor([1, 0, 2])); // tensor([0, 2, 2])
 * ```
 */
export const repeatInterleave = composition(
  'repeatInterleave',
  {
    x: K.tensor,
    repeats: K.optional(K.either(K.sizeOrSizes, K.tensor)),
    options: K.options<RepeatInterleaveOptions>({
      dim: K.nullable(K.integer),
      outputSize: K.nullable(K.integer),
    }),
  },
  (x: Tensor, repeats?: number | Tensor | Shape, options: RepeatInterleaveOptions = {}): Tensor => {
    const { dim = null, outputSize = null } = options;
    if (repeats === undefined) return repeatedIndices(x, outputSize);
    if (dim !== null && x.shape.length === 0)
      throw new IndexError(`repeatInterleave: Dimension specified as ${dim} but tensor has no dimensions`);
    const source = dim === null ? ravel(x) : x;
    const d = normalizeDim(dim ?? 0, source.shape.length, 'repeatInterleave');
    const size = sizeAlong(source, d);
    const counts = typeof repeats === 'object' ? oneOrMany(repeats) : repeats;
    if (counts instanceof Tensor) {
      if (counts.shape.length !== 1 || counts.shape[0] !== size) {
        throw new ShapeError(
          `repeatInterleave: repeats must have the same size as input along dim, but got repeats of shape ` +
            `${formatShape(counts.shape)} and size ${size} of dim ${d}`,
        );
      }
      return indexSelect(source, d, repeatedIndices(counts, outputSize));
    }
    if (counts < 0) throw new ValueError(`repeatInterleave: Repeats must be non-negative, got ${counts}`);
    if (outputSize !== null && outputSize !== counts * size) {
      throw new ValueError(`repeatInterleave: outputSize ${outputSize} does not match ${counts} * ${size}`);
    }
    const before = source.shape.slice(0, d);
    const after = source.shape.slice(d + 1);
    const wide = expand(unsqueeze(source, d + 1), [...before, size, counts, ...after]);
    const result = reshape(wide, [...before, size * counts, ...after]);
    return result.storage === x.storage ? clone(result) : result;
  },
);

/** One number for all entries, or a vector with one for each. */
function oneOrMany(repeats: Tensor | Shape): Tensor | number {
  const list =
    repeats instanceof Tensor ? repeats : wrapArray(Int32Array.from(repeats), [repeats.length], 'int32');
  if (list.count !== 1 || list.shape.length > 1) return list;
  const [count = 0] = valuesOf(list, howOften);
  return count;
}
