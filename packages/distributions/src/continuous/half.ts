/** Distributions of the absolute values of numbers that lie about 0, as likely on one side as on the other. */
import { type Shape, type Tensor, where } from '@kindling/core';
import type { Distribution, DistributionOptions, SampleOptions } from '../distribution.ts';
import { Parametric } from '../parametric.ts';
import { ranges, within } from '../values.ts';

/** What such have in common: `signed` makes the distribution of the numbers with their sign. */
export abstract class Half<D extends Distribution> extends Parametric<'scale'> {
  override readonly hasRsample = true;
  /** The scale of the numbers with their sign. */
  readonly scale: Tensor;
  /** The numbers with their sign. */
  readonly baseDist: D;

  constructor(
    scale: Tensor | number,
    options: DistributionOptions,
    args: ArrayLike<unknown>,
    signed: (scale: Tensor) => D,
  ) {
    super({ scale }, { scale: ranges.positive }, options, args);
    this.scale = this.parameters.scale;
    this.baseDist = signed(this.scale);
  }

  override get mode(): Tensor {
    return this.scale.mul(0).detach();
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    return this.baseDist.rsample(sampleShape, options).abs();
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    return within(caller, 'value', value, ranges.nonNegative);
  }

  protected override logDensity(value: Tensor): Tensor {
    const density = this.baseDist.logProb(value).add(Math.log(2));
    return where(value.ge(0), density, Number.NEGATIVE_INFINITY);
  }

  protected override entropyOf(): Tensor {
    return this.baseDist.entropy().sub(Math.log(2));
  }

  protected override cdfOf(value: Tensor): Tensor {
    return this.baseDist.cdf(value).mul(2).sub(1);
  }

  protected override icdfOf(value: Tensor): Tensor {
    return this.baseDist.icdf(value.add(1).div(2));
  }
}
