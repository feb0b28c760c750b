import { empty, type Shape, type Tensor } from '@kindling/core';
import type { DistributionOptions, SampleOptions } from '../distribution.ts';
import { Parametric } from '../parametric.ts';
import { eulerGamma, ranges, within } from '../values.ts';

/**
 * How long something lasts of which the failures grow rarer (`concentration` below 1) or more frequent with time: the
 * share of what is at most x is 1 - exp(-(x / scale)^concentration). Follows `torch.distributions.Weibull`.
 * @throws ValueError for NaN, and for parameters that are not above 0
 * @example new Weibull(1, 2).logProb(tensor([0.5, 1])); // tensor([-0.2500, -0.3069])
 */
export class Weibull extends Parametric<'scale' | 'concentration'> {
  override readonly hasRsample = true;
  /** What 63 of 100 do not outlast. */
  readonly scale: Tensor;
  /** The shape. */
  readonly concentration: Tensor;

  constructor(scale: Tensor | number, concentration: Tensor | number, options: DistributionOptions = {}) {
    const bounds = { scale: ranges.positive, concentration: ranges.positive };
    super({ scale, concentration }, bounds, options, arguments);
    this.scale = this.parameters.scale;
    this.concentration = this.parameters.concentration;
  }

  override get mean(): Tensor {
    return this.scale.mul(this.#gamma(1));
  }

  /** The most probable value, by a form that holds for concentrations above 1. */
  override get mode(): Tensor {
    const { scale, concentration } = this;
    return scale.mul(concentration.sub(1).div(concentration).pow(concentration.reciprocal()));
  }

  override get variance(): Tensor {
    return this.scale.pow(2).mul(this.#gamma(2).sub(this.#gamma(1).pow(2)));
  }

  /** The gamma function of 1 + n / concentration. */
  #gamma(n: number): Tensor {
    return this.concentration.reciprocal().mul(n).add(1).lgamma().exp();
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    const noise = empty(this.extended(sampleShape), { dtype: this.scale.dtype }).exponential_(1, options);
    return this.scale.mul(noise.pow(this.concentration.reciprocal()));
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    return within(caller, 'value', value, ranges.positive);
  }

  protected override logDensity(value: Tensor): Tensor {
    const { scale, concentration } = this;
    const share = value.div(scale);
    const slope = concentration.sub(1).mul(share.log());
    return concentration.log().sub(scale.log()).add(slope).sub(share.pow(concentration));
  }

  protected override entropyOf(): Tensor {
    const { scale, concentration } = this;
    return concentration.reciprocal().rsub(1).mul(eulerGamma).add(scale.div(concentration).log()).add(1);
  }

  protected override cdfOf(value: Tensor): Tensor {
    return value.div(this.scale).pow(this.concentration).neg().exp().rsub(1);
  }

  protected override icdfOf(value: Tensor): Tensor {
    return value.neg().log1p().neg().pow(this.concentration.reciprocal()).mul(this.scale);
  }
}
