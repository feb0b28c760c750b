import { empty, fullLike, type Shape, type Tensor } from '@kindling/core';
import type { DistributionOptions, SampleOptions } from '../distribution.ts';
import { Half } from './half.ts';
import { LocationScale } from './location-scale.ts';

/**
 * The density 1 / (pi scale (1 + ((x - loc) / scale)^2)), which has no mean. Follows `torch.distributions.Cauchy`.
 * @throws ValueError for NaN, and for scales that are not above 0
 * @example new Cauchy(0, 1).cdf(1); // tensor(0.7500)
 */
export class Cauchy extends LocationScale {
  override get mean(): Tensor {
    return fullLike(this.loc, Number.NaN);
  }

  override get variance(): Tensor {
    return fullLike(this.loc, Number.POSITIVE_INFINITY);
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    const noise = empty(this.extended(sampleShape), { dtype: this.loc.dtype });
    return this.loc.add(noise.cauchy_(0, 1, options).mul(this.scale));
  }

  protected override logDensity(value: Tensor): Tensor {
    const away = value.sub(this.loc).div(this.scale);
    return this.scale.log().rsub(-Math.log(Math.PI)).sub(away.pow(2).log1p());
  }

  protected override entropyOf(): Tensor {
    return this.scale.log().add(Math.log(4 * Math.PI));
  }

  protected override cdfOf(value: Tensor): Tensor {
    return value.sub(this.loc).div(this.scale).atan().div(Math.PI).add(0.5);
  }

  protected override icdfOf(value: Tensor): Tensor {
    return value.sub(0.5).mul(Math.PI).tan().mul(this.scale).add(this.loc);
  }
}

/**
 * The absolute values of what {@link Cauchy} draws about 0. Follows `torch.distributions.HalfCauchy`.
 * @throws ValueError for NaN, and for scales that are not above 0
 * @example new HalfCauchy(1).cdf(1); // tensor(0.5000)
 */
export class HalfCauchy extends Half<Cauchy> {
  constructor(scale: Tensor | number, options: DistributionOptions = {}) {
    super(scale, options, arguments, (width) => new Cauchy(0, width, { validateArgs: false }));
  }

  override get mean(): Tensor {
    return fullLike(this.scale, Number.POSITIVE_INFINITY);
  }

  override get variance(): Tensor {
    return this.baseDist.variance;
  }
}
