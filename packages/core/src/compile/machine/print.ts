/** Kernels in words. */
import { type Area, type Kernel, readsOf, writesOf } from '../../kernels/index.ts';
import type { Equation } from '../program.ts';
import { isMemory } from './areas.ts';
import type { Step } from './lower.ts';

/** What an area is called: a memory by its name or its number, a kernel's own by `t` and a number. */
export function areaNames(steps: readonly Step[]): (area: Area) => string {
  const own = new Map<Area, string>();
  for (const step of steps)
    for (const area of step.kind === 'kernel' ? [...readsOf(step.kernel), ...writesOf(step.kernel)] : [])
      if (!isMemory(area) && !own.has(area)) own.set(area, `t${own.size}`);
  return (area) => (isMemory(area) ? (area.name ?? `m${area.id}`) : (own.get(area) ?? 't?'));
}

function sizeOf(kernel: Kernel): string {
  switch (kernel.kind) {
    case 'elementwise':
      return ` ${kernel.count}`;
    case 'copy':
      return ` ${kernel.to.count}`;
    case 'product':
      return ` ${kernel.m}x${kernel.k}x${kernel.n}`;
    case 'call':
      return '';
  }
}

/** A step in one line. */
export function printStep(
  step: Step,
  equations: readonly Equation[],
  nameOf: (area: Area) => string,
): string {
  if (step.kind === 'eager')
    return `${equations[step.equation]?.name}${step.inJavaScript ? '' : ' by its eager kernel'}: ${step.reason}`;
  const { kernel } = step;
  const operands = (areas: readonly Area[]): string => [...new Set(areas)].map(nameOf).join(', ');
  return `${operands(writesOf(kernel))} = ${kernel.name}(${operands(readsOf(kernel))}): ${kernel.kind}${sizeOf(kernel)}`;
}
