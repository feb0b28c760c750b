/** What a public function gave: its check tells what it was given, and the operations what was computed in it. */

import type { Tensor } from '@kindling/core';
import * as core from '@kindling/core';
import { F, utils } from '@kindling/nn';
import type { Argument, Call, Operation, Value } from './recording.ts';

type AnyFunction = (...given: unknown[]) => unknown;

/** A public function by its name, `linalg.norm`. */
function functionNamed(name: string): AnyFunction | null {
  for (const place of [core, F, utils.rnn, utils]) {
    let found: unknown = place;
    for (const part of name.split('.')) found = (found as Record<string, unknown> | undefined)?.[part];
    if (typeof found === 'function') return found as AnyFunction;
  }
  return null;
}

/** What makes tensors of numbers in JavaScript: constants. */
const ofNumbers: ReadonlySet<string> = new Set([
  'tensor',
  'asTensor',
  'fromBuffer',
  'newTensor',
  'scalarTensor',
]);

/** The operations of a body, in order. */
export const operationsIn = (body: readonly Call[]): Operation[] =>
  body.flatMap((call) => (call.kind === 'operation' ? [call] : operationsIn(call.body)));

/** What the last operation in a body gave. */
export function lastResult(body: readonly Call[]): Argument {
  const last = body.at(-1);
  if (last === undefined) return undefined;
  if (last.kind !== 'operation') return last.result;
  return last.outputs.length === 1 ? last.outputs[0] : last.outputs;
}

/** Whether a function's result is the one tensor that its one operation gave: a list of views may have one, too. */
export const isPlain = (operations: readonly Operation[]): boolean =>
  operations.length === 1 &&
  operations[0]?.outputs.length === 1 &&
  (operations[0].sharesWith[0] === null || operations[0].inPlace);

/**
 * What a function gives when it is called again, and which tensors in it are which values; `null` where that cannot be
 * told.
 */
export function calledAgain(
  name: string,
  given: readonly unknown[],
  operations: readonly Operation[],
): { readonly tree: unknown; readonly values: ReadonlyMap<Tensor, Value> } | null {
  const f = functionNamed(name);
  if (f === null || ofNumbers.has(name)) return null;
  const running: (readonly Tensor[])[] = [];
  const ran: { readonly name: string; readonly outputs: readonly Tensor[] }[] = [];
  const stop = core.observe({
    before: (_, inputs) => void running.push(inputs),
    after: (operation, inputs, _, outputs) => {
      while (running.length > 0 && running.pop() !== inputs);
      if (running.length === 0) ran.push({ name: operation, outputs });
    },
  });
  const listener = core.listenToCalls({ called: () => {}, computes: () => {} });
  try {
    const tree = f(...spread(given));
    if (ran.length !== operations.length || ran.some((step, i) => step.name !== operations[i]?.name))
      return null;
    const values = new Map<Tensor, Value>();
    for (const [i, { outputs }] of ran.entries())
      for (const [k, y] of outputs.entries()) {
        const value = operations[i]?.outputs[k];
        if (value !== undefined) values.set(y, value);
      }
    return { tree, values };
  } catch {
    return null;
  } finally {
    stop();
    core.listenToCalls(listener);
  }
}

/** What checks were given as they are called: sizes one by one are a list in a list. */
const spread = (given: readonly unknown[]): unknown[] =>
  given.flatMap((x) => (Array.isArray(x) && x.length === 1 && Array.isArray(x[0]) ? [x[0]] : [x]));
