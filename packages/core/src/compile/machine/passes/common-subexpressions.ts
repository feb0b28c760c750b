import {
  type Address,
  type Area,
  formOf,
  functionNumber,
  type Kernel,
  type Operand,
} from '../../../kernels/index.ts';
import type { Memory, Program } from '../../program.ts';
import { numberInWords, parameterInWords } from '../../values.ts';
import { isMemory, readsOfStep, writesOfStep } from '../areas.ts';
import type { Step } from '../lower.ts';
import { isCheck } from './checks-first.ts';
import { outlives } from './dead-code.ts';

type KernelStep = Extract<Step, { kind: 'kernel' }>;

/**
 * Leaves out an equation that does what an earlier one did, on operands that were not written between: whoever reads
 * its result reads that of the earlier one. To come before passes that mix equations.
 */
export function withoutRepetitions(steps: readonly Step[], program: Program): Step[] {
  const versions = new Map<Area, number>();
  /** Asked for where something is repeated, which is seldom. */
  let may: ReturnType<typeof withOneResult> | null = null;
  // By name and inputs: few equations have the same, and only these are told from each other by all that they do.
  const earlier = new Map<string, Step[][]>();
  const keys = new Map<readonly Step[], string | null>();
  const knownKey = (unit: readonly Step[], operands: readonly Memory[]): string | null => {
    const key = keys.has(unit) ? (keys.get(unit) ?? null) : keyOf(unit, operands);
    keys.set(unit, key);
    return key;
  };
  const instead = new Map<Area, Memory>();
  const left: Step[] = [];
  for (const unit of unitsOf(steps)) {
    const renamed = instead.size === 0 ? unit : unit.map((step) => readingOthers(step, instead));
    const { name = '', inputs = [] } = program.equations[renamed[0]?.equation ?? -1] ?? {};
    const operands = inputs.map(({ memory }) => instead.get(memory) ?? memory);
    const call = `${name} ${operands.map((memory) => `${memory.id} after ${versions.get(memory) ?? 0}`)}`;
    const alike = earlier.get(call);
    if (alike === undefined) earlier.set(call, [renamed]);
    else {
      may ??= withOneResult(steps, program);
      const { serves, goes } = may;
      const results = resultsOf(renamed);
      const key = results.every(goes) ? knownKey(renamed, operands) : null;
      const same = key === null ? undefined : alike.find((other) => knownKey(other, operands) === key);
      if (same !== undefined && resultsOf(same).every(serves)) {
        const others = resultsOf(same);
        for (const [i, memory] of results.entries()) instead.set(memory, others[i] ?? memory);
        continue;
      }
      alike.push(renamed);
    }
    for (const step of renamed)
      for (const area of writesOfStep(step)) versions.set(area, (versions.get(area) ?? 0) + 1);
    left.push(...renamed);
  }
  return left;
}

/** The steps of each equation. */
function unitsOf(steps: readonly Step[]): Step[][] {
  const units: Step[][] = [];
  for (const step of steps) {
    const last = units.at(-1);
    if (last?.[0]?.equation === step.equation) last.push(step);
    else units.push([step]);
  }
  return units;
}

/** The memories that steps write; all else that they write is their own. */
const resultsOf = (unit: readonly Step[]): Memory[] =>
  [...new Set(unit.flatMap(writesOfStep))].filter(isMemory);

/** Which memories can be done without, and which can stand for others: what one equation writes, and no other. */
function withOneResult(steps: readonly Step[], program: Program) {
  const isKept = outlives(program);
  const writers = new Map<Area, number>();
  for (const unit of unitsOf(steps))
    for (const memory of resultsOf(unit)) writers.set(memory, (writers.get(memory) ?? 0) + 1);
  // What eager kernels read they read where it is: as steps, and to say why a check refuses.
  const named = new Set<Area>();
  for (const step of steps)
    if (step.kind === 'eager') for (const area of step.reads) named.add(area);
    else if (isCheck(step))
      for (const { memory } of program.equations[step.equation]?.inputs ?? []) named.add(memory);
  const serves = (memory: Memory): boolean => memory.origin.kind === 'local' && writers.get(memory) === 1;
  return {
    serves,
    goes: (memory: Memory): boolean => serves(memory) && !isKept(memory) && !named.has(memory),
  };
}

function numbering<T extends object>(): (x: T) => number {
  const numbers = new Map<T, number>();
  return (x) => {
    const known = numbers.get(x) ?? numbers.size;
    numbers.set(x, known);
    return known;
  };
}

/** What steps do with operands, in words, but for where they write; `null` for what is not to be told from words. */
function keyOf(unit: readonly Step[], operands: readonly Memory[]): string | null {
  const own = numbering<Area>();
  const written = new Set(unit.flatMap(writesOfStep));
  const given = new Set<Area>(operands);
  if (!unit.flatMap(readsOfStep).every((area) => written.has(area) || given.has(area))) return null;
  const nameOf = (area: Area): string =>
    written.has(area) ? `own ${own(area)} ${area.dtype} ${area.length}` : `${(area as Memory).id}`;
  const at = ({ area, bytes }: Address): string => `${nameOf(area)} at ${bytes}`;
  const operand = ({ area, offset }: Operand): string => `${nameOf(area)} from ${offset}`;
  const words: string[] = [];
  for (const step of unit) {
    if (step.kind === 'eager' || isCheck(step)) return null;
    const { kernel } = step;
    // What was there before counts too where it is not all overwritten by this equation.
    if (!isAllItsOwn(step, unit)) return null;
    words.push(kernel.kind, formOf(kernel) ?? '');
    switch (kernel.kind) {
      case 'elementwise':
        words.push(...[...kernel.inputs, ...kernel.outputs].map((x) => operand(x.operand)));
        words.push(...kernel.params.map(parameterInWords));
        break;
      case 'copy':
        words.push(operand(kernel.from), operand(kernel.to));
        break;
      case 'product':
        words.push(...[kernel.a.at, kernel.b.at, kernel.c].map(at));
        if (kernel.added !== null) words.push(at(kernel.added.at));
        break;
      case 'call':
        words.push(`function ${functionNumber(kernel.callee)}`);
        words.push(...kernel.args.map((arg) => (typeof arg === 'number' ? numberInWords(arg) : at(arg))));
    }
  }
  return words.join('\n');
}

/** Whether a step reads nothing of what its equation writes but what an earlier step of that wrote. */
function isAllItsOwn(step: KernelStep, unit: readonly Step[]): boolean {
  const before = unit.slice(0, unit.indexOf(step)).flatMap(writesOfStep);
  const written = new Set(unit.flatMap(writesOfStep));
  return readsOfStep(step).every((area) => !written.has(area) || before.includes(area));
}

/** A step that reads others in the place of some memories. */
function readingOthers(step: Step, instead: ReadonlyMap<Area, Memory>): Step {
  if (step.kind === 'eager' || !readsOfStep(step).some((area) => instead.has(area))) return step;
  return { ...step, kernel: kernelReadingOthers(step.kernel, (area) => instead.get(area) ?? area) };
}

function kernelReadingOthers(kernel: Kernel, other: (area: Area) => Area): Kernel {
  const moved = <T extends { readonly area: Area }>(x: T): T => ({ ...x, area: other(x.area) });
  const movedMatrix = <T extends { readonly at: Address }>(x: T): T => ({ ...x, at: moved(x.at) });
  switch (kernel.kind) {
    case 'elementwise':
      return { ...kernel, inputs: kernel.inputs.map((x) => ({ ...x, operand: moved(x.operand) })) };
    case 'copy':
      return { ...kernel, from: moved(kernel.from) };
    case 'product': {
      const { a, b, added } = kernel;
      return { ...kernel, a: movedMatrix(a), b: movedMatrix(b), added: added && movedMatrix(added) };
    }
    case 'call':
      return {
        ...kernel,
        args: kernel.args.map((arg) => (typeof arg === 'number' ? arg : moved(arg))),
        reads: kernel.reads.map(other),
        over: kernel.over.map(([result, operand]) => [result, other(operand)] as const),
      };
  }
}
