import { bytesOf } from '../../dtype.ts';
import type { Area, Elementwise } from '../../kernels/index.ts';
import { bytesOfMemory, type Program, rewritten } from '../program.ts';
import { parameterInWords } from '../values.ts';
import { isMemory, readsOfStep, writesOfStep } from './areas.ts';
import type { Step } from './lower.ts';
import { type Lifetime, type Plan, planMemory } from './plan.ts';

/** Where a machine's memory lies, in bytes from the beginning of all of it. */
export interface Layout {
  readonly places: ReadonlyMap<Area, number>;
  /** Where the parameters of each elementwise kernel begin, counted in numbers. */
  readonly params: ReadonlyMap<Elementwise, number>;
  readonly paramCount: number;
  readonly bytes: number;
  readonly plan: Plan;
}

/** In front of all else lie bytes that any kernel may overwrite, and then the parameters. */
export const spareBytes = 64;

/**
 * What is in use to the end, and where it matters when a call begins, for ever: what a call leaves behind, and
 * constants.
 */
function lastingAreas(program: Program): ReadonlySet<Area> {
  const changed = rewritten(program);
  return new Set([
    ...program.gradients.flatMap(({ value }) => value?.memory ?? []),
    ...program.memories.filter(
      (memory) =>
        memory.origin.kind === 'gradient' || (memory.origin.kind === 'constant' && !changed.has(memory)),
    ),
  ]);
}

/** When each area is in use, state aside, which lies elsewhere. */
function lifetimesOf(program: Program, steps: readonly Step[]): Lifetime[] {
  const first = new Map<Area, number>();
  const last = new Map<Area, number>();
  steps.forEach((step, i) => {
    for (const area of [...readsOfStep(step), ...writesOfStep(step)]) {
      if (!first.has(area)) first.set(area, i);
      last.set(area, i);
    }
  });
  const end = steps.length;
  for (const { memory } of program.results) last.set(memory, end);
  // As arguments do, what is drawn or picked in JavaScript stays as it is, so that kernels, by themselves, can be timed
  // on it.
  for (const step of steps)
    if (step.kind === 'eager') for (const area of writesOfStep(step)) last.set(area, end);
  const lasting = lastingAreas(program);
  const areas = new Set<Area>([...program.memories, ...first.keys()]);
  return [...areas].flatMap((area) => {
    const kind = isMemory(area) ? area.origin.kind : 'local';
    if (kind === 'state') return [];
    if (lasting.has(area)) return [{ memory: area, from: 0, to: Number.POSITIVE_INFINITY }];
    if (kind === 'local' && !last.has(area)) return [];
    const from = kind === 'local' ? (first.get(area) ?? 0) : 0;
    // Arguments stay as they are, so that kernels can be timed on them.
    const to = kind === 'argument' ? end : (last.get(area) ?? 0);
    return [{ memory: area, from, to }];
  });
}

/** Results that lie over operands: where these are needed last by the step that makes them, and both are local. */
function laidOver(lifetimes: readonly Lifetime[], steps: readonly Step[]): ReadonlyMap<Area, Area> {
  const lives = new Map(lifetimes.map((life) => [life.memory, life]));
  const isLocal = (area: Area): boolean => !isMemory(area) || area.origin.kind === 'local';
  const found = new Map<Area, Area>();
  steps.forEach((step, i) => {
    if (step.kind !== 'kernel' || step.kernel.kind !== 'call') return;
    for (const [result, operand] of step.kernel.over)
      if (
        [result, operand].every(isLocal) &&
        lives.get(result)?.from === i &&
        lives.get(operand)?.to === i &&
        bytesOfMemory(result) === bytesOfMemory(operand)
      )
        found.set(result, operand);
  });
  return found;
}

/** Which numbers of the host are all that a kernel is given, in words: those of another one are the same memory. */
const hostNumbersOf = ({ params }: Elementwise): string | null =>
  params.length === 0 || params.some((p) => typeof p === 'number')
    ? null
    : params.map(parameterInWords).join(' ');

/** Gives everything a place. */
export function layOut(program: Program, steps: readonly Step[]): Layout {
  const params = new Map<Elementwise, number>();
  const firstWith = new Map<string, number>();
  let paramCount = 0;
  for (const step of steps) {
    if (step.kind !== 'kernel' || step.kernel.kind !== 'elementwise') continue;
    const key = hostNumbersOf(step.kernel);
    const shared = key === null ? undefined : firstWith.get(key);
    params.set(step.kernel, shared ?? paramCount);
    if (shared !== undefined) continue;
    if (key !== null) firstWith.set(key, paramCount);
    paramCount += step.kernel.params.length;
  }
  const lifetimes = lifetimesOf(program, steps);
  const plan = planMemory(lifetimes, laidOver(lifetimes, steps));
  const firstPlace = spareBytes + Math.ceil((paramCount * bytesOf('float64')) / spareBytes) * spareBytes;
  const places = new Map([...plan.places].map(([area, at]) => [area, firstPlace + at]));
  return { places, params, paramCount, bytes: firstPlace + plan.bytes, plan };
}
