/** Formulas over integers, for kernels that reckon with sizes and addresses. */

import type { FunctionBuilder } from './function-builder.ts';
import { atMost } from './shorthands.ts';

type Op = Parameters<FunctionBuilder['op']>[0];

/** A local, a constant, or what an instruction makes of two formulas. */
export type Formula = number | { readonly is: number } | readonly [op: Op, a: Formula, b: Formula];

/** A constant. */
export const is = (value: number): Formula => ({ is: value });

const chain =
  (op: Op) =>
  (first: Formula, ...rest: readonly Formula[]): Formula =>
    rest.reduce<Formula>((a, b) => [op, a, b], first);

export const plus: (first: Formula, ...rest: readonly Formula[]) => Formula = chain('i32.add');
export const minus: (first: Formula, ...rest: readonly Formula[]) => Formula = chain('i32.sub');
export const times: (first: Formula, ...rest: readonly Formula[]) => Formula = chain('i32.mul');
export const over: (first: Formula, ...rest: readonly Formula[]) => Formula = chain('i32.div_s');

/** Pushes the value of a formula. */
export function push(f: FunctionBuilder, x: Formula): FunctionBuilder {
  if (typeof x === 'number') return f.get(x);
  if ('is' in x) return f.i32Const(x.is);
  const [op, a, b] = x;
  push(f, a);
  return push(f, b).op(op);
}

/** local = formula. */
export const put = (f: FunctionBuilder, local: number, x: Formula): FunctionBuilder => push(f, x).set(local);

/** Calls a function with formulas. */
export function call(f: FunctionBuilder, callee: number, args: readonly Formula[]): void {
  for (const arg of args) push(f, arg);
  f.call(callee);
}

/** local = the smaller of two formulas, of which the second is a local or a constant. */
export function putLeast(
  f: FunctionBuilder,
  local: number,
  x: Formula,
  limit: number | { is: number },
): void {
  put(f, local, x);
  if (typeof limit === 'object') {
    atMost(f, local, limit.is);
    f.set(local);
    return;
  }
  f.get(local).get(limit).get(local).get(limit).op('i32.lt_s').op('select').set(local);
}

/** Runs `body` with `counter` from 0 on, in steps, as long as it is less than a formula. */
export function upTo(
  f: FunctionBuilder,
  counter: number,
  end: Formula,
  step: Formula,
  body: () => void,
): void {
  f.i32Const(0).set(counter);
  push(f, counter);
  push(f, end).op('i32.lt_s').if();
  const top = f.loop();
  body();
  put(f, counter, plus(counter, step)).get(counter);
  push(f, end).op('i32.lt_s').brIf(top);
  f.end().end();
}
