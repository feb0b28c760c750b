import { refuseExcess, type Shape, type Tensor } from '@kindling/core';
import type { DistributionOptions, SampleOptions } from '../distribution.ts';
import { ranges, within } from '../values.ts';
import { LocationScale } from './location-scale.ts';
import { Normal } from './normal.ts';

/**
 * Numbers whose logarithm is normal, of mean `loc` and standard deviation `scale`. Follows
 * `torch.distributions.LogNormal`.
 * @throws ValueError for NaN, and for scales that are not above 0
 * @example new LogNormal(0, 1).mean; // tensor(1.6487)
 */
export class LogNormal extends LocationScale {
  /** The distribution of the logarithm. */
  readonly baseDist: Normal;

  constructor(loc: Tensor | number, scale: Tensor | number, options: DistributionOptions = {}) {
    if (arguments.length > 3) refuseExcess(new.target.name, ['loc', 'scale', 'options'], arguments);
    super(loc, scale, options);
    this.baseDist = new Normal(this.loc, this.scale, { validateArgs: false });
  }

  override get mean(): Tensor {
    return this.loc.add(this.scale.pow(2).div(2)).exp();
  }

  override get mode(): Tensor {
    return this.loc.sub(this.scale.square()).exp();
  }

  override get variance(): Tensor {
    const square = this.scale.pow(2);
    return square.expm1().mul(this.loc.mul(2).add(square).exp());
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    return within(caller, 'value', value, ranges.positive);
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    return this.baseDist.rsample(sampleShape, options).exp();
  }

  protected override logDensity(value: Tensor): Tensor {
    const logarithm = value.log();
    return this.baseDist.logProb(logarithm).sub(logarithm);
  }

  protected override entropyOf(): Tensor {
    return this.baseDist.entropy().add(this.loc);
  }

  protected override cdfOf(value: Tensor): Tensor {
    return this.baseDist.cdf(value.log());
  }

  protected override icdfOf(value: Tensor): Tensor {
    return this.baseDist.icdf(value).exp();
  }
}
