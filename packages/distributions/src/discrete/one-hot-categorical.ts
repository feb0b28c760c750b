import { eye, oneHot, type Shape, type Tensor } from '@kindling/core';
import { Distribution, type SampleOptions } from '../distribution.ts';
import { named, ranges, sumRightmost, wholeWithin, within } from '../values.ts';
import { Categorical } from './categorical.ts';
import { given, type ProbabilityOptions } from './probabilities.ts';

/** The options of an expanded one. */
type OneHotClass = new (options: ProbabilityOptions<Tensor>) => OneHotCategorical;

/**
 * One of K classes as a row of zeros and a 1, by probabilities or logits of shape (..., K). Follows
 * `torch.distributions.OneHotCategorical`.
 * @throws ValueError unless one of probs and logits is given, for NaN and negative probabilities; ShapeError for a
 *   number
 * @example new OneHotCategorical({ probs: tensor([0, 1, 0]) }).sample(); // tensor([0., 1., 0.])
 */
export class OneHotCategorical extends Distribution {
  /** The classes as numbers. */
  protected readonly categorical: Categorical;

  constructor(options: ProbabilityOptions<Tensor>) {
    given(new.target.name, 'tensors', arguments);
    const categorical = named(new.target.name, () => new Categorical(options), Categorical.name);
    super(categorical.batchShape, [categorical.numEvents], options);
    this.categorical = categorical;
  }

  /** Probabilities, summing to 1. */
  get probs(): Tensor {
    return this.categorical.probs;
  }

  /** The logarithms of the probabilities. */
  get logits(): Tensor {
    return this.categorical.logits;
  }

  override get mean(): Tensor {
    return this.probs;
  }

  override get mode(): Tensor {
    return this.rows(this.categorical.mode);
  }

  override get variance(): Tensor {
    return this.probs.mul(this.probs.rsub(1));
  }

  private rows(classes: Tensor): Tensor {
    return oneHot(classes, this.categorical.numEvents).to(this.probs.dtype);
  }

  protected override printed() {
    return { probs: this.probs };
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    return this.rows(this.categorical.sample(sampleShape, options));
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    const expected = 'rows of zeros with a 1';
    const bits = wholeWithin(caller, 'value', value, { ...ranges.unit, expected });
    return within(caller, 'value', bits, { least: 1, most: 1, expected }, sumRightmost(bits, 1));
  }

  protected override logDensity(value: Tensor): Tensor {
    return this.categorical.logProb(value.argmax(-1));
  }

  protected override entropyOf(): Tensor {
    return this.categorical.entropy();
  }

  protected override values(): Tensor {
    return eye(this.categorical.numEvents, { dtype: this.probs.dtype });
  }

  protected override expanded(batchShape: Shape): Distribution {
    const Class = this.constructor as OneHotClass;
    const logits = this.logits.expand([...batchShape, ...this.eventShape]);
    return new Class({ logits, validateArgs: this.validates });
  }
}

/**
 * {@link OneHotCategorical} whose samples carry the gradient that the probabilities would have in their place. Follows
 * `torch.distributions.OneHotCategoricalStraightThrough`.
 * @throws ValueError unless one of probs and logits is given, for NaN and negative probabilities; ShapeError for a
 *   number
 * @example
 * ```ts
 * const logits = tensor([0.5, 1, 2], { requiresGrad: true });
 * const row = new OneHotCategoricalStraightThrough({ logits }).rsample();
 * row.mul(tensor([1, 2, 3])).sum().backward();
 * logits.grad; // tensor([-0.2087, -0.1129,  0.3216])
 * ```
 */
export class OneHotCategoricalStraightThrough extends OneHotCategorical {
  override readonly hasRsample = true;

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    return super.draw(sampleShape, options).add(this.probs.sub(this.probs.detach()));
  }
}
