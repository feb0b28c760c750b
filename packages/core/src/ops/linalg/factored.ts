/** Linear algebra that takes and gives factors in the form in which LAPACK has them. */
import { composition, K } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { RealMatrix, reflect, solveTriangle } from '../../kernels/index.ts';
import {
  apply,
  applyMulti,
  composed,
  defineMulti,
  definePrimitive,
  INPUT,
  OUTPUT,
} from '../../record/index.ts';
import { formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { add, neg } from '../elementwise/arithmetic.ts';
import { matmul } from '../products/matmul.ts';
import { matrixTranspose } from '../views/properties.ts';
import {
  batchOf,
  checkFloatMatrices,
  checkMatrices,
  checkSameDtype,
  checkSquare,
  matricesIn,
  notInvertible,
  refused,
  sameBatch,
  sizesOf,
} from './checks.ts';
import type { CholeskyOptions } from './cholesky.ts';
import { checkReflections, reflected } from './qr.ts';
import { checkSystem } from './triangular.ts';

interface Factor {
  readonly upper: boolean;
}

/** Replaces B by (L Lᵀ)⁻¹ B, for the lower triangle of a matrix, or for the upper one by (Uᵀ U)⁻¹ B. */
function solveFactor(matrix: RealMatrix, b: RealMatrix, upper: boolean): void {
  const turned = matrix.transposed();
  solveTriangle(upper ? turned : matrix, b, false, false);
  solveTriangle(upper ? matrix : turned, b, true, false);
}

/** The number of the first 0 on the diagonal, from 1; 0 without one. */
const firstZero = (triangle: RealMatrix): number =>
  Array.from({ length: triangle.rows }, (_, r) => triangle.at(r, r)).indexOf(0) + 1;

/**
 * The gradient to a factor of which A⁻¹ is a product, from that of A⁻¹ on both sides of it: PyTorch's, of both
 * triangles.
 */
const factorGradient = (inner: Tensor, factor: Tensor, upper: boolean): Tensor => {
  const symmetric = add(inner, matrixTranspose(inner));
  return neg(upper ? matmul(factor, symmetric) : matmul(symmetric, factor));
};

const choleskySolvePrimitive = definePrimitive<Factor, [Tensor, Tensor]>({
  name: 'cholesky_solve',
  saves: INPUT(1) | OUTPUT,
  infer: ([b]) => b,
  kernel([b, l], { upper }, out) {
    const sides = matricesIn(b);
    const triangles = matricesIn(l);
    for (let k = 0; k < sides.count; k++) {
      const x = sides.read(k);
      solveFactor(triangles.read(k), x, upper);
      x.write(out.storage.array, k);
    }
  },
  derivative(g, node) {
    const l = node.input(1);
    const gb = factorSolution(g, l, node.attrs);
    const { upper } = node.attrs;
    return [gb, node.needs(1) ? factorGradient(matmul(gb, matrixTranspose(node.output())), l, upper) : null];
  },
});

const factorSolution = (b: Tensor, l: Tensor, attrs: Factor): Tensor =>
  apply(choleskySolvePrimitive, [b, l], attrs);

/**
 * The solution of A X = B, where A = L Lᵀ is given by its Cholesky factor: B of (*, n, k), L of (*, n, n). With `upper`
 * it is that of Uᵀ U. float32 or float64. Follows `torch.cholesky_solve`.
 * @throws ShapeError where the shapes do not fit; DTypeError for other or different dtypes
 * @example choleskySolve(tensor([[4]], { dtype: 'float32' }), tensor([[2]], { dtype: 'float32' })); // tensor([[1.]])
 */
export const choleskySolve = composition(
  'choleskySolve',
  { b: K.tensor, l: K.tensor, options: K.options<CholeskyOptions>({ upper: K.flag }) },
  (b: Tensor, l: Tensor, options: CholeskyOptions = {}): Tensor => {
    if (b.ndim < 2 || l.ndim < 2) {
      throw new ShapeError(
        'choleskySolve: b and u should have at least 2 dimensions, got shapes ' +
          `${formatShape(b.shape)} and ${formatShape(l.shape)}`,
      );
    }
    checkSquare(l, 'choleskySolve');
    checkSameDtype(b, l, 'choleskySolve');
    checkSystem(l, b, true, 'choleskySolve');
    const [factor, side] = sameBatch(l, b, 'choleskySolve');
    return factorSolution(side, factor, { upper: options.upper ?? false });
  },
);

const choleskyInversePrimitive = definePrimitive<Factor>({
  name: 'cholesky_inverse',
  saves: INPUT(0) | OUTPUT,
  infer([l]) {
    checkSquare(l, 'choleskyInverse');
    return l;
  },
  kernel([l], { upper }, out) {
    const triangles = matricesIn(l);
    for (let k = 0; k < triangles.count; k++) {
      const triangle = triangles.read(k);
      const info = firstZero(triangle);
      if (info !== 0) throw refused(l, k, 'choleskyInverse', notInvertible(info));
      const x = RealMatrix.identity(triangle.rows);
      solveFactor(triangle, x, upper);
      x.write(out.storage.array, k);
    }
  },
  derivative(g, node) {
    const y = node.output();
    return [factorGradient(matmul(y, matmul(g, y)), node.input(0), node.attrs.upper)];
  },
});

/**
 * The inverse of A = L Lᵀ from its Cholesky factor, (*, n, n); with `upper` of Uᵀ U. float32 or float64. Follows
 * `torch.cholesky_inverse`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float; ValueError for a 0 on
 *   the diagonal
 * @example choleskyInverse(tensor([[2]], { dtype: 'float32' })); // tensor([[0.2500]])
 */
export const choleskyInverse = composition(
  'choleskyInverse',
  { l: K.tensor, options: K.options<CholeskyOptions>({ upper: K.flag }) },
  (l: Tensor, options: CholeskyOptions = {}): Tensor =>
    apply(choleskyInversePrimitive, [l], { upper: options.upper ?? false }),
);

const reflectionsPrimitive = defineMulti<undefined>({
  name: 'geqrf',
  infer([a]) {
    checkFloatMatrices(a, 'geqrf');
    return [a, { shape: [...batchOf(a), Math.min(...sizesOf(a))], dtype: a.dtype }];
  },
  kernel([x], _, [out, taus]) {
    const matrices = matricesIn(x);
    for (let b = 0; b < matrices.count; b++) {
      const { a, tau } = reflect(matrices.read(b));
      a.write(out.storage.array, b);
      taus.storage.array.set(tau, b * tau.length);
    }
  },
});

/**
 * The reflections of which {@link qr} makes Q, as LAPACK's `geqrf` gives them: `a` has R on and above its diagonal and
 * below it the vectors, `tau` their factors. No derivative. Follows `torch.geqrf`.
 * @throws ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is not float
 * @example geqrf(tensor([[3], [4]], { dtype: 'float32' })).tau; // tensor([1.6000])
 */
export const geqrf = composition('geqrf', { a: K.tensor }, (x: Tensor): { a: Tensor; tau: Tensor } => {
  const [a, tau] = applyMulti(reflectionsPrimitive, [x], undefined);
  return { a, tau };
});

/** Options of {@link ormqr}. */
export interface OrmqrOptions {
  /** Whether Q stands before the other matrix. Default: true. */
  readonly left?: boolean;
  /** Whether Q is transposed. Default: false. */
  readonly transpose?: boolean;
}

/**
 * Q C, where Q, (*, m, m), is the product of the reflections of `a` and `tau` (as {@link geqrf} gives them), without
 * making Q; C Q with `left: false`. float32 or float64. Follows `torch.ormqr`.
 * @throws ShapeError where the shapes do not fit; DTypeError for other or different dtypes
 * @example
 * ```ts
 * const { a, tau } = geqrf(tensor([[3], [4]], { dtype: 'float32' }));
 * ormqr(a, tau, tensor([[3], [4]], { dtype: 'float32' }), { transpose: true }).shape; // [ 2, 1 ]
 * ```
 */
export const ormqr = composition(
  'ormqr',
  {
    a: K.tensor,
    tau: K.tensor,
    other: K.tensor,
    options: K.options<OrmqrOptions>({ left: K.flag, transpose: K.flag }),
  },
  (a: Tensor, tau: Tensor, other: Tensor, options: OrmqrOptions = {}): Tensor => {
    const { left = true, transpose = false } = options;
    checkReflections(a, tau, 'ormqr');
    checkMatrices(other, 'ormqr', 'other');
    checkSameDtype(a, other, 'ormqr');
    const [m] = sizesOf(a);
    const [rows, columns] = sizesOf(other);
    if (m !== (left ? rows : columns)) {
      throw new ShapeError(
        `ormqr: other.shape[${left ? -2 : -1}] must be equal to input.shape[-2], got ${left ? rows : columns} and ${m}`,
      );
    }
    const expected = Math.min(m, sizesOf(a)[1]);
    if (tau.shape.at(-1) !== expected) {
      throw new ShapeError(
        `ormqr: tau.shape[-1] must be equal to min(other.shape[${left ? -2 : -1}], input.shape[-1]), ${expected}, got ${tau.shape.at(-1)}`,
      );
    }
    const product = left
      ? reflected(a, tau, other, transpose)
      : matrixTranspose(reflected(a, tau, matrixTranspose(other), !transpose));
    return composed('ormqr', product, a, tau, other);
  },
);
