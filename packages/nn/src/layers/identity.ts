import type { Tensor } from '@kindling/core';
import { Module } from '../module/module.ts';

/** Returns its input; any arguments of the constructor are ignored. Follows `torch.nn.Identity`. */
export class Identity extends Module<[Tensor], Tensor> {
  constructor(..._ignored: unknown[]) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return x;
  }
}
