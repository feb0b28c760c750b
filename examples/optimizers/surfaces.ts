/** Functions of two numbers on which optimizers are tried, and their courses over them. */
import { noGrad, sub, type Tensor, tensor } from '@kindling/core';
import { type Entrant, stepOn } from './entrants.ts';

/** A function to go down on. */
export interface Surface {
  readonly name: string;
  /** Of x and y, of one shape. */
  at(x: Tensor, y: Tensor): Tensor;
  readonly start: readonly [number, number];
  readonly least: readonly [number, number];
  /** What is shown of it, of both numbers. */
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

export const surfaces: readonly Surface[] = [
  {
    // A curved valley with a flat floor.
    name: 'Rosenbrock',
    at: (x, y) => sub(1, x).square().add(y.sub(x.square()).square().mul(100)),
    start: [-1.5, 2],
    least: [1, 1],
    x: [-2, 2],
    y: [-1, 3],
  },
  {
    // Flat, with steep walls far out.
    name: 'Beale',
    at: (x, y) =>
      sub(1.5, x)
        .add(x.mul(y))
        .square()
        .add(sub(2.25, x).add(x.mul(y.square())).square())
        .add(
          sub(2.625, x)
            .add(x.mul(y.pow(3)))
            .square(),
        ),
    start: [1, 1.5],
    least: [3, 0.5],
    x: [-0.5, 4.5],
    y: [-1.5, 2],
  },
  {
    // A bowl full of dents.
    name: 'Rastrigin',
    at: (x, y) =>
      [x, y].reduce(
        (sum, z) =>
          sum.add(
            z
              .square()
              .sub(
                z
                  .mul(2 * Math.PI)
                  .cos()
                  .mul(10),
              )
              .add(10),
          ),
        x.mul(0),
      ),
    start: [-3.2, 2.7],
    least: [0, 0],
    x: [-5, 5],
    y: [-5, 5],
  },
];

/** Where a course led. */
export interface Course {
  readonly name: string;
  readonly lr: number;
  /** The places, the first one too, and the loss at each. */
  readonly path: readonly (readonly [number, number])[];
  readonly losses: readonly number[];
  /** The loss where it ended. */
  readonly end: number;
}

/**
 * The course of an optimizer from a surface's start. A matrix of one row holds both numbers, as Muon takes no other
 * shape.
 */
export function courseOf(
  { name, make }: Entrant,
  surface: Surface,
  lr: number,
  steps: number,
  compiled: boolean,
): Course {
  const w = tensor([[...surface.start]], { dtype: 'float64', requiresGrad: true });
  const loss = (): Tensor => surface.at(w.select(1, 0), w.select(1, 1)).sum();
  const stepper = make([w], lr);
  const step = stepOn(stepper, loss, compiled);
  const path: [number, number][] = [];
  const losses: number[] = [];
  const note = (): void => {
    const [x = Number.NaN, y = Number.NaN] = w.detach().clone().data;
    path.push([x, y]);
    losses.push(noGrad(loss).item());
  };
  note();
  for (let i = 0; i < steps; i++) {
    step();
    note();
  }
  stepper.rest?.();
  return { name, lr, path, losses, end: noGrad(loss).item() };
}

/** The rates that are tried. */
export const rates: readonly number[] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];

/** The mean loss of the second half of a course, infinite where it left for good. */
function settled({ losses }: { readonly losses: readonly number[] }): number {
  const half = losses.slice(losses.length >> 1);
  const mean = half.reduce((a, b) => a + b, 0) / half.length;
  return Number.isFinite(mean) ? mean : Number.POSITIVE_INFINITY;
}

/** What a rate came to that led low and stayed there, of all that are tried. */
export function bestOf<T extends { readonly losses: readonly number[] }>(
  tried: readonly number[],
  of: (lr: number) => T,
): T {
  const tries = tried.map(of);
  const least = Math.min(...tries.map(settled));
  const best = tries.find((one) => settled(one) === least);
  if (best === undefined) throw new Error('no rate to try');
  return best;
}
