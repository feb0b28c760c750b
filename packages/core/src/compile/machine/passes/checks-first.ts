import type { Area } from '../../../kernels/index.ts';
import { isMemory, readsOfStep, writesOfStep } from '../areas.ts';
import type { Step } from '../lower.ts';

/** Checks that take more kernels than so many stay where they are. */
const mostKernels = 4;

/** Whether a step refuses some of what it may find. */
export const isCheck = (step: Step): boolean =>
  step.kind === 'kernel' && step.kernel.kind === 'call' && step.kernel.checks;

/**
 * Moves checks of what a call is given, and of state that no step has changed by then, to the beginning: what is
 * refused is so before anything was changed.
 */
export function checksFirst(steps: readonly Step[]): readonly Step[] {
  const first = new Set<number>();
  steps.forEach((step, i) => {
    if (!isCheck(step)) return;
    const slice = sliceOf(steps, i);
    if (slice !== null) for (const number of slice) first.add(number);
  });
  if (first.size === 0) return steps;
  return [...steps.filter((_, i) => first.has(i)), ...steps.filter((_, i) => !first.has(i))];
}

/** The steps that a check needs, itself included; `null` where they cannot come first. */
function sliceOf(steps: readonly Step[], check: number): ReadonlySet<number> | null {
  const slice = new Set<number>();
  const waiting = [check];
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
    if (slice.has(i)) continue;
    slice.add(i);
    if (slice.size > mostKernels) return null;
    const step = steps[i];
    if (step === undefined || step.kind === 'eager') return null;
    if (!writesOfStep(step).every((area) => isFirstUse(steps, area, i))) return null;
    for (const area of readsOfStep(step)) {
      if (writesOfStep(step).includes(area)) continue;
      const writer = steps.slice(0, i).findLastIndex((other) => writesOfStep(other).includes(area));
      if (writer >= 0) waiting.push(writer);
    }
  }
  return slice;
}

/** Whether an area is the program's own and nobody has used it before step number `i`. */
const isFirstUse = (steps: readonly Step[], area: Area, i: number): boolean =>
  (!isMemory(area) || area.origin.kind === 'local') &&
  steps.slice(0, i).every((step) => !writesOfStep(step).includes(area) && !readsOfStep(step).includes(area));
