import { type Area, readsOf, writesOf } from '../../kernels/index.ts';
import type { Memory } from '../program.ts';
import type { Step } from './lower.ts';

/** Whether an area is one of the program's memories, and no kernel's own. */
export const isMemory = (area: Area): area is Memory => 'origin' in area;

const reads = new WeakMap<Step, readonly Area[]>();
const writes = new WeakMap<Step, readonly Area[]>();

/** What is known of a step, which passes ask for often. */
function known<T>(of: WeakMap<Step, T>, step: Step, find: () => T): T {
  let found = of.get(step);
  if (found === undefined) {
    found = find();
    of.set(step, found);
  }
  return found;
}

/** The areas that a step reads elements of. */
export const readsOfStep = (step: Step): readonly Area[] =>
  step.kind === 'kernel' ? known(reads, step, () => readsOf(step.kernel)) : step.reads;

/** The areas that a step changes. */
export const writesOfStep = (step: Step): readonly Area[] =>
  step.kind === 'kernel' ? known(writes, step, () => writesOf(step.kernel)) : step.writes;
