import { refuseExcess } from '@kindling/core';

type Forward = (...input: never[]) => unknown;

/**
 * The names of the parameters of each `forward` that was called with more than it declares; null where more may be
 * taken.
 */
const known = new WeakMap<Forward, readonly string[] | null>();

/**
 * Refuses what a `forward` would not receive, as PyTorch does. JavaScript says how many parameters stand before the
 * first with a default; whether there are others, only the text says.
 * @throws ValueError
 */
export function refuseExcessInput(module: { readonly forward: Forward }, input: readonly unknown[]): void {
  const { forward } = module;
  let parameters = known.get(forward);
  if (parameters === undefined) {
    parameters = fixedParameters(forward);
    known.set(forward, parameters);
  }
  if (parameters !== null) refuseExcess('forward', parameters, input);
}

/** The parameters of a function that has no others: none with a default, no rest, no use of `arguments`. */
function fixedParameters(f: Forward): readonly string[] | null {
  const text = Function.prototype.toString.call(f);
  const head = /^[\s\w$*]*\(([\s\w$,]*)\)/.exec(text)?.[1];
  if (head === undefined || /\barguments\b|\[native code\]/.test(text)) return null;
  return head
    .split(',')
    .map((parameter) => parameter.trim())
    .filter((parameter) => parameter !== '');
}
