import { checkArguments, K, Shown, type Tensor, ValueError } from '@kindling/core';
import { Metric, type MetricStateDict, stateTakes, type UpdateOptions, updateTakes } from './metric.ts';

/** Options of {@link MetricCollection}. */
export interface MetricCollectionOptions<P extends string = string, S extends string = string> {
  /** What stands before each name in what `compute()` gives. Default: nothing. */
  readonly prefix?: P;
  /** What stands behind it. Default: nothing. */
  readonly postfix?: S;
}

const metric = /* @__PURE__ */ K.kind('a metric', (x) => x instanceof Metric);
const takes = {
  metrics: /* @__PURE__ */ K.kind(
    'metrics by name, as in { accuracy: new Accuracy() }, or a list of them',
    (x) => Array.isArray(x) || (K.isOptions(x) && !(x instanceof Metric)),
  ),
  options: /* @__PURE__ */ K.options<MetricCollectionOptions>({ prefix: K.text, postfix: K.text }),
};

/** What metrics give, by their names with prefix and postfix. */
type Computed<M, P extends string, S extends string> = {
  [Name in keyof M & string as `${P}${Name}${S}`]: Tensor;
};

const collection = /* @__PURE__ */ K.kind('a MetricCollection', (x) => x instanceof MetricCollection);

/** Metrics by the names of their classes. */
function byClass(caller: string, metrics: readonly Metric[]): Record<string, Metric> {
  const named: Record<string, Metric> = {};
  for (const [i, one] of metrics.entries()) {
    checkArguments(caller, { [`metrics[${i}]`]: metric }, [one]);
    const { name } = one.constructor;
    if (name in named)
      throw new ValueError(`${caller}: two metrics are of class ${name}; name them, as in { first: ... }`);
    named[name] = one;
  }
  return named;
}

/**
 * Several metrics of the same batches: what is done to it is done to each of them. A list goes by the names of its
 * classes. Follows `torchmetrics.MetricCollection`, except that a batch which one of them refuses changes none.
 * @throws ValueError for what is no metric, no metric at all, a name with a dot, and two of one class in a list
 * @example
 * ```ts
 * const seen = new MetricCollection({ accuracy: new Accuracy(), error: new MeanSquaredError() }, { prefix: 'val_' });
 * seen.update(tensor([0.75, 0.25, 0.75]), tensor([1, 0, 0]));
 * seen.compute().val_accuracy; // tensor(0.6667, dtype=torch.float64)
 * Object.keys(seen.compute()); // [ 'val_accuracy', 'val_error' ]
 * ```
 */
export class MetricCollection<
  M extends Readonly<Record<string, Metric>> = Readonly<Record<string, Metric>>,
  P extends string = '',
  S extends string = '',
> extends Shown {
  /** The metrics by name, without prefix and postfix. */
  readonly metrics: M;
  private readonly prefix: string;
  private readonly postfix: string;

  constructor(metrics: M | readonly Metric[], options: MetricCollectionOptions<P, S> = {}) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    super();
    this.metrics = Array.isArray(metrics) ? (byClass(name, metrics) as M) : { ...(metrics as M) };
    const all = Object.entries(this.metrics);
    if (all.length === 0) throw new ValueError(`${name}: expected at least one metric, got none`);
    for (const [key, one] of all) {
      if (key.includes('.')) throw new ValueError(`${name}: a name must have no dot, got ${key}`);
      checkArguments(name, { [key]: metric }, [one]);
    }
    this.prefix = options.prefix ?? '';
    this.postfix = options.postfix ?? '';
  }

  /** Does something to each metric, or to none where one of them refuses it. */
  private together(change: (one: Metric, name: string) => unknown): this {
    const all = Object.entries(this.metrics);
    const undo = all.map(([, one]) => one.mark());
    try {
      for (const [name, one] of all) change(one, name);
    } catch (error) {
      for (const back of undo) back();
      throw error;
    }
    return this;
  }

  /**
   * Has each metric take in a batch. One that is refused changes none of them.
   * @throws ShapeError, DTypeError, ValueError as the metrics do
   */
  update(input: Tensor, target: Tensor, options: UpdateOptions = {}): this {
    checkArguments(`${this.constructor.name}.update`, updateTakes, arguments);
    return this.together((one) => one.update(input, target, options));
  }

  /**
   * What each metric gives of all batches so far, by its name with prefix and postfix.
   * @throws ValueError as long as no sample has come
   */
  compute(): Computed<M, P, S> {
    checkArguments(`${this.constructor.name}.compute`, {}, arguments);
    const named = Object.entries(this.metrics).map(([name, one]) => [this.named(name), one.compute()]);
    return Object.fromEntries(named) as Computed<M, P, S>;
  }

  /** Has each metric forget all batches. */
  reset(): this {
    for (const one of Object.values(this.metrics)) one.reset();
    return this;
  }

  /**
   * Takes over what the metrics of another collection have seen, each from that of its name; the other one stays as it
   * is.
   * @throws ValueError for a collection of other names, classes or options
   */
  merge(other: this): this {
    const caller = `${this.constructor.name}.merge`;
    checkArguments(caller, { other: collection }, arguments);
    const [mine, others] = [this, other].map(({ metrics }) => Object.keys(metrics).join(', '));
    if (mine !== others)
      throw new ValueError(`${caller}: the metrics are ${mine}, those of the other ${others}`);
    return this.together((one, name) => one.merge(other.metrics[name] as Metric));
  }

  /** What the metrics remember, copied, under `name.` with the names of each. */
  stateDict(): MetricStateDict {
    const all = Object.entries(this.metrics).flatMap(([name, one]) =>
      Object.entries(one.stateDict()).map(([key, value]) => [`${name}.${key}`, value] as const),
    );
    return Object.fromEntries(all);
  }

  /** What `JSON.stringify` writes: the {@link stateDict}, which `loadStateDict` takes. Kindling's own. */
  toJSON(): MetricStateDict {
    return this.stateDict();
  }

  /**
   * Goes on from what {@link stateDict} gave. Nothing is changed unless all of it fits.
   * @throws ValueError, ShapeError, DTypeError for what lacks something, or is of other metrics
   */
  loadStateDict(state: MetricStateDict): void {
    const caller = `${this.constructor.name}.loadStateDict`;
    checkArguments(caller, stateTakes, arguments);
    const names = Object.keys(this.metrics);
    const unknown = Object.keys(state).filter((key) => !names.some((name) => key.startsWith(`${name}.`)));
    if (unknown.length > 0)
      throw new ValueError(`${caller}: unknown ${unknown.join(', ')}; the metrics are ${names.join(', ')}`);
    const partOf = (name: string): MetricStateDict =>
      Object.fromEntries(
        Object.entries(state)
          .filter(([key]) => key.startsWith(`${name}.`))
          .map(([key, value]) => [key.slice(name.length + 1), value]),
      );
    this.together((one, name) => one.loadStateDict(partOf(name)));
  }

  /** A line for each metric, under its name with prefix and postfix. */
  override toString(): string {
    const lines = Object.entries(this.metrics).map(([name, one]) =>
      `${this.named(name)}: ${one}`.replaceAll('\n', '\n  '),
    );
    return `${this.constructor.name}(\n  ${lines.join('\n  ')}\n)`;
  }

  private named(name: string): string {
    return `${this.prefix}${name}${this.postfix}`;
  }
}
