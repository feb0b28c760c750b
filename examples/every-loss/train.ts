import { compile, manualSeed, noGrad } from '@kindling/core';
import * as optim from '@kindling/optim';
import type { Task } from './task.ts';

/** What came of a training. */
export interface Outcome {
  readonly measure: string;
  readonly wanted: number;
  readonly before: number;
  readonly after: number;
  readonly losses: readonly number[];
  readonly seconds: number;
  readonly learned: boolean;
}

/** Makes the task from the seed 0 and takes `steps` steps of Adam, as a program where `compiled` says so. */
export function train(make: () => Task, steps: number, compiled = false): Outcome {
  const start = performance.now();
  manualSeed(0);
  const task = make();
  const { measure, wanted } = task;
  const before = noGrad(() => task.score());
  const optimizer = new optim.Adam([...task.parameters], { lr: 0.02 });
  const losses: number[] = [];
  const eager = () => {
    optimizer.zeroGrad();
    const loss = task.loss();
    loss.backward();
    optimizer.step();
    return loss;
  };
  const step = compiled ? compile(eager, { fallback: 'eager' }) : eager;
  for (let i = 0; i < steps; i++) losses.push(step().item());
  const after = noGrad(() => task.score());
  const seconds = (performance.now() - start) / 1000;
  return { measure, wanted, before, after, losses, seconds, learned: before < wanted && after >= wanted };
}

const blocks = '▁▂▃▄▅▆▇█';

/**
 * Values as a line of `width` blocks, from the least to the greatest: each stands for the mean of a stretch.
 */
export function sparkLine(values: readonly number[], width = 24): string {
  const columns = Math.min(width, values.length);
  const means = Array.from({ length: columns }, (_, i) => {
    const from = Math.floor((i * values.length) / columns);
    const to = Math.floor(((i + 1) * values.length) / columns);
    return values.slice(from, to).reduce((sum, v) => sum + v, 0) / (to - from);
  });
  const least = Math.min(...means);
  const span = Math.max(...means) - least || 1;
  return means.map((v) => blocks[Math.round(((v - least) / span) * (blocks.length - 1))] ?? '?').join('');
}
