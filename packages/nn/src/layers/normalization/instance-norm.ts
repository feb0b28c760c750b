import {
  composed,
  composition,
  floatsOnly,
  formatShape,
  K,
  noGrad,
  ShapeError,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { checkInput } from '../../module/arguments.ts';
import { type AffineOptions, affineKinds, defaultEps } from './affine-norm.ts';
import { checkRank, defaultMomentum, NormBase, type NormOptions } from './norm-base.ts';
import { affine, checkChannels, normalized, normalizedBy, ofChannels } from './standardize.ts';

const floats = /* @__PURE__ */ floatsOnly('instanceNorm');

/** Options of {@link instanceNorm}. */
export interface InstanceNormFunctionOptions extends AffineOptions {
  /** (C,): moves towards the mean over the batch of the samples' means. */
  readonly runningMean?: Tensor | null;
  /** (C,): moves towards the mean over the batch of the samples' unbiased variances. */
  readonly runningVar?: Tensor | null;
  /** Normalise by each sample's own statistics, not by the running ones. Default: true. */
  readonly useInputStats?: boolean;
  /** How far the running statistics move. Default: 0.1. */
  readonly momentum?: number;
}

/**
 * Normalises each channel of each sample of (N, C, *): (x - mean) / sqrt(var + eps) * weight + bias, with the biased
 * variance; the running statistics, if given, move towards the batch's. Follows `torch.nn.functional.instance_norm`.
 * @throws ShapeError when x has fewer than 3 dimensions, or what is given for each channel is not (C,); DTypeError for
 *   integers
 * @throws ValueError where a channel has one element only, and with one of the running statistics but not the other
 */
export const instanceNorm = /* @__PURE__ */ composition(
  'instanceNorm',
  () => ({
    x: K.tensor,
    options: K.options<InstanceNormFunctionOptions>({
      runningMean: K.nullable(K.tensor),
      runningVar: K.nullable(K.tensor),
      useInputStats: K.flag,
      momentum: K.number,
      ...affineKinds,
    }),
  }),
  (x: Tensor, options: InstanceNormFunctionOptions = {}): Tensor => {
    floats(x.dtype);
    const { runningMean = null, runningVar = null, weight = null, bias = null } = options;
    const { useInputStats = true, momentum = defaultMomentum, eps = defaultEps } = options;
    const shape = formatShape(x.shape);
    const [samples = 0, channels = 0, ...field] = x.shape;
    const inner = field.reduce((n, size) => n * size, 1);
    if ((runningMean === null) !== (runningVar === null)) {
      throw new ValueError(
        'instanceNorm: running_mean and running_var must either both be None or neither be None',
      );
    }
    checkChannels('instanceNorm', x, { running_mean: runningMean, running_var: runningVar, weight, bias });
    const wide = (p: Tensor): Tensor => ofChannels(p, x);
    const finish = (y: Tensor): Tensor =>
      composed('view', affine(y, weight && wide(weight), bias && wide(bias)), x);
    if (!useInputStats) {
      if (runningMean === null || runningVar === null) {
        throw new ValueError(
          'instanceNorm: Expected running_mean and running_var to be defined when use_input_stats is false',
        );
      }
      return normalizedBy(x, runningMean, runningVar, eps, { weight, bias });
    }
    if (inner === 1) {
      throw new ValueError(
        `instanceNorm: Expected more than 1 spatial element when training, got input size ${shape}`,
      );
    }
    if (x.count === 0) return finish(x.clone());
    const grouped = { samples, groups: channels, eps, scalesLast: true };
    const [y, variance, mean] = normalized('native_batch_norm', x, grouped, { weight, bias }, wide);
    noGrad(() => {
      const move = (running: Tensor | null, found: Tensor, by: number): unknown =>
        running?.copy_(
          found
            .reshape([samples, channels])
            .mul(by)
            .add(running.mul(1 - momentum))
            .mean(0),
        );
      if (mean !== undefined) move(runningMean, mean, momentum);
      move(runningVar, variance, (momentum * inner) / (inner - 1));
    });
    return composed('view', y, x);
  },
);

/** Options of {@link InstanceNorm1d} and its kin. */
export type InstanceNormOptions = NormOptions;

/** What instance normalisation of any number of dimensions shares. */
abstract class InstanceNormBase extends NormBase {
  protected static override readonly isFull = false;

  /** Of a sample alone, without a batch. */
  protected abstract get unbatched(): number;

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { training, weight, bias, eps, numFeatures, unbatched, runningMean, runningVar } = this;
    checkRank(this.constructor.name, x, unbatched, unbatched + 1);
    const dim = x.ndim - unbatched;
    if (x.size(dim) !== numFeatures && this.affine) {
      throw new ShapeError(
        `${this.constructor.name}: expected input's size at dim=${dim} to match num_features (${numFeatures}), but got: ${x.size(dim)}.`,
      );
    }
    const useInputStats = training || !this.trackRunningStats;
    const momentum = this.momentum ?? 0;
    const options = { runningMean, runningVar, weight, bias, useInputStats, momentum, eps };
    return x.ndim === unbatched ? instanceNorm(x.unsqueeze(0), options).squeeze(0) : instanceNorm(x, options);
  }
}

/**
 * Normalises each channel of each sample of (N, C, L) or (C, L): {@link instanceNorm}. By default there is nothing to
 * learn, and no running statistics. Follows `torch.nn.InstanceNorm1d`.
 * @throws ShapeError when the input has another number of dimensions, or with `affine` of channels
 * @throws ValueError where a channel has one element only
 * @example
 * ```ts
 * const norm = new nn.InstanceNorm1d(100);
 * norm(randn([20, 100, 40])).shape; // [ 20, 100, 40 ]
 * ```
 */
export class InstanceNorm1d extends InstanceNormBase {
  protected get unbatched(): number {
    return 2;
  }
}

/** {@link InstanceNorm1d} for (N, C, H, W) or (C, H, W). Follows `torch.nn.InstanceNorm2d`. */
export class InstanceNorm2d extends InstanceNormBase {
  protected get unbatched(): number {
    return 3;
  }
}

/** {@link InstanceNorm1d} for (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.InstanceNorm3d`. */
export class InstanceNorm3d extends InstanceNormBase {
  protected get unbatched(): number {
    return 4;
  }
}
