/** Distributions that are one of them, moved and stretched. */
import type { Tensor } from '@kindling/core';
import type { DistributionOptions } from '../distribution.ts';
import { Parametric } from '../parametric.ts';
import { ranges, within } from '../values.ts';

/** A distribution with a location, real, and a scale above 0. */
export abstract class LocationScale extends Parametric<'loc' | 'scale'> {
  override readonly hasRsample = true;
  /** The location. */
  readonly loc: Tensor;
  /** The scale. */
  readonly scale: Tensor;

  constructor(loc: Tensor | number, scale: Tensor | number, options: DistributionOptions = {}) {
    super({ loc, scale }, { loc: ranges.real, scale: ranges.positive }, options, arguments);
    this.loc = this.parameters.loc;
    this.scale = this.parameters.scale;
  }

  override get mean(): Tensor {
    return this.loc;
  }

  override get mode(): Tensor {
    return this.loc;
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    return within(caller, 'value', value, ranges.real);
  }
}
