/** PyTorch's `torch.linalg`, as far as it is there: exported as the namespace `linalg`. */
import { alias, K } from '../../arguments/index.ts';
import type { Tensor } from '../../tensor.ts';
import { type CrossOptions, cross as crossAlong } from './cross.ts';

export { linalgNorm as norm, type MatrixNormOrder, matrixNorm, vectorNorm } from './linalg-norm.ts';
export { svdvals } from './singular-values.ts';

/**
 * The cross product along the last dimension, unless another is given; else as `cross`. Follows `torch.linalg.cross`.
 * @throws ShapeError unless both have as many dimensions, and three elements along that one
 * @example linalg.cross(tensor([1, 0, 0]), tensor([0, 1, 0])); // tensor([0, 0, 1])
 */
export const cross = alias(
  'linalg.cross',
  (a: Tensor, b: Tensor, options: CrossOptions = {}): Tensor =>
    crossAlong(
      a,
      b,
      K.isOptions(options) ? ({ ...options, dim: options.dim ?? -1 } as CrossOptions) : options,
    ),
);
