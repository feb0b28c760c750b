import { checkArguments, K, KindlingError, type Tensor } from '@kindling/core';
import type { Parameter } from '../module/parameter.ts';
import { checkName, Dictionary } from './dictionary.ts';
import { asParameter, describe } from './parameter-list.ts';

/**
 * Parameters by name, with the methods of a Map; plain tensors become parameters. Follows `torch.nn.ParameterDict`.
 * @throws KindlingError when a value is not a tensor, or a name is empty or has a dot.
 */
export class ParameterDict extends Dictionary<Parameter, Tensor> {
  protected accept(name: string, value: Tensor): Parameter {
    checkName('ParameterDict', 'parameter', name);
    return asParameter('ParameterDict', value);
  }

  protected absent(name: string): string {
    return `ParameterDict: no parameter '${name}'`;
  }

  /**
   * The parameter of this name; where there is none, `value` becomes it. Follows `torch.nn.ParameterDict.setdefault`.
   * @throws KindlingError when `value` is not a tensor, or it is to be added and the name is empty or has a dot.
   * @example new nn.ParameterDict({ scale: ones([2]) }).setDefault('scale', zeros([2])).toArray(); // [ 1, 1 ]
   */
  setDefault(name: string, value: Tensor): Parameter {
    checkArguments(`${this.constructor.name}.setDefault`, { name: K.text, value: K.tensor }, arguments);
    if (!this.has(name)) this.set(name, value);
    return this.get(name);
  }

  /**
   * Takes out the one added last and returns it with its name. Follows `torch.nn.ParameterDict.popitem`.
   * @throws KindlingError when there is none.
   */
  popItem(): [string, Parameter] {
    const name = [...this.keys()].at(-1);
    if (name === undefined) throw new KindlingError('ParameterDict.popItem: dictionary is empty');
    return [name, this.pop(name)];
  }

  override extraRepr(): string {
    return [...this].map(([name, p]) => `(${name}): ${describe(p)}`).join('\n');
  }
}
