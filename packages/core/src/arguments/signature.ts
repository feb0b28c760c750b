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
 * `name` is the function's public name; that of a class begins with a capital letter. Kindling's own.
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
export function signature(name: string, parameters: Parameters): Signature {
  const kinds = Object.values(parameters);
  const fail = (...given: readonly unknown[]): never => {
    throw errorFor(name, parameters, given);
  };
  // One check for each number of parameters: a rest parameter would allocate an array at each call.
  const [k0, k1, k2, k3, k4, k5] = kinds.map((k) => k.accepts) as Kind['accepts'][];
  switch (kinds.length) {
    case 1:
      return (a) => void (k0!(a) || fail(a));
    case 2:
      return (a, b) => void ((k0!(a) && k1!(b)) || fail(a, b));
    case 3:
      return (a, b, c) => void ((k0!(a) && k1!(b) && k2!(c)) || fail(a, b, c));
    case 4:
      return (a, b, c, d) => void ((k0!(a) && k1!(b) && k2!(c) && k3!(d)) || fail(a, b, c, d));
    case 5:
      return (a, b, c, d, e) =>
        void ((k0!(a) && k1!(b) && k2!(c) && k3!(d) && k4!(e)) || fail(a, b, c, d, e));
    default:
      return (a, b, c, d, e, f) =>
        void ((k0!(a) && k1!(b) && k2!(c) && k3!(d) && k4!(e) && k5!(f)) || fail(a, b, c, d, e, f));
  }
}

/**
 * The check of {@link signature} for one call, where the name is known only then, as that of a class that is extended.
 * Kindling's own.
 * @throws KindlingError as {@link signature}
 */
export function checkArguments(name: string, parameters: Parameters, given: readonly unknown[]): void {
  if (!Object.values(parameters).every((k, i) => k.accepts(given[i])))
    throw errorFor(name, parameters, given);
}
