/** What the lookups of rows in a table share: checks of what is given, and rows that are shortened. */
import {
  apply,
  copyElements,
  DTypeError,
  definePrimitive,
  elementsOf,
  formatShape,
  holdsOutside,
  IndexError,
  indexSelect,
  KindlingError,
  noGrad,
  norm,
  ShapeError,
  Tensor,
  where,
} from '@kindling/core';
import { placeOf } from '../module/print.ts';

/** The indices as they stand in a vector, checked: what a table's rows are taken by where that is no lookup. */
export const checkedPrimitive = /* @__PURE__ */ definePrimitive<{ readonly rows: number }>({
  name: 'embedding_indices',
  infer: ([indices]) => ({ shape: [indices.count], dtype: 'int32' }),
  kernel([indices], { rows }, out) {
    if (holdsOutside(indices, 0, rows - 1))
      refuseBad(
        indices,
        rows,
        elementsOf(indices).findIndex((row) => row < 0 || row >= rows),
      );
    copyElements(indices, out);
  },
});

/** Refuses the index of this number, which is no row of the table; -1 for none. */
export function refuseBad(indices: Tensor, rows: number, bad: number): void {
  if (bad < 0) return;
  throw new IndexError(
    `embedding: index out of range in self: index ${elementsOf(indices)[bad]} at position ${placeOf(bad, indices.shape)}, ` +
      `but the table has ${rows} rows (expected to be in range of [0, ${rows - 1}])`,
  );
}

/**
 * Refuses what is no tensor of indices, or no table. Bags of one dimension take bytes, as PyTorch's.
 * @throws DTypeError, ShapeError
 */
export function checkEmbedding(input: Tensor, weight: Tensor, takesBytes = false): void {
  if (!(input instanceof Tensor) || !(weight instanceof Tensor)) {
    throw new KindlingError('embedding: expected a tensor of indices and a table of rows');
  }
  if (input.dtype !== 'int32' && !(takesBytes && input.dtype === 'uint8')) {
    throw new DTypeError(
      `embedding: Expected tensor for argument #1 'indices' to have scalar type int32, but got ${input.dtype} instead; ` +
        "convert with x.to('int32')",
    );
  }
  if (weight.ndim !== 2)
    throw new ShapeError(`embedding: 'weight' must be 2-D, got shape ${formatShape(weight.shape)}`);
}

/** Shortens, in the table, the rows about to be looked up. One that stands there twice is written twice, the same. */
export function renormalise(input: Tensor, weight: Tensor, maxNorm: number, normType: number): void {
  if (input.count === 0) return;
  noGrad(() => {
    const rows = apply(checkedPrimitive, [input], { rows: weight.size(0) });
    const selected = indexSelect(weight, 0, rows);
    const norms = norm(selected, normType, 1, { keepdim: true });
    // As PyTorch: only rows that are too long are touched, and by a factor with 1e-7 in the divisor.
    const scale = where(norms.gt(maxNorm), norms.add(1e-7).reciprocal().mul(maxNorm), 1);
    weight.indexCopy_(0, rows, selected.mul(scale));
  });
}
