/**
 * What of a recorded body becomes a line of Python: modules and functions by their names, what PyTorch has not by what
 * happens in it.
 */

import { ExportError } from '../../errors.ts';
import {
  type Call,
  type FunctionCall,
  type ModuleCall,
  type Operation,
  type Value,
  valuesIn,
} from '../../recording/index.ts';
import { functionCall } from './calls/index.ts';

export type Unit = ModuleCall | FunctionCall | Operation;

const anything = { py: () => 'x' };

/** Whether a module is called in a function: by what the user gave it. */
const callsModules = (body: readonly Call[]): boolean =>
  body.some((call) => call.kind === 'module' || (call.kind === 'function' && callsModules(call.body)));

/** The calls that are written, in order; of modules what happens in them, where there are to be no modules. */
export const unitsOf = (body: readonly Call[], withModules = true): Unit[] =>
  body.flatMap((call): Unit[] => {
    if (call.kind === 'operation' || (call.kind === 'module' && withModules)) return [call];
    if (call.kind === 'function' && !callsModules(call.body) && functionCall(call, anything) !== null)
      return [call];
    if (call.kind === 'function' && call.name === 'autograd.Function')
      throw new ExportError(
        `autograd.Function${call.line === null ? '' : ` (${call.line})`}: a derivative of one's own is not exported: write the function with operations, or with detach`,
      );
    if (call.unlike !== undefined)
      throw new ExportError(`${call.kind === 'module' ? call.path : call.name}: ${call.unlike}`);
    return unitsOf(call.body, withModules);
  });

/** What a unit reads. */
export function readsOf(unit: Unit): Value[] {
  if (unit.kind === 'operation') return valuesIn(unit.operands);
  return valuesIn(unit.kind === 'module' ? unit.inputs : unit.given);
}

/** What a unit gives. */
export const givesOf = (unit: Unit): Value[] =>
  valuesIn(unit.kind === 'operation' ? unit.outputs : unit.result);

const operationsIn = (body: readonly Call[]): Operation[] =>
  body.flatMap((call) => (call.kind === 'operation' ? [call] : operationsIn(call.body)));
const within = (unit: Unit): Operation[] => (unit.kind === 'operation' ? [unit] : operationsIn(unit.body));

/** Whether a unit does more than to give something. */
const hasEffects = (unit: Unit): boolean =>
  unit.kind === 'module' || within(unit).some(({ inPlace, name }) => inPlace || name === 'random');

/** Values that are one variable: what is changed in place stays where it is. */
export class Variables {
  readonly #same = new Map<number, number>();

  constructor(units: readonly Unit[]) {
    for (const unit of units)
      for (const { inPlace, outputs, sharesWith } of within(unit))
        if (inPlace)
          outputs.forEach((y, i) => {
            const x = sharesWith[i];
            if (x !== null && x !== undefined && x.id !== y.id) this.#same.set(y.id, this.of(x));
          });
  }

  of({ id }: Value): number {
    let root = id;
    for (let next = this.#same.get(root); next !== undefined; next = this.#same.get(root)) root = next;
    return root;
  }
}

/** The units without those whose results nobody reads. */
export function needed(units: readonly Unit[], result: readonly Value[]): Unit[] {
  const variables = new Variables(units);
  const wanted = new Set(result.map((x) => variables.of(x)));
  const kept: Unit[] = [];
  for (const unit of [...units].reverse()) {
    if (!hasEffects(unit) && !givesOf(unit).some((y) => wanted.has(variables.of(y)))) continue;
    kept.unshift(unit);
    for (const x of readsOf(unit)) wanted.add(variables.of(x));
  }
  return kept;
}
