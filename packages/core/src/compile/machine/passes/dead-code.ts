import {
  type Area,
  E,
  type Elementwise,
  inputsOf,
  type Kernel,
  readsOf,
  substitute,
  writesOf,
} from '../../../kernels/index.ts';
import type { Program } from '../../program.ts';
import { isMemory } from '../areas.ts';
import type { Step } from '../lower.ts';

/** What is still there after a call: what may be asked for then. */
export function outlives(program: Program): (area: Area) => boolean {
  const kept = new Set<Area>([
    ...program.results.map(({ memory }) => memory),
    ...program.gradients.flatMap(({ value }) => value?.memory ?? []),
  ]);
  return (area) => kept.has(area) || (isMemory(area) && !['local', 'constant'].includes(area.origin.kind));
}

/** Leaves out results that nobody reads, and the kernels that have no others. */
export function withoutDeadCode(steps: readonly Step[], program: Program): Step[] {
  const isKept = outlives(program);
  const live = new Set<Area>();
  const left: Step[] = [];
  for (const step of steps.toReversed()) {
    if (step.kind === 'eager') {
      for (const area of step.reads) live.add(area);
      left.push(step);
      continue;
    }
    const kernel = withLiveResults(step.kernel, (area) => live.has(area) || isKept(area));
    if (kernel === null) continue;
    const reads = new Set(readsOf(kernel));
    for (const area of writesOf(kernel)) if (!reads.has(area)) live.delete(area);
    for (const area of reads) live.add(area);
    left.push({ ...step, kernel });
  }
  return left.reverse();
}

function withLiveResults(kernel: Kernel, isLive: (area: Area) => boolean): Kernel | null {
  if (kernel.kind !== 'elementwise')
    return (kernel.kind === 'call' && kernel.checks) || writesOf(kernel).some(isLive) ? kernel : null;
  const outputs = kernel.outputs.filter(({ operand }) => isLive(operand.area));
  if (outputs.length === kernel.outputs.length) return kernel;
  return outputs.length === 0 ? null : withoutUnread({ ...kernel, outputs });
}

/** A kernel without the inputs that its expressions do not read. */
export function withoutUnread(kernel: Elementwise): Elementwise {
  const read = new Set(kernel.outputs.flatMap(({ expression }) => [...inputsOf(expression)]));
  if (read.size === kernel.inputs.length) return kernel;
  let next = 0;
  const numbered = kernel.inputs.map((_, i) => E.input(read.has(i) ? next++ : 0));
  return {
    ...kernel,
    inputs: kernel.inputs.filter((_, i) => read.has(i)),
    outputs: kernel.outputs.map((output) => ({
      ...output,
      expression: substitute(output.expression, numbered),
    })),
  };
}
