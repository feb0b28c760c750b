import { empty, finfo, type Shape, type Tensor } from '@kindling/core';
import type { SampleOptions } from '../distribution.ts';
import { LocationScale } from './location-scale.ts';

/**
 * The density exp(-|x - loc| / scale) / (2 scale). Follows `torch.distributions.Laplace`.
 * @throws ValueError for NaN, and for scales that are not above 0
 * @example new Laplace(0, 1).logProb(tensor([-1, 0, 1])); // tensor([-1.6931, -0.6931, -1.6931])
 */
export class Laplace extends LocationScale {
  override get variance(): Tensor {
    return this.scale.pow(2).mul(2);
  }

  override get stddev(): Tensor {
    return this.scale.mul(Math.SQRT2);
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    const { dtype } = this.loc;
    const u = empty(this.extended(sampleShape), { dtype });
    u.uniform_(finfo(dtype).eps - 1, 1, options);
    return this.loc.sub(this.scale.mul(u.sign()).mul(u.abs().neg().log1p()));
  }

  protected override logDensity(value: Tensor): Tensor {
    return this.scale.mul(2).log().neg().sub(value.sub(this.loc).abs().div(this.scale));
  }

  protected override entropyOf(): Tensor {
    return this.scale.mul(2).log().add(1);
  }

  protected override cdfOf(value: Tensor): Tensor {
    const away = value.sub(this.loc);
    return away.sign().mul(0.5).mul(away.abs().neg().div(this.scale).expm1()).rsub(0.5);
  }

  protected override icdfOf(value: Tensor): Tensor {
    const term = value.sub(0.5);
    return this.loc.sub(this.scale.mul(term.sign()).mul(term.abs().mul(-2).log1p()));
  }
}
