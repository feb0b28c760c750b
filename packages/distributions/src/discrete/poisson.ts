import { broadcastTensors, checkArguments, K, poisson, type Shape, type Tensor, xlogy } from '@kindling/core';
import {
  Distribution,
  type DistributionOptions,
  distributionOptions,
  type SampleOptions,
} from '../distribution.ts';
import { broadcastFloats, ranges, wholeWithin } from '../values.ts';

/**
 * How often something happens that happens `rate` times on average. Follows `torch.distributions.Poisson`.
 * @throws ValueError for NaN, and for rates below 0
 * @example new Poisson(4).logProb(tensor([2, 4])); // tensor([-1.9206, -1.6329])
 */
export class Poisson extends Distribution {
  /** How often it happens. */
  readonly rate: Tensor;

  constructor(rate: Tensor | number, options: DistributionOptions = {}) {
    checkArguments(new.target.name, { rate: K.tensorOrNumber, options: distributionOptions }, arguments);
    const [often] = broadcastFloats(rate) as [Tensor];
    super(often.shape, [], options);
    this.rate = this.parameter('rate', often, ranges.nonNegative);
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

  protected override printed() {
    return { rate: this.rate };
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

  protected override expanded(batchShape: Shape): Distribution {
    return new Poisson(this.rate.expand(batchShape), { validateArgs: this.validates });
  }
}
