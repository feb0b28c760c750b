import type { Tensor } from '@kindling/core';
import { Loss, type LossModuleOptions } from './loss.ts';

/** Options of the losses that weight classes or elements. */
export interface WeightedOptions extends LossModuleOptions {
  readonly weight?: Tensor | null;
}

/** A loss with a `weight`, which is a buffer: it is saved with the state dict. Follows `torch.nn.modules.loss._WeightedLoss`. */
export class WeightedLoss<I extends unknown[] = [input: Tensor, target: Tensor]> extends Loss<I> {
  weight: Tensor | null;

  constructor(options: WeightedOptions = {}) {
    super(options);
    this.weight = this.registerBuffer('weight', options.weight ?? null);
  }
}
