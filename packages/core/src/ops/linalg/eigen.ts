import { composition, K } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { eigenSymmetric, RealMatrix } from '../../kernels/index.ts';
import { apply, applyMulti, defineMulti, definePrimitive, INPUT, OUTPUT } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { eye } from '../creation/fill.ts';
import { add, div, mul, neg, sub } from '../elementwise/arithmetic.ts';
import { where } from '../elementwise/select.ts';
import { matmul } from '../products/matmul.ts';
import { diagEmbed } from '../views/diagonal.ts';
import { matrixTranspose } from '../views/properties.ts';
import { unsqueeze } from '../views/shape.ts';
import {
  batchOf,
  checkFloatMatrices,
  checkSquare,
  matricesIn,
  ofMatrices,
  refused,
  sizesOf,
} from './checks.ts';
import { solve } from './solve.ts';
import { decomposed } from './svd.ts';

/** Overwrites one triangle with the other. */
function mirror(a: RealMatrix, upper: boolean): RealMatrix {
  for (let r = 0; r < a.rows; r++) {
    for (let c = 0; c < r; c++) {
      if (upper) a.set(r, c, a.at(c, r));
      else a.set(c, r, a.at(r, c));
    }
  }
  return a;
}

/**
 * The eigenvalues and eigenvectors of matrix `b` of x. As LAPACK has it, those of three rows or more are refused where
 * its way to three diagonals meets NaN: where there is one, or an infinity outside of these; of other infinities all
 * becomes NaN.
 */
function spectrum(x: Tensor, b: number, matrix: RealMatrix): ReturnType<typeof eigenSymmetric> {
  const { rows: n } = matrix;
  const fails = (value: number, at: number): boolean =>
    Number.isNaN(value) || (!Number.isFinite(value) && Math.abs(Math.floor(at / n) - (at % n)) > 1);
  if (n < 3 || !matrix.data.some(fails)) return eigenSymmetric(matrix);
  throw refused(
    x,
    b,
    'linalg.eigh',
    'The algorithm failed to converge because the input matrix contained non-finite values.',
  );
}

const eighPrimitive = defineMulti<{ upper: boolean }>({
  name: 'linalg_eigh',
  saves: OUTPUT,
  infer([a]) {
    checkSquare(a, 'linalg.eigh');
    return [{ shape: [...batchOf(a), sizesOf(a)[0]], dtype: a.dtype }, a];
  },
  kernel([a], { upper }, [values, vectors]) {
    const matrices = matricesIn(a);
    for (let b = 0; b < matrices.count; b++) {
      const found = spectrum(a, b, mirror(matrices.read(b), upper));
      values.storage.array.set(found.values, b * found.values.length);
      found.vectors.write(vectors.storage.array, b);
    }
  },
  derivative([gl, gv], node) {
    const [l, v] = [node.output(0), node.output(1)];
    const vt = matrixTranspose(v);
    if (gv === null) return [gl === null ? null : matmul(mul(v, unsqueeze(gl, -2)), vt)];
    // Rotations of eigenvectors into each other; diverges where two values meet.
    const same = eye(sizesOf(v)[0], { dtype: 'bool' });
    const gaps = where(same, 1, sub(unsqueeze(l, -2), unsqueeze(l, -1)));
    const inner = where(same, 0, div(matmul(vt, gv), gaps));
    const full = matmul(v, matmul(gl === null ? inner : add(inner, diagEmbed(gl)), vt));
    return [mul(add(full, matrixTranspose(full)), 0.5)];
  },
});

/** Options of {@link eigh}. */
export interface EighOptions {
  /** Which triangle is read. Default: `'L'`. */
  readonly UPLO?: 'L' | 'U' | 'l' | 'u';
}

const eighParameters = {
  a: K.tensor,
  options: K.options<EighOptions>({ UPLO: K.oneOf('L', 'U', 'l', 'u') }),
};
const isUpper = ({ UPLO = 'L' }: EighOptions): boolean => UPLO.toUpperCase() === 'U';

/**
 * The eigenvalues, (*, n), in ascending order, and as columns the orthonormal eigenvectors of symmetric matrices, (*,
 * n, n), of which one triangle is read. Eigenvectors are unique up to their signs at most, and a gradient of them is
 * infinite where two eigenvalues are equal. float32 or float64. Follows `torch.linalg.eigh`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float; ValueError for another
 * `UPLO`, and for NaN in matrices of three rows or more
 * @example linalg.eigh(tensor([[2, 1], [1, 2]], { dtype: 'float64' })).eigenvalues.round(); // tensor([1., 3.], dtype=torch.float64)
 */
export const eigh = composition(
  'linalg.eigh',
  eighParameters,
  (a: Tensor, options: EighOptions = {}): { eigenvalues: Tensor; eigenvectors: Tensor } => {
    const [eigenvalues, eigenvectors] = applyMulti(eighPrimitive, [a], { upper: isUpper(options) });
    return { eigenvalues, eigenvectors };
  },
);

/**
 * The eigenvalues of {@link eigh}: those of symmetric matrices, (*, n, n), in ascending order. Follows
 * `torch.linalg.eigvalsh`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float; ValueError as
 *   {@link eigh}
 * @example linalg.eigvalsh(tensor([[3, 0], [0, 1]], { dtype: 'float32' })); // tensor([1., 3.])
 */
export const eigvalsh = composition(
  'linalg.eigvalsh',
  eighParameters,
  (a: Tensor, options: EighOptions = {}): Tensor => eigh(a, options).eigenvalues,
);

/** V f(values) Vᵀ. */
function fromEigenvectors(vectors: RealMatrix, values: Float64Array): RealMatrix {
  const scaled = vectors.transposed();
  values.forEach((value, k) => {
    scaled.scaleRow(k, value);
  });
  return vectors.times(scaled);
}

/** The Y of X Y + Y X = G for symmetric X: its own derivative with respect to G, and so are those of roots. */
const sylvesterPrimitive = definePrimitive<undefined, [Tensor, Tensor]>({
  name: 'sylvester',
  saves: INPUT(0) | OUTPUT,
  infer: ([x]) => x,
  kernel([x, g], _, out) {
    const [matrices, sides] = [matricesIn(x), matricesIn(g)];
    for (let b = 0; b < matrices.count; b++) {
      const { values, vectors } = eigenSymmetric(matrices.read(b));
      const turned = vectors.transposed().times(sides.read(b)).times(vectors);
      const inner = new RealMatrix(turned.rows, turned.columns);
      values.forEach((p, r) => {
        values.forEach((q, c) => {
          inner.set(r, c, turned.at(r, c) / (p + q));
        });
      });
      vectors.times(inner).times(vectors.transposed()).write(out.storage.array, b);
    }
  },
  derivative(g, node) {
    const y = node.output();
    const s = sylvester(node.input(0), g);
    const yt = matrixTranspose(y);
    return [node.needs(0) ? neg(add(matmul(s, yt), matmul(yt, s))) : null, s];
  },
});

const sylvester = (x: Tensor, g: Tensor): Tensor => apply(sylvesterPrimitive, [x, g], undefined);

const rootPrimitive = definePrimitive({
  name: 'linalg_matrix_sqrth',
  saves: OUTPUT,
  infer([a]) {
    checkSquare(a, 'linalg.matrixSqrth');
    return a;
  },
  kernel([a], _, out) {
    const matrices = matricesIn(a);
    for (let b = 0; b < matrices.count; b++) {
      const { values, vectors } = spectrum(a, b, mirror(matrices.read(b), false));
      // What rounding made negative is 0.
      const roots = values.map((value) => Math.sqrt(Math.max(value, 0)));
      fromEigenvectors(vectors, roots).write(out.storage.array, b);
    }
  },
  derivative(g, node) {
    const full = sylvester(node.output(), g);
    return [mul(add(full, matrixTranspose(full)), 0.5)];
  },
});

/**
 * The symmetric X of which X X = A, for symmetric positive-definite matrices, (*, n, n), of which the lower triangle is
 * read. float32 or float64. Follows `torch.linalg.matrix_sqrth`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float; ValueError for NaN as
 *   {@link eigh}
 * @example linalg.matrixSqrth(tensor([[4, 0], [0, 9]], { dtype: 'float32' })).tolist(); // [ [ 2, 0 ], [ 0, 3 ] ]
 */
export const matrixSqrth = ofMatrices('linalg.matrixSqrth', (a) => apply(rootPrimitive, [a], undefined));

const polarPrimitive = defineMulti<undefined>({
  name: 'linalg_polar',
  saves: INPUT(0) | OUTPUT,
  infer([a]) {
    checkFloatMatrices(a, 'linalg.polar');
    const [m, n] = sizesOf(a);
    if (m < n) {
      throw new ShapeError(
        `linalg.polar: input must have at least as many rows as columns, but got ${m} by ${n} matrices`,
      );
    }
    return [a, { shape: [...batchOf(a), n, n], dtype: a.dtype }];
  },
  kernel([a], _, [unitary, symmetric]) {
    const matrices = matricesIn(a);
    for (let b = 0; b < matrices.count; b++) {
      const { u, s, v } = decomposed(a, b, matrices.read(b));
      u.transposed().times(v).write(unitary.storage.array, b);
      fromEigenvectors(v.transposed(), s).write(symmetric.storage.array, b);
    }
  },
  derivative([gu, gh], node) {
    const [u, h] = [node.output(0), node.output(1)];
    // dU = (dA - U dH) H⁻¹, and H dH + dH H = dAᵀ A + Aᵀ dA.
    const direct = gu === null ? null : matrixTranspose(solve(h, matrixTranspose(gu)));
    const through = direct === null ? null : neg(matmul(matrixTranspose(u), direct));
    const toH = gh === null ? through : through === null ? gh : add(gh, through);
    if (toH === null) return [null];
    const s = sylvester(h, toH);
    const rest = matmul(node.input(0), add(s, matrixTranspose(s)));
    return [direct === null ? rest : add(direct, rest)];
  },
});

/**
 * A = U H for matrices, (*, m, n) with m >= n: U has orthonormal columns, H is symmetric and has no negative
 * eigenvalue. Differentiable where A has full rank. float32 or float64. Follows `torch.linalg.polar`.
 * @throws ShapeError for fewer than 2 dimensions or more columns than rows; DTypeError for a dtype that is not float;
 *   ValueError for NaN
 * @example linalg.polar(tensor([[0, -2], [3, 0]], { dtype: 'float32' })).H.round().tolist(); // [ [ 3, 0 ], [ 0, 2 ] ]
 */
export const polar = composition('linalg.polar', { a: K.tensor }, (a: Tensor): { U: Tensor; H: Tensor } => {
  const [U, H] = applyMulti(polarPrimitive, [a], undefined);
  return { U, H };
});
