import { empty, type Generator, noGrad, randperm, ShapeError, type Tensor, tensor } from '@kindling/core';
import { drawFrom } from './fills.ts';

/** Options of {@link orthogonal_}. */
export interface OrthogonalOptions {
  /** Factor of the result. Default: 1. */
  readonly gain?: number;
  readonly generator?: Generator;
}

/**
 * A (semi-)orthogonal matrix: all dimensions but the first count as columns. The Q of a matrix of normal numbers, with
 * the signs that make R's diagonal positive. Follows `torch.nn.init.orthogonal_`.
 */
export function orthogonal_(x: Tensor, options: OrthogonalOptions = {}): Tensor {
  if (x.ndim < 2) {
    throw new ShapeError(`orthogonal_: Only tensors with 2 or more dimensions are supported, got ${x.ndim}`);
  }
  if (x.count === 0) return x;
  const rows = x.shape[0]!;
  const cols = x.count / rows;
  return noGrad(() => {
    const drawn = empty([rows, cols], { dtype: x.dtype }).normal_(0, 1, drawFrom(options));
    const tall = rows < cols ? drawn.t() : drawn;
    const q = tensor(positiveQ(Float64Array.from(tall.data), Math.max(rows, cols), Math.min(rows, cols)), {
      dtype: x.dtype,
    }).reshape([Math.max(rows, cols), Math.min(rows, cols)]);
    return x.copy_((rows < cols ? q.t() : q).reshape(x.shape)).mul_(options.gain ?? 1);
  });
}

/**
 * Q of the QR decomposition of a row-major m x n matrix (m >= n), with the signs for which R's diagonal is positive:
 * Householder reflections, then their product applied to the first n columns of the identity. Overwrites `a`.
 */
function positiveQ(a: Float64Array, m: number, n: number): Float64Array {
  const signs = new Float64Array(n);
  const scales = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    let norm2 = 0;
    for (let i = k; i < m; i++) norm2 += a[i * n + k]! ** 2;
    const head = a[k * n + k]!;
    const alpha = head > 0 ? -Math.sqrt(norm2) : Math.sqrt(norm2);
    signs[k] = Math.sign(alpha);
    // v = column - alpha e_k, stored in place; the reflection is I - scale v v^T.
    a[k * n + k] = head - alpha;
    const v2 = norm2 - 2 * head * alpha + alpha * alpha;
    scales[k] = v2 === 0 ? 0 : 2 / v2;
    for (let j = k + 1; j < n; j++) reflect(a, a, m, n, k, j, scales[k]!);
  }
  const q = new Float64Array(m * n);
  for (let j = 0; j < n; j++) {
    q[j * n + j] = 1;
    for (let k = n - 1; k >= 0; k--) reflect(q, a, m, n, k, j, scales[k]!);
    for (let i = 0; i < m; i++) q[i * n + j]! *= signs[j]!;
  }
  return q;
}

/** Applies reflection k, whose vector is column k of `vectors` from row k on, to column j of `target`. */
function reflect(
  target: Float64Array,
  vectors: Float64Array,
  m: number,
  n: number,
  k: number,
  j: number,
  scale: number,
): void {
  let dot = 0;
  for (let i = k; i < m; i++) dot += vectors[i * n + k]! * target[i * n + j]!;
  const factor = dot * scale;
  for (let i = k; i < m; i++) target[i * n + j]! -= factor * vectors[i * n + k]!;
}

/** Options of {@link sparse_}. */
export interface SparseOptions {
  /** Standard deviation of what is not zero. Default: 0.01. */
  readonly std?: number;
  readonly generator?: Generator;
}

/** Normal numbers, of which a fraction `sparsity` of each column is zero. `x` is a matrix. Follows `torch.nn.init.sparse_`. */
export function sparse_(x: Tensor, sparsity: number, options: SparseOptions = {}): Tensor {
  if (x.ndim !== 2)
    throw new ShapeError(`sparse_: Only tensors with 2 dimensions are supported, got ${x.ndim}`);
  const [rows, cols] = x.shape as [number, number];
  const zeros = Math.ceil(sparsity * rows);
  return noGrad(() => {
    x.normal_(0, options.std ?? 0.01, drawFrom(options));
    for (let c = 0; c < cols; c++) {
      // PyTorch permutes by its default generator, whichever was given.
      const order = randperm(rows).data;
      const column = x.select(1, c);
      for (let i = 0; i < zeros; i++) column.select(0, order[i]!).zero_();
    }
    return x;
  });
}
