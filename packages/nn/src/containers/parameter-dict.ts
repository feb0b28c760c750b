import type { Tensor } from '@kindling/core';
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

  override extraRepr(): string {
    return [...this].map(([name, p]) => `(${name}): ${describe(p)}`).join('\n');
  }
}
