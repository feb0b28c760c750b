import {
  checkArguments,
  composition,
  floatsOnly,
  formatShape,
  K,
  ShapeError,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { pyBool, pyFloat } from '../../module/print.ts';
import { type LayerOptions, layerKinds } from '../factory.ts';
import { AffineNorm, type AffineOptions, affineKinds, defaultEps } from './affine-norm.ts';
import { normalized, ofChannels } from './standardize.ts';

const floats = /* @__PURE__ */ floatsOnly('groupNorm');

/** Options of {@link groupNorm}. */
export type GroupNormFunctionOptions = AffineOptions;

/** Refuses channels that cannot be cut into so many groups. */
function checkGroups(caller: string, numGroups: number, channels: number, got: string): void {
  if (numGroups > 0 && channels % numGroups === 0) return;
  throw new ShapeError(
    `${caller}: Expected the number of channels to be divisible by num_groups, but got ${got}`,
  );
}

/**
 * Normalises each of `numGroups` groups of channels of each sample of (N, C, *): (x - mean) / sqrt(var + eps) * weight
 * + bias, with the biased variance. Follows `torch.nn.functional.group_norm`.
 * @throws ShapeError when x has fewer than 2 dimensions, its channels cannot be cut into so many groups, or `weight` or
 *   `bias` is not (C,); DTypeError for integers
 * @throws ValueError where a group is a single number
 */
export const groupNorm = /* @__PURE__ */ composition(
  'groupNorm',
  () => ({
    x: K.tensor,
    numGroups: K.count,
    options: K.options<GroupNormFunctionOptions>(affineKinds),
  }),
  (x: Tensor, numGroups: number, options: GroupNormFunctionOptions = {}): Tensor => {
    floats(x.dtype);
    const { weight = null, bias = null, eps = defaultEps } = options;
    const shape = formatShape(x.shape);
    if (x.ndim < 2)
      throw new ShapeError(
        `groupNorm: Expected at least 2 dimensions for input tensor but received ${x.ndim}`,
      );
    const [samples = 0, channels = 0] = x.shape;
    checkGroups('groupNorm', numGroups, channels, `an input of shape ${shape} and num_groups=${numGroups}`);
    for (const [name, p] of Object.entries({ weight, bias })) {
      if (p !== null && (p.ndim !== 1 || p.count !== channels)) {
        throw new ShapeError(
          `groupNorm: Expected ${name} to be a vector of size equal to the number of channels in input, but got ${name} of ` +
            `shape ${formatShape(p.shape)} and input of shape ${shape}`,
        );
      }
    }
    if (channels === 0 || (samples > 0 && x.count === 0))
      throw new ShapeError(
        `groupNorm: Expected channels and field of more than 0 elements, got shape ${shape}`,
      );
    if (samples === 1 && x.count === numGroups) {
      throw new ValueError(
        `groupNorm: Expected more than 1 value per channel when training, got input size ${shape}`,
      );
    }
    const grouped = { samples, groups: numGroups, parts: channels / numGroups, eps };
    const [y] = normalized('native_group_norm', x, grouped, { weight, bias }, (p) => ofChannels(p, x));
    return y;
  },
);

/** Options of {@link GroupNorm}. */
export interface GroupNormOptions extends LayerOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** Whether there are a learned factor and summand. Default: true. */
  readonly affine?: boolean;
  /** Whether there is a summand. Default: true. */
  readonly bias?: boolean;
}

/**
 * Normalises groups of channels of each sample: y = (x - mean) / sqrt(var + eps) * weight + bias, {@link groupNorm}.
 * With one group it is {@link LayerNorm} over all but the batch, with a group a channel {@link InstanceNorm1d}. Follows
 * `torch.nn.GroupNorm`.
 * @throws ShapeError when the channels cannot be cut into so many groups
 * @example
 * ```ts
 * const norm = new nn.GroupNorm(3, 6);
 * norm(randn([20, 6, 10, 10])).shape; // [ 20, 6, 10, 10 ]
 * norm; // GroupNorm(3, 6, eps=1e-05, affine=True, bias=True)
 * ```
 */
export class GroupNorm extends AffineNorm {
  /** How many groups the channels are cut into. */
  readonly numGroups: number;
  /** How many channels there are, C. */
  readonly numChannels: number;
  /** Added to the variance. */
  readonly eps: number;
  /** Whether there are a learned factor and summand. */
  readonly affine: boolean;

  constructor(numGroups: number, numChannels: number, options: GroupNormOptions = {}) {
    checkArguments(
      new.target.name,
      {
        numGroups: K.count,
        numChannels: K.count,
        options: K.options<GroupNormOptions>({ eps: K.number, affine: K.flag, bias: K.flag, ...layerKinds }),
      },
      arguments,
    );
    checkGroups(
      new.target.name,
      numGroups,
      numChannels,
      `num_channels=${numChannels} and num_groups=${numGroups}`,
    );
    const { eps = defaultEps, affine = true } = options;
    super([numChannels], affine, options);
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.affine = affine;
    this.resetParameters();
  }

  override forward(x: Tensor): Tensor {
    const { numGroups, weight, bias, eps } = this;
    return groupNorm(x, numGroups, { weight, bias, eps });
  }

  override extraRepr(): string {
    return (
      `${this.numGroups}, ${this.numChannels}, eps=${pyFloat(this.eps)}, affine=${pyBool(this.affine)}, ` +
      `bias=${pyBool(this.bias !== null)}`
    );
  }
}
