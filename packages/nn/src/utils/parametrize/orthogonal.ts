import {
  cat,
  checkArguments,
  eye,
  finfo,
  formatShape,
  geqrf,
  K,
  KindlingError,
  linalg,
  noGrad,
  randn,
  type Shape,
  ShapeError,
  sameShape,
  Tensor,
  ValueError,
  zerosLike,
} from '@kindling/core';
import { moduleKind } from '../../module/arguments.ts';
import type { AnyModule } from '../../module/callable.ts';
import { valueOf } from '../../module/members.ts';
import { Module } from '../../module/module.ts';
import { registerParametrization } from './parametrize.ts';

/**
 * How any matrix becomes an orthogonal one: by the exponential or the Cayley map of a skew matrix, or by reflections.
 */
export type OrthogonalMap = 'matrix_exp' | 'cayley' | 'householder';

const diagonalOf = (x: Tensor): Tensor => x.diagonal({ dim1: -2, dim2: -1 });

/** The orthogonal factor of a QR decomposition whose R has no negative diagonal. */
function orthogonalFactor(x: Tensor): Tensor {
  const { a: reflectors, tau } = geqrf(x);
  return linalg.householderProduct(reflectors, tau).mul(diagonalOf(reflectors).sign().unsqueeze(-2));
}

function isOrthogonal(q: Tensor): boolean {
  const size = q.size(-1);
  const atol = 10 * q.size(-2) * finfo(q.dtype).eps;
  return q.mT
    .matmul(q)
    .allclose(eye(size, { dtype: q.dtype }).expand([...q.shape.slice(0, -2), size, size]), { atol });
}

/** A tall matrix with orthonormal columns, of a matrix of the same shape. */
function columnsOf(map: OrthogonalMap, x: Tensor): Tensor {
  const [n, k] = [x.size(-2), x.size(-1)];
  if (map === 'householder') {
    const reflectors = x.tril({ diagonal: -1 });
    const tau = reflectors.square().sum(-2).add(1).reciprocal().mul(2);
    const signs = diagonalOf(x.detach()).trunc().unsqueeze(-2);
    return linalg.householderProduct(reflectors, tau).mul(signs);
  }
  const lower = x.tril();
  const square = n === k ? lower : cat([lower, lower.newZeros([...x.shape.slice(0, -1), n - k])], -1);
  const skew = square.sub(square.mT);
  if (map === 'matrix_exp') return linalg.matrixExp(skew).narrow(-1, 0, k);
  const identity = eye(n, { dtype: x.dtype });
  const half = skew.mul(0.5);
  return linalg.solve(identity.sub(half), identity.add(half)).narrow(-1, 0, k);
}

/**
 * Orthogonal matrices, of any; with a base, which they are multiplied by, those near it are of numbers near those of
 * the identity.
 */
class _Orthogonal extends Module<[Tensor], Tensor> {
  readonly #shape: Shape;
  readonly #map: OrthogonalMap;
  readonly #hasBase: boolean;
  base: Tensor | null = null;

  constructor(shape: Shape, map: OrthogonalMap, hasBase: boolean) {
    super();
    this.#shape = shape;
    this.#map = map;
    this.#hasBase = hasBase;
    if (hasBase) this.registerBuffer('base', null);
  }

  override forward(x: Tensor): Tensor {
    const isWide = x.size(-2) < x.size(-1);
    const columns = columnsOf(this.#map, isWide ? x.mT : x);
    const q = this.base === null ? columns : this.base.matmul(columns);
    return isWide ? q.mT : q;
  }

  rightInverse(weight: Tensor): Tensor | null {
    if (!sameShape(weight.shape, this.#shape)) {
      throw new ShapeError(
        `orthogonal: Expected a matrix or batch of matrices of shape ${formatShape(this.#shape)}, got ${formatShape(weight.shape)}`,
      );
    }
    const isWide = weight.size(-2) < weight.size(-1);
    const q = isWide ? weight.mT : weight;
    return noGrad(() => {
      if (this.#hasBase) {
        this.base = completed(q);
        const kept = zerosLike(weight);
        diagonalOf(kept).fill_(-1);
        return kept;
      }
      if (this.#map !== 'householder') return null;
      const { a: reflectors, tau } = geqrf(q);
      const diagonal = diagonalOf(reflectors);
      const signs = diagonal.sign();
      // A reflection that is left out is none, where all others turn a column round.
      diagonal.copy_(signs.where(tau.ne(0), signs.neg()));
      return isWide ? reflectors.mT : reflectors;
    });
  }
}

/** A square orthogonal matrix whose first columns are those of q, if they are orthonormal. */
function completed(q: Tensor): Tensor {
  const [n, k] = [q.size(-2), q.size(-1)];
  if (n === k) return isOrthogonal(q) ? q.clone() : orthogonalFactor(q);
  return orthogonalFactor(cat([q, randn([...q.shape.slice(0, -1), n - k], { dtype: q.dtype })], -1));
}

/** Options of {@link orthogonal}. */
export interface OrthogonalOptions {
  /** Which tensor. Default: `'weight'`. */
  readonly name?: string;
  /** How any matrix becomes an orthogonal one. Default: `'matrix_exp'` for square matrices, else `'householder'`. */
  readonly orthogonalMap?: OrthogonalMap | null;
  /**
   * Whether what is learned says how far the matrix is from one that is kept as a buffer, `base`; without one by the
   * first two maps the weight begins as something else than what it was, and nothing can be assigned to it. Default:
   * true.
   */
  readonly useTrivialization?: boolean;
}

/**
 * Makes a weight, a matrix or a batch of them, orthogonal: with orthonormal columns, or rows where these are fewer. It
 * begins as the orthogonal factor of what the weight is now, and each step of an optimizer leaves it orthogonal.
 * Returns the module. Follows `torch.nn.utils.parametrizations.orthogonal`.
 * @throws KindlingError when the module has no such tensor
 * @throws ValueError for a tensor of fewer than 2 dimensions and an unknown map
 * @example
 * ```ts
 * const layer = nn.utils.parametrizations.orthogonal(new nn.Linear(20, 40));
 * linalg.matrixNorm(layer.weight.t().matmul(layer.weight).sub(eye(20))).item() < 1e-5; // true
 * ```
 */
export function orthogonal<M extends AnyModule>(module: M, options: OrthogonalOptions = {}): M {
  const kinds = {
    module: moduleKind,
    options: K.options<OrthogonalOptions>({
      name: K.optional(K.text),
      orthogonalMap: K.nullable(K.oneOf('matrix_exp', 'cayley', 'householder')),
      useTrivialization: K.flag,
    }),
  };
  checkArguments('orthogonal', kinds, arguments);
  const { name = 'weight', orthogonalMap = null, useTrivialization = true } = options;
  const weight = valueOf(module, name);
  if (!(weight instanceof Tensor)) {
    throw new KindlingError(
      `orthogonal: ${module.constructor.name} has no parameter or buffer with name '${name}'`,
    );
  }
  if (weight.ndim < 2) {
    throw new ValueError(
      `orthogonal: Expected a matrix or batch of matrices, got a tensor of ${weight.ndim} dimensions`,
    );
  }
  const isSquare = weight.size(-2) === weight.size(-1);
  const map = orthogonalMap ?? (isSquare ? 'matrix_exp' : 'householder');
  return registerParametrization(module, name, new _Orthogonal(weight.shape, map, useTrivialization), {
    unsafe: true,
  });
}
