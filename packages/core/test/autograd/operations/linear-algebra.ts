import type * as fc from 'fast-check';
import type { Tensor } from '../../../src/index.ts';
import * as K from '../../../src/index.ts';
import { distinct, fixed, inside, ints, offGrid, positive, type Sample } from './sample.ts';

const { linalg } = K;
const f64 = { dtype: 'float64' } as const;
const eye = (rows: number, columns = rows): Tensor => K.eye(rows, columns, f64);

/** A square matrix far from singular, for elements up to 3. */
const regular = (x: Tensor): Tensor => x.add(eye(x.shape.at(-1) ?? 1).mul(10));
const positiveDefinite = (x: Tensor): Tensor => x.matmul(x.mT).add(eye(x.shape.at(-2) ?? 1));
const factors = (a: Tensor): [LU: Tensor, pivots: Tensor] => {
  const { LU, pivots } = linalg.luFactor(regular(a));
  return [LU, pivots];
};
/** A matrix of full rank with singular values, or eigenvalues, far apart and no element near 0, for elements below 1. */
const apart = (x: Tensor): Tensor => {
  const [m = 1, n = 1] = x.shape.slice(-2);
  const crooked = K.arange(1, m * n + 1)
    .to('float64')
    .sin()
    .reshape(m, n);
  return x
    .mul(0.125)
    .add(crooked)
    .add(eye(m, n).mul(K.tensor([16, 9, 5, 3].slice(0, n), f64)));
};
const symmetric = (x: Tensor): Tensor => apart(x).add(apart(x).mT);

/** Vectors without their signs, which are not unique. */
const unsigned = (...x: Tensor[]): Tensor[] => x.map((y) => y.abs());

const square = [2, 3, 3];
const shapes = { square, tall: [4, 2], wide: [2, 4] };

/** A sample for matrices of each form. */
const ofEachForm = (
  name: string,
  run: (x: Tensor) => Tensor | readonly Tensor[],
): Record<string, fc.Arbitrary<Sample>> =>
  Object.fromEntries(
    Object.entries(shapes).map(([form, shape]) => [`${name}, ${form}`, fixed([shape], run, inside)]),
  );

/** A sample for each way to call: one of all results together would cost by the square of their number. */
const ofEachWay = (
  name: string,
  shapes: readonly (readonly number[])[],
  ways: Readonly<Record<string, (...x: [Tensor, Tensor]) => Tensor | readonly Tensor[]>>,
): Record<string, fc.Arbitrary<Sample>> =>
  Object.fromEntries(Object.entries(ways).map(([way, run]) => [`${name}, ${way}`, fixed(shapes, run)]));

const triangles = ['upper', 'lower'].flatMap((triangle) =>
  ['left', 'right'].flatMap((side) =>
    ['unitriangular', 'of any diagonal'].map((d) => [triangle, side, d] as const),
  ),
);

export const linearAlgebra: Record<string, fc.Arbitrary<Sample>> = {
  'linalg.inv': fixed([square], (x) => linalg.inv(regular(x))),
  'linalg.solve': fixed([square, [3, 2], [3]], (a, b, c) => [
    linalg.solve(regular(a), b),
    linalg.solve(regular(a), b.mT.mul(K.ones([2, 1, 1], f64)), { left: false }),
    linalg.solve(regular(a), c),
  ]),
  ...ofEachWay(
    'linalg.solveTriangular',
    [[3, 3], square],
    Object.fromEntries(
      triangles.map(([triangle, side, diagonal]) => [
        `${triangle}, ${side}, ${diagonal}`,
        (a, b) =>
          linalg.solveTriangular(regular(a), b, {
            upper: triangle === 'upper',
            left: side === 'left',
            unitriangular: diagonal === 'unitriangular',
          }),
      ]),
    ),
  ),
  'linalg.cholesky': fixed([square], (x) => [
    linalg.cholesky(positiveDefinite(x)),
    linalg.cholesky(positiveDefinite(x), { upper: true }),
  ]),
  'choleskySolve, choleskyInverse': fixed(
    [
      [3, 3],
      [3, 2],
    ],
    (a, b) =>
      [true, false].flatMap((upper) => {
        const factor = regular(upper ? a.triu() : a.tril());
        return [K.choleskySolve(b, factor, { upper }), K.choleskyInverse(factor, { upper })];
      }),
  ),
  ...ofEachForm('linalg.qr', (x) => Object.values(linalg.qr(apart(x)))),
  'linalg.qr, complete': fixed(
    [[2, 4]],
    (x) => Object.values(linalg.qr(apart(x), { mode: 'complete' })),
    inside,
  ),
  ...ofEachForm('linalg.lu', (x) => {
    const { L, U } = linalg.lu(apart(x));
    return [L, U, linalg.luFactor(apart(x)).LU];
  }),
  ...ofEachWay('linalg.luSolve', [square, [3, 2]], {
    plain: (a, b) => linalg.luSolve(...factors(a), b),
    adjoint: (a, b) => linalg.luSolve(...factors(a), b, { adjoint: true }),
    'from the right': (a, b) => linalg.luSolve(...factors(a), b.mT, { left: false }),
  }),
  ...ofEachForm('linalg.svd', (x) => {
    const { U, S, Vh } = linalg.svd(apart(x), { fullMatrices: false });
    return [S, ...unsigned(U, Vh)];
  }),
  ...ofEachForm('linalg.pinv', (x) => linalg.pinv(apart(x))),
  'linalg.polar': fixed([[4, 2]], (x) => Object.values(linalg.polar(apart(x))), inside),
  'linalg.eigh': fixed(
    [square],
    (x) => {
      const { eigenvalues, eigenvectors } = linalg.eigh(symmetric(x));
      return [eigenvalues, ...unsigned(eigenvectors)];
    },
    inside,
  ),
  'linalg.matrixSqrth': fixed([square], (x) => linalg.matrixSqrth(positiveDefinite(x))),
  'linalg.det, singular matrices too': fixed([square, [3, 1]], (x, y) => [
    linalg.det(x),
    linalg.det(y.matmul(y.mT)),
  ]),
  'linalg.slogdet, logdet': fixed([square], (x) => [
    linalg.slogdet(regular(x)).logabsdet,
    K.logdet(positiveDefinite(x)),
  ]),
  'linalg.matrixExp': fixed([square], (x) => linalg.matrixExp(x), inside),
  'linalg.matrixPower': fixed([square], (x) => [3, 0, -2].map((n) => linalg.matrixPower(regular(x), n))),
  'linalg.multiDot': fixed([[3], [3, 2], [2, 4]], (a, b, c) => linalg.multiDot([a, b, c])),
  'linalg.lstsq': fixed(
    [
      [4, 2],
      [4, 3],
    ],
    (a, b) => {
      const { solution, residuals } = linalg.lstsq(apart(a), b, { driver: 'gelsd' });
      return [solution, residuals];
    },
    inside,
  ),
  'linalg.cond': fixed(
    [square],
    (x) => ([2, -2, 1, Number.POSITIVE_INFINITY, 'fro', 'nuc'] as const).map((p) => linalg.cond(apart(x), p)),
    { ...inside, distinct: true },
  ),
  'linalg.householderProduct': fixed(
    [
      [2, 4, 3],
      [2, 3],
    ],
    (a, tau) => linalg.householderProduct(a, tau),
  ),
  ormqr: fixed([[4, 3], [3], [4, 2]], (a, tau, c) => [
    K.ormqr(a, tau, c),
    K.ormqr(a, tau, c.mT, { left: false, transpose: true }),
  ]),
  'linalg.vander, vander': fixed([[3]], (x) => [linalg.vander(x), K.vander(x, { N: 2 })]),
  'linalg.vecdot': fixed([[2, 3], [3]], (x, y) => linalg.vecdot(x, y)),
  'linalg.tensorinv, tensorsolve': fixed(
    [
      [4, 4],
      [2, 2],
    ],
    (a, b) => [
      linalg.tensorinv(regular(a).reshape(2, 2, 4)),
      linalg.tensorsolve(regular(a).reshape(2, 2, 4), b),
    ],
  ),
  kron: fixed([[2, 3], [2]], (a, b) => K.kron(a, b)),
};

export const statistics: Record<string, fc.Arbitrary<Sample>> = {
  cov: fixed([[2, 4]], (x) => [K.cov(x), K.cov(x, { correction: 0, fweights: ints([1, 2, 0, 3]) })]),
  'cov, weighted': fixed([[2, 3], [3]], (x, w) => K.cov(x, { aweights: w }), positive),
  corrcoef: fixed([[2, 4]], (x) => K.corrcoef(x), distinct),
  trapezoid: fixed([[2, 4], [4]], (y, x) => [
    K.trapezoid(y),
    K.trapezoid(y, x),
    K.trapezoid(y, { dx: 0.5, dim: 0 }),
    K.cumulativeTrapezoid(y, x),
    K.cumulativeTrapezoid(y, { dim: 0 }),
  ]),
  gradient: fixed([[3, 4]], (x) => [
    ...K.gradient(x),
    ...K.gradient(x, { spacing: [0.5, 2], edgeOrder: 2 }),
    ...K.gradient(x, { spacing: [K.tensor([0, 1, 4, 5], f64)], dim: 1, edgeOrder: 2 }),
  ]),
  indexReduce: fixed(
    [
      [3, 2],
      [2, 2],
    ],
    (x, y) =>
      (['prod', 'mean', 'amax', 'amin'] as const).map((how) =>
        K.indexReduce(x, 0, ints([2, 0]), offGrid(y), how),
      ),
    { ...positive, distinct: true },
  ),
};
