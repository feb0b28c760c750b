/** What all distributions have. */
import {
  checkArguments,
  type Generator,
  generatorKind,
  K,
  KindlingError,
  noGrad,
  type Shape,
  Shown,
  Tensor,
} from '@kindling/core';
import { asFloat, named, type Range, within } from './values.ts';

/** Options of every distribution. */
export interface DistributionOptions {
  /** Whether parameters and values are checked. Default: true. */
  readonly validateArgs?: boolean;
}

/** Options of a draw. */
export interface SampleOptions {
  /** Default: the default generator, which `manualSeed` seeds. */
  readonly generator?: Generator;
}

export const distributionKinds: K.Kinds<DistributionOptions> = { validateArgs: K.flag };
export const distributionOptions = /* @__PURE__ */ K.options(distributionKinds);

const drawTakes = {
  sampleShape: /* @__PURE__ */ K.optional(K.sizes),
  options: /* @__PURE__ */ K.options<SampleOptions>({ generator: generatorKind }),
};
/** Options of a class of its own may stand beside those of all. */
const baseTakes = {
  batchShape: K.sizes,
  eventShape: K.sizes,
  options: /* @__PURE__ */ K.optional(/* @__PURE__ */ K.kind('an options object', K.isOptions)),
};
const valueTakes = { value: K.tensorOrNumber };

/** How PyTorch prints a parameter: the number of one that has no dimension, else the sizes. */
function shown(x: Tensor): string {
  if (x.ndim > 0) return `torch.Size([${x.shape.join(', ')}])`;
  const value = x.item();
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/**
 * The base of all distributions: `batchShape` counts those that are held side by side, `eventShape` is that of one
 * draw. Follows `torch.distributions.Distribution`: the same seed draws the same numbers.
 * @throws ShapeError, ValueError for what are no sizes and no options
 * @example
 * ```ts
 * const scores = new Normal(tensor([0, 1]), 0.5);
 * scores.batchShape; // [ 2 ]
 * scores.logProb(tensor([0, 1])); // tensor([-0.2258, -0.2258])
 * ```
 */
export abstract class Distribution extends Shown {
  /** How many distributions are held, by dimension. */
  readonly batchShape: Shape;
  /** The shape of one draw of one of them. */
  readonly eventShape: Shape;
  /** Whether samples carry gradients to the parameters: then there is {@link rsample}. */
  readonly hasRsample: boolean = false;

  protected readonly validates: boolean;

  constructor(batchShape: Shape, eventShape: Shape, options: DistributionOptions = {}) {
    checkArguments(new.target.name, baseTakes, arguments);
    super();
    this.batchShape = batchShape;
    this.eventShape = eventShape;
    this.validates = options.validateArgs ?? true;
  }

  /** The mean of each, NaN where it has none. */
  abstract get mean(): Tensor;
  /** The variance of each. */
  abstract get variance(): Tensor;
  /** The most probable value of each. */
  abstract get mode(): Tensor;

  /** The standard deviation of each. */
  get stddev(): Tensor {
    return this.variance.sqrt();
  }

  /** Samples of shape `sampleShape`, `batchShape`, `eventShape`, recorded where parameters want gradients. */
  protected abstract draw(sampleShape: Shape, options: SampleOptions): Tensor;
  /** The logarithm of the density at a value that fits. */
  protected abstract logDensity(value: Tensor): Tensor;
  /** The value, where there can be such. */
  protected abstract supported(caller: string, value: Tensor): Tensor;
  /** The same distribution, expanded. */
  protected abstract expanded(batchShape: Shape): Distribution;

  /** The entropy, where it has a form. */
  protected entropyOf?(): Tensor;
  /** The share of what is at most the value, where it has a form. */
  protected cdfOf?(value: Tensor): Tensor;
  /** The inverse of that. */
  protected icdfOf?(value: Tensor): Tensor;
  /** All values, (K,) in their dtype, where they can be counted. */
  protected values?(): Tensor;

  /** What is printed, by PyTorch's names. */
  protected printed(): Readonly<Record<string, Tensor>> {
    return {};
  }

  /** How errors name a method. */
  protected nameOf(method: string): string {
    return `${this.constructor.name}.${method}`;
  }

  /** A parameter that is in range, unless nothing is to be checked. */
  protected parameter(name: string, x: Tensor, range: Range): Tensor {
    return this.validates ? within(this.constructor.name, name, x, range) : x;
  }

  /** The shape of samples. */
  protected extended(sampleShape: Shape): Shape {
    return [...sampleShape, ...this.batchShape, ...this.eventShape];
  }

  /**
   * Samples of shape (`sampleShape`, `batchShape`, `eventShape`), without gradients. Follows `Distribution.sample`,
   * number for number.
   * @throws ShapeError, ValueError for what are no sizes
   * @example
   * ```ts
   * manualSeed(0);
   * new Normal(0, 1).sample([3]); // tensor([ 1.5410, -0.2934, -2.1788])
   * ```
   */
  sample(sampleShape: Shape = [], options: SampleOptions = {}): Tensor {
    const caller = this.nameOf('sample');
    checkArguments(caller, drawTakes, arguments);
    return named(caller, () => noGrad(() => this.draw(sampleShape, options)));
  }

  /**
   * Samples that are a function of the parameters and of noise, so that gradients reach the parameters. Follows
   * `Distribution.rsample`.
   * @throws KindlingError where there is no such function: see {@link hasRsample}
   * @example
   * ```ts
   * const scale = tensor(2, { dtype: 'float32', requiresGrad: true });
   * const draws = new Normal(0, scale).rsample([4]);
   * draws.sum().backward();
   * scale.grad?.shape; // []
   * ```
   */
  rsample(sampleShape: Shape = [], options: SampleOptions = {}): Tensor {
    const caller = this.nameOf('rsample');
    checkArguments(caller, drawTakes, arguments);
    if (!this.hasRsample)
      throw new KindlingError(
        `${caller}: its samples are no differentiable function of the parameters; take sample(), and the gradient by logProb()`,
      );
    return named(caller, () => this.draw(sampleShape, options));
  }

  /**
   * The logarithm of the density, or of the probability, at a value, which broadcasts against `batchShape` and
   * `eventShape`. Follows `Distribution.log_prob`.
   * @throws ValueError for a value that the distribution cannot give, ShapeError for one that does not broadcast
   */
  logProb(value: Tensor | number): Tensor {
    const caller = this.nameOf('logProb');
    checkArguments(caller, valueTakes, arguments);
    return named(caller, () => this.logDensity(this.fitting(caller, value)));
  }

  /**
   * The entropy of each, of shape `batchShape`. Follows `Distribution.entropy`.
   * @throws KindlingError where it has no closed form
   */
  entropy(): Tensor {
    const caller = this.nameOf('entropy');
    checkArguments(caller, {}, arguments);
    return this.entropyOf?.() ?? noForm(caller);
  }

  /**
   * exp of the {@link entropy}. Follows `Distribution.perplexity`.
   * @throws KindlingError where it has no closed form
   * @example new Categorical({ probs: tensor([1, 1, 0]) }).perplexity(); // tensor(2.)
   */
  perplexity(): Tensor {
    checkArguments(this.nameOf('perplexity'), {}, arguments);
    return this.entropy().exp();
  }

  /**
   * The probability of what is at most the value. Follows `Distribution.cdf`.
   * @throws KindlingError where it has no closed form, ValueError for a value that the distribution cannot give
   */
  cdf(value: Tensor | number): Tensor {
    const caller = this.nameOf('cdf');
    checkArguments(caller, valueTakes, arguments);
    return named(caller, () => this.cdfOf?.(this.fitting(caller, value)) ?? noForm(caller));
  }

  /**
   * The value of which {@link cdf} is the one that is given. Follows `Distribution.icdf`.
   * @throws KindlingError where it has no closed form
   * @example new Uniform(0, 4).icdf(0.25); // tensor(1.)
   */
  icdf(value: Tensor | number): Tensor {
    const caller = this.nameOf('icdf');
    checkArguments(caller, valueTakes, arguments);
    return named(caller, () => this.icdfOf?.(asFloat(value)) ?? noForm(caller));
  }

  /**
   * All values that can be drawn, the first dimension counting them, expanded to `batchShape`. Follows
   * `Distribution.enumerate_support`.
   * @throws KindlingError where they cannot be counted
   * @example new Bernoulli({ probs: 0.5 }).enumerateSupport(); // tensor([0., 1.])
   */
  enumerateSupport(): Tensor {
    const caller = this.nameOf('enumerateSupport');
    checkArguments(caller, {}, arguments);
    const values = this.values?.();
    if (values === undefined) throw new KindlingError(`${caller}: its values cannot be counted`);
    const [count = 0, ...event] = values.shape;
    const sides = this.batchShape.map(() => 1);
    return values.reshape([count, ...sides, ...event]).expand([count, ...this.batchShape, ...event]);
  }

  /**
   * The same, with parameters expanded to another `batchShape`. Follows `Distribution.expand`.
   * @throws ShapeError where they cannot be
   * @example new Normal(tensor([0, 1]), 1).expand([3, 2]).batchShape; // [ 3, 2 ]
   */
  expand(batchShape: Shape): this {
    const caller = this.nameOf('expand');
    checkArguments(caller, { batchShape: K.sizes }, arguments);
    return named(caller, () => this.expanded(batchShape) as this);
  }

  /** As PyTorch prints it. */
  override toString(): string {
    const parts = Object.entries(this.printed()).map(([name, x]) => `${name}: ${shown(x)}`);
    return `${this.constructor.name}(${parts.join(', ')})`;
  }

  private fitting(caller: string, value: Tensor | number): Tensor {
    const x = value instanceof Tensor ? value : asFloat(value);
    return this.validates ? this.supported(caller, x) : x;
  }
}

function noForm(caller: string): never {
  throw new KindlingError(`${caller}: there is no closed form`);
}
