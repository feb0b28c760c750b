import { type Area, readsOf, writesOf } from '../../kernels/index.ts';
import type { Memory } from '../program.ts';
import type { Step } from './lower.ts';

/** Whether an area is one of the program's memories, and no kernel's own. */
export const isMemory = (area: Area): area is Memory => 'origin' in area;

/** The areas that a step reads elements of. */
export const readsOfStep = (step: Step): readonly Area[] =>
  step.kind === 'kernel' ? readsOf(step.kernel) : step.reads;

/** The areas that a step changes. */
export const writesOfStep = (step: Step): readonly Area[] =>
  step.kind === 'kernel' ? writesOf(step.kernel) : step.writes;
