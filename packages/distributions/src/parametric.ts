/** Distributions of numbers whose parameters broadcast. */
import { checkArguments, K, type Shape, type Tensor } from '@kindling/core';
import { Distribution, type DistributionOptions, distributionOptions } from './distribution.ts';
import { broadcastFloats, named, type Range } from './values.ts';

/** Its class is called with the parameters, in their order. */
type ParametricClass = new (...given: (Tensor | DistributionOptions)[]) => Distribution;

/** A distribution of numbers, one for each place of its parameters, which broadcast. */
export abstract class Parametric<Name extends string> extends Distribution {
  /** The parameters, in the order in which the class takes them. */
  protected readonly parameters: Readonly<Record<Name, Tensor>>;

  constructor(
    given: Readonly<Record<Name, Tensor | number>>,
    bounds: Readonly<Record<Name, Range>>,
    options: DistributionOptions,
    args: ArrayLike<unknown>,
  ) {
    const names = Object.keys(given) as Name[];
    const takes = Object.fromEntries(names.map((name) => [name, K.tensorOrNumber]));
    checkArguments(new.target.name, { ...takes, options: distributionOptions }, args);
    const together = named(new.target.name, () => broadcastFloats(...names.map((name) => given[name])));
    super(together[0]?.shape ?? [], [], options);
    this.parameters = Object.fromEntries(
      names.map((name, i) => [name, this.parameter(name, together[i] as Tensor, bounds[name])]),
    ) as Record<Name, Tensor>;
  }

  protected override printed(): Readonly<Record<string, Tensor>> {
    return this.parameters;
  }

  protected override expanded(batchShape: Shape): Distribution {
    const Class = this.constructor as ParametricClass;
    const expanded = Object.values<Tensor>(this.parameters).map((x) => x.expand(batchShape));
    return new Class(...expanded, { validateArgs: this.validates });
  }
}
