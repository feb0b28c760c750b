import {
  checkArguments,
  getDefaultDtype,
  K,
  noGrad,
  ones,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from '@kindling/core';
import { pyBool, pyFloat } from '../../module/print.ts';
import { type LayerOptions, layerKinds } from '../factory.ts';
import { AffineNorm, defaultEps } from './affine-norm.ts';

/** How far running statistics move at each batch, unless the options say otherwise. */
export const defaultMomentum = 0.1;

/** Options of the layers that normalise channels. */
export interface NormOptions extends LayerOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /**
   * How far the running statistics move at each batch; `null`: they are the plain mean of all batches. Default: 0.1.
   */
  readonly momentum?: number | null;
  /** Whether there are a learned factor and summand. Default: true; of instance normalisation false. */
  readonly affine?: boolean;
  /** Whether there is a summand. Default: true. */
  readonly bias?: boolean;
  /** Whether running statistics are kept, for use outside training. Default: true; of instance normalisation false. */
  readonly trackRunningStats?: boolean;
}

const normKinds: K.Kinds<NormOptions> = {
  eps: K.number,
  momentum: /* @__PURE__ */ K.nullable(K.number),
  affine: K.flag,
  bias: K.flag,
  trackRunningStats: K.flag,
  ...layerKinds,
};

/** What the layers that normalise channels share. */
export abstract class NormBase extends AffineNorm {
  static override readonly stateNames = {
    runningMean: 'running_mean',
    runningVar: 'running_var',
    numBatchesTracked: 'num_batches_tracked',
  };

  /** Whether there are a factor and a summand, and running statistics, unless the options say otherwise. */
  protected static readonly isFull: boolean = true;

  /** How many channels there are, C. */
  readonly numFeatures: number;
  /** Added to the variance. */
  readonly eps: number;
  /** How far the running statistics move at each batch; `null`: they are the plain mean of all batches. */
  readonly momentum: number | null;
  /** Whether there are a learned factor and summand. */
  readonly affine: boolean;
  /** Whether running statistics are kept. */
  readonly trackRunningStats: boolean;
  /** (C,), or `null` where none is kept. */
  runningMean: Tensor | null;
  /** (C,), or `null` where none is kept. */
  runningVar: Tensor | null;
  /** int32 scalar, or `null` where none is kept. */
  numBatchesTracked: Tensor | null;

  constructor(numFeatures: number, options: NormOptions = {}) {
    checkArguments(new.target.name, { numFeatures: K.count, options: K.options(normKinds) }, arguments);
    const { affine = new.target.isFull, trackRunningStats = new.target.isFull } = options;
    const { eps = defaultEps, momentum = defaultMomentum, dtype = getDefaultDtype() } = options;
    super([numFeatures], affine, options);
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    const track = (name: string, make: () => Tensor): Tensor | null =>
      this.registerBuffer(name, trackRunningStats ? make() : null);
    this.runningMean = track('runningMean', () => zeros([numFeatures], { dtype }));
    this.runningVar = track('runningVar', () => ones([numFeatures], { dtype }));
    this.numBatchesTracked = track('numBatchesTracked', () => tensor(0, { dtype: 'int32' }));
    this.resetParameters();
  }

  /** Forgets what was seen. */
  resetRunningStats(): void {
    noGrad(() => {
      this.runningMean?.zero_();
      this.runningVar?.fill_(1);
      this.numBatchesTracked?.zero_();
    });
  }

  /** Sets the factor to 1 and the summand to 0, and forgets what was seen. */
  override resetParameters(): void {
    this.resetRunningStats();
    super.resetParameters();
  }

  /** Checkpoints from before PyTorch 0.4.1 did not count batches. */
  override toleratesMissing(name: string): boolean {
    return name === 'num_batches_tracked';
  }

  override extraRepr(): string {
    const momentum = this.momentum === null ? 'None' : pyFloat(this.momentum);
    return (
      `${this.numFeatures}, eps=${pyFloat(this.eps)}, momentum=${momentum}, affine=${pyBool(this.affine)}, ` +
      `bias=${pyBool(this.bias !== null)}, track_running_stats=${pyBool(this.trackRunningStats)}`
    );
  }
}

/** Refuses inputs of another number of dimensions. */
export function checkRank(caller: string, x: Tensor, ...expected: number[]): void {
  if (expected.includes(x.ndim)) return;
  const words = expected.map((rank) => `${rank}D`).join(' or ');
  throw new ShapeError(`${caller}: expected ${words} input (got ${x.ndim}D input)`);
}
