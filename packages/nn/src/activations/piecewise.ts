import type { Tensor } from '@kindling/core';
import {
  hardshrink,
  hardsigmoid,
  hardswish,
  type ShrinkOptions,
  softshrink,
} from '../functional/piecewise.ts';
import { Module } from '../module/module.ts';
import { pyFloat } from '../module/print.ts';
import { InplaceActivation } from './activation.ts';

/** A sigmoid of three lines: 0 up to -3, 1 from 3 on. Follows `torch.nn.Hardsigmoid`. */
export class Hardsigmoid extends InplaceActivation {
  override forward(x: Tensor): Tensor {
    return hardsigmoid(x, this);
  }

  /** PyTorch prints no option here. */
  override extraRepr(): string {
    return '';
  }
}

/** x * hardsigmoid(x). Follows `torch.nn.Hardswish`. */
export class Hardswish extends InplaceActivation {
  override forward(x: Tensor): Tensor {
    return hardswish(x, this);
  }

  /** PyTorch prints no option here. */
  override extraRepr(): string {
    return '';
  }
}

/** What {@link Hardshrink} and {@link Softshrink} share. */
abstract class Shrink extends Module<[Tensor], Tensor> {
  readonly lambd: number;

  constructor(options: ShrinkOptions = {}) {
    super();
    this.lambd = options.lambd ?? 0.5;
  }

  override extraRepr(): string {
    return pyFloat(this.lambd);
  }
}

/** x outside [-lambd, lambd], 0 within. Follows `torch.nn.Hardshrink`. */
export class Hardshrink extends Shrink {
  override forward(x: Tensor): Tensor {
    return hardshrink(x, this);
  }
}

/** x moved towards 0 by lambd, 0 within [-lambd, lambd]. Follows `torch.nn.Softshrink`. */
export class Softshrink extends Shrink {
  override forward(x: Tensor): Tensor {
    return softshrink(x, this);
  }
}
