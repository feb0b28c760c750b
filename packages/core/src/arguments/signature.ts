import { errorFor } from './explain.ts';
import type { Kind, Parameters } from './kinds.ts';

/** Checks the arguments of a call: throws unless each is of its parameter's kind. */
export type Signature = (
  a?: unknown,
  b?: unknown,
  c?: unknown,
  d?: unknown,
  e?: unknown,
  f?: unknown,
) => void;

/**
 * What a public function takes, as a check that its first line calls with its arguments in order. The error names the function,
 * the parameter, what came and what would have fitted, and for an option that it does not know the one that may have been meant.
 * `name` is the function's public name; that of a class begins with a capital letter. Given as a function, the parameters are made
 * when first asked for, and a bundler can leave out the check with the function that calls it. Kindling's own.
 * @throws KindlingError by the check it returns: of the class that the kind states, ValueError where it states none
 * @example
 * ```ts
 * interface ScaledOptions { by?: number }
 * const takes = signature('scaled', { x: K.tensor, options: K.options<ScaledOptions>({ by: K.finite }) });
 * function scaled(x: Tensor, options: ScaledOptions = {}): Tensor {
 *   takes(x, options);
 *   return x.mul(options.by ?? 2);
 * }
 * scaled(ones(2), { by: 3 }); // tensor([3., 3.])
 * scaled(ones(2), 3 as never); // throws ValueError: scaled: expected an options object, got 3; write scaled(x, { by: 3 })
 * scaled(ones(2), { bye: 3 } as never); // throws ValueError: scaled: unknown option bye; did you mean by?
 * ```
 */
export function signature(name: string, parameters: Parameters | (() => Parameters)): Signature {
  let accepts: readonly Kind['accepts'][] | undefined;
  // Six named parameters: a rest parameter would allocate an array at each call.
  return (a, b, c, d, e, f) => {
    accepts ??= Object.values(stated(parameters)).map((k) => k.accepts);
    const n = accepts.length;
    if (
      accepts[0]!(a) &&
      (n < 2 || accepts[1]!(b)) &&
      (n < 3 || accepts[2]!(c)) &&
      (n < 4 || accepts[3]!(d)) &&
      (n < 5 || accepts[4]!(e)) &&
      (n < 6 || accepts[5]!(f))
    )
      return;
    throw errorFor(name, stated(parameters), [a, b, c, d, e, f]);
  };
}

/** @internal Parameters, made if they are given by a function. */
export const stated = (parameters: Parameters | (() => Parameters)): Parameters =>
  typeof parameters === 'function' ? parameters() : parameters;

/**
 * The check of {@link signature} for one call, where the name is known only then, as that of a class that is extended.
 * Kindling's own.
 * @throws KindlingError as {@link signature}
 */
export function checkArguments(name: string, parameters: Parameters, given: readonly unknown[]): void {
  if (!Object.values(parameters).every((k, i) => k.accepts(given[i])))
    throw errorFor(name, parameters, given);
}
