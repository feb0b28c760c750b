import { calledAs } from '../errors.ts';
import { optional, type Parameters } from './kinds.ts';
import { type Signature, signature, stated } from './signature.ts';

type AnyFunction = (...args: never[]) => unknown;

/**
 * A public function that is composed of others, with its name and what it takes stated once: its arguments are checked,
 * and the errors of its parts bear its name, not theirs. Parameters that are given by a function are made when first
 * asked for. Not for what calls a function of the caller's, whose errors keep their names. Kindling's own.
 * @example
 * ```ts
 * const between = composition('between', { a: K.tensor, b: K.tensor }, (a: Tensor, b: Tensor): Tensor => a.add(b).div(2));
 * between(ones(2), zeros(2)); // tensor([0.5000, 0.5000])
 * between(ones(2), ones(3)); // throws ShapeError: between: shapes [2] and [3] do not broadcast
 * ```
 */
export const composition = <F extends AnyFunction>(
  name: string,
  parameters: Parameters | (() => Parameters),
  f: F,
): F =>
  named(
    name,
    signature(name, () => withDefaults(stated(parameters), f.length)),
    f,
  );

/** What is taken, where parameters from `required` on have defaults, and may be left out. */
const withDefaults = (parameters: Parameters, required: number): Parameters =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, kind], i) => [name, i < required ? kind : optional(kind)]),
  );

/**
 * A function under a second name, or one that checks its arguments itself: the errors of all that it calls bear the
 * name. Kindling's own.
 */
export const alias = <F extends AnyFunction>(name: string, f: F): F => named(name, null, f);

function named<F extends AnyFunction>(name: string, takes: Signature | null, f: F): F {
  const run = f as unknown as (...args: unknown[]) => unknown;
  const called = function (a?: unknown, b?: unknown, c?: unknown): unknown {
    const given = arguments;
    try {
      if (takes !== null) takes(given);
      switch (given.length) {
        case 1:
          return run(a);
        case 2:
          return run(a, b);
        case 3:
          return run(a, b, c);
        default:
          return run(...given);
      }
    } catch (error) {
      throw calledAs(name, error);
    }
  };
  const properties = {
    name: { value: name, configurable: true },
    length: { value: f.length, configurable: true },
  };
  return Object.assign(Object.defineProperties(called, properties), f) as unknown as F;
}
