import { checkArguments, IndexError, K, Tensor } from '@kindling/core';
import { Parameter } from '../module/parameter.ts';
import { partsOf } from '../module/registry.ts';
import { Numbered } from './numbered.ts';

/** How a parameter stands in a printed container. */
export const describe = (p: Parameter): string =>
  `Parameter containing: [torch.${p.dtype} of size ${p.shape.join('x')}]`;

/** A tensor as a parameter. */
export function asParameter(caller: string, x: Tensor): Parameter {
  if (!Tensor.is(x)) checkArguments(caller, { value: K.tensor }, [x]);
  return x instanceof Parameter ? x : new Parameter(x);
}

/**
 * An array of parameters that are registered; plain tensors become parameters. `list[0]` is the first.
 * Follows `torch.nn.ParameterList`.
 * @throws KindlingError when a value is not a tensor.
 * @example
 * ```ts
 * const weights = new nn.ParameterList([randn([3, 3]), randn([3])]);
 * weights.parameters().length; // 2
 * ```
 */
export class ParameterList extends Numbered<Parameter, Tensor> {
  constructor(values: Iterable<Tensor> = []) {
    checkArguments(new.target.name, { values: K.optional(K.iterable('an iterable of tensors')) }, arguments);
    super();
    this.extend(values);
  }

  protected items(): Parameter[] {
    return partsOf(this).parameters.map(([, value]) => value);
  }

  protected put(name: string, value: Tensor): void {
    this.registerParameter(name, asParameter('ParameterList', value));
  }

  /**
   * The parameter at `index`, counted from the end where negative.
   * @throws IndexError when there is none.
   */
  override at(index: number): Parameter {
    const parameter = super.at(index);
    if (parameter === undefined) throw new IndexError(`ParameterList: index ${index} is out of range`);
    return parameter;
  }

  /**
   * A list of the parameters from `start` up to `end`, which are shared, not copied, as PyTorch's `list[start:end]`.
   * @throws KindlingError for a bound that is no whole number
   * @example new nn.ParameterList([ones([1]), zeros([2])]).slice(1).at(0).shape; // [ 2 ]
   */
  slice(start?: number, end?: number): ParameterList {
    const bound = K.optional(K.integer);
    checkArguments(`${this.constructor.name}.slice`, { start: bound, end: bound }, arguments);
    return new ParameterList(this.items().slice(start, end));
  }

  override toString(): string {
    const lines = this.items().map((p, i) => `(${i}): ${describe(p)}`);
    // PyTorch indents the lines of this container by four.
    return lines.length === 0
      ? `${this.constructor.name}()`
      : `${this.constructor.name}(\n    ${lines.join('\n    ')}\n)`;
  }
}
