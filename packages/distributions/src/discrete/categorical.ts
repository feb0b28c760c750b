import {
  arange,
  broadcastShapes,
  finfo,
  full,
  multinomial,
  type Shape,
  ShapeError,
  type Tensor,
} from '@kindling/core';
import { Distribution, type SampleOptions } from '../distribution.ts';
import { ranges, wholeWithin } from '../values.ts';
import { given, logsOf, Probabilities, type ProbabilityOptions } from './probabilities.ts';

/** What was given, with probabilities that sum to 1. */
function normalised(name: string, args: ArrayLike<unknown>): { isProbs: boolean; x: Tensor } {
  const { isProbs, x } = given(name, 'tensors', args);
  if (x.ndim === 0 || x.size(-1) === 0)
    throw new ShapeError(`${name}: expected ${isProbs ? 'probs' : 'logits'} of shape (..., classes)`);
  return {
    isProbs,
    x: isProbs ? x.div(x.sum(-1, { keepdim: true })) : x.sub(x.logsumexp(-1, { keepdim: true })),
  };
}

/**
 * One of K classes, 0 to K - 1, by probabilities or logits of shape (..., K), which need not be normalised. Follows
 * `torch.distributions.Categorical`.
 * @throws ValueError unless one of probs and logits is given, for NaN and negative probabilities; ShapeError for a
 *   number
 * @example
 * ```ts
 * const policy = new Categorical({ logits: tensor([[0.5, 1, 2], [3, 2, 1]]) });
 * const action = policy.sample();
 * policy.logProb(action).shape; // [ 2 ]
 * policy.entropy(); // tensor([0.9060, 0.8324])
 * ```
 */
export class Categorical extends Distribution {
  /** K. */
  readonly numEvents: number;
  private readonly both: Probabilities;

  constructor(options: ProbabilityOptions<Tensor>) {
    const { isProbs, x } = normalised(new.target.name, arguments);
    super(x.shape.slice(0, -1), [], options);
    this.numEvents = x.size(-1);
    const { nonNegative, real } = ranges;
    const checked = isProbs ? this.parameter('probs', x, nonNegative) : this.parameter('logits', x, real);
    this.both = new Probabilities({ isProbs, x: checked }, (logits) => logits.softmax(-1), logsOf);
  }

  /** Probabilities, summing to 1. */
  get probs(): Tensor {
    return this.both.probs;
  }

  /** The logarithms of the probabilities. */
  get logits(): Tensor {
    return this.both.logits;
  }

  override get mean(): Tensor {
    return full(this.batchShape, Number.NaN, { dtype: this.probs.dtype });
  }

  override get mode(): Tensor {
    return this.probs.argmax(-1);
  }

  override get variance(): Tensor {
    return this.mean;
  }

  protected override printed(): Record<string, Tensor> {
    return this.both.map((x) => x);
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    const rows = this.probs.reshape([-1, this.numEvents]);
    const count = sampleShape.reduce((n, size) => n * size, 1);
    const shape = this.extended(sampleShape);
    return multinomial(rows, count, { replacement: true, ...options })
      .t()
      .reshape(shape);
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    const most = this.numEvents - 1;
    return wholeWithin(caller, 'value', value, { least: 0, most, expected: `classes from 0 to ${most}` });
  }

  protected override logDensity(value: Tensor): Tensor {
    const shape = broadcastShapes(value.shape, this.batchShape);
    const at = value.to('int32').expand(shape).unsqueeze(-1);
    return this.logits
      .expand([...shape, this.numEvents])
      .gather(-1, at)
      .squeeze(-1);
  }

  protected override entropyOf(): Tensor {
    const logs = this.logits.clamp({ min: finfo(this.logits.dtype).min });
    return logs.mul(this.probs).sum(-1).neg();
  }

  protected override values(): Tensor {
    return arange(this.numEvents);
  }

  protected override expanded(batchShape: Shape): Distribution {
    const shape = [...batchShape, this.numEvents];
    return new Categorical({ ...this.both.map((x) => x.expand(shape)), validateArgs: this.validates });
  }
}
