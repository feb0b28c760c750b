/** A loss over two numbers of a model, and the way of gradient descent on it. */
import { linspace, meshgrid, noGrad, type Tensor, tensor } from '@kindling/core';
import type { Landscape } from './pictures/index.ts';

/** Losses in rows from the lowest second number to the highest, `size` a row. */
export interface Field {
  readonly size: number;
  readonly values: ArrayLike<number>;
}

export type Point = readonly [number, number];

/** A way of gradient descent, with the loss at each point. */
export interface Descent {
  readonly points: readonly Point[];
  readonly losses: readonly number[];
}

export function fieldOf(landscape: Landscape, size = 61): Field {
  const [first, second] = landscape.axes;
  const axis = ({ from, to }: { from: number; to: number }): Tensor =>
    linspace(from, to, size, { dtype: 'float64' });
  const [rows, columns] = meshgrid([axis(second), axis(first)], { indexing: 'ij' });
  if (rows === undefined || columns === undefined) throw new Error('two axes have two grids');
  return { size, values: noGrad(() => landscape.loss(columns.flatten(), rows.flatten())).data };
}

/** Steps of plain gradient descent; it ends where the loss or the weights are no numbers any more. */
export function descend(landscape: Landscape, from: Point, rate: number, steps = 80): Descent {
  const points: Point[] = [];
  const losses: number[] = [];
  let [a, b] = from;
  for (let step = 0; step <= steps; step++) {
    const pair = [a, b].map((value) => tensor([value], { dtype: 'float64', requiresGrad: true }));
    const [first, second] = pair;
    if (first === undefined || second === undefined) break;
    const loss = landscape.loss(first, second).sum();
    if (!Number.isFinite(loss.item()) || ![a, b].every(Number.isFinite)) break;
    points.push([a, b]);
    losses.push(loss.item());
    loss.backward();
    a -= rate * (first.grad?.item() ?? 0);
    b -= rate * (second.grad?.item() ?? 0);
  }
  return { points, losses };
}
