import {
  defaultGenerator,
  dropoutMask,
  empty,
  emptyLike,
  type Generator,
  ShapeError,
  type Tensor,
  ValueError,
} from '@kindling/core';
import type { InplaceOptions } from '../activations/activation.ts';

/** Options of the dropout functions. */
export interface DropoutOptions extends InplaceOptions {
  /** The probability of zeroing. Default: 0.5. */
  readonly p?: number;
  /** Outside training the input is returned as it is. Default: true. */
  readonly training?: boolean;
  readonly generator?: Generator;
}

/** @internal */
export function checkProbability(p: number): void {
  if (!(p >= 0 && p <= 1))
    throw new ValueError(`dropout probability has to be between 0 and 1, but got ${p}`);
}

/** Whether a mask is drawn for each element, or for each channel (N, C), all of whose elements share it. */
type Grain = 'element' | 'feature';

/** A tensor of the shape in which the mask is drawn, its elements of no account. */
function maskTemplate(x: Tensor, grain: Grain): Tensor {
  if (grain === 'element') return emptyLike(x);
  if (x.ndim < 2) throw new ShapeError('Feature dropout requires at least 2 dimensions in the input');
  return empty([x.shape[0]!, x.shape[1]!, ...x.shape.slice(2).map(() => 1)], { dtype: x.dtype });
}

function drop(x: Tensor, grain: Grain, options: DropoutOptions): Tensor {
  const { p = 0.5, training = true, inplace = false, generator = defaultGenerator } = options;
  checkProbability(p);
  if (p === 0 || !training || x.count === 0) return x;
  const mask = dropoutMask(grain === 'element' ? x.detach() : maskTemplate(x, grain), p, generator);
  return inplace ? x.mul_(mask) : x.mul(mask);
}

/**
 * In training, zeroes each element with probability `p` and multiplies the rest by 1 / (1 - p), so that the mean stays.
 * Follows `torch.nn.functional.dropout`, with its random numbers.
 */
export const dropout = (x: Tensor, options: DropoutOptions = {}): Tensor => drop(x, 'element', options);

/** The value to which SELU sends -Infinity, negated. */
const alpha = 1.7580993408473766;

function alphaDrop(x: Tensor, grain: Grain, options: DropoutOptions): Tensor {
  const { p = 0.5, training = false, inplace = false, generator = defaultGenerator } = options;
  checkProbability(p);
  if (p === 0 || !training || x.count === 0) return x;
  if (p === 1) return inplace ? x.mul_(0) : x.mul(0);
  const kept = maskTemplate(x, grain).bernoulli_(1 - p, { generator });
  const a = 1 / Math.sqrt((alpha * alpha * p + 1) * (1 - p));
  const shift = kept
    .sub(1)
    .mul(alpha * a)
    .add(alpha * a * p);
  const scale = kept.mul(a);
  return inplace ? x.mul_(scale).add_(shift) : x.mul(scale).add(shift);
}

/**
 * Dropout that keeps mean and variance of what SELU gives: dropped elements become SELU's value at -Infinity.
 * `training` is false unless given. Follows `torch.nn.functional.alpha_dropout`.
 */
export const alphaDropout = (x: Tensor, options: DropoutOptions = {}): Tensor =>
  alphaDrop(x, 'element', options);

/** {@link alphaDropout} of whole channels. Follows `torch.nn.functional.feature_alpha_dropout`. */
export const featureAlphaDropout = (x: Tensor, options: DropoutOptions = {}): Tensor =>
  alphaDrop(x, 'feature', options);

/** Drops whole channels of an input with `spatial` dimensions behind (N, C), or behind (C,) where `unbatched`. */
function dropChannels(
  name: string,
  x: Tensor,
  spatial: number,
  unbatched: boolean,
  options: DropoutOptions,
): Tensor {
  if (x.ndim !== spatial + 2 && x.ndim !== spatial + 1) {
    throw new ShapeError(
      `${name}: Expected ${spatial + 1}D or ${spatial + 2}D input, but received a ${x.ndim}D input`,
    );
  }
  if (x.ndim === spatial + 2 || !unbatched) return drop(x, 'feature', options);
  return drop(x.unsqueeze(0), 'feature', options).squeeze(0);
}

/** Drops whole channels of (N, C, L) or (C, L). Follows `torch.nn.functional.dropout1d`. */
export const dropout1d = (x: Tensor, options: DropoutOptions = {}): Tensor =>
  dropChannels('dropout1d', x, 1, true, options);

/** Drops whole channels of (N, C, H, W); 3 dimensions count as (N, C, L). Follows `torch.nn.functional.dropout2d`. */
export const dropout2d = (x: Tensor, options: DropoutOptions = {}): Tensor =>
  dropChannels('dropout2d', x, 2, false, options);

/** Drops whole channels of (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.functional.dropout3d`. */
export const dropout3d = (x: Tensor, options: DropoutOptions = {}): Tensor =>
  dropChannels('dropout3d', x, 3, true, options);
