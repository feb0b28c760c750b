import { ShapeError } from '../../errors.ts';
import { apply, definePrimitive, INPUT } from '../../record/index.ts';
import { formatShape, normalizeDim } from '../../shape.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';
import { zeros } from '../creation/fill.ts';
import { expand, reshape } from '../views/shape.ts';
import { checkIndexDType, positionsAlong, readAt } from './positions.ts';
import { takeFlat } from './primitives.ts';
import { scatterAdd } from './scatter.ts';

/** Checks that `index` has as many dimensions as x and fits within it apart from `dim`; empty ones always fit. */
export function checkAlong(x: Tensor, dim: number, index: Tensor, caller: string): void {
  checkIndexDType(index, caller);
  if (index.count === 0) return;
  if (Math.max(index.shape.length, 1) !== Math.max(x.shape.length, 1)) {
    throw new ShapeError(
      `${caller}: Index tensor must have the same number of dimensions as input tensor: got ${formatShape(index.shape)} ` +
        `and ${formatShape(x.shape)}`,
    );
  }
  for (let d = 0; d < x.shape.length; d++) {
    if (d !== dim && (index.shape[d] ?? 1) > x.shape[d]!) {
      throw new ShapeError(
        `${caller}: Size does not match at dimension ${d} expected index ${formatShape(index.shape)} to be no larger than ` +
          `self ${formatShape(x.shape)} apart from dimension ${dim}`,
      );
    }
  }
}

const gatherPrimitive = definePrimitive<number, [Tensor, Tensor]>({
  name: 'gather',
  saves: INPUT(1),
  infer([x, index], dim) {
    checkAlong(x, dim, index, 'gather');
    return { shape: index.shape, dtype: x.dtype };
  },
  kernel([x, index], dim, out) {
    readAt(x.storage.array, positionsAlong(x, dim, index, 'gather'), out.storage.array, out.offset);
  },
  derivative: (g, node) => [
    scatterAdd(zeros(node.shape(0), { dtype: g.dtype }), node.attrs, node.input(1), g),
    null,
  ],
});

/**
 * out[i][j][k] = x[i][index[i][j][k]][k] for `dim` 1, and so on. The result has the shape of `index` (int32), which may be smaller
 * than x apart from `dim`, and not larger. Follows `torch.gather`.
 *
 * @example
 * ```ts
 * gather(tensor([[1, 2], [3, 4]]), 1, tensor([[0, 0], [1, 0]])); // [[1, 1], [4, 3]]
 * ```
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  return apply(gatherPrimitive, [x, index], normalizeDim(dim, x.shape.length, 'gather'));
}

/** Indices in which negative ones, which count from the end, are replaced. */
function fromEnd(index: Tensor, size: number): Tensor {
  const { data } = index;
  if (!data.some((i) => i < 0)) return index;
  const wrapped = Int32Array.from(data, (i) => (i < 0 ? i + size : i));
  return wrapArray(wrapped, index.shape, 'int32');
}

/**
 * {@link gather} after x and `index` are broadcast against each other apart from `dim`; without `dim` both are taken as one row.
 * Negative indices count from the end. Applies what `argsort`, or `argmax` with `keepdim`, found. Follows `torch.take_along_dim`.
 */
export function takeAlongDim(x: Tensor, index: Tensor, dim?: number): Tensor {
  checkIndexDType(index, 'takeAlongDim');
  if (dim === undefined) return takeFlat('take', x, reshape(index, [-1]));
  if (x.shape.length !== index.shape.length) {
    throw new ShapeError(
      'takeAlongDim: input and indices should have the same number of dimensions, but got ' +
        `${x.shape.length} dimensions for input, and ${index.shape.length} dimensions for indices`,
    );
  }
  const d = normalizeDim(dim, x.shape.length, 'takeAlongDim');
  const wide = x.shape.map((size, i) => {
    const other = index.shape[i]!;
    if (i === d || size === other || other === 1) return size;
    if (size === 1) return other;
    throw new ShapeError(
      `takeAlongDim: shapes ${formatShape(x.shape)} and ${formatShape(index.shape)} do not broadcast apart from dim ${d}`,
    );
  });
  const at = (size: number): number[] => wide.map((n, i) => (i === d ? size : n));
  return gather(expand(x, at(x.shape[d]!)), d, expand(fromEnd(index, x.shape[d]!), at(index.shape[d]!)));
}

/** The functions of this file that are methods too. */
export default { gather, takeAlongDim };
