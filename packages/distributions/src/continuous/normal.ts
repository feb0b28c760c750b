import { erf, erfinv, randn, type Shape, type Tensor } from '@kindling/core';
import type { DistributionOptions, SampleOptions } from '../distribution.ts';
import { Half } from './half.ts';
import { LocationScale } from './location-scale.ts';

const logRootOfTwoPi = Math.log(Math.sqrt(2 * Math.PI));

/**
 * The normal distribution of mean `loc` and standard deviation `scale`, which broadcast: the density is
 * exp(-(x - loc)^2 / (2 scale^2)) / (scale sqrt(2 pi)). Follows `torch.distributions.Normal`.
 * @throws ValueError for NaN, and for scales that are not above 0
 * @example
 * ```ts
 * const mu = tensor([0.5, 1], { requiresGrad: true });
 * // mu and noise, 0.1 of it:
 * const z = new Normal(mu, 0.1).rsample();
 * z.sum().backward();
 * mu.grad; // tensor([1., 1.])
 * ```
 */
export class Normal extends LocationScale {
  override get stddev(): Tensor {
    return this.scale;
  }

  override get variance(): Tensor {
    return this.scale.pow(2);
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    const { dtype } = this.loc;
    const noise = randn(this.extended(sampleShape), { dtype, ...options });
    return this.loc.add(noise.mul(this.scale));
  }

  protected override logDensity(value: Tensor): Tensor {
    const { loc, scale } = this;
    const distance = value.sub(loc).pow(2).neg().div(scale.pow(2).mul(2));
    return distance.sub(scale.log()).sub(logRootOfTwoPi);
  }

  protected override entropyOf(): Tensor {
    return this.scale.log().add(0.5 + 0.5 * Math.log(2 * Math.PI));
  }

  protected override cdfOf(value: Tensor): Tensor {
    const away = value.sub(this.loc).mul(this.scale.reciprocal()).div(Math.SQRT2);
    return erf(away).add(1).mul(0.5);
  }

  protected override icdfOf(value: Tensor): Tensor {
    return this.loc.add(this.scale.mul(erfinv(value.mul(2).sub(1))).mul(Math.SQRT2));
  }
}

/**
 * The absolute values of normal numbers of mean 0 and standard deviation `scale`. Follows
 * `torch.distributions.HalfNormal`.
 * @throws ValueError for NaN, and for scales that are not above 0
 * @example new HalfNormal(1).logProb(0.5); // tensor(-0.3508)
 */
export class HalfNormal extends Half<Normal> {
  constructor(scale: Tensor | number, options: DistributionOptions = {}) {
    super(scale, options, arguments, (deviation) => new Normal(0, deviation, { validateArgs: false }));
  }

  override get mean(): Tensor {
    return this.scale.mul(Math.sqrt(2 / Math.PI));
  }

  override get variance(): Tensor {
    return this.scale.pow(2).mul(1 - 2 / Math.PI);
  }
}
