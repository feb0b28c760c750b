import { checkArguments, K } from '../arguments/index.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { tensor } from '../ops/creation/from-data.ts';
import { multinomial } from '../ops/random/multinomial.ts';
import { randint, randperm } from '../ops/random/random-tensors.ts';
import { Shown } from '../print/shown.ts';
import { defaultGenerator, Generator } from '../random/generator.ts';
import { generatorKind } from '../random/generator-kind.ts';
import { checkSamples } from '../random/integers.ts';
import { valuesOf } from '../record/values.ts';
import { formatShape } from '../shape.ts';
import { Tensor } from '../tensor.ts';
import { requireMemory } from '../transferred.ts';

/**
 * An order of samples: gives their numbers anew each time it is iterated; a batch sampler gives lists of them. A list
 * is one, and so is any object of this form. Follows `torch.utils.data.Sampler`.
 *
 * A DataLoader that is resumed draws the begun epoch's order again, from the state that the generators had then: the
 * default one, and {@link generator}. A sampler whose order depends on more than that says so by {@link stateDict}.
 */
export interface Sampler<T = number> extends Iterable<T> {
  /** How many it gives. */
  readonly length?: number;
  /** Where its draws come from, unless that is the default generator. */
  readonly generator?: Generator | undefined;
  /** What the next order depends on beside generators, as JSON can hold it. */
  stateDict?(): unknown;
  /** Takes over what {@link stateDict} gave. */
  loadStateDict?(state: unknown): void;
}

/** What is counted: a dataset, a list. */
const countedKind = /* @__PURE__ */ K.kind(
  'what has a length, such as a dataset',
  (x) => typeof x === 'object' && x !== null && K.count.accepts((x as { length?: unknown }).length),
);

/** The 63 bits that PyTorch's samplers seed a generator of their own with. */
const ownGenerator = (): Generator =>
  new Generator().manualSeed(defaultGenerator.random64() & (2n ** 63n - 1n));

/** The numbers 0 ... n - 1 in an order that is drawn. */
const shuffled = (n: number, generator: Generator): Int32Array =>
  valuesOf(randperm(n, { generator }), 'order of samples') as Int32Array;

/**
 * All samples in their order. Follows `torch.utils.data.SequentialSampler`.
 * @throws ValueError for what has no length
 * @example [...new data.SequentialSampler(['a', 'b', 'c'])]; // [ 0, 1, 2 ]
 */
export class SequentialSampler extends Shown implements Sampler {
  /** What the samples belong to. */
  readonly dataSource: { readonly length: number };

  constructor(dataSource: { readonly length: number }) {
    checkArguments(new.target.name, { dataSource: countedKind }, arguments);
    super();
    this.dataSource = dataSource;
  }

  /** The number of samples. */
  get length(): number {
    return this.dataSource.length;
  }

  /** The numbers 0 ... length - 1. */
  *[Symbol.iterator](): IterableIterator<number> {
    const { length } = this.dataSource;
    for (let i = 0; i < length; i++) yield i;
  }

  /** Says how many samples there are. */
  override toString(): string {
    return `${this.constructor.name}(${this.length})`;
  }
}

/** Options of {@link RandomSampler}. */
export interface RandomSamplerOptions {
  /** Whether a sample can be drawn more than once. Default: false. */
  readonly replacement?: boolean;
  /**
   * How many are drawn; without replacement what is beyond all samples begins another order. Default: as many as there
   * are.
   */
  readonly numSamples?: number;
  /** Where the draws come from. Default: a generator that each iteration seeds from the default one. */
  readonly generator?: Generator;
}

const randomTakes = {
  dataSource: countedKind,
  options: /* @__PURE__ */ K.options<RandomSamplerOptions>({
    replacement: K.flag,
    numSamples: K.positiveCount,
    generator: generatorKind,
  }),
};

/** PyTorch draws with replacement so many at a time. */
const DRAWN_AT_ONCE = 32;

/**
 * Samples at random: all of them in an order that each iteration draws anew, or with replacement. Follows
 * `torch.utils.data.RandomSampler`, number for number; of no samples it gives none.
 * @throws ValueError for what has no length, and unless numSamples is an integer of at least 1
 * @example
 * ```ts
 * manualSeed(0);
 * [...new data.RandomSampler(['a', 'b', 'c', 'd', 'e'])]; // [ 1, 3, 4, 2, 0 ]
 * ```
 */
export class RandomSampler extends Shown implements Sampler {
  /** What the samples belong to. */
  readonly dataSource: { readonly length: number };
  /** Whether a sample can be drawn more than once. */
  readonly replacement: boolean;
  /** Where the draws come from; each iteration seeds a generator of its own where there is none. */
  readonly generator: Generator | undefined;
  readonly #numSamples: number | undefined;

  constructor(dataSource: { readonly length: number }, options: RandomSamplerOptions = {}) {
    checkArguments(new.target.name, randomTakes, arguments);
    super();
    const { replacement = false, numSamples, generator } = options;
    this.dataSource = dataSource;
    this.replacement = replacement;
    this.generator = generator;
    this.#numSamples = numSamples;
  }

  /** How many samples an iteration gives. */
  get numSamples(): number {
    return this.#numSamples ?? this.dataSource.length;
  }

  /** {@link numSamples}. */
  get length(): number {
    return this.numSamples;
  }

  /**
   * Draws an order.
   * @throws ValueError where samples are asked for and there are none
   */
  *[Symbol.iterator](): IterableIterator<number> {
    const { numSamples, replacement } = this;
    const { length } = this.dataSource;
    const generator = this.generator ?? ownGenerator();
    if (length === 0) {
      if (numSamples === 0) return;
      throw new ValueError(
        `RandomSampler: numSamples is ${numSamples}, but there are no samples to draw from`,
      );
    }
    if (replacement) {
      for (let left = numSamples; left > 0; left -= DRAWN_AT_ONCE)
        yield* numbers(randint(length, [Math.min(left, DRAWN_AT_ONCE)], { generator }));
      return;
    }
    for (let round = Math.floor(numSamples / length); round > 0; round--) yield* shuffled(length, generator);
    // PyTorch draws this order even where it takes nothing of it.
    yield* shuffled(length, generator).subarray(0, numSamples % length);
  }

  /** Says how many are drawn, and of how many. */
  override toString(): string {
    return drawnOf(this, this.dataSource.length);
  }
}

const numbers = (x: Tensor): Int32Array => valuesOf(x, 'order of samples') as Int32Array;

const drawnOf = (
  { constructor, length, replacement }: RandomSampler | WeightedRandomSampler,
  samples: number,
): string => `${constructor.name}(${length} of ${samples}, replacement=${replacement})`;

/** Options of {@link SubsetRandomSampler}. */
export interface SubsetRandomSamplerOptions {
  /** Where the order comes from. Default: the default generator. */
  readonly generator?: Generator;
}

const indexKind = K.count;
const subsetTakes = {
  indices: /* @__PURE__ */ K.kind(
    'a list of indices, which are integers >= 0',
    (x) =>
      (Array.isArray(x) || ArrayBuffer.isView(x)) && Array.from(x as Int32Array).every(indexKind.accepts),
  ),
  options: /* @__PURE__ */ K.options<SubsetRandomSamplerOptions>({ generator: generatorKind }),
};

/**
 * The samples of a list in an order that each iteration draws anew. Follows `torch.utils.data.SubsetRandomSampler`,
 * number for number.
 * @throws ValueError for what is no list of indices
 * @example
 * ```ts
 * manualSeed(0);
 * [...new data.SubsetRandomSampler([10, 20, 30])]; // [ 30, 10, 20 ]
 * ```
 */
export class SubsetRandomSampler extends Shown implements Sampler {
  /** The samples. */
  readonly indices: ArrayLike<number>;
  /** Where the order comes from, unless that is the default generator. */
  readonly generator: Generator | undefined;

  constructor(indices: ArrayLike<number>, options: SubsetRandomSamplerOptions = {}) {
    checkArguments(new.target.name, subsetTakes, arguments);
    super();
    this.indices = indices;
    this.generator = options.generator;
  }

  /** How many samples there are. */
  get length(): number {
    return this.indices.length;
  }

  /** Draws an order. */
  *[Symbol.iterator](): IterableIterator<number> {
    const { indices, generator = defaultGenerator } = this;
    if (ArrayBuffer.isView(indices)) requireMemory(indices, 'SubsetRandomSampler');
    for (const i of shuffled(indices.length, generator)) yield indices[i] as number;
  }

  /** Says how many samples there are. */
  override toString(): string {
    return `${this.constructor.name}(${this.length})`;
  }
}

/** Options of {@link WeightedRandomSampler}. */
export interface WeightedRandomSamplerOptions {
  /** Whether a sample can be drawn more than once. Default: true. */
  readonly replacement?: boolean;
  /** Where the draws come from. Default: the default generator. */
  readonly generator?: Generator;
}

const weightKind = /* @__PURE__ */ K.kind(
  'a finite number >= 0',
  (x) => typeof x === 'number' && x >= 0 && x < Infinity,
);
const weightedTakes = {
  weights: /* @__PURE__ */ K.kind(
    'an array of numbers, or a Tensor',
    (x) => x instanceof Tensor || Array.isArray(x) || ArrayBuffer.isView(x),
  ),
  numSamples: K.positiveCount,
  options: /* @__PURE__ */ K.options<WeightedRandomSamplerOptions>({
    replacement: K.flag,
    generator: generatorKind,
  }),
};

/**
 * Samples drawn by weight: sample i with probability w_i / Σ w. Without replacement those of weight 0 come when no
 * others are left. Follows `torch.utils.data.WeightedRandomSampler`, number for number.
 * @throws ValueError for weights that are negative, not finite or all 0, fewer of them than samples without
 *   replacement, or a numSamples that is no integer of at least 1; ShapeError for weights of another shape than (N,)
 * @example
 * ```ts
 * manualSeed(0);
 * [...new data.WeightedRandomSampler([0, 10, 3, 0.5], 6)]; // [ 3, 1, 1, 2, 1, 2 ]
 * ```
 */
export class WeightedRandomSampler extends Shown implements Sampler {
  /** The weights, (N,), float64. */
  readonly weights: Tensor;
  /** How many samples an iteration gives. */
  readonly numSamples: number;
  /** Whether a sample can be drawn more than once. */
  readonly replacement: boolean;
  /** Where the draws come from, unless that is the default generator. */
  readonly generator: Generator | undefined;

  constructor(
    weights: Tensor | ArrayLike<number>,
    numSamples: number,
    options: WeightedRandomSamplerOptions = {},
  ) {
    const { name } = new.target;
    checkArguments(name, weightedTakes, arguments);
    super();
    const { replacement = true, generator } = options;
    if (weights instanceof Tensor && weights.shape.length !== 1)
      throw new ShapeError(
        `${name}: weights should be of shape (N,), got shape ${formatShape(weights.shape)}`,
      );
    if (ArrayBuffer.isView(weights)) requireMemory(weights, name);
    const values = Array.from(
      weights instanceof Tensor ? valuesOf(weights, `${name}: weights`) : (weights as ArrayLike<number>),
    );
    checkWeights(name, values);
    if (!replacement) checkSamples(numSamples, values.length, false, name);
    this.weights = tensor(values, { dtype: 'float64' });
    this.numSamples = numSamples;
    this.replacement = replacement;
    this.generator = generator;
  }

  /** {@link numSamples}. */
  get length(): number {
    return this.numSamples;
  }

  /** Draws samples. */
  *[Symbol.iterator](): IterableIterator<number> {
    const { weights, numSamples, replacement, generator = defaultGenerator } = this;
    yield* numbers(multinomial(weights, numSamples, { replacement, generator }));
  }

  /** Says how many are drawn, and of how many. */
  override toString(): string {
    return drawnOf(this, this.weights.count);
  }
}

/** Refuses weights that are none, and those of which no sample can be drawn. */
function checkWeights(name: string, weights: readonly unknown[]): void {
  for (const [i, weight] of weights.entries())
    if (!weightKind.accepts(weight)) checkArguments(name, { [`weight ${i}`]: weightKind }, [weight]);
  if (weights.some((weight) => (weight as number) > 0)) return;
  throw new ValueError(
    `${name}: expected weights of which one at least is above 0, got ${weights.length} without`,
  );
}
