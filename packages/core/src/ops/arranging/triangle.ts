import { composition, K, signature } from '../../arguments/index.ts';
import type { DType } from '../../dtype.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { clearTriangles, copyStrided } from '../../kernels/index.ts';
import { apply, applyInPlace, definePrimitive, type Primitive } from '../../record/index.ts';
import { checkShape, formatShape } from '../../shape.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';

/** Options of {@link tril} and {@link triu}. */
export interface TriangleOptions {
  /** The diagonal up to, or from, which elements are kept: 0 the main one, positive above it. Default: 0. */
  readonly diagonal?: number;
}

function triangle(name: string, lower: boolean): Primitive<number> {
  const primitive: Primitive<number> = definePrimitive<number>({
    name,
    saves: 0,
    infer([x]) {
      if (x.shape.length < 2) {
        throw new ShapeError(
          `${name}: input tensor must have at least 2 dimensions, got shape ${formatShape(x.shape)}`,
        );
      }
      return { shape: x.shape, dtype: x.dtype };
    },
    kernel([x], diagonal, out) {
      const array = out.storage.array;
      copyStrided(x, array);
      const [columns = 1, rows = 1] = out.shape.toReversed();
      clearTriangles(array, { rows, columns }, diagonal + (lower ? 1 : 0), lower);
    },
    derivative: (g, node) => [apply(primitive, [g], node.attrs)],
  });
  return primitive;
}

const trilPrimitive = triangle('tril', true);
const triuPrimitive = triangle('triu', false);

function keeping(name: string, run: typeof apply, primitive: Primitive<number>) {
  const diagonal = K.either(K.options<TriangleOptions>({ diagonal: K.integer }), K.integer);
  return composition(
    name,
    { x: K.tensor, diagonal },
    (x: Tensor, options: number | TriangleOptions = 0): Tensor =>
      run(primitive, [x], typeof options === 'number' ? options : (options.diagonal ?? 0)),
  );
}

/**
 * The lower triangle of each matrix, 0 above the diagonal. Follows `torch.tril`.
 * @throws ShapeError when x has fewer than two dimensions, ValueError when the diagonal is no integer.
 * @example tril(ones([2, 3])).tolist(); // [ [ 1, 0, 0 ], [ 1, 1, 0 ] ]
 */
export const tril = keeping('tril', apply, trilPrimitive);
/**
 * The upper triangle of each matrix, 0 below the diagonal. Follows `torch.triu`.
 * @throws ShapeError when x has fewer than two dimensions, ValueError when the diagonal is no integer.
 * @example triu(ones([2, 3]), 1).tolist(); // [ [ 0, 1, 1 ], [ 0, 0, 1 ] ]
 */
export const triu = keeping('triu', apply, triuPrimitive);
/** {@link tril} in place, with its errors. Follows `Tensor.tril_`. */
export const tril_ = keeping('tril_', applyInPlace, trilPrimitive);
/** {@link triu} in place, with its errors. Follows `Tensor.triu_`. */
export const triu_ = keeping('triu_', applyInPlace, triuPrimitive);

/** Options of {@link trilIndices} and {@link triuIndices}. */
export interface TriangleIndicesOptions {
  /** As `diagonal` of {@link tril}. Default: 0. */
  readonly offset?: number;
  /** Default: int32. */
  readonly dtype?: DType;
}

const triangleIndices = (name: string, lower: boolean) => {
  const takes = signature(name, {
    row: K.integer,
    col: K.integer,
    options: K.options<TriangleIndicesOptions>({ offset: K.integer, dtype: K.dtype }),
  });
  return function (row: number, col: number, options: TriangleIndicesOptions = {}): Tensor {
    takes(arguments);
    const { offset = 0, dtype = 'int32' } = options;
    if (dtype !== 'int32') throw new DTypeError(`${name}: expected dtype int32, got ${dtype}`);
    checkShape([row, col], name);
    /** Of a row the first column that counts, and the one behind the last. */
    const columnsOf = (i: number): [first: number, end: number] => {
      const edge = Math.min(Math.max(i + offset + (lower ? 1 : 0), 0), col);
      return lower ? [0, edge] : [edge, col];
    };
    let count = 0;
    for (let i = 0; i < row; i++) {
      const [first, end] = columnsOf(i);
      count += end - first;
    }
    const indices = new Int32Array(2 * count);
    for (let i = 0, at = 0; i < row; i++) {
      const [first, end] = columnsOf(i);
      for (let j = first; j < end; j++, at++) {
        indices[at] = i;
        indices[count + at] = j;
      }
    }
    return wrapArray(indices, [2, count], 'int32');
  };
};

/**
 * The rows and columns of the lower triangle of a row by col matrix, row by row, as a 2 by n matrix. Follows
 * `torch.tril_indices`.
 * @throws ShapeError when a size is no non-negative integer, ValueError when the offset is no integer, DTypeError for
 * another dtype than int32.
 */
export const trilIndices = triangleIndices('trilIndices', true);
/** {@link trilIndices} of the upper triangle, with its errors. Follows `torch.triu_indices`. */
export const triuIndices = triangleIndices('triuIndices', false);

/** The functions of this file that are methods too. */
export default { tril, triu, tril_, triu_ };
