import type { LossName } from './names.ts';
import type { Controls } from './pictures/controls.ts';
import type { Axis, Landscape } from './pictures/picture.ts';
import type { Printed, Reduced } from './reductions.ts';

/** A small problem as it stands in the page before anything is computed there. */
export interface FirstProblem {
  readonly inputs: readonly Printed[];
  readonly reductions: readonly string[];
  readonly reduced: Reduced;
}

/** What the page of a loss knows without the library: computed while the site is built. */
export interface LossParams {
  readonly loss: LossName;
  readonly summary: string;
  readonly axis: Axis;
  readonly says: string;
  readonly controls: Controls;
  /** Values and gradients along the axis, at equal distances; `null` where they are no numbers. */
  readonly value: readonly (number | null)[];
  readonly gradient: readonly (number | null)[];
  /** Losses with the same axis and target. */
  readonly comparable: readonly LossName[];
  readonly landscape: Omit<Landscape, 'loss'> | null;
  readonly problem: FirstProblem | null;
  readonly previous: LossName | null;
  readonly next: LossName | null;
}
