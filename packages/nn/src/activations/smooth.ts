import type { Tensor } from '@kindling/core';
import {
  type GeluOptions,
  gelu,
  logSigmoid,
  mish,
  type SoftplusOptions,
  sigmoid,
  silu,
  softplus,
  softsign,
  tanh,
  tanhshrink,
} from '../functional/smooth.ts';
import { Module } from '../module/module.ts';
import { pyFloat } from '../module/print.ts';
import { InplaceActivation } from './activation.ts';

/** 1 / (1 + e^-x). Follows `torch.nn.Sigmoid`. */
export class Sigmoid extends Module<[Tensor], Tensor> {
  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** log(sigmoid(x)), exact for large |x| too. Follows `torch.nn.LogSigmoid`. */
export class LogSigmoid extends Module<[Tensor], Tensor> {
  override forward(x: Tensor): Tensor {
    return logSigmoid(x);
  }
}

/** The hyperbolic tangent. Follows `torch.nn.Tanh`. */
export class Tanh extends Module<[Tensor], Tensor> {
  override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** x - tanh(x). Follows `torch.nn.Tanhshrink`. */
export class Tanhshrink extends Module<[Tensor], Tensor> {
  override forward(x: Tensor): Tensor {
    return tanhshrink(x);
  }
}

/** x / (1 + |x|). Follows `torch.nn.Softsign`. */
export class Softsign extends Module<[Tensor], Tensor> {
  override forward(x: Tensor): Tensor {
    return softsign(x);
  }
}

/** x * sigmoid(x), also called swish. Follows `torch.nn.SiLU`. */
export class SiLU extends InplaceActivation {
  override forward(x: Tensor): Tensor {
    return silu(x, this);
  }
}

/** x * tanh(softplus(x)). Follows `torch.nn.Mish`. */
export class Mish extends InplaceActivation {
  override forward(x: Tensor): Tensor {
    return mish(x, this);
  }
}

/** x * Phi(x), exact or by the tanh approximation. Follows `torch.nn.GELU`. */
export class GELU extends Module<[Tensor], Tensor> {
  readonly approximate: 'none' | 'tanh';

  constructor(options: GeluOptions = {}) {
    super();
    this.approximate = options.approximate ?? 'none';
  }

  override forward(x: Tensor): Tensor {
    return gelu(x, this);
  }

  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/** log(1 + e^(beta x)) / beta; x itself where beta * x is above `threshold`. Follows `torch.nn.Softplus`. */
export class Softplus extends Module<[Tensor], Tensor> {
  readonly beta: number;
  readonly threshold: number;

  constructor(options: SoftplusOptions = {}) {
    super();
    this.beta = options.beta ?? 1;
    this.threshold = options.threshold ?? 20;
  }

  override forward(x: Tensor): Tensor {
    return softplus(x, this);
  }

  override extraRepr(): string {
    return `beta=${pyFloat(this.beta)}, threshold=${pyFloat(this.threshold)}`;
  }
}
