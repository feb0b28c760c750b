/** Linear algebra of NaN and infinities, as PyTorch 2.15 has it: what is refused, and how far what is not finite spreads. */
import { autograd, eye, geqrf, linalg, ormqr, type Tensor, tensor, ValueError } from '@kindling/core';
import { assertClose } from '@kindling/core/testing';
import { describe, expect, it } from 'vitest';

const float64 = (x: number[] | number[][]): Tensor => tensor(x, { dtype: 'float64' });

describe('eigh', () => {
  const withAt = (r: number, c: number, value: number): Tensor => {
    const x = [
      [3, 0.5, 1],
      [0.5, 3, 0],
      [1, 0, 3],
    ];
    const row = x[r];
    if (row !== undefined) row[c] = value;
    return float64(x);
  };

  it('refuses NaN in three rows or more, in the name of what was called', () => {
    const why = 'The algorithm failed to converge because the input matrix contained non-finite values';
    expect(() => linalg.eigh(withAt(1, 0, NaN))).toThrow(new RegExp(`^linalg.eigh: ${why}`));
    expect(() => linalg.eigvalsh(withAt(2, 2, NaN))).toThrow(ValueError);
    expect(() => linalg.matrixSqrth(withAt(2, 0, NaN))).toThrow(ValueError);
    const batch = withAt(2, 1, NaN).unsqueeze(0).expand([2, 3, 3]);
    expect(() => linalg.eigvalsh(batch)).toThrow('(Batch element 0)');
  });
  it('reads one triangle alone', () => {
    expect(
      linalg
        .eigvalsh(withAt(0, 1, NaN))
        .isfinite()
        .all()
        .item(),
    ).toBe(true);
    expect(() => linalg.eigvalsh(withAt(0, 1, NaN), { UPLO: 'U' })).toThrow(ValueError);
  });
  it('refuses infinities beside the three diagonals, and else has no eigenvalues', () => {
    expect(() => linalg.eigvalsh(withAt(2, 0, Infinity))).toThrow(ValueError);
    expect(linalg.eigvalsh(withAt(1, 1, -Infinity)).tolist()).toEqual([NaN, NaN, NaN]);
    expect(linalg.eigvalsh(withAt(2, 1, Infinity)).tolist()).toEqual([NaN, NaN, NaN]);
  });
  it('of one number is that number, whatever it is', () => {
    for (const value of [NaN, Infinity, -Infinity, -2]) {
      const { eigenvalues, eigenvectors } = linalg.eigh(float64([[value]]));
      expect(eigenvalues.tolist()).toEqual([value]);
      expect(eigenvectors.tolist()).toEqual([[1]]);
    }
  });
});

describe('cholesky', () => {
  it('refuses NaN at the leading minor in which it stands', () => {
    expect(() =>
      linalg.cholesky(
        float64([
          [2, 0],
          [NaN, 3],
        ]),
      ),
    ).toThrow('the leading minor of order 2 is not positive-definite');
  });
  it('leaves, where it ends, what it has come to, and no upper triangle', () => {
    const { L, info } = linalg.choleskyEx(
      float64([
        [1, 2, 3],
        [2, 1, 4],
        [3, 4, 9],
      ]),
    );
    expect(L.tolist()).toEqual([
      [1, 0, 0],
      [2, -3, 0],
      [3, 4, 9],
    ]);
    expect(info.item()).toBe(2);
    const first = linalg.choleskyEx(
      float64([
        [NaN, 5],
        [0.5, 3],
      ]),
    );
    expect(first.L.tolist()).toEqual([
      [NaN, 0],
      [0.5, 3],
    ]);
    expect(first.info.item()).toBe(1);
  });
});

describe('reflections', () => {
  const a = float64([
    [3, 0.5],
    [NaN, 3],
  ]);
  const tau = float64([1, 0.5]);
  it('reach what lies beside and below their own column alone', () => {
    expect(linalg.householderProduct(a, tau).tolist()).toEqual([
      [0, NaN],
      [NaN, NaN],
    ]);
    const infinite = float64([
      [3, 0.5],
      [Infinity, 3],
    ]);
    expect(linalg.householderProduct(infinite, tau).tolist()).toEqual([
      [0, -Infinity],
      [-Infinity, -Infinity],
    ]);
    const y = ormqr(
      float64([
        [3, 0.5, 1],
        [0.5, 3, 0],
        [1, Infinity, 3],
      ]),
      float64([1, 0.5, 0.25]),
      float64([[1], [1], [1]]),
    );
    expect(y.tolist()).toEqual([[Infinity], [NaN], [NaN]]);
  });
  it('leave columns of Q before that of NaN as they are', () => {
    const Q = linalg.qr(
      float64([
        [3, NaN, 1],
        [4, 3, 0],
        [0, 0, 3],
      ]),
    ).Q;
    expect(Q.select(1, 0).neg().tolist()).toEqual([0.6, 0.8, 0].map((x) => expect.closeTo(x, 12)));
    expect(Q.select(1, 1).isnan().all().item()).toBe(true);
  });
  it('make the Q whose transposed is that of ormqr, with gradients of both orders', () => {
    const { a, tau } = geqrf(
      float64([
        [1, 2],
        [3, -1],
        [0.5, 2],
      ]),
    );
    const whole = a.detach().requiresGrad_();
    const factors = tau.detach().requiresGrad_();
    expect(autograd.gradcheck(linalg.householderProduct, [whole, factors])).toBe(true);
    expect(autograd.gradgradcheck(linalg.householderProduct, [whole, factors])).toBe(true);
    const q = linalg.householderProduct(a, tau);
    assertClose(ormqr(a, tau, q, { transpose: true }), eye(3).narrow(1, 0, 2).double(), { atol: 1e-12 });
    // Fewer reflections than columns leave the rest of the identity.
    const one = linalg.householderProduct(a, tau.narrow(0, 0, 1));
    expect(one.shape).toEqual([3, 2]);
    expect(linalg.householderProduct(a, tau.narrow(0, 0, 0)).tolist()).toEqual([
      [1, 0],
      [0, 1],
      [0, 0],
    ]);
  });
});

it('det and slogdet are those of the transposed, where infinities meet', () => {
  const x = float64([
    [3, Infinity, 1],
    [0.5, 3, 0],
    [1, 0, 3],
  ]);
  expect(linalg.det(x).item()).toBe(-Infinity);
  expect(linalg.slogdet(x).sign.item()).toBe(-1);
});

it('the third power multiplies by the matrix twice; exp of one number is that of the number', () => {
  const x = float64([
    [-Infinity, 0.5],
    [0.5, 3],
  ]);
  expect(linalg.matrixPower(x, 3).tolist()).toEqual([
    [-Infinity, NaN],
    [Infinity, -Infinity],
  ]);
  expect([Infinity, -Infinity, NaN].map((v) => linalg.matrixExp(float64([[v]])).item())).toEqual([
    Infinity,
    0,
    NaN,
  ]);
});
