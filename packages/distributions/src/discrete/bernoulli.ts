import { arange, bernoulli, broadcastTensors, type Shape, type Tensor } from '@kindling/core';
import { F } from '@kindling/nn';
import type { SampleOptions } from '../distribution.ts';
import { ranges, wholeWithin } from '../values.ts';
import type { ProbabilityOptions } from './probabilities.ts';
import { Trials } from './trials.ts';

/**
 * 1 with a probability, else 0. Follows `torch.distributions.Bernoulli`.
 * @throws ValueError unless one of probs and logits is given, and for probabilities outside of [0, 1]
 * @example
 * ```ts
 * const coin = new Bernoulli({ logits: tensor([0, 2]) });
 * coin.probs; // tensor([0.5000, 0.8808])
 * coin.logProb(1); // tensor([-0.6931, -0.1269])
 * ```
 */
export class Bernoulli extends Trials {
  constructor(options: ProbabilityOptions) {
    super(new.target.name, arguments, options, ranges.unit);
  }

  override get mean(): Tensor {
    return this.probs;
  }

  override get mode(): Tensor {
    const { probs } = this;
    return probs.ge(0.5).to(probs.dtype).maskedFill(probs.eq(0.5), Number.NaN);
  }

  override get variance(): Tensor {
    return this.probs.mul(this.probs.rsub(1));
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    return bernoulli(this.probs.expand(this.extended(sampleShape)), options);
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    return wholeWithin(caller, 'value', value, { ...ranges.unit, expected: '0 or 1' });
  }

  protected override logDensity(value: Tensor): Tensor {
    const [logits, target] = broadcastTensors(this.logits, value.to(this.logits.dtype)) as [Tensor, Tensor];
    return F.binaryCrossEntropyWithLogits(logits, target, { reduction: 'none' }).neg();
  }

  protected override entropyOf(): Tensor {
    return F.binaryCrossEntropyWithLogits(this.logits, this.probs, { reduction: 'none' });
  }

  protected override values(): Tensor {
    return arange(2, { dtype: this.probs.dtype });
  }
}
