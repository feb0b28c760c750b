import { alias, K, signature } from '../../arguments/index.ts';
import { ShapeError, ValueError } from '../../errors.ts';
import { formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { expand, ravel, reshape } from '../views/shape.ts';
import { stack } from './joining.ts';

/** Options of {@link meshgrid}. */
export interface MeshgridOptions {
  /** `'ij'`: the first tensor varies along the first dimension; `'xy'`: along the second. Default: `'ij'`. */
  readonly indexing?: 'ij' | 'xy';
}

/** A list with its first two elements exchanged. */
function swapFirst<T>(list: readonly T[]): readonly T[] {
  const [a, b, ...rest] = list;
  return a === undefined || b === undefined ? list : [b, a, ...rest];
}

const meshgridTakes = signature('meshgrid', {
  tensors: K.tensors,
  options: K.options<MeshgridOptions>({ indexing: K.oneOf('ij', 'xy') }),
});

/**
 * Coordinate grids of vectors: each expanded along the dimensions of the others. Follows `torch.meshgrid`.
 * @throws ShapeError when there is no tensor, one has more than one dimension or they differ in dtype, ValueError for
 *   another `indexing`.
 * @example meshgrid([arange(2), arange(3)]).map((x) => x.shape); // [ [ 2, 3 ], [ 2, 3 ] ]
 */
export function meshgrid(tensors: readonly Tensor[], options: MeshgridOptions = {}): Tensor[] {
  meshgridTakes(arguments);
  const { indexing = 'ij' } = options;
  if (indexing !== 'ij' && indexing !== 'xy') {
    throw new ValueError(`meshgrid: indexing must be one of "xy" or "ij", but received: ${String(indexing)}`);
  }
  if (tensors.length === 0) throw new ShapeError('meshgrid: expected at least one tensor, got an empty list');
  const list = indexing === 'xy' ? swapFirst(tensors) : tensors;
  const shape = list.map((x) => {
    if (x.shape.length > 1) {
      throw new ShapeError(
        `meshgrid: Expected 0D or 1D tensor in the tensor list but got shape ${formatShape(x.shape)}`,
      );
    }
    if (x.dtype !== list[0]?.dtype)
      throw new ShapeError('meshgrid expects all tensors to have the same dtype');
    return x.count;
  });
  const grids = list.map((x, d) => {
    const row = shape.map((_, i) => (i === d ? -1 : 1));
    return expand(reshape(x, row), shape);
  });
  return indexing === 'xy' ? [...swapFirst(grids)] : grids;
}

const cartesianProdTakes = signature('cartesianProd', { tensors: K.tensors });

/**
 * All combinations of elements of the vectors, one a row; of one vector that itself. Follows `torch.cartesian_prod`.
 * @throws ShapeError when a tensor is no vector.
 */
export const cartesianProd = alias('cartesianProd', (...tensors: readonly Tensor[]): Tensor => {
  cartesianProdTakes([tensors]);
  for (const x of tensors) {
    if (x.shape.length !== 1)
      throw new ShapeError(`cartesianProd: Expect a 1D vector, but got shape ${formatShape(x.shape)}`);
  }
  const [first, ...others] = tensors;
  return first !== undefined && others.length === 0 ? first : stack(meshgrid(tensors).map(ravel), 1);
});
