/** Tensors that are made without an operation: zeros, ranges, and what is the same for any input. */
import * as core from '@kindling/core';
import { elementsOf, noGrad, Tensor } from '@kindling/core';
import { type Argument, type FunctionCall, isBatchNumber, valuesIn } from '../../recording/index.ts';
import type { Name, Size } from '../graph.ts';
import { filled } from '../lowering/arranging.ts';
import type { Scope } from '../translate.ts';
import type { FunctionLowering } from './index.ts';

/** Zeros, and memory that holds anything. */
const zeros: FunctionLowering = (call, { graph }) =>
  valuesIn(call.result).map(({ shape, dtype }) => filled(graph, shape, 0, dtype));

/** start, start + step and so on. */
const arange: FunctionLowering = (call, { graph }) => {
  const numbers = Object.values(call.given).filter(
    (x): x is Size => typeof x === 'number' || isBatchNumber(x),
  );
  const [value] = valuesIn(call.result);
  const [start = 0, end = 0, step = 1] = numbers.length === 1 ? [0, ...numbers] : numbers;
  if (value === undefined) return null;
  return [
    graph.add(
      'Range',
      [start, end, step].map((x) => graph.number(x, value.dtype)),
    ),
  ];
};

const ofBatch: Readonly<Record<string, FunctionLowering>> = {
  zeros,
  empty: zeros,
  zerosLike: zeros,
  emptyLike: zeros,
  newZeros: zeros,
  newEmpty: zeros,
  arange,
};

/** Whether something in an argument follows the batch, or is a tensor. */
const varies = (x: Argument): boolean => {
  if (typeof x !== 'object' || x === null) return false;
  return (
    isBatchNumber(x) || 'source' in x || Object.values(x as Readonly<Record<string, Argument>>).some(varies)
  );
};

/** What a function of core gives of these numbers; `null` for what is none. */
function called(name: string, given: readonly Argument[]): readonly Tensor[] | null {
  let f: unknown = core;
  for (const part of name.split('.')) f = (f as Readonly<Record<string, unknown>> | undefined)?.[part];
  if (typeof f !== 'function') return null;
  const result: unknown = noGrad(() => (f as (...x: unknown[]) => unknown)(...given));
  const all = Array.isArray(result) ? result : [result];
  return all.every((x) => x instanceof Tensor) ? all : null;
}

/** A function in which no operation ran: what it gives by its name, or its tensors as constants. */
export function created(call: FunctionCall, scope: Scope): readonly Name[] | null {
  const values = valuesIn(call.result);
  if (call.body.length > 0 || values.length === 0) return null;
  const write = Object.hasOwn(ofBatch, call.name) ? ofBatch[call.name] : undefined;
  if (write !== undefined) return write(call, scope);
  const given = Object.values(call.given);
  const tensors = given.some(varies) ? null : called(call.name, given);
  if (tensors === null || tensors.length !== values.length) return null;
  return tensors.map((x) => scope.graph.constant(Array.from(elementsOf(x)), x.shape, x.dtype));
}
