import { full, type Generator, getDefaultDtype, type Tensor, ValueError } from '@kindling/core';
import type { InplaceOptions } from '../functional/elementwise.ts';
import {
  type AlphaInplaceOptions,
  celu,
  elu,
  type HardtanhOptions,
  hardtanh,
  type LeakyReluOptions,
  leakyRelu,
  prelu,
  relu,
  relu6,
  rrelu,
  selu,
  threshold,
} from '../functional/rectifiers.ts';
import type { LayerOptions } from '../layers/factory.ts';
import { Module } from '../module/module.ts';
import { Parameter } from '../module/parameter.ts';
import { inplaceSuffix, pyFloat, pyNumber } from '../module/print.ts';
import { InplaceActivation } from './activation.ts';

/** max(x, 0). Follows `torch.nn.ReLU`. */
export class ReLU extends InplaceActivation {
  override forward(x: Tensor): Tensor {
    return relu(x, this);
  }
}

/** x clamped to [minVal, maxVal]. Follows `torch.nn.Hardtanh`. */
export class Hardtanh extends Module<[Tensor], Tensor> {
  readonly minVal: number;
  readonly maxVal: number;
  inplace: boolean;

  constructor(options: HardtanhOptions = {}) {
    super();
    const { minVal = -1, maxVal = 1, inplace = false } = options;
    if (!(maxVal > minVal)) {
      throw new ValueError(`Hardtanh: max_val (${maxVal}) must be greater than min_val (${minVal})`);
    }
    this.minVal = minVal;
    this.maxVal = maxVal;
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    return hardtanh(x, this);
  }

  override extraRepr(): string {
    return `min_val=${pyFloat(this.minVal)}, max_val=${pyFloat(this.maxVal)}${inplaceSuffix(this.inplace)}`;
  }
}

/** min(max(x, 0), 6). Follows `torch.nn.ReLU6`. */
export class ReLU6 extends InplaceActivation {
  override forward(x: Tensor): Tensor {
    return relu6(x, this);
  }
}

/** x where positive, negativeSlope * x elsewhere. Follows `torch.nn.LeakyReLU`. */
export class LeakyReLU extends Module<[Tensor], Tensor> {
  readonly negativeSlope: number;
  inplace: boolean;

  constructor(options: LeakyReluOptions = {}) {
    super();
    this.negativeSlope = options.negativeSlope ?? 0.01;
    this.inplace = options.inplace ?? false;
  }

  override forward(x: Tensor): Tensor {
    return leakyRelu(x, this);
  }

  override extraRepr(): string {
    return `negative_slope=${pyFloat(this.negativeSlope)}${inplaceSuffix(this.inplace)}`;
  }
}

/** Options of {@link PReLU}. */
export interface PReLUOptions extends LayerOptions {
  /** 1, or the number of channels. Default: 1. */
  readonly numParameters?: number;
  /** Where the slopes start. Default: 0.25. */
  readonly init?: number;
}

/**
 * x where positive, weight * x elsewhere; `weight` (numParameters,) is learned, one for all or one for each channel
 * (dimension 1 of x). Follows `torch.nn.PReLU`.
 */
export class PReLU extends Module<[Tensor], Tensor> {
  readonly numParameters: number;
  readonly init: number;
  weight: Parameter;

  constructor(options: PReLUOptions = {}) {
    super();
    const { numParameters = 1, init = 0.25, dtype = getDefaultDtype() } = options;
    this.numParameters = numParameters;
    this.init = init;
    this.weight = new Parameter(full([numParameters], init, { dtype }));
  }

  override forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}

/** Options of {@link RReLU}. */
export interface RReLUOptions extends InplaceOptions {
  /** Default: 1/8. */
  readonly lower?: number;
  /** Default: 1/3. */
  readonly upper?: number;
  readonly generator?: Generator;
}

/**
 * Leaky ReLU whose slope is, in training, drawn anew for each non-positive element from [lower, upper), and their mean
 * otherwise. Follows `torch.nn.RReLU`, with its random numbers.
 */
export class RReLU extends Module<[Tensor], Tensor> {
  readonly lower: number;
  readonly upper: number;
  inplace: boolean;
  readonly #generator: Generator | undefined;

  constructor(options: RReLUOptions = {}) {
    super();
    this.lower = options.lower ?? 1 / 8;
    this.upper = options.upper ?? 1 / 3;
    this.inplace = options.inplace ?? false;
    this.#generator = options.generator;
  }

  override forward(x: Tensor): Tensor {
    const { lower, upper, inplace, training } = this;
    const generator = this.#generator;
    return rrelu(x, { lower, upper, inplace, training, ...(generator === undefined ? {} : { generator }) });
  }

  override extraRepr(): string {
    return `lower=${pyFloat(this.lower)}, upper=${pyFloat(this.upper)}${inplaceSuffix(this.inplace)}`;
  }
}

/** What {@link ELU} and {@link CELU} share. */
abstract class AlphaActivation extends Module<[Tensor], Tensor> {
  readonly alpha: number;
  inplace: boolean;

  constructor(options: AlphaInplaceOptions = {}) {
    super();
    this.alpha = options.alpha ?? 1;
    this.inplace = options.inplace ?? false;
  }

  override extraRepr(): string {
    return `alpha=${pyFloat(this.alpha)}${inplaceSuffix(this.inplace)}`;
  }
}

/** x where positive, alpha * (e^x - 1) elsewhere. Follows `torch.nn.ELU`. */
export class ELU extends AlphaActivation {
  override forward(x: Tensor): Tensor {
    return elu(x, this);
  }
}

/** max(0, x) + min(0, alpha * (e^(x / alpha) - 1)). Follows `torch.nn.CELU`. */
export class CELU extends AlphaActivation {
  override forward(x: Tensor): Tensor {
    return celu(x, this);
  }
}

/** ELU scaled to keep mean 0 and variance 1. Follows `torch.nn.SELU`. */
export class SELU extends InplaceActivation {
  override forward(x: Tensor): Tensor {
    return selu(x, this);
  }
}

/** x where above `threshold`, `value` elsewhere. Follows `torch.nn.Threshold`. */
export class Threshold extends Module<[Tensor], Tensor> {
  readonly threshold: number;
  readonly value: number;
  inplace: boolean;

  constructor(limit: number, value: number, options: InplaceOptions = {}) {
    super();
    this.threshold = limit;
    this.value = value;
    this.inplace = options.inplace ?? false;
  }

  override forward(x: Tensor): Tensor {
    return threshold(x, this.threshold, this.value, this);
  }

  override extraRepr(): string {
    return `threshold=${pyNumber(this.threshold)}, value=${pyNumber(this.value)}${inplaceSuffix(this.inplace)}`;
  }
}
