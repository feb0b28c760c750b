/** Distributions that are one of them, moved and stretched. */
import { checkArguments, K, type Shape, type Tensor } from '@kindling/core';
import { Distribution, type DistributionOptions, distributionOptions } from '../distribution.ts';
import { broadcastFloats, ranges, within } from '../values.ts';

const takes = { loc: K.tensorOrNumber, scale: K.tensorOrNumber, options: distributionOptions };

/** Its class is called with `loc` and `scale`. */
type LocationScaleClass = new (loc: Tensor, scale: Tensor, options: DistributionOptions) => LocationScale;

/** A distribution with a location, real, and a scale above 0. */
export abstract class LocationScale extends Distribution {
  /** The location. */
  readonly loc: Tensor;
  /** The scale. */
  readonly scale: Tensor;

  constructor(loc: Tensor | number, scale: Tensor | number, options: DistributionOptions = {}) {
    checkArguments(new.target.name, takes, arguments);
    const [location, stretch] = broadcastFloats(loc, scale) as [Tensor, Tensor];
    super(location.shape, [], options);
    this.loc = this.parameter('loc', location, ranges.real);
    this.scale = this.parameter('scale', stretch, ranges.positive);
  }

  override get hasRsample(): boolean {
    return true;
  }

  override get mean(): Tensor {
    return this.loc;
  }

  override get mode(): Tensor {
    return this.loc;
  }

  protected override printed(): Readonly<Record<string, Tensor>> {
    return { loc: this.loc, scale: this.scale };
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    return within(caller, 'value', value, ranges.real);
  }

  protected override expanded(batchShape: Shape): Distribution {
    const Class = this.constructor as LocationScaleClass;
    return new Class(this.loc.expand(batchShape), this.scale.expand(batchShape), {
      validateArgs: this.validates,
    });
  }
}
