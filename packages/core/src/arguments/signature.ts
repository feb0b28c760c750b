import { isArray } from '../readable.ts';
import { describe, errorFor, excessError } from './explain.ts';
import { fits, type Kind, kind, type Parameters } from './kinds.ts';
import { isAtSight, sightOf } from './sight.ts';

/**
 * Hears of calls of public functions, for what writes down a call of a model by its functions. Kindling's own.
 * @internal
 */
export interface CallListener {
  /**
   * A function was called with these arguments, which are checked next. The check was called by it, or by
   * `checkArguments`, which it called.
   */
  called(name: string, parameters: Parameters, given: ArrayLike<unknown>): void;
  /** The next operation is an elementwise one of these operands, numbers among them, and these parameters. */
  computes(operands: readonly unknown[], params: readonly number[]): void;
}

/** @internal Who hears of calls. */
export let callListener: CallListener | null = null;

const listenerKind = /* @__PURE__ */ kind('a listener with called and computes, or null', (x) => {
  if (x === null) return true;
  const { called, computes } = (x ?? {}) as Partial<Record<keyof CallListener, unknown>>;
  return typeof called === 'function' && typeof computes === 'function';
});

/**
 * Replaces who hears of calls; returns the one before. Kindling's own.
 * @internal
 * @throws ValueError where it is no listener
 */
export function listenToCalls(next: CallListener | null): CallListener | null {
  // A listener hears of checks: of this one only where it refuses.
  if (arguments.length > 1 || !fits(listenerKind, next))
    checkArguments('listenToCalls', { listener: listenerKind }, arguments);
  const before = callListener;
  callListener = next;
  return before;
}

/** Checks the arguments of a call: throws unless each is of its parameter's kind, and none stands beyond them. */
export type Signature = (given: ArrayLike<unknown>) => void;

/**
 * What a public function takes, as a check that its first line calls with its `arguments`; an arrow function, which has
 * none, gives an array. The error names the function, the parameter, what came and what would have fitted, and for an
 * option that it does not know the one that may have been meant. What stands beyond the last parameter is refused, as
 * it would be lost, but for what `xs.map(f)` and `xs.reduce(f)` add: the index and the array. `name` is the function's
 * public name; that of a class begins with a capital letter. Given as a function, the parameters are made when first
 * asked for, and a bundler can leave out the check with the function that calls it. Kindling's own.
 * @throws KindlingError by the check it returns: of the class that the kind states, ValueError where it states none
 * @example
 * ```ts
 * interface ScaledOptions { by?: number }
 * const takes = signature('scaled', { x: K.tensor, options: K.options<ScaledOptions>({ by: K.finite }) });
 * function scaled(x: Tensor, options: ScaledOptions = {}): Tensor {
 *   takes(arguments);
 *   return x.mul(options.by ?? 2);
 * }
 * scaled(ones(2), { by: 3 }); // tensor([3., 3.])
 * scaled(ones(2), 3 as never); // throws ValueError: scaled: expected an options object, got 3; write scaled(x, { by: 3 })
 * scaled(ones(2), { bye: 3 } as never); // throws ValueError: scaled: unknown option bye; did you mean by?
 * ```
 */
export function signature(name: string, parameters: Parameters | (() => Parameters)): Signature {
  let checks: readonly Check[] | undefined;
  return (given) => {
    checks ??= Object.values(stated(parameters)).map(checkOf);
    if (callListener !== null) callListener.called(name, stated(parameters), given);
    if (!fit(checks, given)) throw errorFor(name, stated(parameters), Array.from(given));
    if (given.length > checks.length) refuseExcess(name, stated(parameters), given);
  };
}

/** The test of a parameter, and what is told without it. */
interface Check {
  readonly sight: number;
  readonly accepts: Kind['accepts'];
}

const checkOf = ({ accepts }: Kind): Check => ({ sight: sightOf(accepts), accepts });

function fit(checks: readonly Check[], given: ArrayLike<unknown>): boolean {
  try {
    for (let i = 0; i < checks.length; i++) {
      const { sight, accepts } = checks[i]!;
      const x = given[i];
      if (!isAtSight(sight, x) && !accepts(x)) return false;
    }
    return true;
  } catch {
    // A getter or a Proxy of the caller's threw.
    return false;
  }
}

/** @internal Parameters, made if they are given by a function. */
export const stated = (parameters: Parameters | (() => Parameters)): Parameters =>
  typeof parameters === 'function' ? parameters() : parameters;

/**
 * The check of {@link signature} for one call, where the name is known only then, as that of a class that is extended.
 * Kindling's own.
 * @throws KindlingError as {@link signature}
 */
export function checkArguments(name: string, parameters: Parameters, given: ArrayLike<unknown>): void {
  signature(name, parameters)(given);
}

/**
 * What came, in a few words, for an error: `[1, 2]`, `a Tensor of shape [3]`, `an instance of Map`. Kindling's own.
 * @example describeValue(new Map()); // 'an instance of Map'
 */
export function describeValue(value: unknown): string {
  if (arguments.length > 1) refuseExcess('describeValue', ['value'], arguments);
  return describe(value);
}

/**
 * Refuses what stands beyond a function's parameters, or their names, where something would be lost: for what checks
 * its arguments otherwise than by a {@link signature}. Kindling's own.
 * @throws ValueError
 */
export function refuseExcess(
  name: string,
  parameters: Parameters | readonly string[],
  given: ArrayLike<unknown>,
): void {
  const all = Array.from(given);
  const kinds = isNames(parameters) ? Object.fromEntries(parameters.map((p) => [p, anyOne])) : parameters;
  const most = Object.keys(kinds).length;
  if (all.slice(most).some((x) => x !== undefined) && !isArrayCallback(all, most))
    throw excessError(name, kinds, all);
}

const isNames = (x: Parameters | readonly string[]): x is readonly string[] => Array.isArray(x);
const anyOne = kind('one value', (x) => !Array.isArray(x));

/**
 * Whether all that stands beyond the first `most` arguments is what an array's `map`, `filter` or `reduce` adds:
 * `(x, i, xs)`.
 */
function isArrayCallback(given: readonly unknown[], most: number): boolean {
  const [index, array, ...more] = given.slice(most);
  return (
    most > 0 &&
    more.length === 0 &&
    typeof index === 'number' &&
    isArray(array) &&
    array[index] === given[most - 1]
  );
}
