/**
 * What the pages have computed, by the name of the loss: questions and answers are plain data, which go to a worker and
 * come back.
 */
import { curveOf } from './curve.ts';
import type { Curve } from './curve-reading.ts';
import { type Descent, descend, type Field, fieldOf, type Point } from './landscape.ts';
import type { LossName } from './names.ts';
import { initial, type Landscape, pictures, type Settings } from './pictures/index.ts';
import { entryOf, firstSeed, type Printed, type Reduced, smallProblem } from './reductions.ts';

function landscapeOf(loss: LossName, settings: Settings): Landscape {
  const landscape = pictures[loss].landscape?.(settings);
  if (landscape === undefined) throw new Error(`${loss} has no landscape`);
  return landscape;
}

export const computations = {
  curve: (loss: LossName, settings: Settings): Curve => curveOf(pictures[loss], settings),
  /** The curve of another loss with its own settings, but for the target. */
  compared: (loss: LossName, target: number): Curve =>
    curveOf(pictures[loss], { ...initial(pictures[loss].controls), target }),
  field(loss: LossName, settings: Settings): Field {
    const { size, values } = fieldOf(landscapeOf(loss, settings));
    // A copy of its own: what is sent brings along all the memory that it lies in.
    return { size, values: Float64Array.from(values) };
  },
  descent: (loss: LossName, settings: Settings, from: Point, rate: number): Descent =>
    descend(landscapeOf(loss, settings), from, rate),
  problem(
    loss: LossName,
    { seed = firstSeed, reduction, weights }: ProblemRequest,
  ): { readonly inputs: readonly Printed[]; readonly reduced: Reduced } {
    const entry = entryOf(loss);
    if (entry === undefined) throw new Error(`${loss} has no problem`);
    const { inputs, reduce } = smallProblem(entry, seed);
    return { inputs, reduced: reduce(reduction, weights) };
  },
};

/** How the losses of a problem become one number. */
interface ProblemRequest {
  readonly seed: number | undefined;
  readonly reduction: string;
  readonly weights: readonly number[] | null;
}

export type Computations = typeof computations;
export type Computation = keyof Computations;

/** What a page asks; the answer has its number. */
export interface Question<K extends Computation = Computation> {
  readonly id: number;
  readonly name: K;
  readonly given: Parameters<Computations[K]>;
}

export interface Answer {
  readonly id: number;
  readonly value: ReturnType<Computations[Computation]>;
}
