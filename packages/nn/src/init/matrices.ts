import {
  apply,
  composition,
  definePrimitive,
  elementsOf,
  empty,
  K,
  noGrad,
  randperm,
  ShapeError,
  type Tensor,
} from '@kindling/core';
import { drawOptions } from '../module/options.ts';
import { drawFrom, drawKinds, type GeneratorOptions } from './generator.ts';

/** Options of {@link orthogonal_}. */
export interface OrthogonalOptions extends GeneratorOptions {
  /** Factor of the result. Default: 1. */
  readonly gain?: number;
}

/**
 * A (semi-)orthogonal matrix: all dimensions but the first count as columns. The Q of a matrix of normal numbers, with
 * the signs that make R's diagonal positive. Follows `torch.nn.init.orthogonal_`.
 * @throws ShapeError when `x` has fewer than 2 dimensions.
 * @example
 * ```ts
 * const q = init.orthogonal_(empty([3, 3], { dtype: 'float64' }));
 * allclose(q.matmul(q.t()), eye(3, { dtype: 'float64' })); // true
 * ```
 */
export const orthogonal_ = /* @__PURE__ */ composition(
  'orthogonal_',
  () => drawKinds<OrthogonalOptions>({ gain: K.number }),
  (x: Tensor, options: OrthogonalOptions = {}): Tensor => {
    if (x.ndim < 2) {
      throw new ShapeError(
        `orthogonal_: Only tensors with 2 or more dimensions are supported, got ${x.ndim}`,
      );
    }
    if (x.count === 0) return x;
    const { gain = 1 } = options;
    const rows = x.size(0);
    const cols = x.count / rows;
    return noGrad(() => {
      const drawn = empty([rows, cols], { dtype: x.dtype }).normal_(0, 1, drawFrom(options));
      const lying = (matrix: Tensor): Tensor => (rows < cols ? matrix : matrix.t());
      const q = apply(positiveQ, [lying(drawn)], undefined);
      return x.copy_(lying(q).reshape(x.shape)).mul_(gain);
    });
  },
);

/** A Householder reflection I - scale v v^T, which leaves alone what lies before `from`. */
interface Reflection {
  readonly from: number;
  readonly v: Float64Array;
  readonly scale: number;
  /** The sign of the element of R's diagonal that it brings about. */
  readonly sign: number;
}

/**
 * Q of the QR decomposition, with the signs for which R's diagonal is positive: Householder reflections, then their
 * product applied to columns of the identity. Columns stand as rows, in the input and in the result, at most as many as
 * they are long.
 */
const positiveQ = definePrimitive({
  name: 'orthogonal_q',
  saves: 0,
  infer: ([x]) => x,
  kernel([x], _, out) {
    const height = x.size(1);
    const values = elementsOf(x);
    const columns = Array.from({ length: x.size(0) }, (_, k) =>
      Float64Array.from(values.subarray(k * height, (k + 1) * height)),
    );
    const reflections = columns.map((column, k) => {
      const reflection = reflectionOf(column, k);
      for (const later of columns.slice(k + 1)) reflect(later, reflection);
      return reflection;
    });
    const backwards = reflections.toReversed();
    const q = elementsOf(out);
    for (const { from, sign } of reflections) {
      const column = new Float64Array(height);
      column[from] = 1;
      for (const reflection of backwards) reflect(column, reflection);
      q.set(
        column.map((value) => value * sign),
        from * height,
      );
    }
  },
});

/** The reflection that sends the column, from `from` on, to a multiple of the first unit vector. */
function reflectionOf(column: Float64Array, from: number): Reflection {
  const v = column.slice(from);
  const norm2 = v.reduce((sum, value) => sum + value ** 2, 0);
  const [head = 0] = v;
  const alpha = head > 0 ? -Math.sqrt(norm2) : Math.sqrt(norm2);
  v[0] = head - alpha;
  const v2 = norm2 - 2 * head * alpha + alpha * alpha;
  return { from, v, scale: v2 === 0 ? 0 : 2 / v2, sign: Math.sign(alpha) };
}

function reflect(column: Float64Array, { from, v, scale }: Reflection): void {
  const tail = column.subarray(from);
  const factor = scale * v.reduce((dot, value, i) => dot + value * tail[i]!, 0);
  v.forEach((value, i) => {
    tail[i]! -= factor * value;
  });
}

/** Options of {@link sparse_}. */
export interface SparseOptions extends GeneratorOptions {
  /** Standard deviation of what is not zero. Default: 0.01. */
  readonly std?: number;
}

/**
 * Normal numbers, of which a fraction `sparsity` of each column is zero. `x` is a matrix. Follows
 * `torch.nn.init.sparse_`.
 * @throws ShapeError when `x` is not a matrix; ValueError where `sparsity` is not in [0, 1].
 */
export const sparse_ = /* @__PURE__ */ composition(
  'sparse_',
  () => ({
    x: K.tensor,
    sparsity: K.probability,
    options: drawOptions<SparseOptions>({ std: K.number }),
  }),
  (x: Tensor, sparsity: number, options: SparseOptions = {}): Tensor => {
    if (x.ndim !== 2)
      throw new ShapeError(`sparse_: Only tensors with 2 dimensions are supported, got ${x.ndim}`);
    const rows = x.size(0);
    const zeros = Math.ceil(sparsity * rows);
    return noGrad(() => {
      x.normal_(0, options.std ?? 0.01, drawFrom(options));
      for (let c = 0; c < x.size(1); c++) {
        // PyTorch permutes by its default generator, whichever was given.
        x.select(1, c).indexFill_(0, randperm(rows).narrow(0, 0, zeros), 0);
      }
      return x;
    });
  },
);
