import { checkArguments, K, type Shape, ShapeError, type Tensor } from '@kindling/core';
import {
  Distribution,
  type DistributionOptions,
  distributionOptions,
  type SampleOptions,
} from '../distribution.ts';
import { sumRightmost } from '../values.ts';

const takes = {
  baseDistribution: K.instanceOf(Distribution),
  reinterpretedBatchNdims: K.count,
  options: distributionOptions,
};

/**
 * Several distributions as one of all their values: the last `reinterpretedBatchNdims` dimensions of the batch become
 * dimensions of the event, over which log-probabilities are summed. Follows `torch.distributions.Independent`.
 * @throws ShapeError where there are not as many dimensions
 * @example
 * ```ts
 * const diagonal = new Independent(new Normal(zeros([5, 2]), 1), 1);
 * diagonal.batchShape; // [ 5 ]
 * diagonal.logProb(zeros([5, 2])).shape; // [ 5 ]
 * ```
 */
export class Independent<D extends Distribution = Distribution> extends Distribution {
  /** The distributions that are taken together. */
  readonly baseDist: D;
  /** How many dimensions. */
  readonly reinterpretedBatchNdims: number;
  override readonly hasRsample: boolean;

  constructor(baseDistribution: D, reinterpretedBatchNdims: number, options: DistributionOptions = {}) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    const { batchShape, eventShape } = baseDistribution;
    const batchDims = batchShape.length - reinterpretedBatchNdims;
    if (batchDims < 0)
      throw new ShapeError(
        `${name}: expected reinterpretedBatchNdims <= ${batchShape.length}, the dimensions of batchShape, got ${reinterpretedBatchNdims}`,
      );
    super(batchShape.slice(0, batchDims), [...batchShape.slice(batchDims), ...eventShape], options);
    this.baseDist = baseDistribution;
    this.reinterpretedBatchNdims = reinterpretedBatchNdims;
    this.hasRsample = baseDistribution.hasRsample;
  }

  override get mean(): Tensor {
    return this.baseDist.mean;
  }

  override get mode(): Tensor {
    return this.baseDist.mode;
  }

  override get variance(): Tensor {
    return this.baseDist.variance;
  }

  override toString(): string {
    return `${this.constructor.name}(${this.baseDist}, ${this.reinterpretedBatchNdims})`;
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    return this.hasRsample
      ? this.baseDist.rsample(sampleShape, options)
      : this.baseDist.sample(sampleShape, options);
  }

  protected override supported(_caller: string, value: Tensor): Tensor {
    return value;
  }

  protected override logDensity(value: Tensor): Tensor {
    return sumRightmost(this.baseDist.logProb(value), this.reinterpretedBatchNdims);
  }

  protected override entropyOf(): Tensor {
    return sumRightmost(this.baseDist.entropy(), this.reinterpretedBatchNdims);
  }

  protected override expanded(batchShape: Shape): Distribution {
    const inner = this.eventShape.slice(0, this.reinterpretedBatchNdims);
    return new Independent(this.baseDist.expand([...batchShape, ...inner]), this.reinterpretedBatchNdims);
  }
}
