import {
  add,
  checkArguments,
  composition,
  floatsOnly,
  formatShape,
  K,
  pad,
  ShapeError,
  type Tensor,
} from '@kindling/core';
import { Module } from '../../module/module.ts';
import { pyFloat } from '../../module/print.ts';

const floats = /* @__PURE__ */ floatsOnly('localResponseNorm');
const defaults = { alpha: 1e-4, beta: 0.75, k: 1 };

/** Options of {@link localResponseNorm} and {@link LocalResponseNorm}. */
export interface LocalResponseNormOptions {
  /** The factor of the mean square. Default: 1e-4. */
  readonly alpha?: number;
  /** The exponent. Default: 0.75. */
  readonly beta?: number;
  /** The summand. Default: 1. */
  readonly k?: number;
}

const kinds: K.Kinds<LocalResponseNormOptions> = { alpha: K.number, beta: K.number, k: K.number };

/**
 * Divides each element of (N, C, *) by (k + alpha * m) ^ beta, where m is the mean of the squares at its place in the
 * `size` channels around its own, those beyond the first and last counted as 0. Follows
 * `torch.nn.functional.local_response_norm`.
 * @throws ShapeError when x has fewer than 3 dimensions; DTypeError for integers
 */
export const localResponseNorm = /* @__PURE__ */ composition(
  'localResponseNorm',
  () => ({ x: K.tensor, size: K.positiveCount, options: K.options(kinds) }),
  (x: Tensor, size: number, options: LocalResponseNormOptions = {}): Tensor => {
    floats(x.dtype);
    if (x.ndim < 3) {
      throw new ShapeError(
        `localResponseNorm: Expected 3D or higher dimensionality input (N, C, *), got shape ${formatShape(x.shape)}`,
      );
    }
    if (x.count === 0) return x;
    const { alpha = defaults.alpha, beta = defaults.beta, k = defaults.k } = options;
    const spatial = x.shape.slice(2).flatMap(() => [0, 0]);
    const squares = pad(x.mul(x), [...spatial, Math.floor(size / 2), Math.floor((size - 1) / 2)]);
    const window = Array.from({ length: size }, (_, i) => squares.narrow(1, i, x.size(1)));
    const mean = window.reduce((sum, part) => add(sum, part)).div(size);
    return x.div(mean.mul(alpha).add(k).pow(beta));
  },
);

/**
 * Divides each element by what the channels around its own hold at its place: {@link localResponseNorm}. Follows
 * `torch.nn.LocalResponseNorm`.
 * @throws ShapeError when the input has fewer than 3 dimensions
 * @example
 * ```ts
 * const norm = new nn.LocalResponseNorm(2);
 * norm(ones([1, 3, 1])).shape; // [ 1, 3, 1 ]
 * norm; // LocalResponseNorm(2, alpha=0.0001, beta=0.75, k=1.0)
 * ```
 */
export class LocalResponseNorm extends Module<[Tensor], Tensor> {
  /** Of how many channels the mean is taken. */
  size: number;
  /** The factor of the mean square. */
  alpha: number;
  /** The exponent. */
  beta: number;
  /** The summand. */
  k: number;

  constructor(size: number, options: LocalResponseNormOptions = {}) {
    checkArguments(new.target.name, { size: K.positiveCount, options: K.options(kinds) }, arguments);
    super();
    this.size = size;
    this.alpha = options.alpha ?? defaults.alpha;
    this.beta = options.beta ?? defaults.beta;
    this.k = options.k ?? defaults.k;
  }

  override forward(x: Tensor): Tensor {
    const { size, alpha, beta, k } = this;
    return localResponseNorm(x, size, { alpha, beta, k });
  }

  override extraRepr(): string {
    const { size, alpha, beta, k } = this;
    return `${size}, alpha=${pyFloat(alpha)}, beta=${pyFloat(beta)}, k=${pyFloat(k)}`;
  }
}
