import { CompileError } from '../../errors.ts';
import type { Kernel } from '../../kernels/index.ts';
import { decision, type Program } from '../program.ts';
import type { Step } from './lower.ts';

/** Whether a step sees to it that what decided what the call does is as it was. */
export const isDecision = ({ equation }: Step, { equations }: Program): boolean =>
  equations[equation]?.name === decision;

/**
 * The kernels up to the last decision, which are run before it is known whether a call is one for the program.
 * @param harmless how many steps come before the first that changes what is seen
 * @throws CompileError where not all of them do
 */
export function decidingSteps(steps: readonly Step[], program: Program, harmless: number): Kernel[] {
  const last = steps.findLastIndex((step) => isDecision(step, program));
  if (last >= harmless) {
    const { attrs } = program.equations[steps[last]?.equation ?? -1] ?? {};
    throw new CompileError(
      `compile: ${(attrs as { what: string }).what} decides what is done, and is known only after something was drawn or changed; do so ` +
        'behind it, or give what it depends on as an argument',
    );
  }
  return steps.slice(0, last + 1).flatMap((step) => (step.kind === 'kernel' ? [step.kernel] : []));
}
