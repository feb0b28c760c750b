import { composition, K } from '../../arguments/index.ts';
import type { TypedArray } from '../../dtype.ts';
import { AutogradError, ShapeError } from '../../errors.ts';
import { formQ, type RealMatrix, reflect } from '../../kernels/index.ts';
import { applyMulti, composed, defineMulti, OUTPUT } from '../../record/index.ts';
import { formatShape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { pad } from '../arranging/pad.ts';
import { tril, triu } from '../arranging/triangle.ts';
import { eye, onesLike } from '../creation/fill.ts';
import { add, mul, neg, sub } from '../elementwise/arithmetic.ts';
import { matmul } from '../products/matmul.ts';
import { matrixTranspose } from '../views/properties.ts';
import { unsqueeze } from '../views/shape.ts';
import { narrow } from '../views/slices.ts';
import {
  batchOf,
  checkFloatMatrices,
  checkSameDtype,
  dependingOn,
  matricesIn,
  sizesOf,
  withBatch,
} from './checks.ts';
import { triangleSolution } from './triangular.ts';

/** How much of Q {@link qr} gives. */
export type QRMode = 'reduced' | 'complete' | 'r';

const lower = { upper: false, left: false, unitriangular: false };

/** The sum of terms of which some may be missing. */
const total = (a: Tensor | null, b: Tensor | null): Tensor | null =>
  a === null ? b : b === null ? a : add(a, b);

/** The first `rows` rows of a matrix, without what is below the diagonal. */
function upperPart(a: RealMatrix, rows: number, array: TypedArray, b: number): void {
  const at = b * rows * a.columns;
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < a.columns; c++) array[at + r * a.columns + c] = c < r || r >= a.rows ? 0 : a.at(r, c);
}

const qrPrimitive = defineMulti<{ mode: QRMode }>({
  name: 'linalg_qr',
  saves: OUTPUT,
  infer([a], { mode }) {
    checkFloatMatrices(a, 'linalg.qr');
    const [m, n] = sizesOf(a);
    const { dtype } = a;
    const k = mode === 'complete' ? m : Math.min(m, n);
    const batch = batchOf(a);
    return [
      { shape: mode === 'r' ? [0] : [...batch, m, k], dtype },
      { shape: [...batch, k, n], dtype },
    ];
  },
  kernel([a], { mode }, [q, r]) {
    const matrices = matricesIn(a);
    const [rows] = sizesOf(r);
    for (let b = 0; b < matrices.count; b++) {
      const reflections = reflect(matrices.read(b));
      upperPart(reflections.a, rows, r.storage.array, b);
      if (mode !== 'r') formQ(reflections, rows).write(q.storage.array, b);
    }
  },
  derivative([gq, gr], node) {
    const { mode } = node.attrs;
    const [m, n] = node.shape(0).slice(-2) as [number, number];
    if (mode === 'r') {
      throw new AutogradError(
        "linalg.qr: the derivative depends on Q, which is not computed when mode: 'r'. Please use " +
          "linalg.qr(A, { mode: 'reduced' }) if you are going to require gradients for R",
      );
    }
    if (mode === 'complete' && m > n) {
      throw new AutogradError(
        "linalg.qr: the QR decomposition is not differentiable when mode: 'complete' and nrows > ncols",
      );
    }
    const [q, r] = [node.output(0), node.output(1)];
    const qt = matrixTranspose(q);
    const fromR = gr === null ? null : matmul(gr, matrixTranspose(r));
    const fromQ = gq === null ? null : matmul(qt, gq);
    if (m >= n) {
      // X = triu(gR Rᵀ - Qᵀ gQ), made symmetric with half of its diagonal twice: (Q X + gQ) R⁻ᵀ.
      const inner = total(fromR, fromQ && mul(fromQ, -1));
      if (inner === null) return [null];
      const upper = triu(inner);
      const symmetric = add(upper, matrixTranspose(triu(inner, 1)));
      return [triangleSolution(matrixTranspose(r), total(matmul(q, symmetric), gq) ?? q, lower)];
    }
    // Only the first m columns of A say what Q is.
    const inner = total(fromQ, fromR && mul(fromR, -1));
    if (inner === null) return [null];
    const skew = tril(sub(inner, matrixTranspose(inner)));
    const square = matmul(q, triangleSolution(matrixTranspose(narrow(r, -1, 0, m)), skew, lower));
    return [total(pad(square, [0, n - m]), gr && matmul(q, gr))];
  },
});

/** Options of {@link qr}. */
export interface QROptions {
  /**
   * `'reduced'`: Q of (*, m, min(m, n)); `'complete'`: of (*, m, m); `'r'`: none, which cannot be differentiated.
   * Default: `'reduced'`.
   */
  readonly mode?: QRMode;
}

/**
 * A = Q R for matrices, (*, m, n), with orthonormal columns Q and an upper triangle R, by Householder's reflections;
 * the diagonal of R has LAPACK's signs. float32 or float64. Follows `torch.linalg.qr`.
 * @throws ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is not float
 * @example linalg.qr(tensor([[3, 1], [4, 2]], { dtype: 'float32' })).R.shape; // [ 2, 2 ]
 */
export const qr = composition(
  'linalg.qr',
  { a: K.tensor, options: K.options<QROptions>({ mode: K.oneOf('reduced', 'complete', 'r') }) },
  (a: Tensor, options: QROptions = {}): { Q: Tensor; R: Tensor } => {
    const [Q, R] = applyMulti(qrPrimitive, [a], { mode: options.mode ?? 'reduced' });
    return { Q, R };
  },
);

/**
 * Reflection `k` of `a` and `tau` from its own row on, where its vector begins with 1: [1, v], as a column, and tau.
 */
function reflection(a: Tensor, tau: Tensor, k: number): { below: Tensor; factor: Tensor } {
  const [m] = sizesOf(a);
  return {
    below: narrow(narrow(a, -1, k, 1), -2, k + 1, m - k - 1),
    factor: unsqueeze(narrow(tau, -1, k, 1), -1),
  };
}

/**
 * Multiplies B by the reflections of `a` and `tau`, the last one first, or with `transposed` the first one. Each turns
 * the rows from its own on.
 */
export function reflected(a: Tensor, tau: Tensor, b: Tensor, transposed: boolean): Tensor {
  const [m] = sizesOf(a);
  const count = tau.shape.at(-1) ?? 0;
  let y = count > 0 ? b : dependingOn(b, a, tau);
  for (let step = 0; step < count; step++) {
    const k = transposed ? step : count - 1 - step;
    const { below, factor } = reflection(a, tau, k);
    const v = cat([onesLike(factor), below], -2);
    const turned = narrow(y, -2, k, m - k);
    const moved = sub(turned, matmul(mul(v, factor), matmul(matrixTranspose(v), turned)));
    y = k === 0 ? moved : cat([narrow(y, -2, 0, k), moved], -2);
  }
  return y;
}

/**
 * The first `n` columns of the product of all reflections: the last one first, each over what is beside and below its
 * own column.
 */
function reflectionsProduct(a: Tensor, tau: Tensor): Tensor {
  const [m, n] = sizesOf(a);
  const count = tau.shape.at(-1) ?? 0;
  const rest = withBatch(eye(m - count, n - count, { dtype: a.dtype }), batchOf(a));
  let q = count > 0 ? rest : dependingOn(rest, a, tau);
  for (let k = count - 1; k >= 0; k--) {
    const { below, factor } = reflection(a, tau, k);
    const column = cat([sub(1, factor), neg(mul(below, factor))], -2);
    // H [[1, 0], [0, Q]], whose first row is 0 but in the first column.
    const along = neg(mul(factor, matmul(matrixTranspose(below), q)));
    q = cat([column, cat([along, add(q, matmul(below, along))], -2)], -1);
  }
  return q;
}

/** Refuses what are no reflections. */
export function checkReflections(a: Tensor, tau: Tensor, caller: string): void {
  checkFloatMatrices(a, caller, 'input');
  checkSameDtype(a, tau, caller);
  const [m, n] = sizesOf(a);
  const count = tau.shape.at(-1) ?? 0;
  if (count > n) {
    throw new ShapeError(
      `${caller}: input.shape[-1] must be greater than or equal to tau.shape[-1], got ${n} and ${count}`,
    );
  }
  if (tau.ndim !== a.ndim - 1 || !sameShape(tau.shape.slice(0, -1), batchOf(a))) {
    throw new ShapeError(
      `${caller}: Expected batch dimensions of tau to be equal to input.shape[:-2] and one dimension more, got ` +
        `${formatShape(tau.shape)} for ${formatShape(a.shape)}`,
    );
  }
  if (m >= count) return;
  throw new ShapeError(
    `${caller}: input.shape[-2] must be greater than or equal to tau.shape[-1], got ${m} and ${count}`,
  );
}

/**
 * The first n columns of the product of k Householder reflections 1 - tau v vᵀ, whose vectors stand below the diagonal
 * of `a`, (*, m, n), as {@link geqrf} gives them; tau of (*, k). float32 or float64. Follows
 * `torch.linalg.householder_product`.
 * @throws ShapeError where the shapes do not fit; DTypeError for other or different dtypes
 * @example
 * ```ts
 * const { a, tau } = geqrf(tensor([[3], [4]], { dtype: 'float32' }));
 * linalg.householderProduct(a, tau); // tensor([[-0.6000], [-0.8000]])
 * ```
 */
export const householderProduct = composition(
  'linalg.householderProduct',
  { a: K.tensor, tau: K.tensor },
  (a: Tensor, tau: Tensor): Tensor => {
    checkReflections(a, tau, 'linalg.householderProduct');
    const [m, n] = sizesOf(a);
    if (m < n) {
      throw new ShapeError(
        `linalg.householderProduct: input.shape[-2] must be greater than or equal to input.shape[-1], got ${m} and ${n}`,
      );
    }
    return composed('linalg_householder_product', reflectionsProduct(a, tau), a, tau);
  },
);
