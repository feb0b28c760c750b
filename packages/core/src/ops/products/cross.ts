import { composition } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { type CrossOptions, crossAlong, crossTakes } from './linalg-cross.ts';

export type { CrossOptions };

/**
 * The cross product of vectors of three elements along a dimension, broadcast. Follows `torch.cross`.
 * @throws ShapeError unless both have as many dimensions, and three elements along that one
 * @throws IndexError when a dimension is out of range, DTypeError for inputs of different dtypes
 * @example cross(tensor([1, 0, 0]), tensor([0, 1, 0])); // tensor([0, 0, 1])
 */
export const cross = composition(
  'cross',
  crossTakes,
  (a: Tensor, b: Tensor, options: CrossOptions = {}): Tensor => {
    const dim = options.dim ?? a.shape.indexOf(3);
    if (dim === -1 && options.dim === undefined)
      throw new ShapeError(`cross: no dimension of size 3 in an input of shape ${formatShape(a.shape)}`);
    return crossAlong(a, b, dim, 'cross');
  },
);

/** The functions of this file that are methods too. */
export default { cross };
