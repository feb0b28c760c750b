import type { TypedArray } from '../../dtype.ts';
import type { Generator } from '../../random/index.ts';
import { bytesOfMemory, type Memory, type Program } from '../program.ts';
import { isMemory, writesOfStep } from './areas.ts';
import type { Lodged } from './lodged.ts';
import type { Step } from './lower.ts';
import { isCheck } from './passes/checks-first.ts';

/** More bytes than so many are not kept in each call. */
const mostBytes = 2 ** 22;

/** What lies somewhere, and where generators are; kept to be put back. */
export class Undo {
  readonly #places: readonly { readonly lodged: Lodged; readonly before: TypedArray }[];
  readonly #generators: { readonly generator: Generator; before: Uint8Array }[];

  constructor(places: readonly Lodged[], generators: readonly Generator[]) {
    this.#places = places.map((lodged) => ({ lodged, before: lodged.array().slice() }));
    this.#generators = generators.map((generator) => ({ generator, before: generator.getState() }));
  }

  /** Keeps all as it is now, rather than as it was when this was made. */
  keep(): void {
    for (const { lodged, before } of this.#places) before.set(lodged.array());
    for (const entry of this.#generators) entry.before = entry.generator.getState();
  }

  /** All as it was when it was kept last. */
  putBack(): void {
    for (const { lodged, before } of this.#places) lodged.array().set(before);
    for (const { generator, before } of this.#generators) generator.setState(before);
  }
}

/** Whether a step may end in an error; what is drawn of no tensor has been looked at when the call was recorded. */
const mayRefuse = (step: Step, { equations }: Program): boolean =>
  step.kind === 'eager' ? equations[step.equation]?.inputs.length !== 0 : isCheck(step);

/**
 * What somebody beside a program sees of what it has changed when its last check comes, to be kept before each call;
 * `null` where the first `harmless` steps hold all checks, or where it is too much.
 * @param isSeen whether somebody beside the program sees a memory
 */
export function undoOf(
  program: Program,
  steps: readonly Step[],
  harmless: number,
  isSeen: (memory: Memory) => boolean,
  placeOf: (memory: Memory) => Lodged | undefined,
): Undo | null {
  const last = steps.findLastIndex((step) => mayRefuse(step, program));
  if (last < harmless) return null;
  const memories = new Set<Memory>();
  const generators = new Set<Generator>();
  for (const step of steps.slice(0, last + 1)) {
    for (const area of writesOfStep(step)) if (isMemory(area) && isSeen(area)) memories.add(area);
    if (step.kind !== 'eager') continue;
    const { generator } = (program.equations[step.equation]?.attrs ?? {}) as { generator?: Generator };
    if (generator !== undefined) generators.add(generator);
  }
  if ([...memories].reduce((sum, memory) => sum + bytesOfMemory(memory), 0) > mostBytes) return null;
  return new Undo(
    [...memories].flatMap((memory) => placeOf(memory) ?? []),
    [...generators],
  );
}
