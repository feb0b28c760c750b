import { composition, K, signature } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { applyView, composed } from '../../record/index.ts';
import { normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { clone } from '../creation/copy.ts';
import { denseLayout, type Layout, sizeAlong, strideAlong } from './layout.ts';
import { defineRegionView, embedRegion, scatterInto } from './region.ts';
import { ravel } from './shape.ts';

interface Diagonal {
  readonly offset: number;
  readonly dim1: number;
  readonly dim2: number;
}

function diagonalLayout(x: Layout, { offset, dim1, dim2 }: Diagonal): Layout {
  const [rows, columns] = [sizeAlong(x, dim1), sizeAlong(x, dim2)];
  const [down, right] = [strideAlong(x, dim1), strideAlong(x, dim2)];
  const length = Math.max(
    0,
    offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns),
  );
  const first = length === 0 ? 0 : offset >= 0 ? offset * right : -offset * down;
  const keep = (_: number, d: number): boolean => d !== dim1 && d !== dim2;
  return {
    shape: [...x.shape.filter(keep), length],
    strides: [...x.strides.filter(keep), down + right],
    offset: x.offset + first,
  };
}

const diagonalPrimitive = defineRegionView('diagonal', diagonalLayout);

/** Options of {@link diagonal}, {@link diagonalScatter} and {@link diagEmbed}. */
export interface DiagonalOptions {
  /** 0: the main diagonal; positive: above it; negative: below. Default: 0. */
  readonly offset?: number;
  /** The dimension of the rows. Default: 0; of {@link diagEmbed}: -2. */
  readonly dim1?: number;
  /** The dimension of the columns. Default: 1; of {@link diagEmbed}: -1. */
  readonly dim2?: number;
}

function resolveDiagonal(
  rank: number,
  options: DiagonalOptions,
  [rows, columns]: readonly [number, number],
  caller: string,
): Diagonal {
  const { offset = 0, dim1 = rows, dim2 = columns } = options;
  const dims = { dim1: normalizeDim(dim1, rank, caller), dim2: normalizeDim(dim2, rank, caller) };
  if (dims.dim1 === dims.dim2)
    throw new ShapeError(`${caller}: diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
  return { offset, ...dims };
}

const diagonalOptions = K.options<DiagonalOptions>({ offset: K.integer, dim1: K.integer, dim2: K.integer });
const diagonalParameters = { x: K.tensor, options: diagonalOptions };
const diagonalTakes = signature('diagonal', diagonalParameters);

/**
 * A diagonal of the matrices in `dim1` and `dim2`, as the last dimension of a view. Follows `torch.diagonal`.
 * @throws IndexError when a dimension is out of range, ShapeError when both are the same.
 * @example diagonal(arange(9).reshape(3, 3), { offset: 1 }); // tensor([1, 5])
 */
export function diagonal(x: Tensor, options: DiagonalOptions = {}): Tensor {
  diagonalTakes(arguments);
  return applyView(diagonalPrimitive, x, resolveDiagonal(x.shape.length, options, [0, 1], 'diagonal'));
}

const diagEmbedTakes = signature('diagEmbed', diagonalParameters);

/**
 * Matrices, in `dim1` and `dim2` of the result, that are 0 but for the last dimension of x on a diagonal.
 * Follows `torch.diag_embed`.
 * @throws ShapeError when x has no dimension or `dim1` is `dim2`, IndexError when one of them is out of range.
 */
export function diagEmbed(x: Tensor, options: DiagonalOptions = {}): Tensor {
  diagEmbedTakes(arguments);
  if (x.shape.length === 0)
    throw new ShapeError('diagEmbed: expected at least one dimension, got a 0-dim tensor');
  const rank = x.shape.length + 1;
  const attrs = resolveDiagonal(rank, options, [-2, -1], 'diagEmbed');
  const size = sizeAlong(x, rank - 2) + Math.abs(attrs.offset);
  const shape = x.shape.slice(0, -1);
  for (const d of [attrs.dim1, attrs.dim2].sort((a, b) => a - b)) shape.splice(d, 0, size);
  return composed('diag_embed', embedRegion(x, shape, diagonalLayout(denseLayout(shape), attrs)));
}

/**
 * The matrix that has the elements of x, in row-major order, on a diagonal and is 0 elsewhere. Follows
 * `torch.diagflat`.
 * @example diagflat(tensor([[1, 2]])).tolist(); // [ [ 1, 0 ], [ 0, 2 ] ]
 */
export const diagflat = /* @__PURE__ */ composition(
  'diagflat',
  { x: K.tensor, options: K.options<{ offset?: number }>({ offset: K.integer }) },
  (x: Tensor, options: { readonly offset?: number } = {}): Tensor => diagEmbed(ravel(x), options),
);

const diagTakes = signature('diag', {
  x: K.tensor,
  options: K.either(K.options<{ diagonal?: number }>({ diagonal: K.integer }), K.integer),
});

/**
 * Of a vector the matrix that has it on a diagonal; of a matrix a copy of that diagonal. The second argument is the
 * diagonal, as `offset` of {@link diagonal}. Follows `torch.diag`.
 * @throws ShapeError when x has neither one dimension nor two.
 * @example diag(tensor([1, 2])).tolist(); // [ [ 1, 0 ], [ 0, 2 ] ]
 */
export function diag(x: Tensor, options: number | { readonly diagonal?: number } = {}): Tensor {
  diagTakes(arguments);
  const offset = typeof options === 'number' ? options : (options.diagonal ?? 0);
  if (x.shape.length === 1) return diagEmbed(x, { offset });
  if (x.shape.length === 2) return composed('DiagonalBackward0_copy', clone(diagonal(x, { offset })));
  throw new ShapeError(`diag(): Supports 1D or 2D tensors. Got ${x.shape.length}D`);
}

const diagonalScatterTakes = signature('diagonalScatter', {
  x: K.tensor,
  source: K.tensor,
  options: diagonalOptions,
});

/**
 * A copy of x in which `source` takes the place of {@link diagonal}. Follows `torch.diagonal_scatter`.
 * @throws IndexError when a dimension is out of range, ShapeError when both are the same or `source` does not fit.
 */
export function diagonalScatter(x: Tensor, source: Tensor, options: DiagonalOptions = {}): Tensor {
  diagonalScatterTakes(arguments);
  const attrs = resolveDiagonal(x.shape.length, options, [0, 1], 'diagonalScatter');
  return scatterInto(x, source, diagonalLayout(denseLayout(x.shape), attrs), 'diagonalScatter');
}
