/** The points of the picture, as tensors: as they lie now, wherever they are dragged. */
import { indexSelect, randint, type Tensor, tensor } from '@kindling/core';
import { postToPage } from '../live/page.ts';
import { classSets, curveSets, pointsOf } from './data-sets.ts';
import type { Point, Report } from './protocol.ts';
import { onRequest } from './requests.ts';

/** Points as inputs and targets; more of them come and go as the reader wishes. */
export class Points {
  /** Inputs: places in the plane, of shape (N, 2), or in sets for regression places on the axis, of shape (N, 1). */
  x: Tensor;
  /** Targets: labels of 0 and 1, or heights, of shape (N, 1). */
  y: Tensor;
  private readonly regression: boolean;

  constructor(points: readonly Point[], regression: boolean) {
    this.regression = regression;
    [this.x, this.y] = this.tensors(points);
  }

  private tensors(points: readonly Point[]): [Tensor, Tensor] {
    const inputs = points.map(({ x, y }) => (this.regression ? [x] : [x, y]));
    const targets = points.map(({ y, label }) => [this.regression ? y : label]);
    return [tensor(inputs, { dtype: 'float32' }), tensor(targets, { dtype: 'float32' })];
  }

  move(points: readonly Point[]): void {
    [this.x, this.y] = this.tensors(points);
  }

  /** `[x, y]` of `count` of the points, drawn anew in each call. */
  sample(count: number): [Tensor, Tensor] {
    const which = randint(0, this.x.shape[0] ?? 0, [count]);
    return [indexSelect(this.x, 0, which), indexSelect(this.y, 0, which)];
  }
}

/** What the page has said of the points of a set, before the program asked for it too. */
const moved = new Map<string, readonly Point[]>();
const used = new Map<string, Points>();

onRequest('points', ({ set, points }) => {
  moved.set(set, points);
  used.get(set)?.move(points);
});

/**
 * Points of a set by its name: `spiral`, `xor`, `circles`, `moons`, `clusters`, and for regression `sine`, `steps`,
 * `line`.
 */
export function points(set: string): Points {
  const chosen = moved.get(set) ?? pointsOf(set);
  if (chosen === undefined)
    throw new Error(`there are no points '${set}'; there are ${[...classSets, ...curveSets].join(', ')}`);
  const made = new Points(chosen, curveSets.includes(set));
  used.set(set, made);
  postToPage({ kind: 'points', set, points: chosen } satisfies Report);
  return made;
}
