import { composition, K, signature } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { E, ElementwiseKernel, runElementwise } from '../../kernels/index.ts';
import { apply, definePrimitive } from '../../record/index.ts';
import { formatShape, normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { sizeAlong } from '../views/layout.ts';
import { expand, reshape } from '../views/shape.ts';
import { gatherPrimitive } from './along-primitives.ts';
import { requireIndexDType } from './index-positions.ts';

const gatherTakes = signature('gather', { x: K.tensor, dim: K.integer, index: K.tensor });

/**
 * out[i][j][k] = x[i][index[i][j][k]][k] for `dim` 1, and so on. The result has the shape of `index` (int32), which may
 * be smaller than x apart from `dim`, and not larger. Follows `torch.gather`.
 * @throws DTypeError when `index` is not int32, ShapeError when it does not fit x, IndexError when `dim` or an index is
 *   out of range.
 * @example gather(tensor([[1, 2], [3, 4]]), 1, tensor([[0, 0], [1, 0]])).tolist(); // [ [ 1, 1 ], [ 4, 3 ] ]
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  gatherTakes(arguments);
  return apply(gatherPrimitive, [x, index], normalizeDim(dim, x.shape.length, 'gather'));
}

const fromEnd = new ElementwiseKernel('from_end', 1, (i, size) => {
  const counted = E.add(i, size);
  // What is out of range stays as it was given, for the error to name.
  return E.select(E.or(E.ge(i, 0), E.lt(counted, 0)), i, counted);
});

/**
 * Indices, along a dimension of the given size, in which negative ones count from the end: none is negative afterwards.
 */
const fromEndPrimitive = definePrimitive<number>({
  name: 'from_end',
  infer: ([index]) => ({ shape: index.shape, dtype: index.dtype }),
  kernel: ([index], size, out) => runElementwise(fromEnd, 'i32', [index], [size], out),
});

/**
 * {@link gather} after x and `index` are broadcast against each other apart from `dim`; without `dim` both are taken as
 * one row, in which no index is negative. Along `dim` negative ones count from the end. Applies what `argsort`, or
 * `argmax` with `keepdim`, found. Follows `torch.take_along_dim`.
 * @throws DTypeError when `index` is not int32, ShapeError when the two do not broadcast, IndexError when an index is
 *   out of range.
 * @example
 * ```ts
 * const x = tensor([[3, 1, 2]]);
 * takeAlongDim(x, argsort(x), 1).tolist(); // [ [ 1, 2, 3 ] ]
 * ```
 */
export const takeAlongDim = composition(
  'takeAlongDim',
  {
    x: K.tensor,
    index: K.tensor,
    dim: K.optional(K.integer),
  },
  (x: Tensor, index: Tensor, dim?: number): Tensor => {
    requireIndexDType(index, 'takeAlongDim');
    if (dim === undefined) return gather(reshape(x, [-1]), 0, reshape(index, [-1]));
    if (x.shape.length !== index.shape.length) {
      throw new ShapeError(
        'takeAlongDim: input and indices should have the same number of dimensions, but got ' +
          `${x.shape.length} dimensions for input, and ${index.shape.length} dimensions for indices`,
      );
    }
    const d = normalizeDim(dim, x.shape.length, 'takeAlongDim');
    const wide = x.shape.map((size, i) => {
      const other = sizeAlong(index, i);
      if (i === d || size === other || other === 1) return size;
      if (size === 1) return other;
      throw new ShapeError(
        `takeAlongDim: shapes ${formatShape(x.shape)} and ${formatShape(index.shape)} do not broadcast apart from dim ${d}`,
      );
    });
    const at = (size: number): number[] => wide.map((n, i) => (i === d ? size : n));
    const wrapped = apply(fromEndPrimitive, [index], sizeAlong(x, d));
    return gather(expand(x, at(sizeAlong(x, d))), d, expand(wrapped, at(sizeAlong(index, d))));
  },
);
