import { getDefaultDtype, noGrad, ones, ShapeError, type Tensor, tensor, zeros } from '@kindling/core';
import { batchNorm } from '../functional/normalization.ts';
import { ones_, zeros_ } from '../init/fills.ts';
import { Module } from '../module/module.ts';
import type { Parameter } from '../module/parameter.ts';
import { pyBool, pyFloat } from '../module/print.ts';
import { emptyParameter, type LayerOptions } from './factory.ts';

/** Options of {@link BatchNorm1d} and its kin. */
export interface BatchNormOptions extends LayerOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** How far the running statistics move at each batch; `null`: they are the plain mean of all batches. Default: 0.1. */
  readonly momentum?: number | null;
  /** Whether there are a learned factor and summand. Default: true. */
  readonly affine?: boolean;
  /** Whether there is a summand. Default: true. */
  readonly bias?: boolean;
  /** Whether running statistics are kept, for use outside training. Default: true. */
  readonly trackRunningStats?: boolean;
}

/** What batch normalisation of any number of dimensions shares. */
abstract class BatchNormBase extends Module<[Tensor], Tensor> {
  static override readonly stateNames = {
    runningMean: 'running_mean',
    runningVar: 'running_var',
    numBatchesTracked: 'num_batches_tracked',
  };

  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  weight: Parameter | null;
  bias: Parameter | null;
  /** (C,), or `null` where none is kept. */
  runningMean: Tensor | null;
  /** (C,), or `null` where none is kept. */
  runningVar: Tensor | null;
  /** int32 scalar, or `null` where none is kept. */
  numBatchesTracked: Tensor | null;

  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super();
    const { eps = 1e-5, momentum = 0.1, affine = true, bias = true, trackRunningStats = true } = options;
    const dtype = options.dtype ?? getDefaultDtype();
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.weight = affine ? emptyParameter([numFeatures], options) : null;
    this.bias = affine && bias ? emptyParameter([numFeatures], options) : null;
    const track = <T>(make: () => T): T | null => (trackRunningStats ? make() : null);
    this.runningMean = this.registerBuffer(
      'runningMean',
      track(() => zeros([numFeatures], { dtype })),
    );
    this.runningVar = this.registerBuffer(
      'runningVar',
      track(() => ones([numFeatures], { dtype })),
    );
    this.numBatchesTracked = this.registerBuffer(
      'numBatchesTracked',
      track(() => tensor(0, { dtype: 'int32' })),
    );
    this.resetParameters();
  }

  /** Refuses inputs of the wrong number of dimensions. */
  protected abstract checkInput(x: Tensor): void;

  /** Forgets what was seen. */
  resetRunningStats(): void {
    noGrad(() => {
      this.runningMean?.zero_();
      this.runningVar?.fill_(1);
      this.numBatchesTracked?.zero_();
    });
  }

  /** Sets the factor to 1 and the summand to 0, and forgets what was seen. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  /** Checkpoints from before PyTorch 0.4.1 did not count batches. */
  override toleratesMissing(name: string): boolean {
    return name === 'num_batches_tracked';
  }

  override forward(x: Tensor): Tensor {
    this.checkInput(x);
    const { training, weight, bias, eps } = this;
    const momentum = training && this.trackRunningStats ? this.countBatch() : (this.momentum ?? 0);
    const useBatch = training || (this.runningMean === null && this.runningVar === null);
    const keep = !training || this.trackRunningStats;
    return batchNorm(x, keep ? this.runningMean : null, keep ? this.runningVar : null, {
      weight,
      bias,
      training: useBatch,
      momentum,
      eps,
    });
  }

  /** Counts the batch and says how far it moves the running statistics. */
  private countBatch(): number {
    if (this.numBatchesTracked !== null) {
      const tracked = this.numBatchesTracked;
      noGrad(() => tracked.add_(1));
    }
    return this.momentum ?? 1 / (this.numBatchesTracked?.item() ?? 1);
  }

  override extraRepr(): string {
    const momentum = this.momentum === null ? 'None' : pyFloat(this.momentum);
    return (
      `${this.numFeatures}, eps=${pyFloat(this.eps)}, momentum=${momentum}, affine=${pyBool(this.affine)}, ` +
      `bias=${pyBool(this.bias !== null)}, track_running_stats=${pyBool(this.trackRunningStats)}`
    );
  }
}

function checkRank(x: Tensor, expected: readonly number[]): void {
  if (expected.includes(x.ndim)) return;
  const words = expected.map((rank) => `${rank}D`).join(' or ');
  throw new ShapeError(`expected ${words} input (got ${x.ndim}D input)`);
}

/**
 * Normalises each channel of (N, C) or (N, C, L) over the batch, in training by the batch's statistics, outside by the
 * running ones. `weight` and `bias` are (C,). Follows `torch.nn.BatchNorm1d`.
 *
 * @example
 * ```ts
 * const bn = new nn.BatchNorm1d(100);
 * bn(randn([20, 100]));
 * Object.keys(bn.stateDict()); // weight, bias, running_mean, running_var, num_batches_tracked
 * ```
 */
export class BatchNorm1d extends BatchNormBase {
  protected checkInput(x: Tensor): void {
    checkRank(x, [2, 3]);
  }
}

/** {@link BatchNorm1d} for (N, C, H, W). Follows `torch.nn.BatchNorm2d`. */
export class BatchNorm2d extends BatchNormBase {
  protected checkInput(x: Tensor): void {
    checkRank(x, [4]);
  }
}

/** {@link BatchNorm1d} for (N, C, D, H, W). Follows `torch.nn.BatchNorm3d`. */
export class BatchNorm3d extends BatchNormBase {
  protected checkInput(x: Tensor): void {
    checkRank(x, [5]);
  }
}
