import { finfo, rand, type Shape, type Tensor } from '@kindling/core';
import type { SampleOptions } from '../distribution.ts';
import { eulerGamma } from '../values.ts';
import { LocationScale } from './location-scale.ts';

/**
 * The density exp(y - exp(y)) / scale with y = (loc - x) / scale: how the largest of many numbers is distributed.
 * Follows `torch.distributions.Gumbel`.
 * @throws ValueError for NaN, and for scales that are not above 0
 * @example new Gumbel(0, 1).mean; // tensor(0.5772)
 */
export class Gumbel extends LocationScale {
  override get mean(): Tensor {
    return this.loc.add(this.scale.mul(eulerGamma));
  }

  override get stddev(): Tensor {
    return this.scale.mul(Math.PI / Math.sqrt(6));
  }

  override get variance(): Tensor {
    return this.stddev.pow(2);
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    const { dtype } = this.loc;
    const { tiny, eps } = finfo(dtype);
    const u = rand(this.extended(sampleShape), { dtype, ...options })
      .mul(1 - eps - tiny)
      .add(tiny);
    return this.loc.sub(this.scale.mul(u.log().neg().log()));
  }

  protected override logDensity(value: Tensor): Tensor {
    const y = this.loc.sub(value).div(this.scale);
    return y.sub(y.exp()).sub(this.scale.log());
  }

  protected override entropyOf(): Tensor {
    return this.scale.log().add(1 + eulerGamma);
  }

  protected override cdfOf(value: Tensor): Tensor {
    return this.loc.sub(value).div(this.scale).exp().neg().exp();
  }

  protected override icdfOf(value: Tensor): Tensor {
    return this.loc.sub(this.scale.mul(value.log().neg().log()));
  }
}
