import { rand, type Shape, type Tensor } from '@kindling/core';
import type { DistributionOptions, SampleOptions } from '../distribution.ts';
import { Parametric } from '../parametric.ts';
import { ranges, within } from '../values.ts';

/**
 * Numbers in [low, high), each as likely as any other. Follows `torch.distributions.Uniform`.
 * @throws ValueError unless low < high
 * @example new Uniform(0, tensor([2, 4])).entropy(); // tensor([0.6931, 1.3863])
 */
export class Uniform extends Parametric<'low' | 'high'> {
  override readonly hasRsample = true;
  /** The least number. */
  readonly low: Tensor;
  /** Where numbers end. */
  readonly high: Tensor;

  constructor(low: Tensor | number, high: Tensor | number, options: DistributionOptions = {}) {
    super({ low, high }, { low: ranges.real, high: ranges.real }, options, arguments);
    const { low: least, high: most } = this.parameters;
    const above = { ...ranges.positive, expected: 'numbers greater than low' };
    this.low = least;
    this.high = this.validates ? within(new.target.name, 'high', most, above, most.sub(least)) : most;
  }

  override get mean(): Tensor {
    return this.high.add(this.low).div(2);
  }

  override get mode(): Tensor {
    return this.high.mul(Number.NaN);
  }

  override get stddev(): Tensor {
    return this.high.sub(this.low).div(Math.sqrt(12));
  }

  override get variance(): Tensor {
    return this.high.sub(this.low).pow(2).div(12);
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    const share = rand(this.extended(sampleShape), { dtype: this.low.dtype, ...options });
    return this.low.add(share.mul(this.high.sub(this.low)));
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    const inside = { ...ranges.nonNegative, expected: 'numbers between low and high' };
    const above = within(caller, 'value', value, inside, value.sub(this.low));
    return within(caller, 'value', above, inside, this.high.sub(above));
  }

  protected override logDensity(value: Tensor): Tensor {
    const { low, high } = this;
    const inside = low.le(value).to(low.dtype).mul(high.gt(value).to(low.dtype));
    return inside.log().sub(high.sub(low).log());
  }

  protected override entropyOf(): Tensor {
    return this.high.sub(this.low).log();
  }

  protected override cdfOf(value: Tensor): Tensor {
    return value.sub(this.low).div(this.high.sub(this.low)).clamp({ min: 0, max: 1 });
  }

  protected override icdfOf(value: Tensor): Tensor {
    return value.mul(this.high.sub(this.low)).add(this.low);
  }
}
