import { broadcastTensors, poisson, type Shape, type Tensor, xlogy } from '@kindling/core';
import type { DistributionOptions, SampleOptions } from '../distribution.ts';
import { Parametric } from '../parametric.ts';
import { ranges, wholeWithin } from '../values.ts';

/**
 * How often something happens that happens `rate` times on average. Follows `torch.distributions.Poisson`.
 * @throws ValueError for NaN, and for rates below 0
 * @example new Poisson(4).logProb(tensor([2, 4])); // tensor([-1.9206, -1.6329])
 */
export class Poisson extends Parametric<'rate'> {
  /** How often it happens. */
  readonly rate: Tensor;

  constructor(rate: Tensor | number, options: DistributionOptions = {}) {
    super({ rate }, { rate: ranges.nonNegative }, options, arguments);
    this.rate = this.parameters.rate;
  }

  override get mean(): Tensor {
    return this.rate;
  }

  override get mode(): Tensor {
    return this.rate.floor();
  }

  override get variance(): Tensor {
    return this.rate;
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    return poisson(this.rate.expand(this.extended(sampleShape)), options);
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    const whole = { ...ranges.nonNegative, expected: 'whole numbers >= 0' };
    return wholeWithin(caller, 'value', value, whole);
  }

  protected override logDensity(of: Tensor): Tensor {
    const [rate, value] = broadcastTensors(this.rate, of) as [Tensor, Tensor];
    return xlogy(value, rate).sub(rate).sub(value.add(1).lgamma());
  }
}
