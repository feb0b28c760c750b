import type { Tensor } from '@kindling/core';
import {
  alphaDropout,
  checkProbability,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutOptions as FunctionOptions,
  featureAlphaDropout,
} from '../functional/dropout.ts';
import { Module } from '../module/module.ts';
import { pyBool, pyFloat } from '../module/print.ts';

/** Options of the dropout layers. */
export interface DropoutOptions {
  /** The probability of zeroing. Default: 0.5. */
  readonly p?: number;
  /** Write the result over the input. Default: false. */
  readonly inplace?: boolean;
}

/** What the dropout layers share: outside training they return their input. */
abstract class DropoutBase extends Module<[Tensor], Tensor> {
  p: number;
  inplace: boolean;

  constructor(options: DropoutOptions = {}) {
    super();
    const { p = 0.5, inplace = false } = options;
    checkProbability(p);
    this.p = p;
    this.inplace = inplace;
  }

  protected abstract drop(x: Tensor, options: FunctionOptions): Tensor;

  override forward(x: Tensor): Tensor {
    return this.drop(x, { p: this.p, training: this.training, inplace: this.inplace });
  }

  override extraRepr(): string {
    return `p=${pyFloat(this.p)}, inplace=${pyBool(this.inplace)}`;
  }
}

/**
 * In training, zeroes each element with probability `p` and multiplies the rest by 1 / (1 - p).
 * Follows `torch.nn.Dropout`, with its random numbers.
 *
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(8, 8), new nn.ReLU(), new nn.Dropout({ p: 0.2 }));
 * model.eval(); // nothing is dropped
 * ```
 */
export class Dropout extends DropoutBase {
  protected drop = dropout;
}

/** Drops whole channels of (N, C, L) or (C, L). Follows `torch.nn.Dropout1d`. */
export class Dropout1d extends DropoutBase {
  protected drop = dropout1d;
}

/** Drops whole channels of (N, C, H, W). Follows `torch.nn.Dropout2d`. */
export class Dropout2d extends DropoutBase {
  protected drop = dropout2d;
}

/** Drops whole channels of (N, C, D, H, W) or (C, D, H, W). Follows `torch.nn.Dropout3d`. */
export class Dropout3d extends DropoutBase {
  protected drop = dropout3d;
}

/** Dropout that keeps the mean and variance of what SELU gives. Follows `torch.nn.AlphaDropout`. */
export class AlphaDropout extends DropoutBase {
  protected drop = alphaDropout;
}

/** {@link AlphaDropout} of whole channels. Follows `torch.nn.FeatureAlphaDropout`. */
export class FeatureAlphaDropout extends DropoutBase {
  protected drop = featureAlphaDropout;
}
