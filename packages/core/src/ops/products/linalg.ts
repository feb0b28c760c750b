/** PyTorch's `torch.linalg`, as far as it is there: exported as the namespace `linalg`. */
import { signature } from '../../arguments/index.ts';
import type { Tensor } from '../../tensor.ts';
import { type CrossOptions, crossAlong, crossParameters } from './cross.ts';

export { linalgNorm as norm, type MatrixNormOrder, matrixNorm, vectorNorm } from './linalg-norm.ts';
export { svdvals } from './singular-values.ts';

const crossTakes = signature('linalg.cross', crossParameters);

/**
 * The cross product along the last dimension, unless another is given; else as `cross`. Follows `torch.linalg.cross`.
 * @throws ShapeError unless both have as many dimensions, and three elements along that one
 * @example linalg.cross(tensor([1, 0, 0]), tensor([0, 1, 0])); // tensor([0, 0, 1])
 */
export function cross(a: Tensor, b: Tensor, options: CrossOptions = {}): Tensor {
  crossTakes(a, b, options);
  return crossAlong(a, b, options.dim ?? -1, 'linalg.cross');
}
