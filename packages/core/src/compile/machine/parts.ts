import type { Elementwise, Kernel, Stretch } from '../../kernels/index.ts';
import type { Tensor } from '../../tensor.ts';
import type { Equation, HostValue, Program, Value } from '../program.ts';
import type { Step } from './lower.ts';

/** Something that a call does: kernels in a row, or an equation by its eager kernel. */
type Act = KernelsAct | EagerAct;

/** Kernels in a row. */
export interface KernelsAct {
  readonly kind: 'kernels';
  readonly run: Stretch;
  /** The equation of each. */
  readonly equations: readonly number[];
}

/** An equation on tensors of the machine's memory. */
export interface EagerAct {
  readonly kind: 'eager';
  readonly equation: Equation;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** An act, and what the host does before it: nothing of what the host does depends on kernels. */
export interface Part {
  readonly hosts: readonly number[];
  /** Whether the host has done something of the call once these have run. */
  readonly hostHasBegun: boolean;
  /**
   * What kernels are given of the host's numbers: which ones of those of a host part, and where these lie among the
   * parameters.
   */
  readonly numbers: readonly {
    readonly host: HostValue;
    readonly from: readonly number[];
    readonly at: number;
  }[];
  readonly act: Act | null;
  /** How many steps of the program come before it. */
  readonly begins: number;
}

/** How parts come into being. */
interface Makers {
  readonly tensorOf: (value: Value) => Tensor;
  readonly emit: (stretches: readonly (readonly Kernel[])[]) => readonly Stretch[];
}

/** The parts of a program, in order. */
export function partsOf(
  program: Program,
  steps: readonly Step[],
  params: ReadonlyMap<Elementwise, number>,
  { tensorOf, emit }: Makers,
): Part[] {
  const groups: [Step, ...Step[]][] = [];
  let open = false;
  for (const step of steps) {
    // What the host gives is asked for as late as may be: where a check refuses, its counts have not moved on.
    const group = groups.at(-1);
    if (
      open &&
      group !== undefined &&
      step.kind === 'kernel' &&
      (takesNumbers(group[0]) || !takesNumbers(step))
    )
      group.push(step);
    else groups.push([step]);
    open = step.kind === 'kernel';
  }
  const kernelsOf = (group: readonly Step[]): Kernel[] =>
    group.flatMap((step) => (step.kind === 'kernel' ? [step.kernel] : []));
  const stretches = emit(groups.map(kernelsOf));
  let nextHost = 0;
  let nextStep = 0;
  const hostsUpTo = (equation: number): number[] => {
    const hosts: number[] = [];
    for (const { at } of program.hostParts.slice(nextHost)) {
      if (at > equation) break;
      hosts.push(nextHost++);
    }
    return hosts;
  };
  const parts = groups.map((group, number): Part => {
    const [first] = group;
    const hosts = hostsUpTo(Math.max(...group.map(lastEquation)));
    const hostHasBegun = nextHost > 0;
    const begins = nextStep;
    nextStep += group.length;
    if (first.kind === 'eager') {
      const equation = program.equations[first.equation]!;
      const inputs = equation.inputs.map(tensorOf);
      // Kernels tell by identity whether a result is an operand.
      const outputs = equation.outputs.map(
        (y) => inputs[equation.inputs.indexOf(y)] ?? sameIn(equation, inputs, y) ?? tensorOf(y),
      );
      return { hosts, hostHasBegun, numbers: [], act: { kind: 'eager', equation, inputs, outputs }, begins };
    }
    const numbers = numbersOf(program, kernelsOf(group), params);
    const run = stretches[number]!;
    return {
      hosts,
      hostHasBegun,
      numbers,
      act: { kind: 'kernels', run, equations: group.map(({ equation }) => equation) },
      begins,
    };
  });
  const last = hostsUpTo(Number.POSITIVE_INFINITY);
  return last.length === 0
    ? parts
    : [...parts, { hosts: last, hostHasBegun: true, numbers: [], act: null, begins: nextStep }];
}

/** The operand that a result changes in place, which is another value of the same elements. */
function sameIn({ inputs }: Equation, tensors: readonly Tensor[], y: Value): Tensor | undefined {
  const i = inputs.findIndex(
    (x) =>
      x.memory === y.memory &&
      x.offset === y.offset &&
      x.shape.join() === y.shape.join() &&
      x.strides.join() === y.strides.join(),
  );
  return tensors[i];
}

/** What kernels are given of the numbers of host parts: runs of parameters that come from one part. */
function numbersOf(
  program: Program,
  kernels: readonly Kernel[],
  params: ReadonlyMap<Elementwise, number>,
): Part['numbers'] {
  const runs: { host: HostValue; from: number[]; at: number }[] = [];
  // Some share their parameters.
  const met = new Set<number>();
  for (const kernel of kernels) {
    if (kernel.kind !== 'elementwise') continue;
    const first = params.get(kernel) ?? 0;
    for (const [i, p] of kernel.params.entries()) {
      const host = typeof p === 'number' ? null : program.equations[p.equation]?.host;
      if (typeof p === 'number' || host == null || met.has(first + i)) continue;
      met.add(first + i);
      const last = runs.at(-1);
      if (last?.host === host && last.at + last.from.length === first + i) last.from.push(p.index);
      else runs.push({ host, from: [p.index], at: first + i });
    }
  }
  return runs;
}

/** Whether a step is given numbers of the host. */
const takesNumbers = (step: Step): boolean =>
  step.kind === 'kernel' &&
  step.kernel.kind === 'elementwise' &&
  step.kernel.params.some((p) => typeof p !== 'number');

/** The last of the equations whose numbers a step is given, or that it is of, where no kernel stands for it. */
function lastEquation(step: Step): number {
  if (step.kind === 'eager') return step.equation;
  if (step.kernel.kind !== 'elementwise') return -1;
  return Math.max(-1, ...step.kernel.params.map((p) => (typeof p === 'number' ? -1 : p.equation)));
}
