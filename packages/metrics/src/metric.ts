import {
  CompileError,
  calledAs,
  checkArguments,
  formatShape,
  fromJSON,
  isCompiling,
  isTensorJSON,
  K,
  noGrad,
  ShapeError,
  Shown,
  sameShape,
  signature,
  snakeCase,
  type Tensor,
  type TensorJSON,
  tensor,
  ValueError,
  valuesOf,
} from '@kindling/core';
import { addTo, type Samples } from './samples.ts';

/** What a batch may say besides its values. */
export interface UpdateOptions {
  /**
   * What samples count for: a number for all of the batch, or a tensor with one for each, of shape (N,) or of the shape
   * of the samples. Finite and at least 0. Default: 1.
   */
  readonly weight?: number | Tensor;
}

/** The state of a metric by name, float64: it can go into a safetensors file. */
export type MetricStateDict = Record<string, Tensor>;

/** A metric of one batch, at once. */
export type MetricFunction<O extends object> = (
  input: Tensor,
  target: Tensor,
  options?: O & UpdateOptions,
) => Tensor;

const updateKinds: K.Kinds<UpdateOptions> = { weight: K.tensorOrNumber };
export const updateTakes = {
  input: K.tensor,
  target: K.tensor,
  options: /* @__PURE__ */ K.options(updateKinds),
};
export const stateTakes = { state: /* @__PURE__ */ K.kind('what stateDict() gives', K.isOptions) };

/** The numbers of a vector that was computed from a batch. */
export const numbersOf = (x: Tensor): ArrayLike<number> => valuesOf(x, 'metric');

/**
 * The base of all metrics: batches are added by {@link update}, and {@link compute} gives the metric of all of them,
 * which is what it would be if they had come as one. Metrics of several processes or folds come together by
 * {@link merge}. It holds sums of a fixed length, and where none will do (areas under curves) the scores themselves;
 * never a graph of autograd. Results are float64. Follows `torchmetrics.Metric` and `torcheval.metrics.Metric`.
 * @example
 * ```ts
 * const error = new MeanSquaredError();
 * error.update(tensor([1.5, 2]), tensor([1, 2]));
 * error.update(tensor([0.5]), tensor([1.5]));
 * error.compute().item().toFixed(4); // '0.4167'
 * error.reset().update(tensor([3.5]), tensor([3])).compute(); // tensor(0.2500, dtype=torch.float64)
 * ```
 */
export abstract class Metric extends Shown {
  /** The sums over all samples, by name. */
  protected abstract readonly sums: Readonly<Record<string, Float64Array>>;
  /** What is kept of each sample, by name. */
  protected readonly samples: Readonly<Record<string, Samples>> = {};
  /** The options, as plain data: metrics of the same can be merged. */
  protected readonly settings: object;
  /** Where the weight of all samples stands: a metric that is frozen takes in batches still. */
  private readonly held = new Float64Array(1);
  /**
   * What a structured clone fails by, as one of a tensor does: it would be without the class, and what it holds as no
   * property.
   */
  protected readonly uncloneable = Symbol(
    'a metric; send JSON.stringify(metric), for loadStateDict(JSON.parse(text))',
  );

  constructor(settings: object) {
    super();
    this.settings = settings;
  }

  /** The weight of all samples. */
  private get total(): number {
    return this.held[0] as number;
  }

  private set total(weight: number) {
    this.held[0] = weight;
  }

  /** How errors name a method. */
  protected nameOf(method: string): string {
    return `${this.constructor.name}.${method}`;
  }

  /** Takes in a batch, if all of it can be used, and gives the sum of its weights. */
  protected abstract add(caller: string, input: Tensor, target: Tensor, weight: number | Tensor): number;

  /** The metric of what was taken in, which is something. */
  protected abstract result(): Tensor;

  /** Takes over what another metric of the same options has. */
  protected combine({ sums, samples }: this): void {
    for (const [name, mine] of Object.entries(this.sums)) addTo(mine, sums[name] ?? []);
    for (const [name, mine] of Object.entries(this.samples)) mine.push(samples[name]?.values ?? []);
  }

  /**
   * Takes in a batch: what was predicted, and what was true. A batch that is refused changes nothing.
   * @throws ShapeError, DTypeError, ValueError for shapes that do not go together, labels that are none, NaN, and
   *   weights below 0; CompileError inside of a compiled function
   */
  update(input: Tensor, target: Tensor, options: UpdateOptions = {}): this {
    const caller = this.nameOf('update');
    checkArguments(caller, updateTakes, arguments);
    if (isCompiling())
      throw new CompileError(
        `compile: ${caller} looks at the values of a batch; call it outside of the compiled function`,
      );
    this.total += noGrad(() => this.add(caller, input, target, options.weight ?? 1));
    return this;
  }

  /**
   * The metric of all batches so far, float64; it can go on.
   * @throws ValueError as long as no sample has come, or none of a weight above 0
   */
  compute(): Tensor {
    const caller = this.nameOf('compute');
    checkArguments(caller, {}, arguments);
    if (this.total > 0) return noGrad(() => this.result());
    throw new ValueError(
      `${caller}: there is nothing of which to compute it: no sample of a weight above 0 has come`,
    );
  }

  /**
   * Gives what puts the metric back to where it stands now, whatever it takes in until then.
   * @internal
   */
  mark(): () => void {
    const total = this.total;
    const sums = Object.values(this.sums).map((values) => [values, values.slice()] as const);
    const samples = Object.values(this.samples).map((of) => of.mark());
    return () => {
      this.total = total;
      for (const [values, before] of sums) values.set(before);
      for (const back of samples) back();
    };
  }

  /**
   * The class, the weight of all that was taken in, and the value so far: `Accuracy(weight=3, value=tensor(0.6667,
   * dtype=torch.float64))`. Before there is one, the weight alone.
   */
  override toString(): string {
    const value = this.total > 0 ? `, value=${this.compute()}` : '';
    return `${this.constructor.name}(weight=${this.total}${value})`;
  }

  /** Forgets all batches. */
  reset(): this {
    for (const sums of Object.values(this.sums)) sums.fill(0);
    for (const samples of Object.values(this.samples)) samples.clear();
    this.total = 0;
    return this;
  }

  /**
   * Takes over all that another metric of the same class and options has seen; the other one stays as it is.
   * @throws ValueError for one of another class, or of other options
   */
  merge(other: this): this {
    const { name } = this.constructor;
    const isAlike = (x: unknown): boolean => x instanceof Metric && x.constructor === this.constructor;
    checkArguments(this.nameOf('merge'), { other: K.kind(`a metric of class ${name}`, isAlike) }, arguments);
    const [mine, others] = [this.settings, other.settings].map((s) => JSON.stringify(s));
    if (mine !== others)
      throw new ValueError(`${this.nameOf('merge')}: the options differ: ${mine} and ${others}`);
    this.combine(other);
    this.total += other.total;
    return this;
  }

  /** What the metric remembers, copied. */
  stateDict(): MetricStateDict {
    const { sums, samples } = this;
    const state: MetricStateDict = { total_weight: tensor(this.total, { dtype: 'float64' }) };
    for (const [name, values] of Object.entries(sums)) state[snakeCase(name)] = tensor(values);
    for (const [name, { values, width }] of Object.entries(samples))
      state[snakeCase(name)] = tensor(values).reshape([values.length / width, width]);
    return state;
  }

  /** What `JSON.stringify` writes: the {@link stateDict}, which `loadStateDict` takes. Kindling's own. */
  toJSON(): MetricStateDict {
    return this.stateDict();
  }

  /**
   * Goes on from what {@link stateDict} gave, also by way of JSON. Nothing is changed unless all of it fits.
   * @throws ValueError, ShapeError, DTypeError for what lacks something, or is of a metric of another kind or of other
   *   options
   */
  loadStateDict(state: MetricStateDict): void {
    const caller = this.nameOf('loadStateDict');
    checkArguments(caller, stateTakes, arguments);
    const own = this.stateDict();
    const unknown = Object.keys(state).filter((name) => !(name in own));
    if (unknown.length > 0)
      throw new ValueError(
        `${caller}: unknown ${unknown.join(', ')}; it remembers ${Object.keys(own).join(', ')}`,
      );
    const rows = new Set<number>();
    const read = (name: string, samples?: Samples): Float64Array => {
      const key = snakeCase(name);
      const value = ofJSON(caller, state[key]);
      checkArguments(caller, { [key]: K.tensor }, [value]);
      const shape = samples === undefined ? own[key]?.shape : [value.shape[0] ?? 0, samples.width];
      if (shape === undefined || !sameShape(value.shape, shape)) {
        throw new ShapeError(
          `${caller}: ${key} has shape ${formatShape(value.shape)}, expected ${samples === undefined ? formatShape(shape ?? []) : `[n, ${samples.width}]`}`,
        );
      }
      if (samples !== undefined) rows.add(value.shape[0] ?? 0);
      return Float64Array.from(numbersOf(value.detach()));
    };
    const total = read('totalWeight')[0] ?? 0;
    const sums = Object.keys(this.sums).map((name) => [name, read(name)] as const);
    const samples = Object.entries(this.samples).map(([name, of]) => [of, read(name, of)] as const);
    if (rows.size > 1)
      throw new ShapeError(`${caller}: the samples are ${[...rows].join(' and ')}, expected as many of each`);
    this.total = total;
    for (const [name, values] of sums) this.sums[name]?.set(values);
    for (const [of, values] of samples) {
      of.clear();
      of.push(values);
    }
  }
}

/** A tensor, also by way of JSON. */
function ofJSON(caller: string, value: Tensor | TensorJSON | undefined): Tensor {
  try {
    return isTensorJSON(value) ? fromJSON(value) : (value as Tensor);
  } catch (error) {
    throw calledAs(caller, error);
  }
}

/** The function that computes a metric of one batch. Its errors bear its name. */
export function metricFunction<O extends object>(
  name: string,
  Of: new (options?: O) => Metric,
  kinds: K.Kinds<O>,
): MetricFunction<O> {
  const takes = signature(name, () => ({
    input: K.tensor,
    target: K.tensor,
    options: K.options({ ...kinds, ...updateKinds }),
  }));
  // Stands for the class where that asks who was called.
  function Named(): void {}
  Object.defineProperty(Named, 'name', { value: name });
  Named.prototype = Object.create(Of.prototype as object, { nameOf: { value: () => name } }) as object;
  return function (
    input: Tensor,
    target: Tensor,
    options: (O & UpdateOptions) | undefined = undefined,
  ): Tensor {
    takes(arguments);
    const { weight = 1, ...own }: UpdateOptions = options ?? {};
    const metric = Reflect.construct(Of, [own], Named) as Metric;
    return metric.update(input, target, { weight }).compute();
  };
}
