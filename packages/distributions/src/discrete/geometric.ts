import { broadcastTensors, empty, finfo, type Shape, type Tensor } from '@kindling/core';
import { F } from '@kindling/nn';
import type { SampleOptions } from '../distribution.ts';
import { ranges, wholeWithin } from '../values.ts';
import type { ProbabilityOptions } from './probabilities.ts';
import { Trials } from './trials.ts';

/**
 * How many trials fail before the first that succeeds. Follows `torch.distributions.Geometric`.
 * @throws ValueError unless one of probs and logits is given, and for probabilities outside of (0, 1]
 * @example new Geometric({ probs: 0.25 }).mean; // tensor(3.)
 */
export class Geometric extends Trials {
  constructor(options: ProbabilityOptions) {
    super(new.target.name, arguments, options, {
      ...ranges.unit,
      least: Number.MIN_VALUE,
      expected: 'numbers in (0, 1]',
    });
  }

  override get mean(): Tensor {
    return this.probs.reciprocal().sub(1);
  }

  override get mode(): Tensor {
    return this.probs.mul(0).detach();
  }

  override get variance(): Tensor {
    return this.probs.reciprocal().sub(1).div(this.probs);
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    const { dtype } = this.probs;
    const u = empty(this.extended(sampleShape), { dtype }).uniform_(finfo(dtype).tiny, 1, options);
    return u.log().div(this.probs.neg().log1p()).floor();
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    const whole = { ...ranges.nonNegative, expected: 'whole numbers >= 0' };
    return wholeWithin(caller, 'value', value, whole);
  }

  protected override logDensity(of: Tensor): Tensor {
    const [value, probs] = broadcastTensors(of, this.probs) as [Tensor, Tensor];
    const certain = probs.eq(1).logicalAnd(value.eq(0));
    return value.mul(probs.maskedFill(certain, 0).neg().log1p()).add(this.probs.log());
  }

  protected override entropyOf(): Tensor {
    return F.binaryCrossEntropyWithLogits(this.logits, this.probs, { reduction: 'none' }).div(this.probs);
  }
}
