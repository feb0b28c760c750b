import { empty, type Shape, type Tensor } from '@kindling/core';
import type { DistributionOptions, SampleOptions } from '../distribution.ts';
import { Parametric } from '../parametric.ts';
import { ranges, within } from '../values.ts';

/**
 * Numbers from `scale` on, few of which are large: the share of what is above x is (scale / x)^alpha. Follows
 * `torch.distributions.Pareto`.
 * @throws ValueError for NaN, and for parameters that are not above 0
 * @example new Pareto(1, tensor([2, 3])).logProb(2); // tensor([-1.3863, -1.6740])
 */
export class Pareto extends Parametric<'scale' | 'alpha'> {
  override readonly hasRsample = true;
  /** The least number. */
  readonly scale: Tensor;
  /** How fast they grow rare. */
  readonly alpha: Tensor;

  constructor(scale: Tensor | number, alpha: Tensor | number, options: DistributionOptions = {}) {
    super({ scale, alpha }, { scale: ranges.positive, alpha: ranges.positive }, options, arguments);
    this.scale = this.parameters.scale;
    this.alpha = this.parameters.alpha;
  }

  /** The mean, infinite for an `alpha` up to 1. */
  override get mean(): Tensor {
    const alpha = this.alpha.clamp({ min: 1 });
    return alpha.mul(this.scale).div(alpha.sub(1));
  }

  override get mode(): Tensor {
    return this.scale;
  }

  /** The variance, infinite for an `alpha` up to 2. */
  override get variance(): Tensor {
    const alpha = this.alpha.clamp({ min: 2 });
    return this.scale
      .pow(2)
      .mul(alpha)
      .div(alpha.sub(1).pow(2).mul(alpha.sub(2)));
  }

  protected override printed(): Readonly<Record<string, Tensor>> {
    return { alpha: this.alpha, scale: this.scale };
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    const noise = empty(this.extended(sampleShape), { dtype: this.scale.dtype }).exponential_(1, options);
    return this.scale.mul(noise.div(this.alpha).exp());
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    const above = { ...ranges.nonNegative, expected: 'numbers from scale on' };
    return within(caller, 'value', value, above, value.sub(this.scale));
  }

  protected override logDensity(value: Tensor): Tensor {
    const { scale, alpha } = this;
    return alpha
      .log()
      .sub(alpha.mul(value.div(scale).log()))
      .sub(value.log());
  }

  protected override entropyOf(): Tensor {
    return this.scale.div(this.alpha).log().add(this.alpha.reciprocal()).add(1);
  }

  protected override cdfOf(value: Tensor): Tensor {
    return value.div(this.scale).pow(this.alpha.neg()).rsub(1);
  }

  protected override icdfOf(value: Tensor): Tensor {
    return value.neg().log1p().neg().div(this.alpha).exp().mul(this.scale);
  }
}
