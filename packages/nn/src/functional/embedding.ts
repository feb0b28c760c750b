import {
  apply,
  DTypeError,
  definePrimitive,
  formatShape,
  IndexError,
  indexSelect,
  KindlingError,
  noGrad,
  norm,
  type Primitive,
  ShapeError,
  Tensor,
  type TypedArray,
  tensor,
  ValueError,
  where,
} from '@kindling/core';

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** A row that is looked up but gets no gradient. Negative: from the end. Default: none. */
  readonly paddingIdx?: number | null;
  /** Rows looked up whose norm is larger are shortened to it, in the table itself. Default: none. */
  readonly maxNorm?: number | null;
  /** The p of that norm. Default: 2. */
  readonly normType?: number;
  /** Divide the gradient of a row by how often it was looked up. Default: false. */
  readonly scaleGradByFreq?: boolean;
  /** Taken for PyTorch's sake: gradients are dense all the same. */
  readonly sparse?: boolean;
}

interface Lookup {
  /** The row that gets no gradient, -1 for none. */
  readonly paddingIdx: number;
  readonly scaleGradByFreq: boolean;
  /** Whether that row reads as zeros: in the second derivative. */
  readonly zeroPadding: boolean;
}

/** Rows of a table: (*) indices and a table (V, D) give (*, D). */
const lookupPrimitive: Primitive<Lookup, [Tensor, Tensor]> = definePrimitive({
  name: 'embedding',
  saves: 1 << 1,
  infer: ([weight, indices]) => ({ shape: [...indices.shape, weight.shape[1]!], dtype: weight.dtype }),
  kernel([weight, indices], { paddingIdx, zeroPadding }, out) {
    const table = weight.data;
    const rows = indices.data;
    const target = out.data;
    const width = weight.shape[1]!;
    for (let i = 0; i < rows.length; i++) {
      const start = rows[i]! * width;
      const to = i * width;
      if (zeroPadding && rows[i] === paddingIdx) target.fill(0, to, to + width);
      else target.set(table.subarray(start, start + width), to);
    }
  },
  derivative: (g, node) => [
    node.needs(0)
      ? apply(gatherBackPrimitive, [g, node.input(1)], { ...node.attrs, rows: node.shape(0)[0]! })
      : null,
    null,
  ],
});

interface GatherBack extends Lookup {
  readonly rows: number;
}

/** The gradient of the table: each row the sum of the gradients of where it was looked up. */
const gatherBackPrimitive: Primitive<GatherBack, [Tensor, Tensor]> = definePrimitive({
  name: 'embedding_dense_backward',
  saves: 1 << 1,
  infer: ([g], { rows }) => ({ shape: [rows, g.shape[g.ndim - 1]!], dtype: g.dtype }),
  kernel([g, indices], { paddingIdx, scaleGradByFreq, rows }, out) {
    const target = out.data.fill(0);
    const gradient = g.data;
    const places = indices.data;
    const width = out.shape[1]!;
    const counts = scaleGradByFreq ? countOf(places, rows) : null;
    for (let i = 0; i < places.length; i++) {
      const row = places[i]!;
      if (row === paddingIdx) continue;
      const scale = counts === null ? 1 : 1 / counts[row]!;
      const to = row * width;
      const from = i * width;
      for (let j = 0; j < width; j++) target[to + j] = target[to + j]! + gradient[from + j]! * scale;
    }
  },
  derivative(gg, node) {
    const { paddingIdx, scaleGradByFreq } = node.attrs;
    if (!node.needs(0)) return [null, null];
    if (scaleGradByFreq) {
      throw new ValueError('embedding: the second derivative is not implemented with scaleGradByFreq');
    }
    return [
      apply(lookupPrimitive, [gg, node.input(1)], { paddingIdx, scaleGradByFreq, zeroPadding: true }),
      null,
    ];
  },
});

function countOf(indices: TypedArray, rows: number): Int32Array {
  const counts = new Int32Array(rows);
  for (let i = 0; i < indices.length; i++) counts[indices[i]!]!++;
  return counts;
}

/**
 * Looks up rows of a table: `input` holds indices of any shape (*), `weight` has shape (V, D), the result (*, D).
 * Follows `torch.nn.functional.embedding`.
 *
 * @throws IndexError where an index is not in [0, V); it names the index and its place.
 */
export function embedding(input: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  const { maxNorm = null, normType = 2, scaleGradByFreq = false } = options;
  checkEmbedding(input, weight);
  const paddingIdx = resolvePadding(options.paddingIdx ?? null, weight.shape[0]!);
  if (maxNorm !== null) renormalise(input, weight, maxNorm, normType);
  return apply(lookupPrimitive, [weight, input], { paddingIdx, scaleGradByFreq, zeroPadding: false });
}

/** @internal The row that gets no gradient, -1 for none. */
export function resolvePadding(paddingIdx: number | null, rows: number): number {
  if (paddingIdx === null) return -1;
  if (!Number.isInteger(paddingIdx) || paddingIdx >= rows || paddingIdx < -rows) {
    throw new ValueError(
      `embedding: Padding_idx must be within num_embeddings, got ${paddingIdx} for ${rows} rows`,
    );
  }
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
}

function checkEmbedding(input: Tensor, weight: Tensor): void {
  if (!(input instanceof Tensor) || !(weight instanceof Tensor)) {
    throw new KindlingError('embedding: expected a tensor of indices and a table of rows');
  }
  if (input.dtype !== 'int32' && input.dtype !== 'uint8') {
    throw new DTypeError(
      `embedding: Expected tensor for argument #1 'indices' to have scalar type int32, but got ${input.dtype} instead; ` +
        "convert with x.to('int32')",
    );
  }
  if (weight.ndim !== 2)
    throw new ShapeError(`embedding: 'weight' must be 2-D, got shape ${formatShape(weight.shape)}`);
  const rows = weight.shape[0]!;
  const indices = input.data;
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i]!;
    if (row < 0 || row >= rows) throw outOfRange(row, rows, i, input);
  }
}

function outOfRange(row: number, rows: number, at: number, input: Tensor): IndexError {
  const place: number[] = [];
  let rest = at;
  for (let d = input.ndim - 1; d >= 0; d--) {
    place.unshift(rest % input.shape[d]!);
    rest = Math.floor(rest / input.shape[d]!);
  }
  return new IndexError(
    `embedding: index out of range in self: index ${row} at position [${place.join(', ')}], ` +
      `but the table has ${rows} rows (expected to be in range of [0, ${rows - 1}])`,
  );
}

/** Shortens, in the table, the rows about to be looked up. */
function renormalise(input: Tensor, weight: Tensor, maxNorm: number, normType: number): void {
  const distinct = Int32Array.from(new Set(input.data)).sort();
  if (distinct.length === 0) return;
  noGrad(() => {
    const rows = tensor(distinct);
    const selected = indexSelect(weight, 0, rows);
    const norms = norm(selected, normType, 1, { keepdim: true });
    // As PyTorch: only rows that are too long are touched, and by a factor with 1e-7 in the divisor.
    const scale = where(norms.gt(maxNorm), norms.add(1e-7).reciprocal().mul(maxNorm), 1);
    weight.indexCopy_(0, rows, selected.mul(scale));
  });
}
