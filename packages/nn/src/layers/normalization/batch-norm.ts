import { composition, floatsOnly, formatShape, K, noGrad, type Tensor, ValueError } from '@kindling/core';
import { checkInput } from '../../module/arguments.ts';
import { type AffineOptions, affineKinds, defaultEps } from './affine-norm.ts';
import { checkRank, defaultMomentum, NormBase, type NormOptions } from './norm-base.ts';
import { affine, checkChannels, normalized, normalizedBy, ofChannels } from './standardize.ts';

const floats = /* @__PURE__ */ floatsOnly('batchNorm');

/** Options of {@link batchNorm}. */
export interface BatchNormFunctionOptions extends AffineOptions {
  /** Normalise by the batch's statistics, and move the running ones towards them. Default: false. */
  readonly training?: boolean;
  /** How far the running statistics move; a float64 scalar where data say it. Default: 0.1. */
  readonly momentum?: number | Tensor;
}

/**
 * Normalises each channel (dimension 1) over all other dimensions. Outside training by `runningMean` and `runningVar`,
 * in training by the batch's own mean and biased variance, while the running ones (if given) move towards the batch's
 * mean and unbiased variance: (x - mean) / sqrt(var + eps) * weight + bias. Follows `torch.nn.functional.batch_norm`.
 * @throws ShapeError when x has fewer than 2 dimensions, or what is given for each channel has another number of
 *   elements; DTypeError when it is of another dtype.
 * @throws ValueError in training with one value a channel or an eps that is not positive, and outside it without
 *   running statistics.
 */
export const batchNorm = /* @__PURE__ */ composition(
  'batchNorm',
  () => ({
    x: K.tensor,
    runningMean: K.nullable(K.tensor),
    runningVar: K.nullable(K.tensor),
    options: K.options<BatchNormFunctionOptions>({
      training: K.flag,
      momentum: K.tensorOrNumber,
      ...affineKinds,
    }),
  }),
  (
    x: Tensor,
    runningMean: Tensor | null | undefined,
    runningVar: Tensor | null | undefined,
    options: BatchNormFunctionOptions = {},
  ): Tensor => {
    floats(x.dtype);
    if (options.training === true && options.eps !== undefined && options.eps <= 0)
      throw new ValueError(`batchNorm: eps must be positive during training, but got ${options.eps}`);
    const { weight = null, bias = null, training = false } = options;
    const { momentum = defaultMomentum, eps = defaultEps } = options;
    if (x.count === 0) return affine(x.clone(), weight?.select(0, 0) ?? null, bias?.select(0, 0) ?? null);
    checkChannels('batchNorm', x, { running_mean: runningMean, running_var: runningVar, weight, bias });
    const [outer = 0, channels = 0, ...field] = x.shape;
    const wide = (p: Tensor): Tensor => ofChannels(p, x);
    if (!training) {
      if (runningMean == null || runningVar == null) {
        throw new ValueError(
          'batchNorm: Expected running_mean and running_var to be defined when training=False',
        );
      }
      return normalizedBy(x, runningMean, runningVar, eps, { weight, bias });
    }
    const inner = field.reduce((n, size) => n * size, 1);
    const count = outer * inner;
    if (count === 1) {
      throw new ValueError(
        `batchNorm: Expected more than 1 value per channel when training, got input size torch.Size(${formatShape(x.shape)})`,
      );
    }
    const grouped = { outer, groups: channels, eps, scalesLast: true };
    const [y, variance, mean] = normalized('native_batch_norm', x, grouped, { weight, bias }, wide);
    noGrad(() => {
      if (mean === undefined) return;
      if (typeof momentum === 'number') {
        runningMean?.mul_(1 - momentum).add_(mean, { alpha: momentum });
        runningVar?.mul_(1 - momentum).add_(variance, { alpha: (momentum * count) / (count - 1) });
      } else {
        const rest = momentum.neg().add(1);
        runningMean?.mul_(rest).add_(mean.mul(momentum));
        runningVar?.mul_(rest).add_(variance.mul(momentum.mul(count).div(count - 1)));
      }
    });
    return y;
  },
);

/** Options of {@link BatchNorm1d} and its kin. */
export type BatchNormOptions = NormOptions;

/** What batch normalisation of any number of dimensions shares. */
abstract class BatchNormBase extends NormBase {
  /** Refuses inputs of the wrong number of dimensions. */
  protected abstract checkInput(x: Tensor): void;

  override forward(x: Tensor): Tensor {
    checkInput(this, x);
    this.checkInput(x);
    const { training, weight, bias, eps } = this;
    const momentum = training && this.trackRunningStats ? this.countBatch() : (this.momentum ?? 0);
    const useBatch = training || (this.runningMean === null && this.runningVar === null);
    const options = { weight, bias, training: useBatch, momentum, eps };
    const keep = !training || this.trackRunningStats;
    return batchNorm(x, keep ? this.runningMean : null, keep ? this.runningVar : null, options);
  }

  /** Counts the batch and says how far it moves the running statistics. */
  private countBatch(): number | Tensor {
    const tracked = this.numBatchesTracked;
    if (tracked !== null) noGrad(() => tracked.add_(1));
    return this.momentum ?? tracked?.double().reciprocal() ?? 1;
  }
}

/**
 * Normalises each channel of (N, C) or (N, C, L) over the batch, in training by the batch's statistics, outside by the
 * running ones: {@link batchNorm}. Follows `torch.nn.BatchNorm1d`.
 * @throws ShapeError when the input has another number of dimensions or channels.
 * @throws ValueError in training with one value a channel.
 * @example
 * ```ts
 * const bn = new nn.BatchNorm1d(100);
 * bn(randn([20, 100])).shape; // [ 20, 100 ]
 * bn.namedBuffers().map(([name]) => name); // [ 'running_mean', 'running_var', 'num_batches_tracked' ]
 * ```
 */
export class BatchNorm1d extends BatchNormBase {
  protected checkInput(x: Tensor): void {
    checkRank(this.constructor.name, x, 2, 3);
  }
}

/** {@link BatchNorm1d} for (N, C, H, W). Follows `torch.nn.BatchNorm2d`. */
export class BatchNorm2d extends BatchNormBase {
  protected checkInput(x: Tensor): void {
    checkRank(this.constructor.name, x, 4);
  }
}

/** {@link BatchNorm1d} for (N, C, D, H, W). Follows `torch.nn.BatchNorm3d`. */
export class BatchNorm3d extends BatchNormBase {
  protected checkInput(x: Tensor): void {
    checkRank(this.constructor.name, x, 5);
  }
}
