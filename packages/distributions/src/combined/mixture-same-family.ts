import { broadcastShapes, checkArguments, K, type Shape, ShapeError, type Tensor } from '@kindling/core';
import { Categorical } from '../discrete/index.ts';
import {
  Distribution,
  type DistributionOptions,
  distributionOptions,
  type SampleOptions,
} from '../distribution.ts';

const takes = {
  mixtureDistribution: K.instanceOf(Categorical),
  componentDistribution: K.instanceOf(Distribution),
  options: distributionOptions,
};

/**
 * A mixture: `mixtureDistribution` says how probable each component is, and the last dimension of the batch of
 * `componentDistribution` counts them. Follows `torch.distributions.MixtureSameFamily`.
 * @throws ShapeError where there are not as many of the one as of the other
 * @example
 * ```ts
 * const mixture = new MixtureSameFamily(
 *   new Categorical({ probs: tensor([0.25, 0.75]) }),
 *   new Normal(tensor([-1, 1]), 0.5),
 * );
 * mixture.mean; // tensor(0.5000)
 * mixture.logProb(0); // tensor(-2.2258)
 * ```
 */
export class MixtureSameFamily<D extends Distribution = Distribution> extends Distribution {
  /** How probable components are. */
  readonly mixtureDistribution: Categorical;
  /** The components. */
  readonly componentDistribution: D;

  constructor(mixtureDistribution: Categorical, componentDistribution: D, options: DistributionOptions = {}) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    const { batchShape, eventShape } = componentDistribution;
    const components = batchShape.at(-1);
    if (components !== mixtureDistribution.numEvents)
      throw new ShapeError(
        `${name}: the mixture is of ${mixtureDistribution.numEvents} components, but componentDistribution has batchShape [${batchShape.join(', ')}]: its last size counts them`,
      );
    const outer = batchShape.slice(0, -1);
    broadcastShapes(mixtureDistribution.batchShape, outer);
    super(outer, eventShape, options);
    this.mixtureDistribution = mixtureDistribution;
    this.componentDistribution = componentDistribution;
  }

  override get mean(): Tensor {
    return this.over(this.componentDistribution.mean);
  }

  override get mode(): Tensor {
    return this.mean.mul(Number.NaN);
  }

  override get variance(): Tensor {
    const { mean, variance } = this.componentDistribution;
    return this.over(variance).add(this.over(mean.sub(this.spread(this.mean)).pow(2)));
  }

  override toString(): string {
    return `${this.constructor.name}(\n  ${this.mixtureDistribution},\n  ${this.componentDistribution})`;
  }

  /** With a dimension for the components. */
  private spread(x: Tensor): Tensor {
    return x.unsqueeze(-1 - this.eventShape.length);
  }

  /** The average of what each component has. */
  private over(x: Tensor): Tensor {
    const { probs } = this.mixtureDistribution;
    const sides = this.eventShape.map(() => 1);
    return probs
      .reshape([...probs.shape, ...sides])
      .mul(x)
      .sum(-1 - sides.length);
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    const component = this.mixtureDistribution.sample(sampleShape, options);
    const all = this.componentDistribution.sample(sampleShape, options);
    const dim = sampleShape.length + this.batchShape.length;
    const sides = this.eventShape.map(() => 1);
    const at = component
      .reshape([...component.shape, 1, ...sides])
      .expand([...sampleShape, ...this.batchShape, 1, ...this.eventShape]);
    return all.gather(dim, at).squeeze(dim);
  }

  protected override supported(_caller: string, value: Tensor): Tensor {
    return value;
  }

  protected override logDensity(value: Tensor): Tensor {
    const density = this.componentDistribution.logProb(this.spread(value));
    return density.add(this.mixtureDistribution.logits.logSoftmax(-1)).logsumexp(-1);
  }

  protected override cdfOf(value: Tensor): Tensor {
    return this.over(this.componentDistribution.cdf(this.spread(value)));
  }

  protected override expanded(batchShape: Shape): Distribution {
    const { mixtureDistribution: mixture, componentDistribution: component } = this;
    return new MixtureSameFamily(
      mixture.expand(batchShape),
      component.expand([...batchShape, mixture.numEvents]),
    );
  }
}
