/** Distributions of trials that succeed with a probability. */
import type { Shape, Tensor } from '@kindling/core';
import { Distribution, type DistributionOptions } from '../distribution.ts';
import { type Range, ranges } from '../values.ts';
import { given, logOddsOf, Probabilities, type ProbabilityOptions } from './probabilities.ts';

type TrialsClass = new (options: ProbabilityOptions) => Trials;

/** A distribution with a probability of success for each. */
export abstract class Trials extends Distribution {
  private readonly both: Probabilities;

  constructor(name: string, args: ArrayLike<unknown>, options: DistributionOptions, range: Range) {
    const { isProbs, x } = given(name, 'numbers', args);
    super(x.shape, [], options);
    const checked = isProbs ? this.parameter('probs', x, range) : this.parameter('logits', x, ranges.real);
    this.both = new Probabilities({ isProbs, x: checked }, (logits) => logits.sigmoid(), logOddsOf);
  }

  /** The probability of success. */
  get probs(): Tensor {
    return this.both.probs;
  }

  /** log(p / (1 - p)). */
  get logits(): Tensor {
    return this.both.logits;
  }

  protected override printed(): Record<string, Tensor> {
    return this.both.map((x) => x);
  }

  protected override expanded(batchShape: Shape): Distribution {
    const Class = this.constructor as TrialsClass;
    return new Class({ ...this.both.map((x) => x.expand(batchShape)), validateArgs: this.validates });
  }
}
