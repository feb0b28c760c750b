import type { Area } from '../../../kernels/index.ts';
import type { Program } from '../../program.ts';
import { writesOfStep } from '../areas.ts';
import type { Step } from '../lower.ts';

/**
 * Has checks count as reading what was computed for their equations: where one refuses, the equation's eager kernel
 * says why, and must find all its inputs.
 */
export function keepInputs(steps: readonly Step[], { equations }: Program): Step[] {
  const written = new Set<Area>();
  return steps.map((step) => {
    for (const area of writesOfStep(step)) written.add(area);
    if (step.kind !== 'kernel' || step.kernel.kind !== 'call' || !step.kernel.checks) return step;
    const { kernel } = step;
    const inputs = (equations[step.equation]?.inputs ?? []).map(({ memory }) => memory);
    const reads = new Set([...kernel.reads, ...inputs.filter((memory) => written.has(memory))]);
    return reads.size === kernel.reads.length ? step : { ...step, kernel: { ...kernel, reads: [...reads] } };
  });
}
