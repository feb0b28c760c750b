import {
  checkArguments,
  composition,
  defaultGenerator,
  dropoutMask,
  empty,
  emptyLike,
  type Generator,
  K,
  ShapeError,
  type Tensor,
  ValueError,
} from '@kindling/core';
import type { InplaceOptions } from '../activations/activation.ts';
import { Module } from '../module/module.ts';
import { drawOptions } from '../module/options.ts';
import { pyBool, pyFloat } from '../module/print.ts';

/** Options of the dropout layers. */
export interface DropoutOptions extends InplaceOptions {
  /** The probability of zeroing. Default: 0.5. */
  readonly p?: number;
}

/** Options of the dropout functions. */
export interface DropoutFunctionOptions extends DropoutOptions {
  /** Outside training the input is returned as it is. Default: true, for `alphaDropout` and its kin false. */
  readonly training?: boolean;
  /** Where the random numbers come from. Default: the default generator. */
  readonly generator?: Generator;
}

const dropoutKinds: K.Kinds<DropoutOptions> = { p: K.number, inplace: K.flag };

/** The default of `p`, and its check. */
function probability(caller: string, { p = 0.5 }: DropoutOptions): number {
  if (!(p >= 0 && p <= 1))
    throw new ValueError(`${caller}: dropout probability has to be between 0 and 1, but got ${p}`);
  return p;
}

/** Whether a mask is drawn for each element, or for each channel (N, C), all of whose elements share it. */
type Grain = 'element' | 'feature';

/** A tensor of the shape in which the mask is drawn, its elements of no account. */
function maskTemplate(caller: string, x: Tensor, grain: Grain): Tensor {
  if (grain === 'element') return emptyLike(x);
  if (x.ndim < 2)
    throw new ShapeError(`${caller}: Feature dropout requires at least 2 dimensions in the input`);
  return empty([x.size(0), x.size(1), ...x.shape.slice(2).map(() => 1)], { dtype: x.dtype });
}

function drop(caller: string, x: Tensor, grain: Grain, options: DropoutFunctionOptions): Tensor {
  const { training = true, inplace = false, generator = defaultGenerator } = options;
  const p = probability(caller, options);
  if (p === 0 || !training || x.count === 0) return x;
  const mask = dropoutMask(grain === 'element' ? x.detach() : maskTemplate(caller, x, grain), p, generator);
  return inplace ? x.mul_(mask) : x.mul(mask);
}

/** Drops whole channels of an input with `spatial` dimensions behind (N, C), or behind (C,) where `unbatched`. */
function dropChannels(name: string, spatial: number, unbatched: boolean) {
  return composition(name, dropoutParameters, (x: Tensor, options: DropoutFunctionOptions = {}): Tensor => {
    if (x.ndim !== spatial + 2 && x.ndim !== spatial + 1) {
      throw new ShapeError(
        `${name}: Expected ${spatial + 1}D or ${spatial + 2}D input, but received a ${x.ndim}D input`,
      );
    }
    if (x.ndim === spatial + 2 || !unbatched) return drop(name, x, 'feature', options);
    return drop(name, x.unsqueeze(0), 'feature', options).squeeze(0);
  });
}

/** The value to which SELU sends -Infinity, negated. */
const alpha = 1.7580993408473766;

function alphaDrop(caller: string, x: Tensor, grain: Grain, options: DropoutFunctionOptions): Tensor {
  const { training = false, inplace = false, generator = defaultGenerator } = options;
  const p = probability(caller, options);
  if (p === 0 || !training || x.count === 0) return x;
  if (p === 1) return inplace ? x.mul_(0) : x.mul(0);
  const kept = maskTemplate(caller, x, grain).bernoulli_(1 - p, { generator });
  const a = 1 / Math.sqrt((alpha * alpha * p + 1) * (1 - p));
  const shift = kept
    .sub(1)
    .mul(alpha * a)
    .add(alpha * a * p);
  const scale = kept.mul(a);
  return inplace ? x.mul_(scale).add_(shift) : x.mul(scale).add(shift);
}

/** {@link alphaDrop} as a function of that name. */
const alphaDropping = (name: string, grain: Grain) =>
  composition(
    name,
    dropoutParameters,
    (x: Tensor, options: DropoutFunctionOptions = {}): Tensor => alphaDrop(name, x, grain, options),
  );

/** A module that drops in training, and else returns its input. */
interface DropoutModule extends Module<[Tensor], Tensor> {
  /** The probability of zeroing. */
  p: number;
  /** Whether the result is written over the input. */
  inplace: boolean;
}

/** The class of modules that call `f`. */
function dropoutClass(
  f: (x: Tensor, options: DropoutFunctionOptions) => Tensor,
): new (
  options?: DropoutOptions,
) => DropoutModule {
  return class extends Module<[Tensor], Tensor> {
    p: number;
    inplace: boolean;

    constructor(options: DropoutOptions = {}) {
      checkArguments(new.target.name, { options: K.options(dropoutKinds) }, arguments);
      super();
      this.p = probability(new.target.name, options);
      this.inplace = options.inplace ?? false;
    }

    override forward(x: Tensor): Tensor {
      const { p, training, inplace } = this;
      return f(x, { p, training, inplace });
    }

    override extraRepr(): string {
      return `p=${pyFloat(this.p)}, inplace=${pyBool(this.inplace)}`;
    }
  };
}

const dropoutParameters = () => ({
  x: K.tensor,
  options: drawOptions<DropoutFunctionOptions>({ ...dropoutKinds, training: K.flag }),
});

/**
 * In training, zeroes each element with probability `p` and multiplies the rest by 1 / (1 - p), so that the mean stays.
 * Follows `torch.nn.functional.dropout`, with its random numbers.
 * @throws ValueError unless 0 <= p <= 1; DTypeError where something is dropped of a tensor that is not float.
 * @example F.dropout(ones([5]), { p: 0.2 }); // tensor([0.0000, 1.2500, 1.2500, 0.0000, 1.2500])
 */
export const dropout = /* @__PURE__ */ composition(
  'dropout',
  dropoutParameters,
  (x: Tensor, options: DropoutFunctionOptions = {}): Tensor => drop('dropout', x, 'element', options),
);

/**
 * In training, zeroes each element with probability `p` and multiplies the rest by 1 / (1 - p): {@link dropout}.
 * Follows `torch.nn.Dropout`, with its random numbers.
 * @throws ValueError unless 0 <= p <= 1.
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(8, 8), new nn.ReLU(), new nn.Dropout({ p: 0.2 }));
 * // Nothing is dropped from here on.
 * model.eval();
 * ```
 */
export class Dropout extends /* @__PURE__ */ dropoutClass(dropout) {}

/**
 * Drops whole channels of (N, C, L) or (C, L). Follows `torch.nn.functional.dropout1d`.
 * @throws ShapeError when the input has another number of dimensions.
 * @throws ValueError unless 0 <= p <= 1.
 */
export const dropout1d = /* @__PURE__ */ dropChannels('dropout1d', 1, true);
/** Drops whole channels of (N, C, L) or (C, L): {@link dropout1d}. Follows `torch.nn.Dropout1d`. */
export class Dropout1d extends /* @__PURE__ */ dropoutClass(dropout1d) {}

/** {@link dropout1d} of (N, C, H, W); 3 dimensions count as (N, C, L). Follows `torch.nn.functional.dropout2d`. */
export const dropout2d = /* @__PURE__ */ dropChannels('dropout2d', 2, false);
/** Drops whole channels of (N, C, H, W): {@link dropout2d}. Follows `torch.nn.Dropout2d`. */
export class Dropout2d extends /* @__PURE__ */ dropoutClass(dropout2d) {}

/** {@link dropout1d} of (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.functional.dropout3d`. */
export const dropout3d = /* @__PURE__ */ dropChannels('dropout3d', 3, true);
/** Drops whole channels of (N, C, D, H, W) or (C, D, H, W): {@link dropout3d}. Follows `torch.nn.Dropout3d`. */
export class Dropout3d extends /* @__PURE__ */ dropoutClass(dropout3d) {}

/**
 * Dropout that keeps mean and variance of what SELU gives: dropped elements become SELU's value at -Infinity.
 * `training` is false unless given. Follows `torch.nn.functional.alpha_dropout`.
 * @throws ValueError unless 0 <= p <= 1.
 */
export const alphaDropout = /* @__PURE__ */ alphaDropping('alphaDropout', 'element');
/**
 * Dropout that keeps the mean and variance of what SELU gives: {@link alphaDropout}. Follows `torch.nn.AlphaDropout`.
 */
export class AlphaDropout extends /* @__PURE__ */ dropoutClass(alphaDropout) {}

/** {@link alphaDropout} of whole channels. Follows `torch.nn.functional.feature_alpha_dropout`. */
export const featureAlphaDropout = /* @__PURE__ */ alphaDropping('featureAlphaDropout', 'feature');
/** {@link AlphaDropout} of whole channels. Follows `torch.nn.FeatureAlphaDropout`. */
export class FeatureAlphaDropout extends /* @__PURE__ */ dropoutClass(featureAlphaDropout) {}
