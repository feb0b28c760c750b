import { composition, K } from '../../arguments/index.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { composed } from '../../record/index.ts';
import { broadcastShapes, formatShape, normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { roll } from '../arranging/flip-and-roll.ts';
import { mul, sub } from '../elementwise/arithmetic.ts';
import { expand } from '../views/shape.ts';

/** Options of `cross`. */
export interface CrossOptions {
  /** Default: the first dimension of size 3; of `linalg.cross` the last one. */
  readonly dim?: number;
}

/** What both functions of that name take. */
export const crossTakes = { a: K.tensor, b: K.tensor, options: K.options<CrossOptions>({ dim: K.integer }) };

/** The cross product along a dimension. */
export function crossAlong(a: Tensor, b: Tensor, dim: number, caller: string): Tensor {
  const shape = broadcastShapes(a.shape, b.shape, caller);
  const d = normalizeDim(dim, shape.length, caller);
  if (a.ndim !== b.ndim || a.shape[d] !== 3 || b.shape[d] !== 3) {
    throw new ShapeError(
      `${caller}: inputs must have the same number of dimensions and length 3 in dimension ${dim}. Got ` +
        `${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  if (a.dtype !== b.dtype)
    throw new DTypeError(
      `${caller}: expected inputs of one dtype, got ${a.dtype} and ${b.dtype}; convert one with to()`,
    );
  const x = expand(a, shape);
  const y = expand(b, shape);
  const next = (t: Tensor): Tensor => roll(t, -1, d);
  const last = (t: Tensor): Tensor => roll(t, 1, d);
  return composed('linalg_cross', sub(mul(next(x), last(y)), mul(last(x), next(y))));
}

/**
 * The cross product along the last dimension, unless another is given; else as `cross`. Follows `torch.linalg.cross`.
 * @throws ShapeError unless both have as many dimensions, and three elements along that one
 * @throws IndexError when a dimension is out of range, DTypeError for inputs of different dtypes
 * @example linalg.cross(tensor([1, 0, 0]), tensor([0, 1, 0])); // tensor([0, 0, 1])
 */
export const cross = composition(
  'linalg.cross',
  crossTakes,
  (a: Tensor, b: Tensor, options: CrossOptions = {}): Tensor =>
    crossAlong(a, b, options.dim ?? -1, 'linalg.cross'),
);
