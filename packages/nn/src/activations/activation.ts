import type { Tensor } from '@kindling/core';
import type { InplaceOptions } from '../functional/elementwise.ts';
import { Module } from '../module/module.ts';

/** What the activations share that can overwrite their input and have no other option. */
export abstract class InplaceActivation extends Module<[Tensor], Tensor> {
  inplace: boolean;

  constructor(options: InplaceOptions = {}) {
    super();
    this.inplace = options.inplace ?? false;
  }

  override extraRepr(): string {
    return this.inplace ? 'inplace=True' : '';
  }
}
