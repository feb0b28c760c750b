/** A small net on some of MNIST's digits, trained by each optimizer. */
import { Generator, manualSeed, noGrad, randperm, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import type { Split } from '../mnist/data.ts';
import { type Entrant, stepOn } from './entrants.ts';

/** What came of a training. */
export interface Reading {
  readonly name: string;
  readonly lr: number;
  /** The loss of each step, by its number. */
  readonly losses: readonly number[];
  /** The part of the test images that is read right. */
  readonly right: number;
  /** Of one step. */
  readonly microseconds: number;
}

/** How a training goes. */
interface Training {
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  readonly compiled: boolean;
}

/** Trains a net of 32 hidden units, from the same weights and on the same batches with each optimizer. */
export function readingOf(
  { name, make }: Entrant,
  lr: number,
  training: Split,
  unseen: Split,
  { steps, batch, seed, compiled }: Training,
): Reading {
  manualSeed(seed);
  const model = new nn.Sequential(new nn.Linear(784, 32), new nn.Tanh(), new nn.Linear(32, 10));
  const stepper = make([...model.parameters()], lr);
  const lossFn = new nn.CrossEntropyLoss();
  const step = stepOn(stepper, (x: Tensor, y: Tensor) => lossFn(model(x), y), compiled);
  const generator = new Generator().manualSeed(seed);
  const count = training.images.shape[0] ?? 0;
  const order = (): Tensor => randperm(count, { generator });
  const losses: number[] = [];
  let left = order();
  let spent = 0;
  for (let i = 0; i < steps; i++) {
    if (left.count < batch) left = order();
    const rows = left.narrow(0, 0, batch);
    left = left.narrow(0, batch, left.count - batch);
    const [x, y] = [training.images.indexSelect(0, rows), training.labels.indexSelect(0, rows)];
    const start = performance.now();
    losses.push(step(x, y).item());
    spent += performance.now() - start;
  }
  stepper.rest?.();
  return noGrad(() => {
    const right = model(unseen.images).argmax(1).eq(unseen.labels).sum().item() / unseen.labels.count;
    return { name, lr, losses, right, microseconds: (1000 * spent) / steps };
  });
}

/** The rates that are tried on digits. */
export const rates: readonly number[] = [0.003, 0.03, 0.3];
