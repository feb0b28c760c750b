import { K, signature } from '@kindling/core';

const takes = /* @__PURE__ */ signature('pyFloat', { value: K.number });

/** @internal A number that is a float in Python whatever its value. */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/**
 * A number that {@link saveTorch} writes as a Python `float`, also where it is whole: a JavaScript number says of
 * neither 1 nor 1.0 which it is, and is written as an `int` where it is whole. In the groups of an optimizer's state
 * dict that is done already. Kindling's own.
 * @throws ValueError where the value is no number
 * @example
 * ```ts
 * // {'epoch': 10, 'temperature': 1.0} in Python
 * const bytes = await serializeTorch({ epoch: 10, temperature: pyFloat(1) });
 * await loadTorch(bytes); // { epoch: 10, temperature: 1 }
 * ```
 */
export function pyFloat(value: number): PyFloat {
  takes(arguments);
  return new PyFloat(value);
}
