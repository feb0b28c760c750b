import { composition, K } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { eigenSymmetric, RealMatrix, singularValues } from '../../kernels/index.ts';
import { apply, applyMulti, defineMulti, definePrimitive, INPUT, OUTPUT } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { add, mul, neg } from '../elementwise/arithmetic.ts';
import { matmul } from '../products/matmul.ts';
import { matrixTranspose } from '../views/properties.ts';
import { batchOf, checkFloat, checkMatrices, checkSquare, matricesIn, sizesOf } from './checks.ts';
import { solve } from './solve.ts';

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
      const matrix = matrices.read(b);
      for (let r = 0; r < matrix.rows; r++) for (let c = 0; c < r; c++) matrix.set(c, r, matrix.at(r, c));
      const { values, vectors } = eigenSymmetric(matrix);
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
 * The symmetric X of which X X = A, for symmetric positive-definite matrices, (*, n, n), of which the lower triangle is read. float32 or
 * float64. Follows `torch.linalg.matrix_sqrth`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float
 * @example linalg.matrixSqrth(tensor([[4, 0], [0, 9]], { dtype: 'float32' })).tolist(); // [ [ 2, 0 ], [ 0, 3 ] ]
 */
export const matrixSqrth = composition(
  'linalg.matrixSqrth',
  { a: K.tensor },
  (a: Tensor): Tensor => apply(rootPrimitive, [a], undefined),
);

const polarPrimitive = defineMulti<undefined>({
  name: 'linalg_polar',
  saves: INPUT(0) | OUTPUT,
  infer([a]) {
    checkMatrices(a, 'linalg.polar');
    checkFloat(a, 'linalg.polar');
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
      const { u, s, v } = singularValues(matrices.read(b));
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
 * A = U H for matrices, (*, m, n) with m >= n: U has orthonormal columns, H is symmetric and has no negative eigenvalue. Differentiable
 * where A has full rank. float32 or float64. Follows `torch.linalg.polar`.
 * @throws ShapeError for fewer than 2 dimensions or more columns than rows; DTypeError for a dtype that is not float
 * @example linalg.polar(tensor([[0, -2], [3, 0]], { dtype: 'float32' })).H.round().tolist(); // [ [ 3, 0 ], [ 0, 2 ] ]
 */
export const polar = composition('linalg.polar', { a: K.tensor }, (a: Tensor): { U: Tensor; H: Tensor } => {
  const [U, H] = applyMulti(polarPrimitive, [a], undefined);
  return { U, H };
});
