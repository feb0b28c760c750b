import { composition, K } from '../../arguments/index.ts';
import { AutogradError } from '../../errors.ts';
import { factorLU, RealMatrix, singularValues } from '../../kernels/index.ts';
import { apply, applyMulti, defineMulti, definePrimitive, INPUT } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { matrixTranspose } from '../views/properties.ts';
import { unsqueeze } from '../views/shape.ts';
import { batchOf, checkSquare, matricesIn, ofMatrices } from './checks.ts';
import { inverses, solveInPlace } from './solve.ts';

/** The factors of a determinant, pivot by pivot, of which some have the other sign; overwrites the matrix. */
function* pivotsOf(matrix: RealMatrix): Generator<number> {
  const exchanged = new Int32Array(matrix.rows);
  factorLU(matrix, exchanged);
  for (const [k, other] of exchanged.entries()) yield other === k ? matrix.at(k, k) : -matrix.at(k, k);
}

function determinantOf(matrix: RealMatrix): number {
  let product = 1;
  for (const pivot of pivotsOf(matrix)) product *= pivot;
  return product;
}

/** Where pivots lie closer together than this, an inverse is exact enough to make cofactors of. */
const wellConditioned = 1e-5;

/** The cofactors det(A) A⁻ᵀ, which exist for singular matrices too: then by way of the singular values. */
function cofactorsOf(matrix: RealMatrix): RealMatrix {
  const n = matrix.rows;
  if (n === 1) return RealMatrix.identity(1);
  const factors = new RealMatrix(n, n, matrix.data.slice());
  const pivots = [...pivotsOf(factors)];
  const sizes = pivots.map(Math.abs);
  if (Math.min(...sizes) > wellConditioned * Math.max(...sizes)) {
    const inverse = RealMatrix.identity(n);
    solveInPlace(matrix, inverse);
    for (let r = 0; r < n; r++)
      inverse.scaleRow(
        r,
        pivots.reduce((a, b) => a * b, 1),
      );
    return inverse.transposed();
  }
  const { u, s, v } = singularValues(matrix);
  const sign = Math.sign(determinantOf(copied(u))) * Math.sign(determinantOf(copied(v)));
  const scaled = copied(v);
  for (let k = 0; k < n; k++) scaled.scaleRow(k, sign * productWithout(s, k, k));
  return u.transposed().times(scaled);
}

const copied = (x: RealMatrix): RealMatrix => new RealMatrix(x.rows, x.columns, x.data.slice());

/** The product of all but two numbers. */
function productWithout(s: Float64Array, i: number, j: number): number {
  return s.reduce((product, value, k) => (k === i || k === j ? product : product * value), 1);
}

/**
 * The derivative of <cofactors of A, G>: in the bases of A's singular vectors every entry is a product of n - 2
 * singular values.
 */
function cofactorSlopes(a: RealMatrix, g: RealMatrix): RealMatrix {
  const { u, s, v } = singularValues(a);
  const n = a.rows;
  const sign = Math.sign(determinantOf(copied(u))) * Math.sign(determinantOf(copied(v)));
  const turned = u.times(g).times(v.transposed());
  const slopes = new RealMatrix(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (i === j) continue;
      const product = sign * productWithout(s, i, j);
      slopes.set(i, j, -product * turned.at(j, i));
      slopes.set(j, j, slopes.at(j, j) + product * turned.at(i, i));
    }
  }
  return u.transposed().times(slopes).times(v);
}

const slopesPrimitive = definePrimitive<undefined, [Tensor, Tensor]>({
  name: 'linalg_det_second',
  infer: ([a]) => a,
  saves: INPUT(0),
  kernel([a, g], _, out) {
    const [matrices, gradients] = [matricesIn(a), matricesIn(g)];
    for (let b = 0; b < matrices.count; b++)
      cofactorSlopes(matrices.read(b), gradients.read(b)).write(out.storage.array, b);
  },
  derivative(g, node) {
    if (node.needs(0)) throw new AutogradError('linalg.det: its third derivative is not implemented');
    return [null, cofactorGradient(node.input(0), g)];
  },
});

const cofactorGradient = (a: Tensor, g: Tensor): Tensor => apply(slopesPrimitive, [a, g], undefined);

const cofactorsPrimitive = definePrimitive({
  name: 'linalg_det_backward',
  saves: INPUT(0),
  infer: ([a]) => a,
  kernel([a], _, out) {
    const matrices = matricesIn(a);
    for (let b = 0; b < matrices.count; b++) cofactorsOf(matrices.read(b)).write(out.storage.array, b);
  },
  derivative: (g, node) => [cofactorGradient(node.input(0), g)],
});

const matrixwise = (x: Tensor): Tensor => unsqueeze(unsqueeze(x, -1), -1);

const detPrimitive = definePrimitive({
  name: 'linalg_det',
  saves: INPUT(0),
  infer([a]) {
    checkSquare(a, 'linalg.det');
    return { shape: batchOf(a), dtype: a.dtype };
  },
  kernel([a], _, out) {
    const matrices = matricesIn(a);
    // Of the transposed, as PyTorch: it is the same but where infinities meet.
    for (let b = 0; b < matrices.count; b++)
      out.storage.array[b] = determinantOf(matrices.read(b).transposed());
  },
  derivative: (g, node) => [mul(matrixwise(g), apply(cofactorsPrimitive, [node.input(0)], undefined))],
});

/**
 * The determinants of square matrices, (*, n, n): of the batch's shape. float32 or float64. Its gradient is that of the
 * cofactors, so it exists for singular matrices too. Follows `torch.linalg.det`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float
 * @example linalg.det(tensor([[1, 2], [3, 4]], { dtype: 'float64' })).item().toFixed(4); // '-2.0000'
 */
export const det = ofMatrices('linalg.det', (a) => apply(detPrimitive, [a], undefined));

const slogdetPrimitive = defineMulti<undefined>({
  name: 'linalg_slogdet',
  saves: INPUT(0),
  infer([a]) {
    checkSquare(a, 'linalg.slogdet');
    const meta = { shape: batchOf(a), dtype: a.dtype };
    return [meta, meta];
  },
  kernel([a], _, [signs, logarithms]) {
    const matrices = matricesIn(a);
    for (let b = 0; b < matrices.count; b++) {
      let [sign, logarithm] = [1, 0];
      for (const pivot of pivotsOf(matrices.read(b).transposed())) {
        sign *= Math.sign(pivot) || 0;
        logarithm += Math.log(Math.abs(pivot));
      }
      signs.storage.array[b] = sign;
      logarithms.storage.array[b] = logarithm;
    }
  },
  derivative([, g], node) {
    if (g === null) return [null];
    const [inverse] = inverses(node.input(0), null);
    return [mul(matrixwise(g), matrixTranspose(inverse))];
  },
});

/**
 * The sign and the logarithm of the absolute value of determinants of square matrices, (*, n, n); of a singular one 0
 * and -Infinity. float32 or float64. Follows `torch.linalg.slogdet`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float
 * @example linalg.slogdet(tensor([[-2]], { dtype: 'float32' })); // { sign: tensor(-1.), logabsdet: tensor(0.6931) }
 */
export const slogdet = composition(
  'linalg.slogdet',
  { a: K.tensor },
  (a: Tensor): { sign: Tensor; logabsdet: Tensor } => {
    const [sign, logabsdet] = applyMulti(slogdetPrimitive, [a], undefined);
    return { sign, logabsdet };
  },
);
