/** What modules are given, as parameters of a Python function. */

import { snakeCase } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import {
  type Argument,
  isValue,
  libraryClass,
  parametersAsWritten,
  valuesIn,
} from '../../recording/index.ts';
import { isIdentifier } from './text/index.ts';

/** An argument that is handed on: one with tensors, of a library's layer any. */
interface Given {
  readonly name: string;
  readonly value: Argument;
  /** Whether it is given by its name. */
  readonly byName: boolean;
}

const isOptions = (x: Argument): x is { readonly [name: string]: Argument } =>
  typeof x === 'object' &&
  x !== null &&
  !Array.isArray(x) &&
  !isValue(x) &&
  !('perSample' in x) &&
  !('$class' in x);

/** The names of a function's parameters, as far as they are names. */
export const parameterNames = (f: unknown): (string | null)[] =>
  parametersAsWritten(f).map((part) => {
    const name = part.split('=')[0]?.trim().replace(/^_+/, '') ?? '';
    return isIdentifier(name) ? name : null;
  });

/** The arguments of a call of a module: tensors, tuples of them, and options by their names. */
export function argumentsOf(module: AnyModule, inputs: readonly Argument[]): Given[] {
  const isLibrarys = libraryClass(module) !== null;
  const names = parameterNames((module as unknown as { forward: unknown }).forward);
  return inputs.flatMap((x, i): Given[] => {
    if (isOptions(x))
      return Object.entries(x).flatMap(([key, value]) =>
        value !== undefined && (isLibrarys || valuesIn(value).length > 0)
          ? [{ name: snakeCase(key), value, byName: true }]
          : [],
      );
    if (x === undefined || (!isLibrarys && valuesIn(x).length === 0)) return [];
    return [{ name: snakeCase(names[i] ?? (i === 0 ? 'x' : `x${i + 1}`)), value: x, byName: false }];
  });
}
