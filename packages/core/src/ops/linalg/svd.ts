import { composition, K } from '../../arguments/index.ts';
import { formQ, RealMatrix, reflect, type SingularValues, singularValues } from '../../kernels/index.ts';
import { apply, applyMulti, composed, defineMulti, definePrimitive, OUTPUT } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { eye } from '../creation/fill.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { square } from '../elementwise/functions.ts';
import { where } from '../elementwise/select.ts';
import { matmul } from '../products/matmul.ts';
import { matrixTranspose } from '../views/properties.ts';
import { unsqueeze } from '../views/shape.ts';
import { batchOf, checkFloatMatrices, matricesIn, refused, sizesOf } from './checks.ts';

const notFinite = 'The algorithm failed to converge because the input matrix contained non-finite values.';

/** U, S and V of matrix `b` of x: as LAPACK has it, NaN is refused, and of a matrix with an infinity all is NaN. */
export function decomposed(x: Tensor, b: number, matrix: RealMatrix): SingularValues {
  if (matrix.data.some(Number.isNaN)) throw refused(x, b, 'linalg.svd', notFinite);
  const parts = singularValues(matrix);
  if (!matrix.data.every(Number.isFinite))
    for (const numbers of [parts.u.data, parts.s, parts.v.data]) numbers.fill(Number.NaN);
  return parts;
}

/** U, S and V, the singular vectors as columns. */
const svdPrimitive = defineMulti<undefined, [Tensor], [Tensor, Tensor, Tensor]>({
  name: 'linalg_svd',
  saves: OUTPUT,
  infer([a]) {
    checkFloatMatrices(a, 'linalg.svd');
    const [m, n] = sizesOf(a);
    const [batch, k] = [batchOf(a), Math.min(m, n)];
    const { dtype } = a;
    return [
      { shape: [...batch, m, k], dtype },
      { shape: [...batch, k], dtype },
      { shape: [...batch, n, k], dtype },
    ];
  },
  kernel([a], _, [us, ss, vs]) {
    const matrices = matricesIn(a);
    for (let b = 0; b < matrices.count; b++) {
      const { u, s, v } = decomposed(a, b, matrices.read(b));
      u.transposed().write(us.storage.array, b);
      ss.storage.array.set(s, b * s.length);
      v.transposed().write(vs.storage.array, b);
    }
  },
  derivative([gu, gs, gv], node) {
    const [u, s, v] = [node.output(0), node.output(1), node.output(2)];
    const [m, n] = node.shape(0).slice(-2) as [number, number];
    const k = s.shape.at(-1) ?? 0;
    const row = unsqueeze(s, -2);
    const vt = matrixTranspose(v);
    const terms: Tensor[] = [];
    if (gs !== null) terms.push(matmul(mul(u, unsqueeze(gs, -2)), vt));
    if (gu !== null || gv !== null) {
      // Rotations of singular vectors into each other; diverges where two values meet.
      const gaps = where(eye(k, { dtype: 'bool' }), 1, sub(square(row), square(unsqueeze(s, -1))));
      const turn = (y: Tensor, g: Tensor): Tensor => {
        const inner = matmul(matrixTranspose(y), g);
        return div(sub(inner, matrixTranspose(inner)), gaps);
      };
      const outside = (y: Tensor, g: Tensor): Tensor =>
        div(sub(g, matmul(y, matmul(matrixTranspose(y), g))), row);
      if (gu !== null) {
        terms.push(matmul(matmul(u, mul(turn(u, gu), row)), vt));
        if (m > k) terms.push(matmul(outside(u, gu), vt));
      }
      if (gv !== null) {
        terms.push(matmul(matmul(u, mul(unsqueeze(s, -1), turn(v, gv))), vt));
        if (n > k) terms.push(matmul(u, matrixTranspose(outside(v, gv))));
      }
    }
    return [terms.reduce((a, b) => add(a, b))];
  },
});

/** U, S and V of a reduced decomposition, V's columns the right singular vectors. */
export const reducedSvd = (a: Tensor): [U: Tensor, S: Tensor, V: Tensor] =>
  applyMulti(svdPrimitive, [a], undefined);

/**
 * Orthonormal columns that are orthogonal to orthonormal columns, as many as make a square matrix. They take no
 * gradient, as in PyTorch.
 */
const completionPrimitive = definePrimitive({
  name: 'complete_basis',
  infer([x]) {
    const [m, k] = sizesOf(x);
    return { shape: [...batchOf(x), m, m - k], dtype: x.dtype };
  },
  kernel([x], _, out) {
    const matrices = matricesIn(x);
    const [m, k] = sizesOf(x);
    for (let b = 0; b < matrices.count; b++) {
      const q = formQ(reflect(matrices.read(b)), m).transposed();
      new RealMatrix(m - k, m, q.data.slice(k * m)).transposed().write(out.storage.array, b);
    }
  },
});

const completed = (x: Tensor): Tensor => {
  const [m, k] = sizesOf(x);
  return m === k ? x : cat([x, apply(completionPrimitive, [x], undefined)], -1);
};

/** Options of {@link svd}. */
export interface SVDOptions {
  /** Whether U and Vh are square, rather than of min(m, n) columns and rows. Default: true. */
  readonly fullMatrices?: boolean;
}

/** Vectors of a full or reduced decomposition, as columns. */
export function decomposition(a: Tensor, full: boolean): { U: Tensor; S: Tensor; V: Tensor } {
  const [U, S, V] = reducedSvd(a);
  if (!full) return { U, S, V };
  const all = (x: Tensor): Tensor => composed('linalg_svd', completed(x));
  return { U: all(U), S, V: all(V) };
}

/**
 * A = U diag(S) Vh, for matrices (*, m, n): U of (*, m, m), S descending of (*, min(m, n)), Vh of (*, n, n); with
 * `fullMatrices: false` min(m, n) columns of U and rows of Vh. Singular vectors are unique up to their signs at most,
 * and a gradient of them is infinite where two singular values are equal. float32 or float64. Follows
 * `torch.linalg.svd`.
 * @throws ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is not float; ValueError for NaN
 * @example linalg.svd(tensor([[0, 3], [4, 0]], { dtype: 'float32' })).S; // tensor([4., 3.])
 */
export const svd = composition(
  'linalg.svd',
  { a: K.tensor, options: K.options<SVDOptions>({ fullMatrices: K.flag }) },
  (a: Tensor, options: SVDOptions = {}): { U: Tensor; S: Tensor; Vh: Tensor } => {
    const { U, S, V } = decomposition(a, options.fullMatrices ?? true);
    return { U, S, Vh: composed('linalg_svd', matrixTranspose(V)) };
  },
);

/**
 * The singular values of matrices, (*, m, n), in descending order: (*, min(m, n)). Follows `torch.linalg.svdvals`.
 * @throws ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is not float; ValueError for NaN
 * @example linalg.svdvals(tensor([[3, 0], [0, -4]], { dtype: 'float32' })); // tensor([4., 3.])
 */
export const svdvals = composition(
  'linalg.svdvals',
  { x: K.tensor },
  (x: Tensor): Tensor => reducedSvd(x)[1],
);
