/** Formulas over integers, for kernels that reckon with sizes and addresses: {@link FunctionBuilder} pushes them. */

import type { PlainOp } from './opcodes.ts';

/** A local, a constant, or what an instruction makes of two formulas. */
export type Formula = number | { readonly is: number } | readonly [op: PlainOp, a: Formula, b: Formula];

/** A constant. */
export const is = (value: number): { readonly is: number } => ({ is: value });

const chain =
  (op: PlainOp) =>
  (first: Formula, ...rest: readonly Formula[]): Formula =>
    rest.reduce<Formula>((a, b) => [op, a, b], first);

export const plus: (first: Formula, ...rest: readonly Formula[]) => Formula = chain('i32.add');
export const minus: (first: Formula, ...rest: readonly Formula[]) => Formula = chain('i32.sub');
export const times: (first: Formula, ...rest: readonly Formula[]) => Formula = chain('i32.mul');
export const over: (first: Formula, ...rest: readonly Formula[]) => Formula = chain('i32.div_s');
