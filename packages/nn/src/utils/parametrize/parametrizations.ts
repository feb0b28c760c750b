import {
  checkArguments,
  IndexError,
  K,
  KindlingError,
  noGrad,
  randn,
  Tensor,
  ValueError,
} from '@kindling/core';
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from '../../layers/convolution/index.ts';
import { normalize } from '../../layers/normalization/normalize.ts';
import { moduleKind } from '../../module/arguments.ts';
import type { AnyModule } from '../../module/callable.ts';
import { valueOf } from '../../module/members.ts';
import { Module } from '../../module/module.ts';
import { registerParametrization } from './parametrize.ts';

export { type OrthogonalMap, type OrthogonalOptions, orthogonal } from './orthogonal.ts';

/** Which dimension that is, of so many. */
function placeOf(caller: string, dim: number, ndim: number): number {
  if (dim >= ndim || dim < -ndim) {
    throw new IndexError(
      `${caller}: Dimension out of range (expected to be in range of [${-ndim}, ${ndim - 1}] but got ${dim})`,
    );
  }
  return dim < 0 ? dim + ndim : dim;
}

/** The 2-norm over all dimensions but one, which keeps its place; over all for `null`. */
function normExcept(x: Tensor, dim: number | null): Tensor {
  if (dim === null || dim === -1) return x.norm();
  const kept = placeOf('weightNorm', dim, x.ndim);
  const others = x.shape.map((_, d) => d).filter((d) => d !== kept);
  return others.length === 0 ? x.abs() : x.norm(2, others, { keepdim: true });
}

/** v g / |v|, with the norm of each slice along a dimension. */
class _WeightNorm extends Module<[Tensor, Tensor], Tensor> {
  readonly dim: number | null;

  constructor(dim: number | null) {
    super();
    this.dim = dim;
  }

  override forward(g: Tensor, v: Tensor): Tensor {
    return v.mul(g.div(normExcept(v, this.dim)));
  }

  rightInverse(weight: Tensor): Tensor[] {
    return [normExcept(weight, this.dim), weight];
  }
}

/** How often the power method runs when it begins from random vectors. */
const firstIterations = 15;

/** A matrix, or a tensor as one whose rows are its slices along a dimension, divided by its greatest singular value. */
class _SpectralNorm extends Module<[Tensor], Tensor> {
  readonly dim: number;
  readonly eps: number;
  readonly nPowerIterations: number;
  _u: Tensor | null = null;
  _v: Tensor | null = null;

  constructor(weight: Tensor, nPowerIterations: number, dim: number, eps: number) {
    const { ndim } = weight;
    const place = placeOf('spectralNorm', dim, ndim);
    super();
    this.dim = place;
    this.eps = eps;
    this.nPowerIterations = nPowerIterations;
    if (ndim === 1) return;
    const matrix = this.matrixOf(weight.detach());
    const [u, v] = matrix.shape.map((size) =>
      normalize(randn([size], { dtype: weight.dtype }), { dim: 0, eps }),
    );
    this.registerBuffer('_u', u ?? null);
    this.registerBuffer('_v', v ?? null);
    this.iterate(matrix, firstIterations);
  }

  private matrixOf(weight: Tensor): Tensor {
    const others = weight.shape.map((_, d) => d).filter((d) => d !== this.dim);
    return weight.permute([this.dim, ...others]).flatten(1);
  }

  /** Brings u and v nearer to the singular vectors of the greatest singular value. */
  private iterate(matrix: Tensor, times: number): void {
    const { _u: u, _v: v, eps } = this;
    if (u === null || v === null) return;
    noGrad(() => {
      for (let i = 0; i < times; i++) {
        u.copy_(normalize(matrix.mv(v), { dim: 0, eps }));
        v.copy_(normalize(matrix.t().mv(u), { dim: 0, eps }));
      }
    });
  }

  override forward(weight: Tensor): Tensor {
    const { _u: u, _v: v, eps } = this;
    if (u === null || v === null) return normalize(weight, { dim: 0, eps });
    const matrix = this.matrixOf(weight);
    if (this.training) this.iterate(matrix, this.nPowerIterations);
    // Copies: a second pass changes the vectors that the backward of the first one needs.
    return weight.div(u.clone().dot(matrix.mv(v.clone())));
  }

  rightInverse(weight: Tensor): Tensor {
    return weight;
  }
}

const nameKind = /* @__PURE__ */ K.optional(K.text);

/** Options of {@link weightNorm}. */
export interface WeightNormOptions {
  /** Which tensor. Default: `'weight'`. */
  readonly name?: string;
  /** Along which dimension each slice has a length of its own; `null` or -1: the whole has one. Default: 0. */
  readonly dim?: number | null;
}

/**
 * Splits a weight into length and direction, g v / |v|, each a parameter: `parametrizations.weight.original0` and
 * `original1`. Returns the module. Follows `torch.nn.utils.parametrizations.weight_norm`.
 * @throws KindlingError when the module has no such tensor; IndexError when it has no dimension `dim`
 * @example
 * ```ts
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(3, 2));
 * layer.namedParameters().map(([name]) => name);
 * // [ 'bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1' ]
 * ```
 */
export function weightNorm<M extends AnyModule>(module: M, options: WeightNormOptions = {}): M {
  const kinds = {
    module: moduleKind,
    options: K.options<WeightNormOptions>({ name: nameKind, dim: K.nullable(K.integer) }),
  };
  checkArguments('weightNorm', kinds, arguments);
  const { name = 'weight', dim = 0 } = options;
  return registerParametrization(module, name, new _WeightNorm(dim), { unsafe: true });
}

/** Options of {@link spectralNorm}. */
export interface SpectralNormOptions {
  /** Which tensor. Default: `'weight'`. */
  readonly name?: string;
  /** How often the power method runs in each pass in training. Default: 1. */
  readonly nPowerIterations?: number;
  /** Added to lengths. Default: 1e-12. */
  readonly eps?: number;
  /** The dimension of the outputs. Default: 1 for transposed convolutions, else 0. */
  readonly dim?: number | null;
}

/**
 * Divides a weight by its greatest singular value, which a power method follows from pass to pass. Returns the module.
 * Follows `torch.nn.utils.parametrizations.spectral_norm`.
 * @throws KindlingError when the module has no such tensor; IndexError when it has no dimension `dim`
 * @throws ValueError when `nPowerIterations` is not positive
 * @example
 * ```ts
 * const layer = nn.utils.parametrizations.spectralNorm(new nn.Linear(20, 40));
 * linalg.matrixNorm(layer.weight, 2).item() < 1.1; // true
 * ```
 */
export function spectralNorm<M extends AnyModule>(module: M, options: SpectralNormOptions = {}): M {
  const kinds = {
    module: moduleKind,
    options: K.options<SpectralNormOptions>({
      name: nameKind,
      nPowerIterations: K.integer,
      eps: K.number,
      dim: K.nullable(K.integer),
    }),
  };
  checkArguments('spectralNorm', kinds, arguments);
  const { name = 'weight', nPowerIterations = 1, eps = 1e-12, dim: given = null } = options;
  const weight = valueOf(module, name);
  if (!(weight instanceof Tensor)) {
    throw new KindlingError(
      `spectralNorm: ${module.constructor.name} has no parameter or buffer with name '${name}'`,
    );
  }
  if (nPowerIterations <= 0) {
    throw new ValueError(
      `spectralNorm: Expected nPowerIterations to be positive, but got ${nPowerIterations}`,
    );
  }
  const isTransposed = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d].some((of) => module instanceof of);
  const dim = given ?? (isTransposed ? 1 : 0);
  return registerParametrization(module, name, new _SpectralNorm(weight, nPowerIterations, dim, eps));
}
