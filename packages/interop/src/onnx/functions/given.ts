/** What a function was given. */
import { type Argument, type FunctionCall, isValue, type Value } from '../../recording/index.ts';

/** A parameter's value, where it is a tensor. */
export function tensorAt(call: FunctionCall, parameter: string): Value | null {
  const x = call.given[parameter];
  return isValue(x) ? x : null;
}

/** The options of a call. */
export function optionsOf(call: FunctionCall): Readonly<Record<string, Argument>> {
  const { options } = call.given;
  return typeof options === 'object' && options !== null && !isValue(options) && !Array.isArray(options)
    ? (options as Readonly<Record<string, Argument>>)
    : {};
}

/** The first tensor that a call was given. */
export const firstTensor = (call: FunctionCall): Value | null =>
  Object.values(call.given).find(isValue) ?? null;

/** A number for each of some dimensions, where one stands for all. */
export const each = (x: Argument, count: number): number[] | null => {
  if (typeof x === 'number') return new Array<number>(count).fill(x);
  return Array.isArray(x) && x.length === count && x.every((n) => typeof n === 'number')
    ? (x as number[])
    : null;
};
