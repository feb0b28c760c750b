import { empty, type Shape, type Tensor } from '@kindling/core';
import type { DistributionOptions, SampleOptions } from '../distribution.ts';
import { Parametric } from '../parametric.ts';
import { ranges, within } from '../values.ts';

/**
 * How long it takes until what happens `rate` times on average happens: the density is rate exp(-rate x). Follows
 * `torch.distributions.Exponential`.
 * @throws ValueError for NaN, and for rates that are not above 0
 * @example new Exponential(2).logProb(tensor([0, 1])); // tensor([ 0.6931, -1.3069])
 */
export class Exponential extends Parametric<'rate'> {
  override readonly hasRsample = true;
  /** How often it happens. */
  readonly rate: Tensor;

  constructor(rate: Tensor | number, options: DistributionOptions = {}) {
    super({ rate }, { rate: ranges.positive }, options, arguments);
    this.rate = this.parameters.rate;
  }

  override get mean(): Tensor {
    return this.rate.reciprocal();
  }

  override get mode(): Tensor {
    return this.rate.mul(0).detach();
  }

  override get stddev(): Tensor {
    return this.rate.reciprocal();
  }

  override get variance(): Tensor {
    return this.rate.pow(-2);
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    const noise = empty(this.extended(sampleShape), { dtype: this.rate.dtype });
    return noise.exponential_(1, options).div(this.rate);
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    return within(caller, 'value', value, ranges.nonNegative);
  }

  protected override logDensity(value: Tensor): Tensor {
    return this.rate.log().sub(this.rate.mul(value));
  }

  protected override entropyOf(): Tensor {
    return this.rate.log().neg().add(1);
  }

  protected override cdfOf(value: Tensor): Tensor {
    return this.rate.neg().mul(value).exp().rsub(1);
  }

  protected override icdfOf(value: Tensor): Tensor {
    return value.neg().log1p().neg().div(this.rate);
  }
}
