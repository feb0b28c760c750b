import { describe, expect, it } from 'vitest';
import * as K from '../../src/index.ts';
import { assertClose } from '../../src/testing/index.ts';

const { linalg } = K;
const f64 = { dtype: 'float64' } as const;

/** Random numbers of a seed of their own. */
const drawn = (seed: number, ...shape: number[]): K.Tensor => {
  K.manualSeed(seed);
  return K.randn(shape, f64);
};

describe('matrices without a solution', () => {
  const singular = K.stack([K.eye(2), K.ones([2, 2])]);

  it('are factored by lu, and refused by luFactor', () => {
    for (const getInfos of [false, true])
      expect(K.lu(singular, { getInfos }).map((part) => part.tolist())).toEqual(
        [
          [
            [
              [1, 0],
              [0, 1],
            ],
            [
              [1, 1],
              [1, 0],
            ],
          ],
          [
            [1, 2],
            [1, 2],
          ],
          [0, 2],
        ].slice(0, getInfos ? 3 : 2),
      );
    expect(() => linalg.luFactor(singular)).toThrow('linalg.luFactor: (Batch element 1): U[2,2] is zero');
  });

  it('have no inverse by factors with a 0 on the diagonal, whatever the triangle', () => {
    const factor = K.tensor([
      [0.25, 3],
      [-2, 0],
    ]);
    for (const upper of [false, true])
      expect(() => K.choleskyInverse(factor, { upper })).toThrow(
        'choleskyInverse: The diagonal element 2 is zero, the inversion could not be completed because the input ' +
          'matrix is singular.',
      );
    expect(() => K.choleskyInverse(K.stack([K.eye(2), factor]))).toThrow('(Batch element 1): ');
  });

  it('are refused with their place in the batch', () => {
    expect(() => linalg.inv(singular)).toThrow(
      'linalg.inv: (Batch element 1): The diagonal element 2 is zero, the inversion could not be completed because the ' +
        'input matrix is singular.',
    );
    expect(() => linalg.solve(singular, K.ones([2, 2]))).toThrow('linalg.solve: (Batch element 1): ');
    expect(() =>
      linalg.cholesky(
        K.tensor([
          [1, 2],
          [2, 1],
        ]).float(),
      ),
    ).toThrow(
      'linalg.cholesky: The factorization could not be completed because the input is not positive-definite (the leading ' +
        'minor of order 2 is not positive-definite).',
    );
    expect(() => linalg.luFactor(singular)).toThrow('linalg.luFactor: (Batch element 1): U[2,2] is zero');
    expect(() => linalg.matrixPower(singular, -1)).toThrow('linalg.matrixPower: (Batch element 1): ');
    expect(() => K.inverse(singular)).toThrow('inverse: ');
  });

  it('are told of where that is asked for', () => {
    expect(linalg.invEx(singular).info.tolist()).toEqual([0, 2]);
    expect(linalg.solveEx(singular, K.ones([2, 2])).info.tolist()).toEqual([0, 2]);
    expect(linalg.luFactorEx(singular).info.tolist()).toEqual([0, 2]);
    expect(linalg.choleskyEx(singular).info.tolist()).toEqual([0, 2]);
    // Of a matrix that several systems share it is said once.
    expect(linalg.solveEx(K.ones([2, 2]), K.ones([3, 2, 1])).info.tolist()).toBe(2);
    expect(linalg.solveEx(singular, K.ones([4, 2, 1, 2]), { left: false }).info.tolist()).toEqual([0, 2]);
    expect(linalg.solveEx(singular, K.ones([0, 2, 2, 3])).info.tolist()).toEqual([0, 2]);
    expect(() => linalg.invEx(singular, { checkErrors: true })).toThrow('linalg.invEx: (Batch element 1)');
  });

  it('have a determinant of 0 with a gradient, a condition without bound, and a rank', () => {
    const x = K.tensor(
      [
        [1, 2],
        [2, 4],
      ],
      { ...f64, requiresGrad: true },
    );
    expect(linalg.det(x).item()).toBeCloseTo(0);
    expect(K.autograd.grad(linalg.det(x), [x])[0]?.round().tolist()).toEqual([
      [4, -2],
      [-2, 1],
    ]);
    expect(K.logdet(x).item()).toBe(Number.NEGATIVE_INFINITY);
    expect(linalg.cond(x, 1).item()).toBe(Number.POSITIVE_INFINITY);
    expect(linalg.matrixRank(x).item()).toBe(1);
  });
});

describe('factors', () => {
  it("have LAPACK's signs", () => {
    const { Q, R } = linalg.qr(
      K.tensor(
        [
          [3, 0],
          [4, 5],
        ],
        f64,
      ),
    );
    expect(R.mul(10).round().tolist()).toEqual([
      [-50, -40],
      [0, 30],
    ]);
    expect(Q.mul(10).round().tolist()).toEqual([
      [-6, -8],
      [-8, 6],
    ]);
  });

  it('multiply to the matrix, up to a hundred rows', () => {
    const x = drawn(1, 100, 60);
    const { Q, R } = linalg.qr(x, { mode: 'complete' });
    assertClose(Q.matmul(R), x, { rtol: 1e-10, atol: 1e-12 });
    assertClose(Q.mT.matmul(Q), K.eye(100, f64), { atol: 1e-12 });
    const { U, S, Vh } = linalg.svd(x);
    assertClose(U.narrow(-1, 0, 60).mul(S).matmul(Vh), x, { rtol: 1e-10, atol: 1e-12 });
    assertClose(U.mT.matmul(U), K.eye(100, f64), { atol: 1e-12 });
    const symmetric = x.mT.matmul(x);
    const { eigenvalues, eigenvectors } = linalg.eigh(symmetric);
    assertClose(eigenvectors.mul(eigenvalues).matmul(eigenvectors.mT), symmetric, {
      rtol: 1e-9,
      atol: 1e-10,
    });
    const { P, L, U: upper } = linalg.lu(x);
    assertClose(P.matmul(L).matmul(upper), x, { rtol: 1e-10, atol: 1e-12 });
  });

  it('of a matrix of low rank are found by random subspaces', () => {
    const x = drawn(2, 12, 3).matmul(drawn(3, 3, 8));
    const { U, S, V } = K.svdLowrank(x, { q: 4 });
    assertClose(U.mul(S).matmul(V.mT), x, { rtol: 1e-9, atol: 1e-10 });
    const centred = x.sub(x.mean(0, { keepdim: true }));
    const components = K.pcaLowrank(x, { q: 4 });
    assertClose(components.S.narrow(0, 0, 3), linalg.svdvals(centred).narrow(0, 0, 3), { rtol: 1e-9 });
  });
});

describe('what is no matrix of floats', () => {
  it('is refused', () => {
    expect(() => linalg.det(K.ones([2, 3]))).toThrow(
      'linalg.det: A must be batches of square matrices, but they are 2 by 3 matrices',
    );
    expect(() => linalg.inv(K.ones(3))).toThrow(
      'linalg.inv: The input tensor A must have at least 2 dimensions',
    );
    expect(() => linalg.svd(K.tensor([[1, 2]]))).toThrow('linalg.svd: Expected a floating point tensor');
    expect(() => linalg.solve(K.ones([2, 2]), K.ones([3, 1]))).toThrow(
      'linalg.solve: Incompatible shapes of A and B for the equation AX = B (2x2 and 3x1)',
    );
    expect(() => linalg.lu(K.ones([2, 2]), { pivot: false })).toThrow(
      'LU without pivoting is not implemented',
    );
    expect(() => linalg.multiDot([K.ones([2, 2])])).toThrow(
      'linalg.multiDot: expected at least 2 tensors but got 1',
    );
  });

  it('has no derivative where PyTorch has none', () => {
    const x = K.ones([3, 2], { requiresGrad: true });
    expect(() => linalg.qr(x, { mode: 'r' }).R.sum().backward()).toThrow('depends on Q');
    expect(() => linalg.qr(x, { mode: 'complete' }).R.sum().backward()).toThrow('nrows > ncols');
  });
});
